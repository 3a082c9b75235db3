"""A recipe as what the workflow does to every volume, by the very code of `ccds normalization apply`."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import count
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import StepError
from ccds_kernel.normalization.apply_file import Applied, TargetTaken, apply_stored
from ccds_kernel.normalization.nifti import read_nifti
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.workflow.operator import Item, Outcome, Refused, is_of_the_machine

SUFFIX = ".nii.gz"
_COMPUTING = ("nibabel", "numpy", "SimpleITK")
_NOT_COMPUTING = ("run_", "runs", "recipe_folder", "volume_folder", "spread")
"""Beginnings of our modules' names that no voxel depends on."""


def code_version() -> str:
    """What computes here: our version, and a hash over our own code and the versions of the libraries underneath.

    A release says the same on every machine. Modules that only list, save or show aren't in it: a new one of those leaves
    what is done as it is.
    """
    hasher = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if not name.startswith(_NOT_COMPUTING):
            hasher.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    for package in _COMPUTING:
        hasher.update(f"{package} {version(package)}\0".encode())
    return f"{version('ccds')}+{hasher.hexdigest()[:12]}"


@dataclass(frozen=True)
class Normalization:
    """The recipe, applied to one volume after another.

    A volume that comes out another than it was there before (its input was replaced, the code is newer) takes that one's place,
    which is set aside; so is what is there of a volume that is refused now. Nothing is overwritten.

    Args:
        recipe: what is done.
        aside: the project's folder `quarantine`.
        code_version: see `code_version`; of the process that asks, not of the one that works.
    """

    recipe: Recipe
    aside: Path
    code_version: str = field(default_factory=code_version)

    name: str = field(default="normalization", init=False)

    @property
    def digest(self) -> str:
        """The recipe's."""
        return self.recipe.digest()

    def run(self, item: Item, into: Path) -> Outcome:
        """Makes `<into>/<key>.nii.gz` and the provenance beside it (.json).

        Raises:
            Refused: it is no volume, or a step makes no sense for it: what was there of it is set aside; or it can't be read or
                written now.
        """
        target = into / f"{item.key}{SUFFIX}"
        try:
            applied = self._applied(item, target)
        except Refused as error:
            if not is_of_the_machine(error):
                self.set_aside(item.key, into)
            raise
        return Outcome(applied.input_sha256, applied.output_sha256, (f"{item.key}{SUFFIX}", f"{item.key}.json"))

    def set_aside(self, key: str, into: Path) -> None:
        """Moves what is in `into` of an item to `quarantine/<study key>/`, beside what was set aside before.

        Raises:
            OSError: it can't be moved.
        """
        volume = into / f"{key}{SUFFIX}"
        if not volume.exists():
            return
        study, _, series = key.partition("/")
        folder = self.aside / study
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"normalized-{self.digest[:12]}-{series}"
        names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
        name = next(name for name in names if not any((folder / f"{name}{end}").exists() for end in (SUFFIX, ".json")))
        # The volume first: as long as it is there its provenance is, too.
        volume.rename(folder / f"{name}{SUFFIX}")
        with suppress(FileNotFoundError):
            (into / f"{key}.json").rename(folder / f"{name}.json")

    def _applied(self, item: Item, target: Path) -> Applied:
        try:
            stored = read_nifti(item.source)
        except CcdsError as error:
            raise _refused("read", error) from error
        try:
            try:
                return apply_stored(self.recipe, stored, target)
            except TargetTaken:
                self.set_aside(item.key, target.parent.parent)
                return apply_stored(self.recipe, stored, target)
        except StepError as error:
            raise _refused(step_name(self.recipe, error.place), error) from error
        except CcdsError as error:
            raise _refused("write", error) from error


def step_name(recipe: Recipe, place: int) -> str:
    """What a step is called in a record: its place, from 1, and its name."""
    return f"{place} {recipe.steps[place - 1].name}"


def _refused(step: str, error: CcdsError) -> Refused:
    # That the step is named apart makes "(step 2, resample)" at the end of what was found say it twice.
    found = error.found.partition(" (step ")[0] if isinstance(error, StepError) else error.found
    return Refused(step, expected=error.expected, found=found, do=error.do)
