"""pyproject.toml, environment.yml and constraints.txt say the same."""

import tomllib
from collections.abc import Iterable

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from support.checkout import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
ORDERED = (
    "jupyterhub", "ipywidgets", "voila", "pydicom", "nibabel", "monai", "torch", "matplotlib", "dockerspawner",
)  # fmt: skip
"""What the environment is made of, whatever else comes and goes."""

CONDA_NAMES = {"pytorch": "torch"}


def versions(requirements: Iterable[str]) -> dict[str, SpecifierSet]:
    """Package → which versions, the names in PyPI's canonical form."""
    parsed = [Requirement(requirement) for requirement in requirements]
    return {canonicalize_name(one.name): one.specifier for one in parsed}


PINS = versions(
    line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
)


def test_conda_s_environment_is_pyproject_s():
    """The same packages with the same versions, the extras for training and Docker included, and nothing else."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = versions(entry for entry in entries if isinstance(entry, str))
    (wheels,) = [versions(entry["pip"]) for entry in entries if isinstance(entry, dict)]
    python, pip = conda.pop("python"), conda.pop("pip")

    named = {CONDA_NAMES.get(name, name): version for name, version in conda.items()} | wheels

    assert named == versions([*PROJECT["project"]["dependencies"], *EXTRAS["training"], *EXTRAS["docker"]])
    assert (python, pip) == (SpecifierSet(PROJECT["project"]["requires-python"]), SpecifierSet())
    assert not conda.keys() & wheels.keys()


@pytest.mark.parametrize("name", ORDERED)
def test_what_the_environment_is_made_of_is_in_it(name):
    """Taking one of these out is a decision, not an oversight."""
    everything = [*PROJECT["project"]["dependencies"], *(one for extra in EXTRAS.values() for one in extra)]

    assert name in versions(everything)


@pytest.mark.parametrize("name", sorted(PINS))
def test_a_constraint_pins_exactly(name):
    """One version of each package: two installations are the same."""
    (pin,) = PINS[name]

    assert pin.operator == "=="
    assert not pin.version.endswith("*")


def test_a_package_is_pinned_once():
    """Two lines for one package would contradict each other."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]

    assert len(PINS) == len(lines)


@pytest.mark.parametrize(
    "requirement",
    [
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *(one for extra in EXTRAS.values() for one in extra if not one.startswith("ccds[")),
    ],
)
def test_what_is_required_is_pinned_to_a_version_that_is_allowed(requirement):
    """Every dependency of the project, of its extras and of its build."""
    parsed = Requirement(requirement)

    (pin,) = PINS[canonicalize_name(parsed.name)]

    assert parsed.specifier.contains(pin.version), f"{requirement} beside {parsed.name}{pin}"
