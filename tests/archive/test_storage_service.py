"""Our storage service: it takes what was asked for, from the archive, and nothing else."""

import socket
from collections.abc import Callable
from contextlib import ExitStack, closing, contextmanager

import pydicom
import pytest
from pynetdicom import build_context
from pynetdicom.sop_class import CTImageStorage

from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.claims import claim_of
from ccds_kernel.archive.connections import Entity, close
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.received import Inbox
from ccds_kernel.archive.storage_service import Receiving, StorageService
from ccds_kernel.errors import CcdsError
from support.archive import Study
from support.archive_contract import ignore
from support.demo import free_port

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")
TAKEN, NOT_EXPECTED, NO_ROOM = 0x0000, 0x0124, 0xA700


@pytest.fixture
def service() -> StorageService:
    """The service of an archive called VNA."""
    return StorageService(Peer("127.0.0.1", 104, "VNA", "CCDS", 30), "127.0.0.1", free_port())


@pytest.fixture
def instance(tmp_path) -> pydicom.Dataset:
    """Something to send."""
    return pydicom.dcmread(Study(1).write(tmp_path / "files")[0])


@pytest.fixture
def studies(tmp_path) -> Callable[[str], Receiving]:
    """Makes studies that are being received, each in a folder of that name."""

    def make(name: str) -> Receiving:
        (tmp_path / name).mkdir()
        return Receiving(Inbox(tmp_path / name, ignore))

    return make


@contextmanager
def association(port: int, title: str = "VNA"):
    """One from the archive, or from somebody who calls themselves `title`."""
    entity = Entity(title)
    asked = entity.associate("127.0.0.1", port, [build_context(CTImageStorage)], ae_title="CCDS")
    try:
        yield asked
    finally:
        if asked.is_established:
            asked.release()
        close(asked)


def sent(port: int, instance: pydicom.Dataset, message: int | None) -> int:
    """Sends it as part of request `message`; the answer's status."""
    with association(port) as asked:
        originator = None if message is None else "CCDS"
        return asked.send_c_store(instance, originator_aet=originator, originator_id=message).Status


def test_an_instance_goes_to_the_study_that_it_was_asked_for(tmp_path, studies, service, instance):
    """Two are under way: each is told by the request's number."""
    first, second = studies("first"), studies("second")

    with service.receiving(first), service.receiving(second) as number:
        status = sent(service.port, instance, number)

    assert status == TAKEN
    assert (first.inbox.received, second.inbox.received) == (0, 1)
    (path,) = (tmp_path / "second").iterdir()
    assert claim_of(path, CODE).sop_uid == instance.SOPInstanceUID


@pytest.mark.parametrize(("names", "status"), [(["one"], TAKEN), (["one", "two"], NOT_EXPECTED)])
def test_an_archive_that_names_no_request(studies, service, instance, names, status):
    """It is taken while one study is under way; nobody could tell which of two it belongs to."""
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(service.receiving(studies(name)))

        assert sent(service.port, instance, None) == status


def test_what_was_not_asked_for_is_refused(studies, service, instance):
    """A request that there isn't."""
    one = studies("one")

    with service.receiving(one) as number:
        status = sent(service.port, instance, number + 1)

    assert status == NOT_EXPECTED
    assert one.inbox.received == 0


def test_nobody_else_may_send(studies, service):
    """The association is rejected: only the archive's title is known."""
    with service.receiving(studies("one")), association(service.port, "STRANGER") as asked:
        assert asked.is_rejected


def test_a_file_that_cannot_be_written_ends_it(tmp_path, studies, service, instance):
    """The archive is told that there is no room, and nothing more is taken."""
    one = studies("one")
    (tmp_path / "one").rmdir()

    with service.receiving(one) as number:
        statuses = [sent(service.port, instance, number) for _ in range(2)]

    assert statuses == [NO_ROOM, NO_ROOM]
    assert isinstance(one.broken, FileNotFoundError)


def test_it_listens_only_meanwhile(studies, service):
    """Nothing can be sent when nothing was asked for; the port is free again, and taken again the next time."""
    for name in ("one", "two"):
        with service.receiving(studies(name)), closing(socket.create_connection(("127.0.0.1", service.port), 5)):
            pass
        with closing(socket.socket()) as probe:
            assert probe.connect_ex(("127.0.0.1", service.port)) != 0


def test_whoever_fetches_several_studies_keeps_the_port(studies, service):
    """Also between two of them: another program is told at once, and has it when the last one is there."""
    other = StorageService(Peer("127.0.0.1", 104, "VNA", "CCDS", 30), "127.0.0.1", service.port)

    with service.listening():
        for name in ("one", "two"):
            with service.receiving(studies(name)):
                pass
            with pytest.raises(CcdsError, match="found Address already in use"), other.listening():
                pass

    with other.listening():
        pass


def test_many_studies_at_once(studies, service):
    """As many associations as a site may have studies fetched at once, and more."""
    with service.receiving(studies("one")), ExitStack() as stack:
        asked = [stack.enter_context(association(service.port)) for _ in range(20)]

        assert all(one.is_established for one in asked)


def test_what_an_archive_still_sends_for_a_worker_that_is_gone(studies, service, instance):
    """A killed worker's request goes on at the archive: the next worker's requests have other numbers."""
    before = []
    for name in ("first", "second", "third"):
        gone = StorageService(Peer("127.0.0.1", 104, "VNA", "CCDS", 30), "127.0.0.1", free_port())
        with gone.receiving(studies(name)) as number:
            before.append(number)
    assert len(set(before)) > 1

    with service.receiving(studies("now")) as number:
        assert sent(service.port, instance, next(one for one in before if one != number)) == NOT_EXPECTED


def test_a_sender_that_falls_silent_keeps_nobody(studies):
    """It begins a message and sends no more: the service ends all the same, however long the archive may be waited for."""
    service = StorageService(Peer("127.0.0.1", 104, "VNA", "CCDS", 3600), "127.0.0.1", free_port())

    with ExitStack() as stack, service.receiving(studies("one")):
        silent = stack.enter_context(closing(socket.create_connection(("127.0.0.1", service.port), 5)))
        silent.sendall(b"\x01\x00\x00\x00\x01\x00")

    with closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.1", service.port)) != 0
