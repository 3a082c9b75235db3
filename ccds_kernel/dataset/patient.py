"""Whose study it is: asked of one DICOM header, and forgotten but for a keyed hash."""

from __future__ import annotations

from pathlib import Path

import pydicom

from ccds_kernel.dataset.split import patient_key
from ccds_kernel.quiet_pydicom import quiet_pydicom

_PATIENT_ID = "PatientID"


def patient_of_study(dicom: Path, secret: bytes) -> bytes | None:
    """The `patient_key` of the study in folder `dicom`, from the first header that can be read; None where none says it.

    Args:
        dicom: `<project>/dicom/<study key>`, with a folder per series.
        secret: the project's.
    """
    with quiet_pydicom():
        for path in sorted(dicom.glob("*/*.dcm")):
            try:
                header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[_PATIENT_ID])
                patient_id = str(header.get(_PATIENT_ID) or "").strip()
            except Exception:  # noqa: BLE001, S112 - broken input makes pydicom raise nearly anything; the next file may do
                continue
            if patient_id:
                return patient_key(secret, patient_id)
    return None
