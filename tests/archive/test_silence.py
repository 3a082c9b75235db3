"""An archive from which nothing comes any more, without a word: given up after archive.timeout_seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ccds_kernel.archive.archive import Archive, ArchiveAway, BrokeOff
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.storage_service import StorageService
from support.archive import Study
from support.archive_contract import HEADS, ignore
from support.lying_archive import LyingArchive
from support.orthanc import AE_TITLE, OURS, PASSWORD, USER
from support.silent_relay import silent_relay

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")
PATIENCE_S = 2
WHOLE_ANSWER = 10


@pytest.fixture
def into(tmp_path) -> Path:
    """An empty folder."""
    (tmp_path / "into").mkdir()
    return tmp_path / "into"


@pytest.fixture(params=["dicomweb", "c-get", "c-move"])
def behind(request, orthanc) -> Callable[..., Iterator[Archive]]:
    """Gives an adapter to Orthanc behind a relay, which falls silent on a connection after so many bytes."""

    @contextmanager
    def adapter(connection: int, after: int) -> Iterator[Archive]:
        server = orthanc.http if request.param == "dicomweb" else orthanc.dicom
        with silent_relay(server, connection=connection, after=after) as port:
            peer = Peer("127.0.0.1", port, AE_TITLE, OURS, PATIENCE_S)
            if request.param == "dicomweb":
                url = f"http://127.0.0.1:{port}/dicom-web"
                yield DicomwebArchive(url, CODE, login=(USER, PASSWORD), timeout_s=PATIENCE_S)
            else:
                moved = request.param == "c-move"
                yield DimseArchive(
                    peer, CODE, StorageService(peer, "127.0.0.1", orthanc.destination) if moved else None
                )

    return adapter


@pytest.mark.parametrize("after", [0, WHOLE_ANSWER])
def test_a_question_that_is_not_answered(behind, into, after):
    """Before the first byte of an answer, or in the middle of one."""
    with behind(1, after) as archive, pytest.raises(ArchiveAway):
        archive.retrieve(HEADS[0].uid, into, ignore)

    assert list(into.iterdir()) == []


@pytest.mark.parametrize("protocol", ["c-get", "c-move"])
def test_an_archive_that_falls_silent_while_it_sends(orthanc, into, protocol):
    """On the association that fetches, in the middle of an instance or of a report how far it is: the study broke off."""
    with silent_relay(orthanc.dicom, connection=2, after=3_000 if protocol == "c-get" else 700) as port:
        peer = Peer("127.0.0.1", port, AE_TITLE, OURS, PATIENCE_S)
        service = StorageService(peer, "127.0.0.1", orthanc.destination) if protocol == "c-move" else None
        archive = DimseArchive(peer, CODE, service)

        with pytest.raises(BrokeOff):
            archive.retrieve(HEADS[1].uid, into, ignore)


def test_a_connection_that_is_closed_unanswered_is_opened_once_more(orthanc):
    """As by an archive that is too busy; the study is found all the same."""
    with silent_relay(orthanc.dicom, connection=1, after=0, closes=True) as port:
        archive = DimseArchive(Peer("127.0.0.1", port, AE_TITLE, OURS, PATIENCE_S), CODE)

        (found,) = archive.find_study(HEADS[0].accession)

    assert found.study_uid == HEADS[0].uid


def test_an_instance_that_never_ends_over_dicomweb(orthanc, into):
    """Its bytes stop coming in the middle: no half file is left."""
    with silent_relay(orthanc.http, connection=1, after=5_000) as port:
        url = f"http://127.0.0.1:{port}/dicom-web"
        archive = DicomwebArchive(url, CODE, login=(USER, PASSWORD), timeout_s=PATIENCE_S)

        with pytest.raises(BrokeOff):
            archive.retrieve(HEADS[1].uid, into, ignore)

    assert {path.suffix for path in into.iterdir()} <= {".dcm"}


def test_an_instance_that_comes_in_drops(tmp_path, into):
    """A byte now and then is no sign of life: given up as if nothing came."""
    liar = LyingArchive(says=Study(1).write(tmp_path / "files"), drips=True)
    with liar.served() as url, pytest.raises(BrokeOff, match="less than 1000 bytes a second"):
        DicomwebArchive(url, CODE, timeout_s=PATIENCE_S).retrieve(Study(1).uid, into, ignore)


def test_whoever_waits_for_drops_can_end_it(tmp_path, into):
    """At once, however long the archive may be waited for."""

    class EndedError(Exception):
        pass

    def end(instances: int, size: int) -> None:
        assert (instances, size) == (0, 0)
        if liar.sent:
            raise EndedError

    liar = LyingArchive(says=Study(1).write(tmp_path / "files"), drips=True)
    with liar.served() as url, pytest.raises(EndedError):
        DicomwebArchive(url, CODE, timeout_s=3600).retrieve(Study(1).uid, into, end)
