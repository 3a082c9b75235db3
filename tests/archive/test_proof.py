"""What proves itself and what doesn't, case by case, without an archive."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ccds_kernel.archive.archive import ArchiveQuery, Retrieved, StudyFound
from ccds_kernel.archive.claims import Claim
from ccds_kernel.archive.proof import Doubt, Doubted, doubted

QUERY = ArchiveQuery(frozenset({"CT1", "CT2"}), date(2024, 1, 1), date(2024, 1, 31))
ASKED = StudyFound("1.2", "ACC1", "PAT1", ("CT1",), date(2024, 1, 2), instances=2)
CLAIM = Claim(Path("a"), "1.2", "1.2.1", "1.2.1.1", "PAT1", "ACC1", ("CT1",), date(2024, 1, 2))
OTHER = replace(CLAIM, path=Path("b"), sop_uid="1.2.1.2")
SILENT = replace(OTHER, patient=None, accession="", exam_codes=(), date=None)
NOTHING_SAID = replace(ASKED, accession="", patient=None, exam_codes=(), date=None)


def doubt(*claims: Claim | None, asked: StudyFound = ASKED, announced: int | None = None) -> Doubt | None:
    """The doubt about a study of which these files came, as many as were announced where nothing else is said."""
    count = len(claims)
    found = doubted(asked, QUERY, claims, Retrieved(count, count if announced is None else announced))
    return found and found.doubt


@pytest.mark.parametrize(
    ("asked", "claims"),
    [
        (ASKED, (CLAIM, OTHER)),
        (ASKED, (CLAIM, SILENT)),
        (ASKED, (SILENT,)),
        (NOTHING_SAID, (CLAIM, OTHER)),
        (NOTHING_SAID, (CLAIM, SILENT)),
        (ASKED, (replace(CLAIM, exam_codes=("LOINC", "CT2")),)),
    ],
)
def test_what_is_proven(asked, claims):
    """Nobody contradicts, and for each of patient, exam and date somebody says it: the answer, or one file at least."""
    assert doubt(*claims, asked=asked) is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"study_uid": "1.3"}, Doubt.OTHER_STUDY),
        ({"patient": "PAT2"}, Doubt.OTHER_PATIENT),
        ({"accession": "ACC2"}, Doubt.OTHER_ACCESSION),
        ({"exam_codes": ("CT3",)}, Doubt.OTHER_EXAM),
        ({"date": date(2024, 2, 1)}, Doubt.OTHER_DATE),
        ({"sop_uid": CLAIM.sop_uid}, Doubt.SAME_UID),
    ],
)
def test_one_file_that_claims_something_else_spoils_the_study(wrong, why):
    """Whether the archive's answer said it or not."""
    odd = replace(OTHER, **wrong)

    assert doubt(CLAIM, odd) is why
    if why is not Doubt.OTHER_STUDY:
        assert doubt(CLAIM, odd, asked=NOTHING_SAID) is why
    assert not why.may_pass


@pytest.mark.parametrize(
    ("unsaid", "why"),
    [
        ({"patient": None}, Doubt.PATIENT_UNKNOWN),
        ({"exam_codes": ()}, Doubt.EXAM_UNKNOWN),
        ({"date": None}, Doubt.DATE_UNKNOWN),
    ],
)
def test_what_nobody_says_is_not_proven(unsaid, why):
    """Neither the answer nor any file."""
    assert doubt(replace(CLAIM, **unsaid), replace(OTHER, **unsaid), asked=replace(ASKED, **unsaid)) is why


@pytest.mark.parametrize(
    ("claims", "announced", "why"),
    [((), 2, Doubt.NOTHING), ((), 0, Doubt.NOTHING), ((CLAIM,), 2, Doubt.COUNT), ((CLAIM, OTHER), 1, Doubt.COUNT)],
)
def test_numbers_that_do_not_fit_may_pass(claims, announced, why):
    """A study without a file has never arrived, not even where none was announced."""
    assert doubt(*claims, announced=announced) is why
    assert why.may_pass


def test_what_is_no_instance_is_graver_than_a_missing_one():
    """A file that isn't DICOM won't be one the next time."""
    assert doubt(CLAIM, None, announced=3) is Doubt.NOT_DICOM


def test_another_patient_is_graver_than_anything_else():
    """What is told is what has to be known first."""
    assert doubt(replace(CLAIM, patient="PAT2"), None, announced=9) is Doubt.OTHER_PATIENT


def test_the_words_say_how_many():
    """Of how many files it is true; nothing that a file says is in them."""
    told = str(doubted(ASKED, QUERY, [CLAIM, replace(OTHER, accession="ACC2")], Retrieved(2, 2)))

    assert told == "files of another accession number than the archive's answer named (2 of 2)"
    assert str(Doubted(Doubt.COUNT, 3, 5)) == "the number of files isn't the one that the archive announced (3 of 5)"
