"""An archive that sends other things than it was asked for, over each protocol: refused, deleted, written down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pydicom import config
from pydicom.uid import ExplicitVRLittleEndian

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.archive.site import staging_of
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.imaging.retrieval.asking import ask_archive
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import State, StudyRequest
from ccds_kernel.imaging.retrieval.staging import Staging
from ccds_kernel.imaging.retrieval.worker import Worker
from ccds_kernel.imaging.studies.repository import ImageStudies
from support.archive import Study
from support.lying_archive import LyingArchive

HONEST = Study(1, slices=3)
OTHER = Study(2, slices=3)


@pytest.fixture
def liar(tmp_path) -> LyingArchive:
    """An archive that says it has `HONEST`."""
    return LyingArchive(says=HONEST.write(tmp_path / "honest"))


@pytest.fixture(params=["dicomweb", "dimse"])
def archive(request, liar):
    """The adapter to it, over each protocol."""
    with liar.by_dicomweb() if request.param == "dicomweb" else liar.by_dimse() as adapter:
        yield adapter


@dataclass(frozen=True)
class Told:
    """What became of a study: its card's state and cause, the last audit event about it, and files that are anywhere."""

    state: State
    cause: str
    event: str
    files: list[Path]


@pytest.fixture
def fetch(project, settings, archive, criteria) -> Callable[[], Told]:
    """Asks for everything and fetches it; what became of the one study."""
    return lambda: fetched(project, settings, archive, criteria)


def fetched(project, settings, archive, criteria) -> Told:
    """Asks `archive` for all that meets `criteria`, which is one study, and fetches it."""
    queue = RetrievalQueue(project)
    queue.request(ask_archive(project, archive, criteria).meeting, criteria)
    Worker(project, archive, Staging(staging_of(settings), project.folder, 0)).run()
    (card,) = queue.requests()
    entries = FileAuditSink(settings.paths.audit).entries("HEAD-1")
    told = [one["event"] for one in entries if one["detail"].get("study_key") == card.study_key]
    places = ((staging_of(settings) / "HEAD-1").rglob("*"), (project.folder / "dicom").rglob("*"))
    files = [path for place in places for path in place if path.is_file()]
    return Told(card.state, card.cause or "", told[-1], files)


def changed(**values: str) -> Callable[..., None]:
    """A change of a data set's values."""

    def change(data, _index) -> None:
        for keyword, value in values.items():
            setattr(data, keyword, value)

    return change


def test_the_truth_arrives(fetch):
    """The stand-in is an archive like others where it doesn't lie."""
    told = fetch()

    assert (told.state, told.cause, told.event) == (State.ARRIVED, "", "StudyArrived")
    assert [path.suffix for path in told.files] == [".dcm"] * 3


@pytest.mark.parametrize(
    ("lie", "cause"),
    [
        (changed(PatientID="PAT00002"), "another patient"),
        (lambda data, index: setattr(data, "PatientID", "PAT00002") if index == 2 else None, "another patient"),
        (changed(StudyInstanceUID="1.2.3"), "another study"),
        (changed(AccessionNumber="ACC00002"), "another accession number"),
        (lambda data, _: setattr(data.ProcedureCodeSequence[0], "CodeValue", "CTKNEE"), "exam code that wasn't asked"),
        (changed(StudyDate="20230101"), "study date that wasn't asked"),
    ],
)
def test_what_claims_to_be_something_else_is_refused(liar, fetch, tmp_path, lie, cause):
    """All files or one of them; nothing of it stays, and the refusal is an audit event."""
    liar.sends = HONEST.write(tmp_path / "lie", lie)

    told = fetch()

    assert (told.state, told.event) == (State.REFUSED, "StudyRefused")
    assert cause in told.cause
    assert told.files == []


