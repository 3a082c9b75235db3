"""Each adapter keeps the contract, against a real Orthanc and dcmtk's archive."""

import pytest

from ccds_kernel.archive.archive import Archive
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.storage_service import StorageService
from support.archive_contract import COMPRESSED, MAKERS, ArchiveContract
from support.dcmtk import TITLE as DCMTK
from support.orthanc import AE_TITLE, OURS, PASSWORD, USER

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")


def peer(orthanc) -> Peer:
    """Orthanc as an application entity."""
    return Peer("127.0.0.1", orthanc.dicom, AE_TITLE, OURS, timeout_s=30)


class TestDicomweb(ArchiveContract):
    """QIDO-RS and WADO-RS."""

    @pytest.fixture
    def archive(self, orthanc) -> Archive:
        """The adapter."""
        return DicomwebArchive(orthanc.url, CODE, login=(USER, PASSWORD), timeout_s=30)


class TestGet(ArchiveContract):
    """C-FIND and C-GET, by which Orthanc sends no objects of a maker's own class."""

    unsent = (MAKERS,)

    @pytest.fixture
    def archive(self, orthanc) -> Archive:
        """The adapter."""
        return DimseArchive(peer(orthanc), CODE)


class TestMove(ArchiveContract):
    """C-FIND and C-MOVE."""

    @pytest.fixture
    def archive(self, orthanc) -> Archive:
        """The adapter."""
        return DimseArchive(peer(orthanc), CODE, StorageService(peer(orthanc), "127.0.0.1", orthanc.destination))


UNSAID = {"exam_codes": (), "modalities": (), "instances": None, "scanner": None}
"""What dcmqrscp doesn't say of studies: it has an index of few attributes."""

pytestmark = pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning")
"""pynetdicom drops the socket of a connection that failed without closing it, and leaves that to Python."""


def other_peer(dcmtk) -> Peer:
    """Dcmqrscp as an application entity."""
    return Peer("127.0.0.1", dcmtk.port, DCMTK, OURS, timeout_s=30)


class FromDcmtk(ArchiveContract):
    """What is true of dcmqrscp whichever way it sends."""

    unsaid = UNSAID
    unsent = (COMPRESSED, MAKERS)


class TestGetFromDcmtk(FromDcmtk):
    """C-FIND and C-GET."""

    @pytest.fixture
    def archive(self, dcmtk) -> Archive:
        """The adapter."""
        return DimseArchive(other_peer(dcmtk), CODE)


class TestMoveFromDcmtk(FromDcmtk):
    """C-FIND and C-MOVE."""

    @pytest.fixture
    def archive(self, dcmtk) -> Archive:
        """The adapter."""
        return DimseArchive(other_peer(dcmtk), CODE, StorageService(other_peer(dcmtk), "127.0.0.1", dcmtk.destination))
