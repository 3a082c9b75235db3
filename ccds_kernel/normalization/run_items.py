"""The volumes of a project as items of a run: where each lies, which one it is, and how much memory a recipe takes for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.footprint import footprint
from ccds_kernel.normalization.nifti import read_header
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume_folder import VolumeFolder
from ccds_kernel.workflow.operator import Item

LIBRARIES = 100 << 20
"""Bytes at most that are loaded when they are needed first, beyond what a worker has at its start."""


def items_of(volumes: VolumeFolder, recipe: Recipe, studies: Collection[str] | None = None) -> Iterator[Item]:
    """Every volume that is there now, of these `studies` (all), by study key and series.

    Raises:
        CcdsError: the folder can't be read.
    """
    keys = volumes.studies() if studies is None else sorted(set(studies) & set(volumes.studies()))
    for study in keys:
        for entry in volumes.of_study(study):
            path = volumes.path(entry)
            yield Item(entry.id, path, volumes.version(entry), memory_needed(path, recipe))


def memory_needed(path: Path, recipe: Recipe) -> int:
    """Bytes that a worker takes at most for the volume at `path`; the least where it's refused anyway, by its header."""
    try:
        return LIBRARIES + footprint(recipe, read_header(path))
    except CcdsError:
        return LIBRARIES
