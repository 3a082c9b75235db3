"""Emptying the queue: what survives a worker or an archive that dies, what goes first, and when nothing is fetched."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import update

from ccds_kernel.archive.archive import ArchiveAway
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.site import staging_of
from ccds_kernel.audit.event import Event as AuditedEvent
from ccds_kernel.audit.events.imaging import StudyArrived
from ccds_kernel.audit.log import AuditSink, FileAuditSink
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.asking import ask_archive
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.imaging.retrieval.staging import DiskFull, Staging
from ccds_kernel.imaging.retrieval.tables import retrieval
from ccds_kernel.imaging.retrieval.worker import Worker
from ccds_kernel.irb.applying import apply_application
from support.archive import Study
from support.components import missing
from support.lying_archive import LyingArchive
from support.orthanc import AE_TITLE, OURS, running_orthanc
from support.site import ADMINISTRATOR, on_roster, session_of
from support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning")
"""pynetdicom drops the socket of a connection that failed without closing it, and leaves that to Python."""

STUDIES = [Study(number, slices=2) for number in range(1, 6)]
LOCKS = {".fetching", ".slot-0", ".slot-1", ".waiting"}


@pytest.fixture
def liar(tmp_path) -> LyingArchive:
    """An archive of five studies that tells the truth."""
    return LyingArchive(says=[path for one in STUDIES for path in one.write(tmp_path / "files" / str(one.number))])


@pytest.fixture
def archive(liar):
    """The adapter to it."""
    with liar.by_dicomweb() as adapter:
        yield adapter


@pytest.fixture
def queue(project, archive, criteria) -> RetrievalQueue:
    """The project's queue, in which all five are."""
    found = RetrievalQueue(project)
    found.request(ask_archive(project, archive, criteria).meeting, criteria)
    return found


@pytest.fixture
def worker(project, settings, archive) -> Callable[..., Worker]:
    """Makes a worker of the project."""

    def make(archive_=archive, **more) -> Worker:
        return Worker(project, archive_, Staging(staging_of(settings), project.folder, 0), **more)

    return make


def left_in_staging(settings) -> list[Path]:
    """What of studies lies in staging."""
    return list((staging_of(settings) / "HEAD-1").iterdir())


def test_each_study_is_fetched_once(queue, worker, liar):
    """A second run has nothing to do; studies that are asked for again are no new ones."""
    first, second = worker().run(), worker().run()

    assert (first, second) == ({State.ARRIVED: 5}, {})
    assert sorted(liar.sent) == sorted(one.uid for one in STUDIES)
    assert queue.counts() == {State.ARRIVED: 5}


class DiesAtAnArrival:
    """A sink of a worker that ends, as by a kill, when it has written an arrival down."""

    def __init__(self, sink: AuditSink) -> None:
        self._sink = sink

    def write(self, event: AuditedEvent) -> None:
        """Writes it; whoever waits for that is gone."""
        self._sink.write(event)
        if isinstance(event, StudyArrived):
            raise KeyboardInterrupt


def test_an_arrival_that_is_told_twice_says_so(settings, project, archive, queue, worker):
    """The worker ended between the event and the row: the next one's event of that study is `repeated`."""
    dying = dataclasses.replace(project, audit=DiesAtAnArrival(project.audit))
    with pytest.raises(KeyboardInterrupt):
        Worker(dying, archive, Staging(staging_of(settings), project.folder, 0)).run()

    worker().run()

    events = FileAuditSink(settings.paths.audit).entries("HEAD-1")
    told = [one["detail"] for one in events if one["event"] == "StudyArrived"]
    twice = told[0]["study_key"]
    assert queue.counts() == {State.ARRIVED: 5}
    assert [one["repeated"] for one in told if one["study_key"] == twice] == [False, True]
    assert len({one["study_key"] for one in told}) == 5


@pytest.mark.usefixtures("queue")
def test_whoever_fetches_says_so_in_their_own_name(project, settings, worker):
    """A session may write of nobody else; who asked for the study stands beside it."""
    with project.store.writing() as connection:
        connection.execute(update(retrieval).where(retrieval.c.id == 3).values(asked_by="sam"))
    apply_roster(project, settings, eve="engineer", sam="scientist")

    tally = worker().run()

    told = [one for one in FileAuditSink(settings.paths.audit).entries("HEAD-1") if one["event"] == "StudyArrived"]
    assert tally == {State.ARRIVED: 5}
    assert {one["person"] for one in told} == {"eve"}
    assert sorted(one["detail"]["asked_by"] for one in told) == ["eve"] * 4 + ["sam"]


