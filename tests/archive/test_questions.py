"""No answer of an archive is lost, whoever else takes messages from an association, and however fast questions follow."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, build_role, evt
from pynetdicom.events import Event
from pynetdicom.sop_class import CTImageStorage

from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.questions import FIND, GET, MOVE, PENDING
from support.demo import free_port

ANSWERS = 20
SUCCESS, OUT_OF_RESOURCES = 0x0000, 0xA701
UID = "1.2.826.0.1.3680043.8.498.1"


def identifier(place: int = 0) -> Dataset:
    """What is asked, or answered."""
    data = Dataset()
    data.QueryRetrieveLevel = "STUDY"
    data.StudyInstanceUID = f"{UID}.{place}"
    return data


def instance() -> Dataset:
    """Something to send."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, UID
    data.ensure_file_meta()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data


@contextmanager
def answering() -> Iterator[Peer]:
    """An archive with so many studies, which fails with each that it is asked to send: by C-GET after one instance came."""
    entity = AE("VNA")
    for model in (FIND, GET, MOVE):
        entity.add_supported_context(model)
    entity.add_supported_context(CTImageStorage, ExplicitVRLittleEndian, scu_role=True, scp_role=True)

    def found(_event: Event) -> Iterator[tuple[int, Dataset | None]]:
        yield from ((PENDING[0], identifier(place)) for place in range(ANSWERS))

    def got(_event: Event) -> Iterator[object]:
        yield 2
        yield PENDING[0], instance()
        yield OUT_OF_RESOURCES, None

    def moved(_event: Event) -> Iterator[object]:
        yield None, None

    handlers = [(evt.EVT_C_FIND, found), (evt.EVT_C_GET, got), (evt.EVT_C_MOVE, moved)]
    peer = Peer("127.0.0.1", free_port(), "VNA", "CCDS", 30)
    server = entity.start_server((peer.host, peer.port), block=False, evt_handlers=handlers)
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Thief:
    """Takes what pynetdicom keeps of an association for whoever asks, as its own thread may.

    Attributes:
        taken: how many messages it took.
    """

    taken: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Iterator[list[object]]:
        """Meanwhile; what an association is to call."""
        threads: list[threading.Thread] = []

        def begin(event: Event) -> None:
            threads.append(threading.Thread(target=self._steal, args=(event.assoc,)))
            threads[-1].start()

        try:
            yield [(evt.EVT_ESTABLISHED, begin)]
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _steal(self, association) -> None:
        while not self._over.is_set():
            self.taken += association.dimse.get_msg()[1] is not None


def test_answers_that_somebody_else_takes_are_heard():
    """All of them, to each of many questions on one association."""
    thief = Thief()
    with (
        answering() as peer,
        thief.at_work() as handlers,
        peer.associated([(FIND, None)], handlers=handlers) as questions,
    ):
        told = [[one.status for one in questions.find(identifier())] for _ in range(20)]

    assert told == [[PENDING[0]] * ANSWERS + [SUCCESS]] * 20
    assert thief.taken


def test_an_answer_is_read_as_it_was_sent():
    """In the transfer syntax that both agreed on."""
    with answering() as peer, peer.associated([(FIND, None)]) as questions:
        first = next(questions.find(identifier()))

        assert questions.data_set(first) == identifier(0)


def test_an_answer_to_another_question_is_none_to_this_one():
    """One that nobody waited for to the end: what is left of it isn't taken for the next."""
    with answering() as peer, peer.associated([(FIND, None)]) as questions:
        next(questions.find(identifier()))

        again = list(questions.find(identifier()))

    assert [one.status for one in again] == [PENDING[0]] * ANSWERS + [SUCCESS]
    assert {one.number for one in again} == {2}


def test_what_a_request_to_send_came_to():
    """By C-GET what comes meanwhile is taken; a status that ends it is told."""
    came = []

    def take(event: Event) -> int:
        came.append(event.request.AffectedSOPInstanceUID)
        return SUCCESS

    role = build_role(CTImageStorage, scp_role=True)
    contexts = [(GET, None), (CTImageStorage, [ExplicitVRLittleEndian])]
    with answering() as peer:
        with peer.associated(contexts, roles=[role], handlers=[(evt.EVT_C_STORE, take)]) as questions:
            got = [one.status for one in questions.get(identifier())]
        with peer.associated([(FIND, None), (MOVE, None)]) as questions:
            moved = [one.status for one in questions.move(identifier(), "CCDS", 7)]

    assert came == [UID]
    assert (got[-1], moved) == (OUT_OF_RESOURCES, [0xA801])


@pytest.mark.parametrize("ends", ["abort", "close"])
def test_a_connection_that_ends(ends):
    """The last answer says nothing, and soon, however long the archive may be waited for; nothing more can be asked."""

    def end(event: Event) -> Iterator[tuple[int, Dataset | None]]:
        yield PENDING[0], identifier()
        event.assoc.abort() if ends == "abort" else event.assoc.dul.socket.close()
        yield PENDING[0], identifier()

    entity = AE("VNA")
    entity.add_supported_context(FIND)
    peer = Peer("127.0.0.1", free_port(), "VNA", "CCDS", 3600)
    server = entity.start_server((peer.host, peer.port), block=False, evt_handlers=[(evt.EVT_C_FIND, end)])
    try:
        with peer.associated([(FIND, None)]) as questions:
            told = [one.status for one in questions.find(identifier())]

            with pytest.raises(RuntimeError):
                questions.find(identifier())
    finally:
        server.shutdown()
        server.server_close()

    assert told[-1] is None
