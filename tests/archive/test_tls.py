"""DIMSE over TLS, with a real Orthanc that lets nobody in without a certificate: the contract holds, strangers are kept out."""

import gc
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pydicom
import pytest
from pynetdicom import build_context
from pynetdicom.sop_class import CTImageStorage

from ccds_kernel.archive.archive import Archive, ArchiveAway
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.connections import Entity, close
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.received import Inbox
from ccds_kernel.archive.storage_service import Receiving, StorageService
from ccds_kernel.archive.tls import Tls, tls_of
from ccds_kernel.errors import CcdsError
from support.archive import Study
from support.archive_contract import MAKERS, QUERY, STUDIES, ArchiveContract, ignore, write_others
from support.certificates import self_signed
from support.demo import free_port
from support.orthanc import AE_TITLE, OURS, Orthanc, running_orthanc

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Closes what a test left open while it is ignored: the last one's would be told at the end of all tests."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> dict[str, tuple[Path, Path]]:
    """Certificates and their keys: the archive's, ours, a stranger's."""
    folder = tmp_path_factory.mktemp("keys")
    return {name: self_signed(folder, name) for name in ("archive", "ours", "stranger")}


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory, keys) -> Iterator[Orthanc]:
    """An Orthanc with the studies of the contract, which trusts our certificate."""
    with running_orthanc((*keys["archive"], keys["ours"][0])) as running:
        for study in STUDIES:
            running.add(study.write(tmp_path_factory.mktemp("study")))
        running.add(write_others(tmp_path_factory.mktemp("compressed")))
        yield running


@pytest.fixture
def tls(keys) -> Tls:
    """We trust the archive, and have our certificate."""
    return tls_of(keys["archive"][0], keys["ours"])


def peer(orthanc: Orthanc, tls: Tls | None) -> Peer:
    """Orthanc as an application entity."""
    return Peer("127.0.0.1", orthanc.dicom, AE_TITLE, OURS, 30, tls)


class TestGetOverTls(ArchiveContract):
    """C-FIND and C-GET."""

    unsent = (MAKERS,)

    @pytest.fixture
    def archive(self, orthanc, tls) -> Archive:
        """The adapter."""
        return DimseArchive(peer(orthanc, tls), CODE)


class TestMoveOverTls(ArchiveContract):
    """C-FIND and C-MOVE: the archive calls us over TLS, too."""

    @pytest.fixture
    def archive(self, orthanc, tls) -> Archive:
        """The adapter."""
        service = StorageService(peer(orthanc, tls), "127.0.0.1", orthanc.destination)
        return DimseArchive(peer(orthanc, tls), CODE, service)


def why(orthanc: Orthanc, tls: Tls | None, **other: object) -> str:
    """What is told when it is asked so."""
    known = peer(orthanc, tls)
    asked = Peer(**{name: getattr(known, name) for name in known.__dataclass_fields__} | other)
    with pytest.raises(ArchiveAway) as raised:
        list(DimseArchive(asked, CODE).find(QUERY))
    return str(raised.value)


def test_an_archive_that_nobody_vouches_for(orthanc, keys):
    """Whoever stands in between is not taken for it; likewise one whose certificate is for another host."""
    told = "found a certificate that nobody vouches for, or not for that host; name who vouches for it in archive.certificate"

    assert told in why(orthanc, tls_of(keys["stranger"][0], keys["ours"]))
    assert told in why(orthanc, tls_of(keys["archive"][0], keys["ours"]), host="127.0.0.2")


@pytest.mark.parametrize("own", ["stranger", None])
def test_a_certificate_of_ours_that_it_does_not_take(orthanc, keys, own):
    """Or none: it ends the connection."""
    told = why(orthanc, tls_of(keys["archive"][0], own and keys[own]))

    assert "see that archive.port is its DICOM port, and that it takes archive.own_certificate" in told


def test_a_port_without_tls(orthanc, tls):
    """Its web server, say; and the other way round."""
    assert "found no TLS that we speak; see that archive.port is its port for DICOM over TLS" in why(
        orthanc, tls, port=orthanc.http
    )
    assert "see that archive.port is its DICOM port" in why(orthanc, None)


@pytest.fixture
def receiving(tls, tmp_path) -> Iterator[tuple[int, Receiving]]:
    """Our service while one study is received: its port, and the study. It trusts the archive's certificate only."""
    service = StorageService(Peer("127.0.0.1", 104, "VNA", "CCDS", 30, tls), "127.0.0.1", free_port())
    (tmp_path / "into").mkdir()
    study = Receiving(Inbox(tmp_path / "into", ignore))
    with service.receiving(study):
        yield service.port, study


@pytest.mark.parametrize(("caller", "taken"), [("archive", 1), ("stranger", 0), (None, 0)])
def test_only_the_archive_may_send(receiving, keys, tmp_path, caller, taken):
    """Others know its AE title as well; they don't have its key."""
    port, study = receiving
    instance = pydicom.dcmread(Study(1).write(tmp_path / "files")[0])
    context = ssl.create_default_context(cafile=keys["ours"][0])
    if caller:
        context.load_cert_chain(*keys[caller])

    entity = Entity("VNA")
    association = entity.associate(
        "127.0.0.1", port, [build_context(CTImageStorage)], ae_title="CCDS", tls_args=(context, "127.0.0.1")
    )
    if association.is_established:
        association.send_c_store(instance)
        association.release()
    close(association)

    assert study.inbox.received == taken


def test_a_caller_who_says_nothing_keeps_nobody_waiting(receiving, keys, tmp_path):
    """One that never begins the handshake: others are taken meanwhile."""
    port, study = receiving
    instance = pydicom.dcmread(Study(1).write(tmp_path / "files")[0])
    context = ssl.create_default_context(cafile=keys["ours"][0])
    context.load_cert_chain(*keys["archive"])

    with closing(socket.create_connection(("127.0.0.1", port), 5)):
        association = Entity("VNA").associate(
            "127.0.0.1", port, [build_context(CTImageStorage)], ae_title="CCDS", tls_args=(context, "127.0.0.1")
        )
        association.send_c_store(instance)
        association.release()
        close(association)

    assert study.inbox.received == 1


def test_certificates_that_cannot_be_used_are_told(keys, tmp_path):
    """Which file, and by which setting it is named."""
    nothing, text = tmp_path / "nothing", tmp_path / "text"
    text.write_text("no certificate", encoding="utf-8")

    with pytest.raises(CcdsError, match=r"certificates in .*nothing; found No such file .* mend archive\.certificate"):
        tls_of(nothing, None)
    with pytest.raises(CcdsError, match=r"certificates in .*text; found no PEM"):
        tls_of(text, None)
    with pytest.raises(CcdsError, match=r"found another key in .* mend archive\.own_certificate and archive\.own_key"):
        tls_of(None, (keys["ours"][0], keys["stranger"][1]))
    with pytest.raises(CcdsError, match=r"the private key .*nothing; found no such file .* mend archive\.own_key"):
        tls_of(None, (keys["ours"][0], nothing))
