"""An archive that can't be reached, or turns us away: said by name, with what to do; no identifier in it."""

import socket
from datetime import date

import pytest

from ccds_kernel.archive.archive import ArchiveAway, ArchiveQuery, BrokeOff, StudyNotSent
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.storage_service import StorageService
from ccds_kernel.errors import CcdsError
from support.archive import Study
from support.archive_contract import HEADS, QUERY, ignore
from support.demo import free_port
from support.lying_archive import LyingArchive
from support.orthanc import AE_TITLE, OURS, PASSWORD, USER

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")


def dimse(port: int, *, title: str = AE_TITLE, ours: str = OURS) -> DimseArchive:
    """An adapter to whatever listens there."""
    return DimseArchive(Peer("127.0.0.1", port, title, ours, 30), CODE)


def dicomweb(url: str, password: str = PASSWORD) -> DicomwebArchive:
    """An adapter to whatever is there."""
    return DicomwebArchive(url, CODE, login=(USER, password), timeout_s=30)


def why(archive) -> str:
    """What it says when it is asked."""
    with pytest.raises(ArchiveAway) as raised:
        list(archive.find(QUERY))
    return str(raised.value)


def test_a_port_on_which_nobody_listens():
    """Each protocol says whom it looked for, and by which setting."""
    port = free_port()

    assert why(dimse(port)) == (
        f"expected the archive ORTHANC at 127.0.0.1 port {port} to serve CCDS; found Connection refused; "
        "see whether the archive runs, and that archive.host and archive.port are its own"
    )
    assert why(dicomweb(f"http://127.0.0.1:{port}/web")) == (
        f"expected the archive at http://127.0.0.1:{port}/web to answer by DICOMweb; found Connection refused; "
        "see whether the archive runs, and that archive.url is its address; then go on"
    )


def test_an_ae_title_that_it_does_not_have(orthanc):
    """It rejects the association, and its reason is told."""
    told = why(dimse(orthanc.dicom, title="ELSEWHERE"))

    assert "rejected" in told
    assert "Called AE title not recognised; name its AE title in archive.ae_title" in told


def test_an_ae_title_of_ours_that_it_does_not_know(orthanc):
    """Orthanc takes the association and closes it at the first question; others reject it. Either is told."""
    assert "let the archive know us as STRANGER" in why(dimse(orthanc.dicom, ours="STRANGER"))


def test_a_port_that_is_not_its_dicom_port(orthanc):
    """Something listens there and speaks another language."""
    assert "see that archive.port is its DICOM port" in why(dimse(orthanc.http))


def test_a_wrong_password(orthanc):
    """The status, and where the password is kept; not the password."""
    told = why(dicomweb(orthanc.url, "a wrong word"))

    assert "found HTTP status 401; name a user that it knows in archive.user" in told
    assert "wrong word" not in told


def test_an_address_without_the_service(orthanc):
    """The server is there and has no DICOMweb at that address."""
    assert "found HTTP status 404; name the address of its DICOMweb service" in why(dicomweb(f"{orthanc.url}x"))


def test_an_answer_that_is_none(tmp_path):
    """A page of another server is no list of studies."""
    liar = LyingArchive(says=Study(1).write(tmp_path / "files"))

    with liar.served() as url:
        told = why(DicomwebArchive(f"{url}/studies/1.2", CODE, timeout_s=30))

    assert "found an answer that is none" in told


def test_another_address_that_it_refers_to_is_not_asked(tmp_path):
    """What is asked names patients' studies: it goes where the site's settings say, and nowhere else."""
    elsewhere = LyingArchive(says=Study(1).write(tmp_path / "files"))

    with elsewhere.served() as url, LyingArchive(refers_to=url).by_dicomweb() as archive:
        told = why(archive)

    assert "found that it refers us to another address; name that one in archive.url" in told
    assert elsewhere.asked == []


def test_nobody_answers_in_time():
    """A host that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        archive = DicomwebArchive(f"http://127.0.0.1:{port}/web", CODE, timeout_s=0.5)

        assert "found no answer in 0.5 s" in why(archive)


def test_a_connection_that_breaks_says_nothing_of_the_study(tmp_path):
    """The address of a request has the study's UID in it: that must not be told."""
    liar = LyingArchive(says=HEADS[0].write(tmp_path / "files"), breaks_after=1)
    (tmp_path / "into").mkdir()

    with liar.by_dicomweb() as archive, pytest.raises(BrokeOff) as raised:
        archive.retrieve(HEADS[0].uid, tmp_path / "into", ignore)

    assert HEADS[0].uid not in str(raised.value)


