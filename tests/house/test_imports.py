"""What an environment with ccds in it can import, and what starting costs."""

import json
import os
import subprocess
import sys

import pytest

from ccds_kernel.cli import STAGES

OURS = ("ccds_kernel", "ccds_hub", "ccds_spawners", "ccds_widgets")
FOLDERS = ("hub", "widgets", "spawners", "tests", "notebooks", "images", "benchmarks", "docs")


@pytest.fixture
def answer(tmp_path):
    """What a Python of this environment prints as JSON when it runs some code in a folder that isn't the checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(code: str):
        told = subprocess.run(
            [sys.executable, "-c", f"import json, sys\n{code}"],
            cwd=tmp_path, env=environment, capture_output=True, check=True, text=True,
        )  # fmt: skip
        return json.loads(told.stdout)

    return run


def test_only_our_packages_are_importable(answer):
    """None of the checkout's folders becomes a package of that general name."""
    code = "from importlib.util import find_spec\nprint(json.dumps({name: bool(find_spec(name)) for name in %r}))"

    found = answer(code % (OURS + FOLDERS,))

    assert found == dict.fromkeys(OURS, True) | dict.fromkeys(FOLDERS, False)


@pytest.mark.parametrize(
    "start",
    [
        "import ccds_hub.config",
        "import ccds_spawners.cluster",
        "import ccds_kernel.cli",
        f"from ccds_kernel.cli import build_parser; build_parser({list(STAGES)!r})",
    ],
)
def test_hub_and_command_start_without_the_heavy_libraries(answer, start):
    """Importing torch and MONAI takes many seconds, which nobody waits for who asks for help."""
    code = f"{start}\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"

    loaded = answer(code)

    assert "ccds_kernel" in loaded
    assert not {"torch", "monai"} & set(loaded)


def test_help_starts_without_what_only_verbs_need(answer):
    """`ccds --help` imports no library of ours: it answers at once."""
    code = f"from ccds_kernel.cli import build_parser\nbuild_parser({list(STAGES)!r}).format_help()\n"
    heavy = ("numpy", "polars", "pydantic", "pydicom", "sqlalchemy", "yaml")

    loaded = answer(f"{code}print(json.dumps([name for name in {heavy!r} if name in sys.modules]))")

    assert loaded == []


def test_a_session_starts_without_what_makes_databases(answer):
    """A project whose database is up to date is opened without Alembic, and listed without nibabel."""
    code = "import ccds_kernel.session.kernel, ccds_kernel.irb.project, ccds_widgets.labeling.app\n"

    loaded = answer(f"{code}print(json.dumps([name for name in ('alembic', 'nibabel') if name in sys.modules]))")

    assert loaded == []
