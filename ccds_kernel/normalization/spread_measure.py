"""What the spread of a cohort is made of, read from files: a volume's grid from its header, quantiles from a part of its voxels.

Quantiles are of about a million voxels, evenly spread over the image, read block by block: a gigabyte is never in memory at once.
Decided against: all voxels (exact, and for floats a second pass over each file), and a block in the middle (which has less air).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.nifti import Header, read_header, read_nifti
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.spread import PERCENT, Grid, Plans, grid_of, planned_grid
from ccds_kernel.normalization.volume import Volume

ABOUT = 1 << 20
"""So many voxels are taken of an image at least, or all of them."""

COPY = 1 << 17
"""So many voxels a copy has at most on which a recipe is tried."""

_BLOCK = 1 << 22
_FLOATS = np.dtype(np.float64)


def grid_in(path: Path) -> Grid:
    """The grid of the image in `path`, from its header alone.

    Raises:
        CcdsError: it is no volume.
    """
    header = read_header(path)
    return grid_of(header.shape, header.affine)


def planned_in(recipe: Recipe, path: Path) -> Grid | None:
    """The grid that `recipe` would make of the image in `path`, from its header alone; None where voxels decide it.

    Raises:
        CcdsError: it is no volume, or a step makes no sense for it.
    """
    header = read_header(path)
    return planned_grid(recipe, header.shape, header.affine)


def quantiles_in(path: Path) -> tuple[float, ...]:
    """The quantiles at `PERCENT` of the image in `path`, of `ABOUT` voxels evenly spread over it.

    Raises:
        CcdsError: it is no volume, or has a voxel that is no finite number.
    """
    header = read_header(path)
    try:
        return _quantiles(_sampled(path, header))
    except CcdsError:
        raise
    except Exception as error:  # nibabel, gzip and zlib have no common base for what a broken file raises
        raise CcdsError(expected="a NIfTI-1 image to read", found="a damaged one", do="convert it again") from error


def tried_in(recipe: Recipe, path: Path) -> tuple[float, ...]:
    """The quantiles of what `recipe` makes of a coarse copy of the image in `path`, nearly those of the whole.

    The copy has every n-th voxel, `COPY` at most, and the steps that change the grid are left out.

    Raises:
        CcdsError: it is no volume, or a step makes no sense for it.
    """
    kept = tuple(step for step in recipe.steps if not isinstance(step, Plans))
    whole = read_nifti(path).volume
    stride = max(1, math.ceil((whole.voxels.size / COPY) ** (1 / 3)))
    voxels: Any = whole.voxels[::stride, ::stride, ::stride].copy(order="F")
    affine = whole.affine.copy()
    affine[:3, :3] *= stride
    made = apply(Recipe(recipe.name, kept), Volume(voxels, affine))
    return _quantiles(made.voxels.ravel(order="K"))


def _quantiles(values: npt.NDArray[Any]) -> tuple[float, ...]:
    """At `PERCENT`, between two values the lower one: a value that is there."""
    found = np.percentile(values, PERCENT, method="lower")
    return tuple(float(value) for value in found)


def _sampled(path: Path, header: Header) -> npt.NDArray[np.float64]:
    """The real values of every n-th voxel of the file; n has no divisor with a row or slice, so that no column is left out."""
    i, j, k = header.shape
    every = _spread(max(1, i * j * k // ABOUT), i, j)
    image: Any = nib.Nifti1Image.from_filename(path, mmap=False)
    slope, inter = float(image.dataobj.slope), float(image.dataobj.inter)
    stored = image.dataobj.dtype
    parts: list[npt.NDArray[np.float64]] = []
    with image.file_map["image"].get_prepare_fileobj("rb") as file:
        file.seek(int(image.dataobj.offset))
        place, rest = 0, i * j * k
        while rest:
            many = min(_BLOCK, rest)
            raw = file.read(many * stored.itemsize)
            if len(raw) != many * stored.itemsize:
                raise CcdsError(
                    expected="all voxels of the image", found="a file that ends before", do="convert it again"
                )
            begin = -place % every
            parts.append(np.frombuffer(raw, stored)[begin::every].astype(_FLOATS))
            place, rest = place + many, rest - many
    values = np.concatenate(parts) * slope + inter
    if not np.isfinite(values).all():
        raise CcdsError(
            expected="finite voxels", found="one that is no number", do="convert the series again from DICOM"
        )
    return values


def _spread(every: int, row: int, column: int) -> int:
    """The next number from `every` on that has no divisor with the length of a row, or of a slice."""
    while every > 1 and math.gcd(every, row * column) > 1:
        every += 1
    return every