def test_another_patient_s_study_is_refused(liar, fetch, tmp_path):
    """It says the one and sends the other, whole and consistent in itself."""
    liar.sends = OTHER.write(tmp_path / "other")

    told = fetch()

    assert (told.state, told.event) == (State.REFUSED, "StudyRefused")
    assert told.cause == "files of another study than was asked for (3 of 3)"
    assert told.files == []


@pytest.mark.parametrize(
    ("sent", "count"), [(0, "no file came (0 of 3)"), (2, "isn't the one that the archive announced (2 of 3)")]
)
def test_less_than_announced_is_a_failure(liar, fetch, sent, count):
    """Never there, and never on its way for ever; it says how many came."""
    liar.sends = liar.says[:sent]

    told = fetch()

    assert (told.state, told.event) == (State.FAILED, "StudyNotArrived")
    assert told.cause.endswith(count)
    assert told.files == []


def test_more_than_announced_is_a_failure(liar, fetch):
    """A number that doesn't fit proves nothing, whatever the files say."""
    liar.sends, liar.says = liar.says, liar.says[:2]

    told = fetch()

    assert told.state is State.FAILED
    assert told.cause.endswith("(3 of 2)")
    assert told.files == []


def test_two_instances_under_one_uid_are_refused(liar, fetch, tmp_path):
    """Nobody knows which of them it is."""
    uid = "1.2.826.0.1.3680043.8.498.7"
    liar.sends = HONEST.write(tmp_path / "lie", lambda data, index: index and setattr(data, "SOPInstanceUID", uid))

    told = fetch()

    assert told.state is State.REFUSED
    assert told.cause == "different instances under one UID (2 of 3)"
    assert told.files == []


@pytest.fixture
def queued(project, settings, archive, criteria) -> Callable[[StudyFound], StudyRequest]:
    """Puts a study into the queue as anybody may write it there, and fetches it; its card."""

    def put(study: StudyFound) -> StudyRequest:
        queue = RetrievalQueue(project)
        queue.request([study], criteria)
        Worker(project, archive, Staging(staging_of(settings), project.folder, 0)).run()
        (card,) = queue.requests()
        return card

    return put


def test_the_archive_is_believed_and_not_the_queue(liar, queued, tmp_path):
    """Whoever may write images may write its rows: what one says of another exam's study is held against a new answer."""
    chest = Study(9, exam_code="CTCHEST")
    liar.says = chest.write(tmp_path / "chest")
    liar.sends = Study(9, exam_code=None).write(tmp_path / "bare")

    card = queued(StudyFound(chest.uid, chest.accession, chest.patient, ("CTHEAD",), chest.date, instances=3))

    assert (card.state, card.cause) == (State.REFUSED, "an exam code that wasn't asked for (by the archive)")
    assert liar.sent == []


@pytest.mark.parametrize("accession", ["", "ACC00077"])
def test_a_study_under_another_key_is_refused(liar, queued, accession):
    """It would lie with another order's report."""
    card = queued(StudyFound(HONEST.uid, accession, HONEST.patient, ("CTHEAD",), HONEST.date))

    assert (card.state, liar.sent) == (State.REFUSED, [])
    assert "another accession number" in (card.cause or "")


def test_a_study_that_the_archive_has_no_more_has_failed(liar, queued):
    """It is asked whether it has it."""
    liar.says = []

    card = queued(StudyFound(HONEST.uid, HONEST.accession, HONEST.patient, ("CTHEAD",), HONEST.date))

    assert (card.state, card.cause) == (State.FAILED, "the archive has no such study any more")


def test_an_exam_code_that_nobody_says_is_refused(liar, fetch, tmp_path):
    """Neither answer nor files have it: it isn't proven."""
    silent = Study(1, exam_code=None)
    liar.says = silent.write(tmp_path / "silent")

    told = fetch()

    assert told.state is State.REFUSED
    assert "neither the archive's answer nor a file says the exam code" in told.cause


def test_an_exam_code_that_only_files_say_is_enough(liar, fetch):
    """It is read from them where the answer leaves it out."""
    liar.leaves_out = {"ProcedureCodeSequence"}

    assert fetch().state is State.ARRIVED


