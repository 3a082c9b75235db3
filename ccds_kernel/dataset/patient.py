"""Whose study it is, and of which day: asked of one DICOM header; of the patient nothing is kept but a keyed hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pydicom

from ccds_kernel.dataset.split import patient_key
from ccds_kernel.quiet_pydicom import quiet_pydicom

_PATIENT_ID, _STUDY_DATE = "PatientID", "StudyDate"


@dataclass(frozen=True)
class StudyHeader:
    """What a study's header says.

    Args:
        patient: whose it is, as a `patient_key`.
        day: when it was made; None where it doesn't say.
    """

    patient: bytes
    day: date | None


def header_of_study(dicom: Path, secret: bytes) -> StudyHeader | None:
    """What the first header that names a patient says of the study in folder `dicom`; None where none does.

    Args:
        dicom: `<project>/dicom/<study key>`, with a folder per series.
        secret: the project's.
    """
    with quiet_pydicom():
        for path in sorted(dicom.glob("*/*.dcm")):
            try:
                header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[_PATIENT_ID, _STUDY_DATE])
                patient_id = str(header.get(_PATIENT_ID) or "").strip()
                day = str(header.get(_STUDY_DATE) or "").strip()
            except Exception:  # noqa: BLE001, S112 - broken input makes pydicom raise nearly anything; the next file may do
                continue
            if patient_id:
                return StudyHeader(patient_key(secret, patient_id), _day(day))
    return None


def patient_of_study(dicom: Path, secret: bytes) -> bytes | None:
    """The `patient_key` of the study in folder `dicom`, as of `header_of_study`; None where no header says it."""
    header = header_of_study(dicom, secret)
    return None if header is None else header.patient


def _day(text: str) -> date | None:
    """The day that DICOM writes as YYYYMMDD."""
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day of the hospital's, not a moment
    except ValueError:
        return None
