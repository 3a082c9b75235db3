"""What the queue tells of its worker: alive, gone, ended and why; and ending it from elsewhere."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from ccds_kernel.archive.archive import ArchiveAway
from ccds_kernel.archive.site import staging_of
from ccds_kernel.imaging.retrieval.asking import ask_archive
from ccds_kernel.imaging.retrieval.pulse import Pulse
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.imaging.retrieval.run import SILENT, Life, Run
from ccds_kernel.imaging.retrieval.staging import Staging
from ccds_kernel.imaging.retrieval.wording import worker_line
from ccds_kernel.imaging.retrieval.worker import Worker
from support.archive import Study
from support.lying_archive import LyingArchive
from support.waiting import until

NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)
STUDIES = [Study(number, slices=2) for number in range(1, 4)]


def run(**changed) -> Run:
    """A run that gave a sign of life now."""
    values = {"person": "eve", "begun_at": NOW, "seen_at": NOW, "received": 0, "bytes_per_s": None, "ended_at": None}
    return Run(**(values | {"why": None, "stops": False} | changed))


@pytest.fixture
def liar(tmp_path) -> LyingArchive:
    """An archive of three studies that tells the truth."""
    return LyingArchive(says=[path for one in STUDIES for path in one.write(tmp_path / "files" / str(one.number))])


@pytest.fixture
def archive(liar):
    """The adapter to it."""
    with liar.by_dicomweb() as adapter:
        yield adapter


@pytest.fixture
def queue(project, archive, criteria) -> RetrievalQueue:
    """The project's queue, in which all three are."""
    found = RetrievalQueue(project)
    found.request(ask_archive(project, archive, criteria).meeting, criteria)
    return found


@pytest.fixture
def worker(project, settings, archive) -> Worker:
    """A worker of the project."""
    return Worker(project, archive, Staging(staging_of(settings), project.folder, 0))


@pytest.mark.parametrize(
    ("one", "later", "life"),
    [
        (run(), SILENT - timedelta(seconds=1), Life.WORKING),
        (run(), SILENT, Life.GONE),
        (run(ended_at=NOW), timedelta(days=1), Life.ENDED),
    ],
)
def test_a_worker_without_a_sign_of_life_is_gone(one, later, life):
    """Killed, or its machine is: what it left as running isn't."""
    assert one.life(NOW + later) is life


@pytest.mark.parametrize(
    ("one", "later", "line"),
    [
        (None, timedelta(), "worker: none yet"),
        (run(), timedelta(), "worker: eve's, at work"),
        (run(bytes_per_s=2.5e6), timedelta(), "worker: eve's, at work, 2.5 MB/s"),
        (run(), SILENT, "worker: eve's, gone since 2024-01-01 12:00 UTC: what is running waits for the next one"),
        (run(ended_at=NOW), timedelta(), "worker: eve's, ended 2024-01-01 12:00 UTC"),
        (run(ended_at=NOW, why="no room"), timedelta(), "worker: eve's, ended 2024-01-01 12:00 UTC: no room"),
    ],
)
def test_the_terminal_tells_of_the_worker(one, later, line):
    """In one line."""
    assert worker_line(one, NOW + later) == line


def test_a_queue_without_a_worker_has_no_run(queue):
    """Nobody has fetched yet."""
    assert queue.run() is None


def test_a_run_that_ends_says_so(queue, worker):
    """With how much came; nothing ended it before its time."""
    worker.run()

    ended = queue.run()
    assert (ended.person, ended.why, ended.life(datetime.now(UTC))) == ("eve", None, Life.ENDED)
    assert ended.received > 1000


def test_a_run_that_was_ended_says_by_what(queue, worker, liar):
    """The line that whoever started it reads, too."""
    liar.breaks_after = 1

    with pytest.raises(ArchiveAway) as raised:
        worker.run()

    assert queue.run().why == str(raised.value)


def test_a_worker_is_ended_from_elsewhere(queue, worker, liar):
    """Nothing more is begun; what it is at may be let go, which is no try."""
    liar.before_sending = lambda _uid: until(lambda: queue.run().stops, "somebody to end it")
    working = Thread(target=worker.run)
    working.start()
    until(lambda: liar.sent, "a study on its way")

    queue.stop()

    working.join(60)
    assert not working.is_alive()
    assert queue.run().life(datetime.now(UTC)) is Life.ENDED
    assert queue.counts()[State.WAITING] >= 1
    assert queue.counts()[State.WAITING] + queue.counts()[State.ARRIVED] == len(STUDIES)
    assert {one.attempts for one in queue.requests(State.WAITING)} == {0}


def test_a_worker_is_ended_that_waits_for_drops(queue, worker, liar):
    """The study waits again, and has not been tried."""
    liar.drips = True
    working = Thread(target=worker.run)
    working.start()
    until(lambda: liar.sent, "a study on its way")

    queue.stop()

    working.join(60)
    assert not working.is_alive()
    assert {(one.state, one.attempts) for one in queue.requests()} == {(State.WAITING, 0)}


def test_a_run_that_another_one_followed_is_told_to_end(project):
    """As where its machine slept and somebody else took over."""
    first = Pulse(project.store, "eve")
    Pulse(project.store, "sam")
    first._told[-1] = (first._told[-1][0] - 60, 0)

    assert first.beat()
