"""A mask as a file of the project: `masks/<study key>/<series>-<digest>.nii.gz`, on the volume's grid; none is overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib

from ccds_kernel.imaging.masks.grid import Mask, VolumeGrid
from ccds_kernel.imaging.output import working_folder
from ccds_kernel.imaging.volume import compress, rewrite_header

_BEGIN = 16


def write_mask(mask: Mask, volume: VolumeGrid, folder: Path) -> tuple[Path, str]:
    """Writes `mask` below `folder`; its path, and the hash of its labels and their place.

    Raises:
        OSError: it can't be written.
        CcdsError: `folder` can't be made.
    """
    with working_folder(folder) as work:
        raw, packed = work / "mask.nii", work / "mask.nii.gz"
        make: Any = nib.Nifti1Image
        make(mask.labels, volume.affine).to_filename(raw)
        rewrite_header(raw, volume.affine)
        digest = compress(raw, packed)
        target = folder / f"{volume.name}-{digest[:_BEGIN]}.nii.gz"
        packed.replace(target)  # the name says what is in it: where it is there already, it is the same
    return target, digest
