"""pydicom's own files of every encoding, made into series of three slices: read right, or quarantined; never wrong."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from support.dicom import AXIAL, CT, read_where_dicom_says

VERDICTS = {
    "693_J2KI.dcm": "accepted",  # JPEG 2000 with loss
    "693_J2KR.dcm": "accepted",
    "JPEGLSNearLossless_16.dcm": "accepted",
    "MR_small_RLE.dcm": "accepted",
    "MR_small_bigendian.dcm": "accepted",
    "MR_small_implicit.dcm": "accepted",
    "MR_small_jp2klossless.dcm": "accepted",
    "MR_small_jpeg_ls_lossless.dcm": "accepted",
    "MR_small_padded.dcm": "accepted",
    "bad_sequence.dcm": "accepted",  # JPEG lossless
    "explicit_VR-UN.dcm": "accepted",
    "JPGExtended.dcm": "conversion-failed",  # dcm2niix doesn't read 12-bit JPEG
    "J2K_pixelrep_mismatch.dcm": "voxel-mismatch",  # header and codestream disagree about the sign, and so do the readers
    "MR-SIEMENS-DICOM-WithOverlays.dcm": "several-outputs",  # dcm2niix writes the overlay as an image
    "MR_truncated.dcm": "truncated",
}


def three_slices(name: str, folder: Path) -> np.ndarray:
    """Writes the image three times, 2 mm apart; returns its real values if they can be read."""
    folder.mkdir()
    series, study = generate_uid(), generate_uid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the files are odd on purpose
        for index in range(3):
            data = pydicom.dcmread(get_testdata_file(name))
            data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CT
            data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            data.SeriesInstanceUID, data.StudyInstanceUID, data.Modality = series, study, "CT"
            data.ImagePositionPatient = [0, 0, index * 2]
            data.ImageOrientationPatient, data.PixelSpacing, data.InstanceNumber = list(AXIAL), [1, 1], index + 1
            data.save_as(folder / str(index))
        slope, intercept = float(data.get("RescaleSlope", 1)), float(data.get("RescaleIntercept", 0))
        return data.pixel_array.astype(float) * slope + intercept if VERDICTS[name] == "accepted" else np.empty(0)


@pytest.mark.parametrize("name", VERDICTS)
def test_each_encoding_is_read_right_or_refused(tmp_path, convert, name) -> None:
    """Accepted voxels are pydicom's; with loss, within two stored units."""
    expected = three_slices(name, tmp_path / "in")

    [verdict] = convert(tmp_path / "in")

    if VERDICTS[name] == "accepted":
        assert verdict["status"] == "accepted", verdict["reason"]
        rows, columns = expected.shape
        found = read_where_dicom_says(verdict["path"], np.diag([-1.0, -1.0, 2.0, 1.0]), (columns, rows, 3))
        allowed = 2 if any("with loss" in warning for warning in verdict["warnings"]) else 0
        assert np.abs(found - expected.T[:, :, None]).max() <= allowed
    else:
        assert verdict["reason"].split(":")[0] == VERDICTS[name]
