"""Keeping pynetdicom's reader of an association away from answers that somebody waits for.

An association of pynetdicom has a thread that takes messages from the peer and serves them. Whoever asks something pauses that
thread, and then reads the answers. pynetdicom 3.0.4 tells by a flag that the thread stands still, and the flag is still up for a
moment after the thread was let go: a question that follows upon another may be asked while it runs. It takes the first answer
then, has no use for it, and drops it without a word. On a busy machine that was seen: less than there is.

Rejected: one association for each question, which has the same moment when it begins; counting answers by pynetdicom's events and
asking again, which waits for a time limit where the last answer is the lost one.
"""

from __future__ import annotations

from threading import Condition, Thread, current_thread

from pynetdicom.association import Association

_LOOK_AGAIN_S = 0.05


class Checkpoint:
    """Takes the place of the `threading.Event` at which that thread stops: closing it returns when the thread stands there.

    Args:
        reader: the thread; it may end by itself.
    """

    def __init__(self, reader: Thread) -> None:
        self._reader = reader
        self._changed = Condition()
        self._is_open = True
        self._standing = 0

    def set(self) -> None:
        """Lets the thread go."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Stops the thread; returns when it stands, or has ended, or is the one that calls."""
        with self._changed:
            self._is_open = False
            while not self._standing and self._reader.is_alive() and self._reader is not current_thread():
                self._changed.wait(_LOOK_AGAIN_S)

    def wait(self) -> None:
        """What the thread calls: returns when it may go on."""
        with self._changed:
            if self._is_open:
                return
            self._standing += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_open)
            self._standing -= 1


def install(association: Association) -> None:
    """Gives an association that was just established its checkpoint."""
    association._reactor_checkpoint = Checkpoint(association)  # type: ignore[assignment] # noqa: SLF001 - no other way
