"""An archive that lies: it answers as one that has a study, and sends whatever a test tells it to, by DICOMweb or DIMSE.

No real archive can be made to do so. It is a server of its own behind real sockets, so that what is tested is all of our side.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, MRImageStorage

from ccds_kernel.archive.archive import Archive
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.questions import FIND, GET
from ccds_kernel.archive.storage_service import StorageService
from support.demo import free_port

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")
_STUDY_KEYS = (
    "StudyInstanceUID", "AccessionNumber", "PatientID", "StudyDate", "StudyTime", "ProcedureCodeSequence",
)  # fmt: skip
_BOUNDARY = "a-boundary"


@dataclass
class LyingArchive:
    """What it says that it has, and what it sends.

    Attributes:
        says: files of the studies that it answers with and announces.
        sends: what comes for any study: files as they are, whatever is in them; None: the truth, a study's own files.
        refuses_codes: whether it refuses to filter by exam code.
        leaves_out: keywords that its answers about studies lack.
        breaks_after: instances after which it closes the connection; DICOMweb only.
        ends_after: bytes of a study after which it closes the connection as if that were all, without having said how much there
            is; DICOMweb only.
        drips: whether a study comes one byte at a time, without end, until somebody hangs up; DICOMweb only.
        fails: the HTTP status with which it answers a path, None where it doesn't fail; DICOMweb only.
        refers_to: the address to which it refers whoever asks; DICOMweb only.
        before_sending: called with a study's UID before it is sent.
        over: set when it ends.
        asked: the paths of all requests over DICOMweb.
        sent: the UIDs of all studies that were asked for to be sent.
    """

    says: list[Path] = field(default_factory=list)
    sends: list[Path] | None = None
    refuses_codes: bool = False
    leaves_out: set[str] = field(default_factory=set)
    breaks_after: int | None = None
    ends_after: int | None = None
    drips: bool = False
    fails: Callable[[str], int | None] = lambda _path: None
    refers_to: str = ""
    before_sending: Callable[[str], object] = lambda _uid: None
    over: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def studies(self) -> list[Dataset]:
        """One data set for each study that it says it has."""
        return list({data.StudyInstanceUID: data for data in self.instances()}.values())

    def instances(self, study_uid: str = "") -> list[Dataset]:
        """One data set for each instance that it announces, of one study or all."""
        read = (pydicom.dcmread(path, stop_before_pixels=True) for path in self.says)
        return [data for data in read if study_uid in {"", data.StudyInstanceUID}]

    def files(self, study_uid: str) -> list[Path]:
        """What it sends for a study."""
        self.sent.append(study_uid)
        self.before_sending(study_uid)
        if self.sends is not None:
            return self.sends
        return [
            path for path in self.says if pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID == study_uid
        ]

    def answer(self, data: Dataset) -> Dataset:
        """What it answers about the study of `data`."""
        told = Dataset()
        for keyword in _STUDY_KEYS:
            if keyword in data and keyword not in self.leaves_out:
                told[keyword] = data[keyword]
        told.NumberOfStudyRelatedInstances = len(self.instances(data.StudyInstanceUID))
        return told

    @contextmanager
    def by_dimse(self, moves_to: int | None = None) -> Iterator[Archive]:
        """Serves it; the adapter that asks it, which fetches by C-GET; or by C-MOVE to that port, if it did that."""
        entity = AE("LIAR")
        entity.add_supported_context(FIND)
        entity.add_supported_context(GET)
        for storage in (CTImageStorage, MRImageStorage):
            entity.add_supported_context(storage, ExplicitVRLittleEndian, scu_role=True, scp_role=True)
        handlers = [(evt.EVT_C_FIND, self._found), (evt.EVT_C_GET, self._got)]
        port = free_port()
        server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
        try:
            peer = Peer("127.0.0.1", port, "LIAR", "CCDS", 30)
            yield DimseArchive(peer, CODE, None if moves_to is None else StorageService(peer, "127.0.0.1", moves_to))
        finally:
            server.shutdown()
            server.server_close()

    def _found(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        asked = event.identifier
        if self.refuses_codes and any(CODE.read(asked)):
            yield 0xA900, None
            return
        if asked.QueryRetrieveLevel == "STUDY":
            for data in self.studies():
                yield 0xFF00, self.answer(data)
            return
        told = [_uids(data) for data in self.instances(asked.StudyInstanceUID)]
        if asked.QueryRetrieveLevel == "SERIES":
            told = list({data.SeriesInstanceUID: data for data in told}.values())
        for data in told:
            if asked.get("SeriesInstanceUID") in {"", None, data.SeriesInstanceUID}:
                yield 0xFF00, data

    def _got(self, event: evt.Event) -> Iterator[object]:
        files = self.files(event.identifier.StudyInstanceUID)
        yield len(files)
        for path in files:
            yield 0xFF00, pydicom.dcmread(path)

    @contextmanager
    def by_dicomweb(self) -> Iterator[Archive]:
        """Serves it; the adapter that asks it."""
        with self.served() as url:
            yield DicomwebArchive(url, CODE, timeout_s=30)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serves it by DICOMweb; its address."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"archive": self}))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/web"
        finally:
            self.over.set()
            server.shutdown()
            thread.join()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    archive: LyingArchive
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answers as DICOMweb does, for the few requests that there are."""
        archive, path = self.archive, self.path.partition("?")[0]
        archive.asked.append(path)
        if archive.refers_to:
            self.send_response(302)
            self.send_header("Location", f"{archive.refers_to}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if status := archive.fails(path):
            self._send("text/plain", b"an error", status=status)
            return
        offset = int((re.findall(r"offset=(\d+)", self.path) or ["0"])[0])
        if archive.refuses_codes and f"{CODE.path}=" in self.path:
            self._send("text/plain", b"no such filter", status=400)
        elif path == "/web/studies":
            self._json([archive.answer(data) for data in archive.studies()][offset:])
        elif found := re.fullmatch(r"/web/studies/([\d.]+)/instances", path):
            told = [_uids(data) for data in archive.instances(found[1])]
            if told:
                self._json(told[offset:])
            else:
                self._send("text/plain", b"no such study", status=404)
        elif path.endswith("/metadata"):
            self._json([_without(data, archive.leaves_out) for data in archive.instances(path.split("/")[3])[:1]])
        else:
            self._parts([one.read_bytes() for one in archive.files(path.rpartition("/")[2])])

    def _json(self, answers: Sequence[Dataset]) -> None:
        self._send("application/dicom+json", json.dumps([one.to_json_dict() for one in answers]).encode())

    def _parts(self, parts: Sequence[bytes]) -> None:
        head = f"\r\n--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        stop = self.archive.breaks_after
        body = b"".join(head + part for part in parts[:stop])
        end = f"\r\n--{_BOUNDARY}--\r\n".encode()
        kind = f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}'
        if self.archive.drips:
            self._drip(kind)
        elif self.archive.ends_after is not None:
            self._send_until_closed(kind, (body + end)[: self.archive.ends_after])
        else:
            self._send(kind, body + end if stop is None else body, missing=0 if stop is None else 10_000)

    def _drip(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        with suppress(ConnectionError):
            while not self.archive.over.wait(0.05):
                self.wfile.write(b"x")

    def _send_until_closed(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _send(self, kind: str, body: bytes, missing: int = 0, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)
        if missing:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _uids(data: Dataset) -> Dataset:
    told = Dataset()
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"):
        told[keyword] = data[keyword]
    return told


def _without(data: Dataset, keywords: set[str]) -> Dataset:
    told = Dataset()
    told.update({element.tag: element for element in data if element.keyword not in keywords})
    return told