@pytest.mark.parametrize("missing", [1, 3, 60, 400])
def test_an_answer_that_ends_too_early_is_no_whole_study(tmp_path, missing):
    """Archives that say no length close the connection at the end: one that dies in the last instance looks like that."""
    liar = LyingArchive(says=HEADS[0].write(tmp_path / "files"))
    (tmp_path / "whole").mkdir()
    (tmp_path / "broken").mkdir()
    liar.ends_after = 2**30
    with liar.by_dicomweb() as archive:
        archive.retrieve(HEADS[0].uid, tmp_path / "whole", ignore)
        heads = HEADS[0].slices * len("\r\n--a-boundary\r\nContent-Type: application/dicom\r\n\r\n")
        size = sum(path.stat().st_size for path in (tmp_path / "whole").iterdir()) + heads + len("\r\n--a-boundary--")
        liar.ends_after = size - missing

        with pytest.raises(BrokeOff, match="an answer that broke off"):
            archive.retrieve(HEADS[0].uid, tmp_path / "broken", ignore)

    whole, broken = ({path.name for path in (tmp_path / name).iterdir()} for name in ("whole", "broken"))
    assert len(broken) == HEADS[0].slices - 1
    assert broken < whole


def test_a_study_that_is_gone_is_no_fault_of_the_archive(tmp_path):
    """Its status is told, and the next study is asked for."""
    liar = LyingArchive(says=HEADS[0].write(tmp_path / "files"))
    (tmp_path / "into").mkdir()

    with liar.by_dicomweb() as archive:
        with pytest.raises(StudyNotSent, match="found HTTP status 404"):
            archive.retrieve("1.2.3", tmp_path / "into", ignore)

        assert archive.retrieve(HEADS[0].uid, tmp_path / "into", ignore).received == HEADS[0].slices


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_that_fails_with_everything_is_away(tmp_path, status):
    """Such as a proxy whose archive is down: no study's fault."""
    liar = LyingArchive(says=HEADS[0].write(tmp_path / "files"), fails=lambda _path: status)
    (tmp_path / "into").mkdir()

    with liar.by_dicomweb() as archive, pytest.raises(ArchiveAway, match=f"HTTP status {status}"):
        archive.retrieve(HEADS[0].uid, tmp_path / "into", ignore)


def test_a_server_that_fails_with_one_study_is_there(tmp_path):
    """Also one that doesn't like to be asked for anything at all."""
    liar = LyingArchive(says=HEADS[0].write(tmp_path / "files"))
    liar.fails = lambda path: 500 if path.endswith(HEADS[0].uid) else 400 if path.endswith("/studies") else None
    (tmp_path / "into").mkdir()

    with liar.by_dicomweb() as archive, pytest.raises(StudyNotSent, match="HTTP status 500"):
        archive.retrieve(HEADS[0].uid, tmp_path / "into", ignore)


def test_a_place_to_send_to_that_it_does_not_reach(orthanc, tmp_path):
    """C-MOVE names a destination by AE title; the archive has another port for ours."""
    peer = Peer("127.0.0.1", orthanc.dicom, AE_TITLE, OURS, 30)
    (tmp_path / "into").mkdir()
    archive = DimseArchive(peer, CODE, StorageService(peer, "127.0.0.1", free_port()))

    with pytest.raises(StudyNotSent, match="found status 0x"):
        archive.retrieve(HEADS[0].uid, tmp_path / "into", ignore)

    assert list((tmp_path / "into").iterdir()) == []


def test_a_port_of_ours_that_somebody_has(orthanc, tmp_path):
    """What the archive is to send to must be free."""
    peer = Peer("127.0.0.1", orthanc.dicom, AE_TITLE, OURS, 30)
    (tmp_path / "into").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        archive = DimseArchive(peer, CODE, StorageService(peer, "127.0.0.1", port))

        with pytest.raises(CcdsError, match=f"to listen on 127.0.0.1 port {port} .* archive.move_port"):
            archive.retrieve(HEADS[0].uid, tmp_path / "into", ignore)


def test_a_query_is_cut_where_months_end():
    """Archives answer with so many studies at most."""
    query = ArchiveQuery(frozenset({"A"}), date(2023, 12, 30), date(2024, 2, 1))

    assert list(query.months) == [
        (date(2023, 12, 30), date(2023, 12, 31)),
        (date(2024, 1, 1), date(2024, 1, 31)),
        (date(2024, 2, 1), date(2024, 2, 1)),
    ]
