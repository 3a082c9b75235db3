"""What a NIfTI file's header says of its shape; voxels are never read here."""

from __future__ import annotations

import zlib
from pathlib import Path

import nibabel as nib
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

_NO_IMAGE = (OSError, EOFError, ValueError, zlib.error, ImageFileError, HeaderDataError, WrapStructError)
_DIMENSIONS = 3


def shape_of(path: Path) -> tuple[int, ...] | None:
    """The lengths of the axes of the image in `path`, voxels; None for a file that is no NIfTI image."""
    try:
        shape: tuple[int, ...] = nib.Nifti1Image.from_filename(path).shape
    except _NO_IMAGE:
        return None
    return shape


def is_3d(shape: tuple[int, ...]) -> bool:
    """Whether it is the shape of one volume: three axes, none of them empty."""
    return len(shape) == _DIMENSIONS and min(shape) >= 1
