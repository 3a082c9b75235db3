"""The volumes of a project as items of a run: where each lies, which one it is, and how much memory a recipe takes for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import StepError
from ccds_kernel.normalization.footprint import check_memory, footprint
from ccds_kernel.normalization.nifti import read_header
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_operator import step_name
from ccds_kernel.normalization.volume_folder import VolumeFolder
from ccds_kernel.workflow.operator import Item

LIBRARIES = 100 << 20
"""Bytes at most that are loaded when they are needed first, beyond what a worker has at its start."""


def items_of(volumes: VolumeFolder, recipe: Recipe, studies: Collection[str] | None = None) -> Iterator[Item]:
    """Every volume to be taken that is there now, of these `studies` (all), by study key and series.

    Raises:
        CcdsError: the folder can't be read.
    """
    volumes = volumes.as_now()
    keys = volumes.studies() if studies is None else sorted(set(studies) & set(volumes.studies()))
    for study in keys:
        for entry in volumes.of_study(study):
            path = volumes.path(entry)
            yield Item(entry.id, path, volumes.version(entry), *memory_needed(path, recipe))


def memory_needed(path: Path, recipe: Recipe) -> tuple[int, str]:
    """Bytes that a worker takes at most for the volume at `path`, and the step that needs them ("read", "2 resample").

    The least, and no step, where the volume is refused anyway, by its header.
    """
    try:
        header = read_header(path)
        voxels = footprint(recipe, header)
    except CcdsError:
        return LIBRARIES, ""
    try:
        check_memory(recipe, header, voxels - 1)
    except StepError as error:
        return LIBRARIES + voxels, step_name(recipe, error.place)
    except CcdsError:
        pass
    return LIBRARIES + voxels, "read"
