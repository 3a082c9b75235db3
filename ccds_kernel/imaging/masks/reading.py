"""A mask's file, whichever kind it is, checked against the volume that it is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks import dicom_seg, rtstruct
from ccds_kernel.imaging.masks.grid import Mask, VolumeGrid, misfit
from ccds_kernel.imaging.masks.nifti import read_nifti
from ccds_kernel.quiet_pydicom import quiet_pydicom

_READERS = {dicom_seg.SOP_CLASS: dicom_seg.read_seg, rtstruct.SOP_CLASS: rtstruct.read_rtstruct}


def read_mask(path: Path, volume: VolumeGrid) -> Mask:
    """The mask at `path` on the grid of `volume`.

    Raises:
        CcdsError: no such file, no mask, of another series, or not on the grid; says which.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise CcdsError(
            expected="a mask's file that this program may read",
            found=(error.strerror or "an error").lower(),
            do="check FILE",
        ) from None
    if path.name.endswith((".nii", ".nii.gz")):
        return read_nifti(path, volume)
    try:
        with quiet_pydicom():
            return _read_dicom(path, volume)
    except CcdsError:
        raise
    except Exception as error:  # broken input makes pydicom raise nearly anything
        raise misfit("a broken file, or one of another kind") from error


def _read_dicom(path: Path, volume: VolumeGrid) -> Mask:
    data = pydicom.dcmread(path)
    read = _READERS.get(str(data.get("SOPClassUID")))
    if read is None:
        raise misfit("neither a DICOM segmentation nor a structure set")
    _check_series(data, volume)
    return read(data, volume)


def _check_series(data: Dataset, volume: VolumeGrid) -> None:
    uids = set(_referenced(data))
    if not uids:
        raise misfit("a mask that doesn't say of which series it is")
    if not any(map(volume.is_of, uids)):
        raise misfit("a mask of another series")


def _referenced(data: Dataset) -> Iterator[str]:
    """The SeriesInstanceUIDs that a segmentation or structure set says it is drawn on."""
    for series in data.get("ReferencedSeriesSequence", []):
        yield str(series.get("SeriesInstanceUID", ""))
    for frame in data.get("ReferencedFrameOfReferenceSequence", []):
        for study in frame.get("RTReferencedStudySequence", []):
            for series in study.get("RTReferencedSeriesSequence", []):
                yield str(series.get("SeriesInstanceUID", ""))
