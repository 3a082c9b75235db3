"""From an archive's answer about a study to a value; the same for each protocol."""

from __future__ import annotations

import re
from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.archive.claims import LONGEST, day_of
from ccds_kernel.archive.exam_code import ExamCodeAttribute

_UID = re.compile(r"[0-9.]+")

SCANNER = ("Manufacturer", "ManufacturerModelName", "StationName")


def described(
    data: Dataset, attribute: ExamCodeAttribute, *, before: StudyFound | None = None, scanner: str | None = None
) -> StudyFound | None:
    """The study that `data` describes; None where it names none, or what can be no UID.

    Args:
        data: an answer.
        attribute: where the exam code is.
        before: an earlier answer about it, which `data` completes.
        scanner: where it is known.
    """
    if before is not None:
        return replace(before, exam_codes=before.exam_codes or attribute.read(data), scanner=scanner)
    uid = text_of(data, "StudyInstanceUID")
    if not _UID.fullmatch(uid):
        return None
    count = text_of(data, "NumberOfStudyRelatedInstances")
    return StudyFound(
        study_uid=uid,
        accession=text_of(data, "AccessionNumber"),
        patient=text_of(data, "PatientID") or None,
        exam_codes=attribute.read(data),
        date=day_of(text_of(data, "StudyDate")),
        time=text_of(data, "StudyTime"),
        modalities=_several(data, "ModalitiesInStudy"),
        instances=int(count) if count.isdigit() else None,
    )


def scanner_of(data: Dataset) -> str | None:
    """Manufacturer, model and station, as far as `data` names them."""
    return " ".join(filter(None, (text_of(data, keyword) for keyword in SCANNER))) or None


def text_of(data: Dataset, keyword: str) -> str:
    """The value as text; empty where there is none."""
    value = data.get(keyword)
    return "" if value is None else str(value).strip()[:LONGEST]


def _several(data: Dataset, keyword: str) -> tuple[str, ...]:
    value = data.get(keyword)
    values = value if isinstance(value, MultiValue) else (value,)
    return tuple(sorted({str(one).strip() for one in values if one}))
