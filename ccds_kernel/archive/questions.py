"""Questions on an association, and what is answered, heard as it comes.

An association of pynetdicom has a thread that takes messages from the peer and serves them. Whoever asks something pauses that
thread, and then takes the answers from the queue that both have. pynetdicom 3.0.4 tells by a flag that the thread stands still,
and the flag is still up for a moment after the thread was let go: a question that follows upon another may be asked while it
runs. It takes the first answer then, has no use for it, and drops it without a word. On a busy machine that was seen: less than
there is.

So answers are taken where pynetdicom tells of each message, before it is in that queue (`EVT_DIMSE_RECV`). Each question has a
number of its own: an answer to another one isn't taken for its.

Rejected: one association for each question, which has the same moment when it begins; what pynetdicom gives as the answers, but
for C-GET, where it serves the instances that come meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import cycle
from queue import Empty, SimpleQueue

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dsutils import decode
from pynetdicom.events import Event, EventHandlerType

FIND = UID("1.2.840.10008.5.1.4.1.2.2.1")
MOVE = UID("1.2.840.10008.5.1.4.1.2.2.2")
GET = UID("1.2.840.10008.5.1.4.1.2.2.3")
"""The query models whose root is the study."""

HIGHEST_NUMBER = 2**16 - 1
"""Message ids have 16 bits."""

PENDING = (0xFF00, 0xFF01)
"""Statuses after which more answers come."""


@dataclass(frozen=True)
class Answer:
    """One of the answers to a question.

    Attributes:
        number: of the question.
        status: its code; None where nothing comes any more.
        failed: how many instances the archive couldn't send.
        content: the data set, encoded; empty where there is none.
    """

    number: int = 0
    status: int | None = None
    failed: int = 0
    content: bytes = field(default=b"", repr=False)


class Heard:
    """What is heard on one association; its `handlers` are bound when that is made, so that nothing is missed."""

    def __init__(self) -> None:
        self._answers: SimpleQueue[Answer] = SimpleQueue()

    @property
    def handlers(self) -> Sequence[EventHandlerType]:
        """What the association is to call."""
        return [(evt.EVT_DIMSE_RECV, self._hear), (evt.EVT_CONN_CLOSE, self._end)]

    def answer(self, number: int, timeout_s: float) -> Answer:
        """The next answer to that question; one without a status where none came in time, or none can."""
        while True:
            try:
                answer = self._answers.get(timeout=timeout_s)
            except Empty:
                return Answer()
            if answer.number == number or answer.status is None:
                return answer

    def _hear(self, event: Event) -> None:
        command = event.message.command_set
        number = command.get("MessageIDBeingRespondedTo")
        if number is not None:
            data = event.message.data_set
            failed = int(command.get("NumberOfFailedSuboperations") or 0)
            self._answers.put(Answer(number, command.get("Status"), failed, data.getvalue() if data else b""))

    def _end(self, _event: Event) -> None:
        self._answers.put(Answer())


class Questions:
    """Asks on an association, one question after the other: the next when all answers to the one before were taken.

    Every method yields answers as they come; the last one has no status where the archive fell silent, or closed the connection.
    The association is over then.

    Args:
        association: is established.
        heard: what is heard on it.
        timeout_s: seconds that each answer may take.

    Raises:
        RuntimeError: the association is over.
        ValueError: the archive has no such service.
    """

    def __init__(self, association: Association, heard: Heard, timeout_s: float) -> None:
        self._association = association
        self._heard = heard
        self._timeout_s = timeout_s
        self._numbers = cycle(range(1, HIGHEST_NUMBER + 1))

    def find(self, identifier: Dataset) -> Iterator[Answer]:
        """What matches `identifier`."""
        number = next(self._numbers)
        self._association.send_c_find(identifier, FIND, msg_id=number)
        return self._answers(number, self._timeout_s)

    def move(self, identifier: Dataset, to: str, number: int) -> Iterator[Answer]:
        """Has a study sent to the AE title `to`, as request `number`, by which the archive names it there."""
        self._association.send_c_move(identifier, to, MOVE, msg_id=number)
        return self._answers(number, self._timeout_s)

    def get(self, identifier: Dataset) -> Iterator[Answer]:
        """Has a study sent on this association, to whom its handler of C-STORE gives it."""
        number = next(self._numbers)
        for _ in self._association.send_c_get(identifier, GET, msg_id=number):
            pass
        return self._answers(number, 0)

    def data_set(self, answer: Answer) -> Dataset | None:
        """What an answer of `find` holds; None where it can't be read."""
        (context,) = (one for one in self._association.accepted_contexts if one.abstract_syntax == FIND)
        syntax = context.transfer_syntax[0]
        try:
            return decode(BytesIO(answer.content), syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
        except Exception:  # noqa: BLE001 - pydicom raises many kinds on bytes that are no data set
            return None

    def _answers(self, number: int, timeout_s: float) -> Iterator[Answer]:
        while True:
            answer = self._heard.answer(number, timeout_s)
            if answer.status is None and self._association.is_established:
                self._association.abort()
            yield answer
            if answer.status not in PENDING:
                break
        self._drop_what_pynetdicom_keeps()

    def _drop_what_pynetdicom_keeps(self) -> None:
        """It keeps all answers of an association for whoever takes them."""
        while self._association.dimse.get_msg()[1] is not None:
            pass
