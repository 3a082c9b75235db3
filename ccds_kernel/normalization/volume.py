"""A volume: voxels and where they lie. What every step starts from and ends with.

It is checked once, when it is made, so that no step meets a NaN, a missing axis or a grid without extent. Voxels lie in
memory with the first axis fastest, as in NIfTI files: sums over them round the same wherever they came from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError

Voxels = npt.NDArray[np.int16] | npt.NDArray[np.float32]
Affine = npt.NDArray[np.float64]

AXES = 3
MOST_VOXELS = 1 << 31
"""8 GB as float32; a whole body at 0.5 mm has fewer."""

LONGEST_AXIS = 32767
"""NIfTI-1 holds the length of an axis in 16 bits."""

FLATTEST = 1e-3
"""The smallest volume of a voxel relative to a box with edges as long: flatter ones have no third direction."""

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Voxels and where they lie.

    Args:
        voxels: shape (i, j, k), int16 or float32, finite. Kept read-only, without a copy where the first axis is the fastest.
        affine: (4, 4), from (i, j, k) at the centres of voxels to RAS, mm.

    Raises:
        CcdsError: not three axes, no voxels, another type, NaN or infinite voxels, an affine that is no grid in space.
    """

    voxels: Voxels
    affine: Affine

    def __post_init__(self) -> None:
        check_shape(self.voxels.shape)
        if self.voxels.dtype not in (np.int16, np.float32):
            raise CcdsError(
                expected="voxels of type int16 or float32",
                found=str(self.voxels.dtype),
                do="make the volume by Volume.of, which converts",
            )
        voxels = np.asfortranarray(self.voxels).view()
        affine = checked_affine(self.affine)
        if wrong := sum(int(np.count_nonzero(~np.isfinite(block))) for block in blocks(voxels)):
            raise CcdsError(
                expected="finite voxels",
                found=f"{wrong} of {voxels.size} NaN or infinite",
                do="mend or leave out the image",
            )
        voxels.flags.writeable = affine.flags.writeable = False
        object.__setattr__(self, "voxels", voxels)
        object.__setattr__(self, "affine", affine)

    @classmethod
    def of(cls, voxels: npt.NDArray[Any], affine: npt.ArrayLike) -> Self:
        """A volume of any real numbers: integers that fit become int16, all else float32 (which rounds beyond 24 bits).

        Args:
            voxels: shape (i, j, k).
            affine: as of a `Volume`.

        Raises:
            CcdsError: as of a `Volume`, or voxels that are no real numbers (colour, complex), or beyond float32's range.
        """
        check_shape(voxels.shape)
        if voxels.dtype.kind not in "biuf":
            raise CcdsError(
                expected="voxels that are real numbers", found=f"type {voxels.dtype}", do="give a grey-value image"
            )
        with np.errstate(over="ignore"):  # beyond float32 is infinite, which is refused
            converted: Any = voxels.astype(np.int16 if _fits_int16(voxels) else np.float32, order="F", copy=False)
        return cls(converted, np.asarray(affine, dtype=np.float64))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """The distance of voxel centres along i, j, k, mm."""
        return spacing_of(self.affine)

    def digest(self) -> str:
        """SHA-256 of the voxels and affine: the same as `ccds_kernel.imaging.volume.digest` of the file that holds them."""
        return digest_of(self.voxels, self.affine.astype(np.float32).astype(np.float64))


def checked_affine(affine: Affine) -> Affine:
    """`affine` as float64, without -0.0.

    Raises:
        CcdsError: it is no grid in space: another shape, NaN, a spacing of 0, axes in one plane.
    """
    if affine.shape != (4, 4) or not np.all(np.isfinite(affine)) or not np.array_equal(affine[3], [0, 0, 0, 1]):
        raise CcdsError(
            expected="an affine of 4 x 4 finite numbers that ends in 0, 0, 0, 1",
            found="another",
            do="mend the image's header",
        )
    spacing = spacing_of(affine)
    if min(spacing) <= 0:
        raise CcdsError(
            expected="voxels that are longer than 0 mm along each axis",
            found="a spacing of {:g} x {:g} x {:g} mm".format(*spacing),
            do="mend the image's header",
        )
    a, b, c = (affine[:3, axis] / spacing[axis] for axis in range(AXES))
    if abs(float(np.sum(a * np.cross(b, c)))) < FLATTEST:
        raise CcdsError(
            expected="an affine with three directions", found="axes that lie in one plane", do="mend the image's header"
        )
    return affine.astype(np.float64) + 0.0  # no -0.0: equal affines hash the same


def check_shape(shape: tuple[int, ...]) -> None:
    """Refuses what is no volume.

    Raises:
        CcdsError: not three axes, an empty or too long one, or more than `MOST_VOXELS`.
    """
    if len(shape) != AXES:
        raise CcdsError(
            expected="a volume with 3 axes",
            found=f"{len(shape)} (shape {shape})",
            do="give one volume, not a slice or series",
        )
    voxels = shape[0] * shape[1] * shape[2]
    if min(shape) < 1 or max(shape) > LONGEST_AXIS or voxels > MOST_VOXELS:
        raise CcdsError(
            expected=f"1 to {LONGEST_AXIS} voxels along each axis, at most {MOST_VOXELS} in all",
            found=f"a shape of {shape}",
            do="take a coarser spacing or a smaller image",
        )


def spacing_of(affine: Affine) -> tuple[float, float, float]:
    """The lengths of the first three columns of `affine`, mm."""
    i, j, k = np.sqrt(np.sum(affine[:3, :3] ** 2, axis=0)).tolist()
    return i, j, k


def blocks(voxels: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """The voxels as flat views of at most `BLOCK`, first axis fastest.

    Args:
        voxels: with the first axis fastest in memory, without gaps.
    """
    flat = voxels.reshape(-1, order="F")
    for start in range(0, flat.size, BLOCK):
        yield flat[start : start + BLOCK]


def digest_of(voxels: npt.NDArray[Any], affine: Affine, scaling: tuple[float, float] = (1.0, 0.0)) -> str:
    """SHA-256 of voxels as stored, scaling (slope, intercept) and affine: see `Volume.digest`, which rounds as files do."""
    begin = json.dumps([voxels.dtype.str, list(voxels.shape), list(scaling), affine.ravel().tolist()])
    hasher = hashlib.sha256(begin.encode())
    hasher.update(voxels.reshape(-1, order="F").view(np.uint8).data)
    return hasher.hexdigest()


def _fits_int16(voxels: npt.NDArray[Any]) -> bool:
    if voxels.dtype.kind == "f" or voxels.size == 0:
        return False
    if np.can_cast(voxels.dtype, np.int16):
        return True
    limits = np.iinfo(np.int16)
    return bool(limits.min <= int(voxels.min()) and int(voxels.max()) <= limits.max)
