"""Fits a recipe over volumes' files: one in memory at a time, those that can't be used left out with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.normalization.fit import Fitting
from ccds_kernel.normalization.footprint import check_memory
from ccds_kernel.normalization.memory import session_memory
from ccds_kernel.normalization.nifti import read_header, read_nifti
from ccds_kernel.normalization.recipe import Recipe

_SUFFIXES = (".nii.gz", ".nii")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A volume that can't be used.

    Args:
        volume: study key and series, as the folders of a project call them.
        why: what was expected, what was found, what to do.
    """

    volume: str
    why: CcdsError


@dataclass(frozen=True, slots=True)
class Fitted:
    """What came of a fit.

    Args:
        recipe: the fitted one.
        volumes: how many different ones it was fitted on.
        left_out: those that can't be used, in the order in which they were given.
    """

    recipe: Recipe
    volumes: int
    left_out: tuple[LeftOut, ...]


def fit_files(
    recipe: Recipe, paths: Iterable[Path], *, tell: Callable[[LeftOut | None], object] = lambda _: None
) -> Fitted:
    """Fits `recipe` on the volumes at `paths`.

    Args:
        recipe: with one step `nyul`.
        paths: .nii or .nii.gz; their order makes no difference.
        tell: called after each, with the reason where it was left out.

    Raises:
        CcdsError: the recipe has nothing to fit, or no volume can be used.
    """
    fitting, left_out = Fitting(recipe), []
    memory = session_memory()
    for path in paths:
        told = None
        try:
            check_memory(recipe, read_header(path), memory)
            stored = read_nifti(path)
            fitting.add(stored.volume, stored.digest)
        except CcdsError as error:
            told = LeftOut(volume_name(path), error)
            left_out.append(told)
        tell(told)
    if not fitting.found:
        raise CcdsError(
            expected="a volume that can be used, to fit the recipe on",
            found="none" if not left_out else f"{len(left_out)} that can't",
            do="name others" if not left_out else "mend what is said of each, or name others",
        )
    return Fitted(fitting.fitted(), len(fitting.found), tuple(left_out))


def volume_name(path: Path) -> str:
    """Study key and series, and nothing of the path before."""
    name = path.name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return f"{path.absolute().parent.name}/{name}"


def check_free(target: Path) -> None:
    """Refuses, before any work, what could not be written at its end.

    Raises:
        CcdsError: something is there already, or there is no folder for it.
    """
    if target.exists():
        raise CcdsError(expected="an OUT that isn't there yet", found="a file", do="choose another name")
    if not target.parent.is_dir():
        raise CcdsError(expected="an OUT in a folder that is there", found="no folder", do="make the folder first")


def write_recipe(recipe: Recipe, target: Path) -> None:
    """Writes `recipe` to `target`, whole or not at all.

    Raises:
        CcdsError: it can't be written.
    """
    try:
        write_whole(target, recipe.to_yaml())
    except OSError as error:
        raise CcdsError(
            expected="an OUT that can be written", found=error.strerror or "an error", do="choose another OUT"
        ) from error
