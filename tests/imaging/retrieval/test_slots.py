"""How much is fetched at once, over all projects: the timetable is the archive's."""

from collections.abc import Iterator
from datetime import date
from threading import Event, Lock, Thread

import pytest

from ccds_kernel.archive.archive import Archive
from ccds_kernel.archive.site import staging_of
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.asking import ask_archive
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.imaging.retrieval.slots import Slots, one_for_all
from ccds_kernel.imaging.retrieval.staging import Staging
from ccds_kernel.imaging.retrieval.worker import Worker
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from support.archive import Study
from support.lying_archive import LyingArchive
from support.site import ADMINISTRATOR

STUDIES = [Study(number, slices=2) for number in range(1, 4)]


@pytest.fixture
def archive_settings() -> dict:
    """One study at a time."""
    return {"keep_free_mb": 0, "threads": 1}


@pytest.fixture
def liar(tmp_path) -> LyingArchive:
    """An archive of three studies that tells the truth."""
    return LyingArchive(says=[path for one in STUDIES for path in one.write(tmp_path / "files" / str(one.number))])


@pytest.fixture
def archive(liar) -> Iterator[Archive]:
    """The adapter to it."""
    with liar.by_dicomweb() as adapter:
        yield adapter


def test_the_slots_are_those_of_all(tmp_path):
    """Who finds none has one as soon as it is given back."""
    one, other = Slots(tmp_path), Slots(tmp_path)

    taken = [one.take(2), other.take(2), one.take(2)]
    other.give_back()

    assert taken == [True, True, False]
    assert one.take(2)
    assert (one.held, other.held) == (2, 0)


def test_a_long_queue_lets_somebody_else_have_a_turn(tmp_path):
    """Whoever has just had the slot doesn't take it again while another waits."""
    one, other = Slots(tmp_path), Slots(tmp_path)
    one.take(1)
    other.take(1)

    one.give_back()

    assert not one.take(1)
    assert other.take(1)
    other.give_back()
    assert not other.take(1)
    assert one.take(1)


def test_nobody_is_waited_for_who_waits_no_more(tmp_path):
    """Its queue is empty, say."""
    one, other = Slots(tmp_path), Slots(tmp_path)
    one.take(1)
    other.take(1)
    one.give_back()

    other.wait_no_more()

    assert one.take(1)


def test_a_folder_in_which_nothing_can_be_locked(tmp_path):
    """Said in a line."""
    (tmp_path / "file").touch()

    with pytest.raises(CcdsError, match="a staging folder in which this program may lock files"):
        Slots(tmp_path / "file").take(1)


def test_one_program_fetches_for_all_projects(tmp_path):
    """A second one is told that it isn't the only one; after the first it is."""
    with one_for_all(tmp_path / "staging") as first, one_for_all(tmp_path / "staging") as second:
        assert (first, second) == (True, False)

    with one_for_all(tmp_path / "staging") as third:
        assert third


def test_two_projects_share_the_hours(project, settings, archive, liar):
    """Their workers run side by side, and fetch one study at a time together; both come to an end."""
    apply_application(project.application.model_copy(update={"id": "HEAD-2"}), person=ADMINISTRATOR, settings=settings)
    second = open_project("HEAD-2", Action.WRITE_IMAGES, person="eve", settings=settings)
    both = [project, second]
    for one in both:
        asked = VersionedCriteria(
            one.id, "heads", 1, Criteria(frozenset({"CTHEAD"}), date(2024, 1, 1), date(2024, 3, 31))
        )
        RetrievalQueue(one).request(ask_archive(one, archive, asked).meeting, asked)
    lock, sending, at_once = Lock(), [0], []

    def count(_uid: str) -> None:
        with lock:
            sending[0] += 1
            at_once.append(sending[0])
        Event().wait(0.05)
        with lock:
            sending[0] -= 1

    liar.before_sending = count
    workers = [Worker(one, archive, Staging(staging_of(settings), one.folder, 0)) for one in both]
    working = [Thread(target=worker.run) for worker in workers]

    for thread in working:
        thread.start()
    for thread in working:
        thread.join(120)

    told = [RetrievalQueue(one).counts() for one in both]
    second.close()
    assert set(at_once) == {1}
    assert told[0] == told[1] == {State.ARRIVED: len(at_once) / 2}
