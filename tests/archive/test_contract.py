"""Each adapter keeps the contract, against a real Orthanc."""

import pytest

from ccds_kernel.archive.archive import Archive
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.storage_service import StorageService
from support.archive_contract import ArchiveContract
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
    """C-FIND and C-GET."""

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
