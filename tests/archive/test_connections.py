"""A question that fails leaves no connection open: a worker tries an archive that is away again and again."""

import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISSOCK

import pytest

from ccds_kernel.archive.archive import Archive, ArchiveAway
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from support.archive_contract import QUERY
from support.demo import free_port

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")
REFUSAL = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 100000\r\n\r\n{"


def dimse(port: int) -> Archive:
    """Whatever listens there, by DIMSE."""
    return DimseArchive(Peer("127.0.0.1", port, "VNA", "CCDS", 30), CODE)


def dicomweb(port: int) -> Archive:
    """Likewise by DICOMweb."""
    return DicomwebArchive(f"http://127.0.0.1:{port}/web", CODE, timeout_s=30)


@contextmanager
def web_server() -> Iterator[int]:
    """Refuses whoever comes, and begins to say more about it: its port. It closes no connection before the end."""
    came: list[socket.socket] = []

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                came.append(listening.accept()[0])
                came[-1].recv(4096)
                came[-1].sendall(REFUSAL)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=[listening])
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for one in came:
                one.close()


def open_ends(port: int) -> int:
    """How many TCP sockets this process has, but for those of the server at `port`."""
    found = 0
    for handle in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own
            if S_ISSOCK(handle.stat().st_mode):
                found += _is_an_open_end(int(handle.name), port)
    return found


def _is_an_open_end(handle: int, port: int) -> bool:
    with socket.socket(fileno=os.dup(handle)) as one:
        if (one.family, one.type) != (socket.AF_INET, socket.SOCK_STREAM):
            return False
        return not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and one.getsockname()[1] != port


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Python's collector doesn't come by."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("archive_at", [dimse, dicomweb])
def test_where_nobody_listens(archive_at: Callable[[int], Archive]) -> None:
    """No connection comes about."""
    port = free_port()
    before = open_ends(port)

    with pytest.raises(ArchiveAway, match="Connection refused"):
        list(archive_at(port).find(QUERY))

    assert open_ends(port) == before


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("archive_at", [dimse, dicomweb])
def test_where_a_web_server_refuses_us(archive_at: Callable[[int], Archive]) -> None:
    """It speaks no DICOM, or doesn't let us in; what else it has to say nobody reads."""
    with web_server() as port:
        before = open_ends(port)

        with pytest.raises(ArchiveAway) as told:  # which has, by its traceback, all that was at work
            list(archive_at(port).find(QUERY))

        assert told.value.__traceback__
        assert open_ends(port) == before
