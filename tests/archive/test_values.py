"""Small things that both protocols use: the exam code's attribute, queries, files as they come, proposals."""

from datetime import date
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from ccds_kernel.archive.archive import ArchiveQuery, StudyFound
from ccds_kernel.archive.claims import claim_of, day_of
from ccds_kernel.archive.described import described
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.received import Inbox
from ccds_kernel.archive.transfer_syntaxes import COMPRESSED, EVERY, MOST, PLAIN, USUAL, proposals
from support.archive import Study

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")
CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.11"


@pytest.mark.parametrize(
    "text", ["ProcedureCodeSequence", "CodeValue.CodeValue", "StudyDescription.CodeValue", "Nonsense"]
)
def test_an_attribute_that_is_none_is_refused(text):
    """Sequences but for the last, which isn't one."""
    with pytest.raises(ValueError, match="must be DICOM keywords"):
        ExamCodeAttribute.parse(text)


def test_every_code_of_the_attribute_is_read_once():
    """Items of a sequence, in their order; white space is no code."""
    data = Dataset()
    CODE.ask(data, " CT1 ")
    item = Dataset()
    item.CodeValue = "CT2"
    data.ProcedureCodeSequence.extend([item, item, Dataset()])

    assert CODE.read(data) == ("CT1", "CT2")
    assert CODE.read(Dataset()) == ()
    assert CODE.path == "00081032.00080100"


def test_an_attribute_without_sequences():
    """Some sites have it in the study's description."""
    code = ExamCodeAttribute.parse("StudyDescription")
    data = Dataset()
    data.StudyDescription = "CT HEAD"

    assert code.read(data) == ("CT HEAD",)
    assert code.path == "00081030"


@pytest.mark.parametrize(
    ("codes", "day", "covered"),
    [
        (("A",), date(2024, 1, 1), True),
        (("B", "A"), date(2024, 1, 31), True),
        (("B",), date(2024, 1, 1), False),
        (("A",), date(2023, 12, 31), False),
        (("A",), date(2024, 2, 1), False),
        ((), date(2024, 1, 1), None),
        (("A",), None, None),
        (("B",), None, False),
        ((), date(2024, 2, 1), False),
    ],
)
def test_what_a_query_covers(codes, day, covered):
    """Both ends of the dates included; what isn't known is neither yes nor no, unless the rest rules it out."""
    query = ArchiveQuery(frozenset({"A"}), date(2024, 1, 1), date(2024, 1, 31))

    assert query.covers(codes, day) is covered


@pytest.mark.parametrize(
    ("first", "last", "codes"),
    [(date(2024, 1, 2), date(2024, 1, 1), {"A"}), (date(2024, 1, 1), date(2024, 1, 1), set())],
)
def test_a_query_for_nothing_is_a_mistake(first, last, codes):
    """It would be answered with everything."""
    with pytest.raises(ValueError, match="exam codes and days in order"):
        ArchiveQuery(frozenset(codes), first, last)


def test_which_of_several_codes_a_study_counts_under():
    """One that was asked for, else the first."""
    study = StudyFound("1.2", "", None, ("B", "A"))

    assert (study.exam_code({"A"}), study.exam_code({"C"})) == ("A", "B")
    assert StudyFound("1.2", "", None).exam_code({"A"}) is None


def test_a_study_shows_neither_patient_nor_accession():
    """Where it is printed, in a log or a traceback."""
    assert "X" not in repr(StudyFound("1.2", "X", "X"))


@pytest.mark.parametrize("uid", ["", "../../etc", "1.2/3", "x" * 300])
def test_an_answer_without_a_uid_is_no_study(uid):
    """A UID stands in the addresses of requests: nothing else may."""
    data = Dataset()
    data.add_new("StudyInstanceUID", "UT", uid)

    assert described(data, CODE) is None


@pytest.mark.parametrize(
    ("text", "day"), [("20240229", date(2024, 2, 29)), ("20230229", None), ("", None), ("2024", None)]
)
def test_days_as_dicom_writes_them(text, day):
    """What is no day is none."""
    assert day_of(text) == day


def test_the_same_bytes_are_one_file_and_others_are_two(tmp_path):
    """Under whatever UID; half files aren't left, and progress counts each file once."""
    seen = []
    inbox = Inbox(tmp_path, lambda instances, size: seen.append((instances, size)))

    for content in (b"one", b"two", b"one"):
        inbox.put(content)

    assert inbox.received == 2
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"one", b"two"]
    assert seen == [(1, 3), (1, 3), (0, 3)]


def test_a_claim_is_read_without_values_that_are_wrong(tmp_path):
    """A date that is none, a name of 300 characters: it says what it says, cut to what DICOM allows."""

    def odd(data, _index) -> None:
        data.add_new("StudyDate", "UT", "20241301")
        data.add_new("PatientID", "UT", "P" * 300)

    (path, *_) = Study(1).write(tmp_path, odd)

    claim = claim_of(path, CODE)

    assert claim is not None
    assert (claim.date, claim.patient) == (None, "P" * 64)


@pytest.mark.parametrize("name", ["DICOMDIR", "no_meta.dcm", "README.txt"])
def test_what_is_no_instance_claims_nothing(tmp_path, name):
    """A DICOMDIR names other files; a file without its header, or of another kind, says nothing that can be held against it."""
    path = tmp_path / name
    if name == "README.txt":
        path.write_text("Read me.", encoding="utf-8")
    else:
        path = Path(str(get_testdata_file(name)))

    assert claim_of(path, CODE) is None


def test_each_context_has_one_syntax_compressed_first():
    """Reports are asked for in plain syntaxes only; private syntaxes that the archive names come first."""
    found = proposals({CT, SR}, also={"1.3.46.670589.33.1.4.1"})

    syntaxes = [syntax for sop_class, (syntax,) in found if sop_class == CT]
    assert syntaxes == ["1.3.46.670589.33.1.4.1", *EVERY]
    assert [syntax for sop_class, (syntax,) in found if sop_class == SR] == list(PLAIN)


def test_there_are_never_more_contexts_than_an_association_has_room_for():
    """Where many classes are to come rare syntaxes go, plain ones stay."""
    found = proposals(USUAL)

    assert len(found) == MOST
    assert {(sop_class, syntax) for sop_class, (syntax,) in found} >= {(one, plain) for one in USUAL for plain in PLAIN}
    assert found[0][1] == [COMPRESSED[0]]
