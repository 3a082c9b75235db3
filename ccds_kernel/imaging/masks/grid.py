"""The grid of a volume that a mask must fit, and the mask on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.geometry import Array
from ccds_kernel.imaging.output import hashed_name

Labels = npt.NDArray[np.uint8]
MOST_LABELS = 255
ON_GRID = 0.1
"""How far, in voxels, a mask's pixel may lie from the middle of the volume's voxel."""

_DIMENSIONS = 3


@dataclass(frozen=True, slots=True)
class VolumeGrid:
    """Where the voxels of a volume lie.

    Args:
        name: the hashed name of the series that it was made from.
        shape: i, j, k.
        affine: voxel to RAS, mm, (4, 4).
    """

    name: str
    shape: tuple[int, int, int]
    affine: Array

    @classmethod
    def of(cls, path: Path) -> VolumeGrid:
        """The grid of the volume at `path`; of a 4D image that of one time point.

        Raises:
            CcdsError: it is no readable NIfTI image.
        """
        try:
            image: Any = nib.Nifti1Image.from_filename(path)
        except Exception as error:  # nibabel has no common base for what a broken file raises
            raise CcdsError(expected="a volume", found=type(error).__name__, do="convert its series again") from error
        i, j, k = image.shape[:_DIMENSIONS]
        return cls(
            path.name.removesuffix(".nii.gz"), (int(i), int(j), int(k)), np.array(image.affine, dtype=np.float64)
        )

    def is_of(self, series_uid: str) -> bool:
        """Whether it was made from the series of that SeriesInstanceUID."""
        return hashed_name("series", series_uid) == self.name

    def index(self, ras: Array) -> Array:
        """The places `ras` (…, 3), mm, in voxels."""
        inverse = np.linalg.inv(self.affine)
        index: Array = ras @ inverse[:3, :3].T + inverse[:3, 3]
        return index


@dataclass(frozen=True, slots=True)
class Mask:
    """Labels on a volume's grid.

    Args:
        labels: 0 where nothing is, (i, j, k).
        names: label → what it is called where it comes from.
        kind: seg, rtstruct, nifti or drawn.

    Raises:
        ValueError: no label has a voxel.
    """

    labels: Labels
    names: Mapping[int, str]
    kind: str

    def __post_init__(self) -> None:
        if not self.labels.any():
            raise ValueError("expected a mask to label voxels; found none")

    def voxels(self) -> dict[int, int]:
        """Label → how many voxels it has."""
        found, counts = np.unique(self.labels[self.labels > 0], return_counts=True)
        return {int(label): int(count) for label, count in zip(found, counts, strict=True)}


def misfit(found: str) -> CcdsError:
    """A mask that can't be laid onto the volume."""
    return CcdsError(
        expected="a mask on the volume's grid", found=found, do="export it for this series, or choose its own"
    )
