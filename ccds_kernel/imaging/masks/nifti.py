"""NIfTI masks: whole numbers on the volume's own grid, whichever way the axes run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from ccds_kernel.imaging.geometry import Array
from ccds_kernel.imaging.masks.grid import MOST_LABELS, ON_GRID, Mask, VolumeGrid, misfit


def read_nifti(path: Path, volume: VolumeGrid) -> Mask:
    """The labels of the image at `path` on the grid of `volume`.

    Raises:
        CcdsError: it can't be read, lies off the grid, or holds other values than whole numbers up to 255.
    """
    try:
        image: Any = nib.Nifti1Image.from_filename(path)
        values = np.asarray(image.dataobj)
    except Exception as error:  # nibabel has no common base for what a broken file raises
        raise misfit("a broken file") from error
    if image.header["sform_code"] == 0 and image.header["qform_code"] == 0:
        raise misfit("an image that doesn't say where it lies")
    values = values.reshape(values.shape[:3]) if set(values.shape[3:]) <= {1} else values
    if values.ndim != len(volume.shape):
        raise misfit(f"an image of shape {values.shape}")
    orientations: Any = nib.orientations  # nibabel's functions carry no type hints
    axes = orientations.ornt_transform(*map(orientations.io_orientation, (image.affine, volume.affine)))
    turned = orientations.apply_orientation(values, axes)
    affine: Array = image.affine @ orientations.inv_ornt_aff(axes, values.shape)
    if turned.shape != volume.shape:
        raise misfit(f"an image of shape {turned.shape}, the volume's is {volume.shape}")
    corners = np.array(np.meshgrid(*[(0, size - 1) for size in volume.shape])).reshape(3, -1).T
    off = float(np.max(np.abs(volume.index(corners @ affine[:3, :3].T + affine[:3, 3]) - corners)))
    if off > ON_GRID:
        raise misfit(f"corners up to {off:.2f} voxels off it")
    whole = np.rint(turned)
    if not np.array_equal(whole, turned) or whole.min() < 0 or whole.max() > MOST_LABELS:
        raise misfit(f"values that are no whole numbers from 0 to {MOST_LABELS}")
    labels = whole.astype(np.uint8)
    if not labels.any():
        raise misfit("no labelled voxel")
    return Mask(labels, {int(label): "" for label in np.unique(labels) if label}, "nifti")