def test_a_killed_worker_leaves_studies_there_or_waiting(retrieving, settings, queue, worker, liar):
    """Killed while one is on its way: the next run fetches that and the rest, and not what is there."""
    holding, release = Event(), Event()

    def hold(_uid: str) -> None:
        if len(liar.sent) > 2:
            holding.set()
            release.wait(60)

    liar.before_sending = hold
    with liar.served() as url:
        running = retrieving(url)
        until(lambda: holding.is_set() and queue.counts()[State.ARRIVED] == 2, "a study on its way", seconds=60)
        running.send_signal(signal.SIGKILL)
        running.wait(30)
        release.set()
    killed_at, before = queue.counts(), len(liar.sent)

    tally = worker().run()

    assert killed_at[State.RUNNING] > 0
    assert killed_at[State.ARRIVED] == 2
    assert tally == {State.ARRIVED: 3}
    assert len(liar.sent) == before + 3
    assert left_in_staging(settings) == []


@pytest.fixture
def retrieving(tmp_path, settings) -> Callable[[str], subprocess.Popen[bytes]]:
    """Starts `ccds imaging retrieve` of eve in a process of its own, two studies at once, from the archive at a URL."""
    return lambda url: started(tmp_path, settings, url)


def started(tmp_path, settings, url: str) -> subprocess.Popen[bytes]:
    """See `retrieving`."""
    lines = [f'{name} = "{path}"' for name, path in settings.paths.model_dump().items()]
    archive_lines = ["[archive]", 'protocol = "dicomweb"', f'url = "{url}"', "keep_free_mb = 0"]
    toml = tmp_path / "ccds.toml"
    toml.write_text("\n".join(["[paths]", *lines, *archive_lines]), encoding="utf-8")
    environment = os.environ | {"CCDS_CONFIG": str(toml)} | session_of("eve", "HEAD-1", toml)
    command = [sys.executable, "-m", "ccds_kernel.cli", "imaging", "retrieve", "--project", "HEAD-1"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def test_an_archive_that_dies_is_no_study_s_fault(project, criteria, worker, tmp_path_factory):
    """A real one, killed in the middle and started again: the second run fetches only the rest."""
    with running_orthanc() as orthanc:
        for study in STUDIES:
            orthanc.add(study.write(tmp_path_factory.mktemp("study")))
        archive = DimseArchive(
            Peer("127.0.0.1", orthanc.dicom, AE_TITLE, OURS, 30),
            ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue"),
        )
        queue = RetrievalQueue(project)
        queue.request(ask_archive(project, archive, criteria).meeting, criteria)

        def kill_after_two(_request, _outcome) -> None:
            if queue.counts()[State.ARRIVED] == 2:
                orthanc.kill()

        with pytest.raises(ArchiveAway, match=r"Connection refused|broke off|closed"):
            worker(archive, settled=kill_after_two).run()
        arrived = queue.counts()[State.ARRIVED]
        orthanc.start()

        tally = worker(archive).run()

    assert 2 <= arrived < 5
    assert tally == {State.ARRIVED: 5 - arrived}
    assert queue.counts() == {State.ARRIVED: 5}


def test_a_connection_that_always_breaks_is_given_up(project, settings, queue, worker, liar):
    """The study waits with its cause, as often as the site allows; then it has failed, and the others get their turn."""
    liar.breaks_after = 1

    for _ in range(settings.archive.attempts):
        with pytest.raises(ArchiveAway):
            worker().run()

    assert queue.counts()[State.FAILED] >= 1
    assert all(one.cause and one.tried_at for one in queue.requests(State.FAILED))
    assert not list((project.folder / "dicom").rglob("*.dcm"))


def test_single_requests_go_first(queue, worker, liar):
    """Somebody waits for them; the others keep their order."""
    last = queue.requests()[-1]

    assert queue.hurry([last.study_key]) == 1
    worker(now=lambda: datetime(2024, 1, 1, tzinfo=UTC)).run()

    assert liar.sent.index(last.study.study_uid) < 2


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of that size on `folder`; skips the test where none can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=False).returncode
    ):
        missing("a disk that can be mounted", "run the tests as root on a machine of your own")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize(("place", "size"), [("staging", "4k"), ("project", "12k")])
def test_a_full_disk_stops_the_worker_and_leaves_nothing(place, size, project, queue, worker):
    """What is half there is taken away again; studies wait, and none of them counts as tried."""
    folder = staging_of(project.settings) if place == "staging" else project.folder / "dicom"
    with small_disk(folder, size):
        with pytest.raises(DiskFull, match="No space left"):
            worker().run()

        left = [path for path in folder.rglob("*") if path.is_file() and path.name not in LOCKS]
        cards = queue.requests(State.WAITING)

    assert len(cards) >= 4
    assert all(one.attempts == 0 for one in cards)
    assert len({path.parent.parent for path in left}) == 5 - len(cards)


