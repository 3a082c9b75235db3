"""Does what came prove itself to be what was asked for? Pure.

Each file is held against the study that was asked for, and against the query that the study is to meet. What a file claims must
never be another than what is expected; what it doesn't claim (many derived objects carry no procedure code) must be said by the
archive's answer or by another file of the study. Where nobody says it, it isn't proven.

What is *refused* is not what was asked for, and is deleted; asking once more would be asking for the same. What *failed* is less,
or more, than was announced: it may come whole the next time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ccds_kernel.archive.archive import ArchiveQuery, Retrieved, StudyFound
from ccds_kernel.archive.claims import Claim


class Doubt(StrEnum):
    """Why a study isn't taken: the word, and what it means to a person."""

    meaning: str

    def __new__(cls, word: str, meaning: str) -> Doubt:  # noqa: D102 - an enum's way to carry a second value
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member

    OTHER_STUDY = "other-study", "files of another study than was asked for"
    OTHER_PATIENT = "other-patient", "files of another patient than the archive's answer named, or of two patients"
    OTHER_ACCESSION = "other-accession", "files of another accession number than the archive's answer named"
    SHARED_ACCESSION = "shared-accession", "an accession number that another patient's study has, too"
    OTHER_EXAM = "other-exam", "an exam code that wasn't asked for"
    EXAM_UNKNOWN = "exam-unknown", "neither the archive's answer nor a file says the exam code"
    OTHER_DATE = "other-date", "a study date that wasn't asked for"
    DATE_UNKNOWN = "date-unknown", "neither the archive's answer nor a file says the study date"
    PATIENT_UNKNOWN = "patient-unknown", "neither the archive's answer nor a file says whose it is"
    NOT_DICOM = "not-dicom", "files that are no DICOM instances"
    SAME_UID = "same-uid", "different instances under one UID"
    NOTHING = "nothing", "no file came"
    COUNT = "count", "the number of files isn't the one that the archive announced"

    @property
    def is_of_study(self) -> bool:
        """Whether the files are the study's that was asked for all the same, which is another one than it seemed."""
        return self in {Doubt.OTHER_EXAM, Doubt.OTHER_DATE}

    @property
    def may_pass(self) -> bool:
        """Whether the study may come right the next time."""
        return self in {Doubt.NOTHING, Doubt.COUNT}


@dataclass(frozen=True)
class Doubted:
    """Why a study isn't taken, and of how many files that is true (of `COUNT`: how many came, of `of`)."""

    doubt: Doubt
    files: int
    of: int

    def __str__(self) -> str:
        return f"{self.doubt.meaning} ({self.files} of {self.of})"


def doubted(
    asked: StudyFound,
    query: ArchiveQuery,
    claims: Sequence[Claim | None],
    retrieved: Retrieved,
    beside: Collection[str] = (),
) -> Doubted | None:
    """None where the files prove to be the study `asked` and to meet `query`, else the gravest doubt.

    Args:
        asked: the study, as the archive's answer has it.
        query: what it is to meet.
        claims: of every file that came; None for one that is no DICOM instance.
        retrieved: how many came of how many.
        beside: patients of other studies with its accession number, which would become one study with it.
    """
    known = [claim for claim in claims if claim is not None]
    for doubt, files in _contradictions(asked, query, known, beside):
        if files:
            return Doubted(doubt, files, len(claims))
    if not claims:
        return Doubted(Doubt.NOTHING, 0, retrieved.announced)
    if len(known) < len(claims):
        return Doubted(Doubt.NOT_DICOM, len(claims) - len(known), len(claims))
    for doubt, is_known in _unproven(asked, known):
        if not is_known:
            return Doubted(doubt, len(claims), len(claims))
    if len(claims) != retrieved.announced or retrieved.received != len(claims):
        return Doubted(Doubt.COUNT, len(claims), retrieved.announced)
    return None


def completed(asked: StudyFound, claims: Sequence[Claim | None]) -> StudyFound:
    """`asked` with what its files say where the archive's answer says nothing."""
    known = [claim for claim in claims if claim is not None]
    return replace(
        asked,
        patient=asked.patient or next((claim.patient for claim in known if claim.patient), None),
        exam_codes=asked.exam_codes or tuple(dict.fromkeys(code for claim in known for code in claim.exam_codes)),
        date=asked.date or min((claim.date for claim in known if claim.date), default=None),
    )


def _contradictions(
    asked: StudyFound, query: ArchiveQuery, claims: Sequence[Claim], beside: Collection[str]
) -> Iterable[tuple[Doubt, int]]:
    patients = {claim.patient for claim in claims if claim.patient} | ({asked.patient} if asked.patient else set())
    uids = Counter(claim.sop_uid for claim in claims)
    yield Doubt.OTHER_STUDY, sum(claim.study_uid != asked.study_uid for claim in claims)
    yield Doubt.OTHER_PATIENT, len(claims) if len(patients) > 1 else 0
    accessions = {claim.accession for claim in claims if claim.accession} | (
        {asked.accession} if asked.accession else set()
    )
    yield Doubt.OTHER_ACCESSION, len(claims) if len(accessions) > 1 else 0
    yield Doubt.SHARED_ACCESSION, len(claims) if len(patients.union(beside)) > 1 else 0
    yield (
        Doubt.OTHER_EXAM,
        sum(bool(claim.exam_codes) and query.exam_codes.isdisjoint(claim.exam_codes) for claim in claims),
    )
    yield (
        Doubt.OTHER_DATE,
        sum(claim.date is not None and not query.first <= claim.date <= query.last for claim in claims),
    )
    yield Doubt.SAME_UID, sum(count for count in uids.values() if count > 1)


def _unproven(asked: StudyFound, claims: Sequence[Claim]) -> Iterable[tuple[Doubt, bool]]:
    yield Doubt.PATIENT_UNKNOWN, any(claim.patient for claim in claims) or bool(asked.patient)
    yield Doubt.EXAM_UNKNOWN, any(claim.exam_codes for claim in claims) or bool(asked.exam_codes)
    yield Doubt.DATE_UNKNOWN, any(claim.date for claim in claims) or asked.date is not None
