"""What each file of a study says that it is, read from its header alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.quiet_pydicom import quiet_pydicom

_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
_KEYWORDS = (*_UIDS, "PatientID", "AccessionNumber", "StudyDate")
LONGEST = 64
"""Signs of a value that are looked at: DICOM allows no more for any of these."""

_DICOMDIR = "1.2.840.10008.1.3.10"


@dataclass(frozen=True)
class Claim:
    """What one file says that it is; empty and None where it doesn't say.

    Attributes:
        path: the file.
        study_uid: StudyInstanceUID.
        series_uid: SeriesInstanceUID.
        sop_uid: SOPInstanceUID.
        patient: PatientID.
        accession: AccessionNumber.
        exam_codes: the values of the site's attribute.
        date: StudyDate.
    """

    path: Path
    study_uid: str
    series_uid: str
    sop_uid: str
    patient: str | None = field(repr=False)
    accession: str = field(repr=False)
    exam_codes: tuple[str, ...] = ()
    date: date | None = None


def claim_of(path: Path, attribute: ExamCodeAttribute) -> Claim | None:
    """What `path` says that it is; None where it is no DICOM file of an instance: a DICOMDIR, one without UIDs, a broken one.

    Raises:
        OSError: it can't be read.
    """
    tags = [Tag(keyword) for keyword in (*_KEYWORDS, attribute.keywords[0])]
    with quiet_pydicom():
        try:
            data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
            if data.file_meta.get("MediaStorageSOPClassUID") == _DICOMDIR:
                return None
            texts = {keyword: _text(data, keyword) for keyword in _KEYWORDS}
            codes = attribute.read(data)
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - broken input makes pydicom raise nearly anything
            return None
    if not all(texts[keyword] for keyword in _UIDS):
        return None
    return Claim(
        path,
        texts["StudyInstanceUID"],
        texts["SeriesInstanceUID"],
        texts["SOPInstanceUID"],
        texts["PatientID"] if "PatientID" in data else None,
        texts["AccessionNumber"],
        codes,
        day_of(texts["StudyDate"]),
    )


def day_of(text: str) -> date | None:
    """The day that DICOM's `text` names; None where it names none."""
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a calendar day of the hospital
    except ValueError:
        return None


def _text(data: Dataset, keyword: str) -> str:
    value = data.get(keyword)
    return "" if value is None else str(value).strip()[:LONGEST]
