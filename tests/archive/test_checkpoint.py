"""The reader of an association stands still while answers are waited for, however fast one question follows upon another."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ccds_kernel.archive.checkpoint import Checkpoint
from support.waiting import until


@dataclass
class Reader:
    """What pynetdicom's thread does: stops at the checkpoint, then takes a message that is there.

    Attributes:
        is_reading: whether it is beyond the checkpoint.
        rounds: how often it was.
        ended: whether it is to end by itself, as when an association is aborted.
    """

    checkpoint: Checkpoint = field(init=False)
    is_reading: bool = False
    rounds: int = 0
    ended: bool = False

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run)
        self.checkpoint = Checkpoint(self.thread)
        self.thread.start()

    def _run(self) -> None:
        while not self.ended:
            self.checkpoint.wait()
            self.is_reading = True
            self.rounds += 1
            threading.Event().wait(0.0005)
            self.is_reading = False


@pytest.fixture
def reader() -> Iterator[Reader]:
    """One that runs."""
    made = Reader()
    yield made
    made.ended = True
    made.checkpoint.set()
    made.thread.join()


def test_it_stands_when_the_checkpoint_was_closed(reader):
    """Closed again at once after it was opened: it is let go and comes back, or never left; it isn't beyond it."""
    seen = []
    for _ in range(500):
        reader.checkpoint.set()
        reader.checkpoint.clear()
        before = reader.rounds
        seen.append(reader.is_reading)
        threading.Event().wait(0.001)
        seen.append(reader.rounds != before)

    assert not any(seen)


def test_it_goes_on_when_it_is_let_go(reader):
    """As often as there is something to read."""
    reader.checkpoint.clear()
    before = reader.rounds

    reader.checkpoint.set()

    until(lambda: reader.rounds > before + 2, "it to read again")


def test_one_that_stops_itself_does_not_wait_for_itself():
    """As when it ends its association, for having been idle for too long: it may go on."""
    checkpoint = Checkpoint(threading.current_thread())

    checkpoint.clear()
    checkpoint.set()
    checkpoint.wait()


def test_one_that_has_ended_is_not_waited_for(reader):
    """An association that the archive aborted, say."""
    reader.ended = True
    reader.thread.join()

    reader.checkpoint.clear()

    assert not reader.thread.is_alive()