def test_what_only_files_say_is_kept(project, liar, fetch):
    """The rules for series ask for the exam code: a study that arrived by it has one."""
    liar.leaves_out = {"ProcedureCodeSequence", "PatientID", "StudyDate"}
    fetch()

    (card,) = RetrievalQueue(project).requests()
    studies = ImageStudies(project)
    studies.keep_rules("rules:\n  - exam_codes: [CTHEAD]\n")
    assert (card.study.exam_codes, card.study.patient, card.study.date) == (("CTHEAD",), HONEST.patient, HONEST.date)
    assert studies.choice(card.study_key).chosen is not None


def test_what_files_of_another_study_say_is_not_kept(project, liar, fetch, tmp_path):
    """They say nothing of the one that was asked for."""
    liar.leaves_out = {"ProcedureCodeSequence", "PatientID"}
    liar.sends = OTHER.write(tmp_path / "other")
    fetch()

    (card,) = RetrievalQueue(project).requests()
    assert (card.study.exam_codes, card.study.patient) == ((), None)


def test_values_longer_than_dicom_allows_are_no_lie(liar, fetch, tmp_path):
    """Archives send what people typed: as far as they are looked at, answer and files say the same."""
    endless = "Von und zu " * 28
    longer = changed(PatientName=endless, StudyDescription=endless)

    def change(data, index) -> None:
        longer(data, index)
        data.add_new("PatientID", "LO", endless)
        data.add_new("AccessionNumber", "SH", endless)

    with config.disable_value_validation():
        liar.says = HONEST.write(tmp_path / "endless", change)
        told = fetch()

    assert (told.state, len(told.files)) == (State.ARRIVED, 3)


def test_a_maker_s_own_transfer_syntax_arrives_as_it_is(project, settings, criteria, liar):
    """Nothing is decoded on the way: that nobody else reads it is the conversion's to say."""
    private = b"1.2.840.113619.5.20\0"
    for path in liar.says:
        path.write_bytes(path.read_bytes().replace(ExplicitVRLittleEndian.encode() + b"\0", private, 1))
    given = {path.read_bytes() for path in liar.says}

    with liar.by_dicomweb() as archive:
        told = fetched(project, settings, archive, criteria)

    assert told.state is State.ARRIVED
    assert {path.read_bytes() for path in told.files} == given


def test_studies_that_were_not_asked_for_are_left_out(project, archive, liar, criteria, tmp_path):
    """An archive that ignores the query answers with everything; only what meets it gets into the queue."""
    more = [Study(3, exam_code="CTKNEE"), Study(4, date=date(2023, 1, 1)), Study(5, exam_code=None)]
    liar.says += [path for one in more for path in one.write(tmp_path / str(one.number))]

    found = ask_archive(project, archive, criteria)

    assert {one.study_uid for one in found.meeting} == {HONEST.uid, more[2].uid}
    assert (found.others, found.undecided) == (2, 1)


def test_an_archive_that_refuses_the_filter_is_asked_without_it(project, archive, liar, criteria):
    """It answers with every exam code then; what wasn't asked for is left out here."""
    liar.refuses_codes = True

    assert [one.study_uid for one in ask_archive(project, archive, criteria).meeting] == [HONEST.uid]


@pytest.mark.parametrize("content", [b"", b"no DICOM at all", b"\0" * 128 + b"DICM" + b"\xff" * 40])
def test_what_is_no_dicom_is_refused(project, settings, criteria, liar, content):
    """Over DICOMweb anything can come: a file without a byte, text, a header that breaks off."""
    odd = liar.says[0].with_name("odd")
    odd.write_bytes(content)
    liar.sends = [*liar.says[:2], odd]

    with liar.by_dicomweb() as archive:
        told = fetched(project, settings, archive, criteria)

    assert (told.state, told.files) == (State.REFUSED, [])
    assert told.cause == "files that are no DICOM instances (1 of 3)"