def test_a_study_s_own_folder_that_cannot_be_made_stops_the_worker(settings, queue, worker):
    """As on a disk that is full: told in a line, and no try of the study."""
    first = queue.requests()[0]
    staging = staging_of(settings) / "HEAD-1"
    staging.mkdir(parents=True)
    (staging / f"{first.study_key}-{first.id}").touch()

    with pytest.raises(CcdsError, match=r"where studies are staged .* found File exists"):
        worker().run()

    (card,) = (one for one in queue.requests() if one.id == first.id)
    assert (card.state, card.attempts, card.cause) == (State.WAITING, 0, "File exists")


def test_a_port_of_ours_that_somebody_has_is_no_study_s_fault(queue, worker, liar):
    """Another worker's, perhaps: the run ends with that line before a study is looked at."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        liar.by_dimse(moves_to=taken.getsockname()[1]) as archive,
        pytest.raises(CcdsError, match="for what the archive sends; found Address already in use"),
    ):
        worker(archive).run()

    assert {(one.state, one.attempts, one.cause) for one in queue.requests()} == {(State.WAITING, 0, None)}
    assert "Address already in use" in queue.run().why


def test_an_archive_behind_a_proxy_that_answers_for_it_is_away(queue, worker, liar):
    """One restart of it must not make a whole queue fail."""
    liar.fails = lambda _path: 502

    with pytest.raises(ArchiveAway, match="HTTP status 502"):
        worker().run()

    assert {(one.state, one.attempts) for one in queue.requests()} == {(State.WAITING, 0)}


def test_too_little_room_is_seen_before(project, settings, queue, archive, liar):
    """Nothing is asked for that has no place."""
    staging = Staging(staging_of(settings), project.folder, 2**60)

    with pytest.raises(DiskFull, match="MiB free where studies are staged"):
        Worker(project, archive, staging).run()

    assert liar.sent == []
    assert queue.counts() == {State.WAITING: 5}


@pytest.mark.usefixtures("queue")
def test_one_worker_at_a_time(settings, project, worker):
    """A second one is told to leave it to the first; that the first ended it needn't be told."""
    with Staging(staging_of(settings), project.folder, 0).mine(), pytest.raises(CcdsError, match="found one at work"):
        worker().run()

    assert worker().run() == {State.ARRIVED: 5}


@pytest.mark.usefixtures("queue")
def test_whoever_may_no_more_gets_nothing_more(project, settings, worker, liar):
    """Taken off the roster before their studies are fetched: these wait, it is written down once, and others get theirs."""
    with project.store.writing() as connection:
        connection.execute(update(retrieval).where(retrieval.c.id == 3).values(asked_by="sam"))
    apply_roster(project, settings, sam="scientist")

    tally = worker().run()

    assert tally == {State.ARRIVED: 1}
    with project.store.reading() as connection:
        cards, held_back = tuple(rows.requests(connection, State.WAITING)), rows.held_back(connection)
    cause = "not approved when its turn came: expected eve on the roster of HEAD-1; found somebody else's names"
    assert held_back == {cause: 4}
    assert {(one.cause, one.attempts) for one in cards} == {(cause, 0)}
    assert len(liar.sent) == 1
    denials = [one for one in FileAuditSink(settings.paths.audit).entries("HEAD-1") if one["event"] == "AccessDenied"]
    assert [one["person"] for one in denials] == ["eve"]


@pytest.mark.usefixtures("queue")
def test_whoever_may_again_gets_the_rest(project, settings, worker):
    """By the next run, and by nobody's doing: a training that was renewed, say."""
    apply_roster(project, settings, sam="scientist")
    worker().run()
    apply_roster(project, settings, eve="engineer")

    assert worker().run() == {State.ARRIVED: 5}


def apply_roster(project, settings, **people) -> None:
    """Changes who is on the project's roster."""
    values = project.application.model_dump(mode="json", exclude_none=True) | {"roster": on_roster(**people)}
    apply_application(type(project.application).model_validate(values), person=ADMINISTRATOR, settings=settings)


@pytest.mark.usefixtures("queue")
def test_hours_without_threads_are_waited_for(project, settings, archive, liar):
    """In clinical hours nothing is fetched; after them it goes on by itself."""
    hours = {"days": ["mon"], "begin": "07:00:00", "end": "18:00:00", "threads": 0}
    timed = settings.archive.model_validate(settings.archive.model_dump() | {"timetable": [hours]})
    object.__setattr__(project, "settings", settings.model_copy(update={"archive": timed}))
    clock = [datetime(2024, 1, 1, 17, 59, 30, tzinfo=UTC)]  # a Monday
    waited: list[float] = []

    def pause(seconds: float) -> None:
        assert liar.sent == []
        waited.append(seconds)
        clock[0] += timedelta(seconds=seconds)

    staging = Staging(staging_of(settings), project.folder, 0)
    tally = Worker(project, archive, staging, now=lambda: clock[0], pause=pause).run()

    assert waited == [30.0]
    assert tally == {State.ARRIVED: 5}
