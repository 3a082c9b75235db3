"""A real Orthanc on loopback: an archive that speaks DICOMweb and DIMSE, filled with studies that a test writes."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from support.components import need_path, need_program
from support.demo import free_port
from support.waiting import until

HOW = "Debian: apt-get install orthanc orthanc-dicomweb"
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
AE_TITLE, OURS = "ORTHANC", "CCDS"
_TLS_FILES = ("DicomTlsCertificate", "DicomTlsPrivateKey", "DicomTlsTrustedCertificates")
USER, PASSWORD = "archive", "a key under a stone"


@dataclass
class Orthanc:
    """One server; its folder keeps what it was given, so that it can be killed and started again.

    `destination` is the port of ours to which it sends what it is asked to move. With `tls` (its certificate, its key, whom it
    trusts) it speaks DIMSE over TLS, and lets nobody in without a certificate.
    """

    folder: Path
    http: int = field(default_factory=free_port)
    dicom: int = field(default_factory=free_port)
    destination: int = field(default_factory=free_port)
    tls: tuple[Path, Path, Path] | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it speaks DICOMweb."""
        return f"http://127.0.0.1:{self.http}/dicom-web"

    def start(self) -> None:
        """Starts it and waits until it answers on both ports."""
        (self.folder / "orthanc.json").write_text(json.dumps(self._configuration()), encoding="utf-8")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["Orthanc", self.folder / "orthanc.json"], stdout=log, stderr=log, cwd=self.folder
            )
        until(self._answers, "Orthanc to answer", seconds=60)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        assert self.process
        self.process.kill()
        self.process.wait(30)

    def add(self, files: Iterable[Path]) -> None:
        """Gives it those files."""
        for path in files:
            self._ask("/instances", path.read_bytes())

    def remove_study(self, study_uid: str) -> None:
        """Takes a study away from it."""
        (found,) = json.loads(self._ask("/tools/lookup", study_uid.encode()))
        self._ask(f"/studies/{found['ID']}", method="DELETE")

    def _ask(self, path: str, body: bytes | None = None, method: str | None = None) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.http, timeout=60)
        headers = {"Authorization": f"Basic {_basic()}"}
        with closing(connection):
            connection.request(method or ("GET" if body is None else "POST"), path, body, headers)
            answer = connection.getresponse()
            told = answer.read()
        assert answer.status == HTTPStatus.OK, told[:500]
        return told

    def _answers(self) -> bool:
        assert self.process
        assert self.process.poll() is None, (self.folder / "log").read_text(errors="replace")[-2000:]
        for port in (self.http, self.dicom):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)):
                    return False
        return True

    def _configuration(self) -> dict[str, object]:
        return {
            "Name": "ccds tests",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "HttpPort": self.http,
            "DicomPort": self.dicom,
            "DicomAet": AE_TITLE,
            "UnknownSopClassAccepted": True,
            "DicomCheckCalledAet": True,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "RemoteAccessAllowed": False,
            "DicomAlwaysAllowEcho": False,
            "DicomAlwaysAllowGet": False,
            "DicomAlwaysAllowFind": False,
            "DicomAlwaysAllowMove": False,
            "DicomModalities": {
                "ours": {
                    "AET": OURS, "Host": "127.0.0.1", "Port": self.destination,
                    "AllowFind": True, "AllowGet": True, "AllowMove": True, "AllowStore": False,
                    "UseDicomTls": self.tls is not None,
                }
            },
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
            "DicomTlsEnabled": self.tls is not None,
            **dict(zip(_TLS_FILES, map(str, self.tls or ()), strict=False)),
        }  # fmt: skip


def _basic() -> str:
    return base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@contextmanager
def running_orthanc(tls: tuple[Path, Path, Path] | None = None) -> Iterator[Orthanc]:
    """An Orthanc without studies, over TLS where that is asked for (see `Orthanc`); skips the test where there is none."""
    need_program("Orthanc", HOW)
    need_path(PLUGIN, HOW)
    folder = Path(tempfile.mkdtemp(prefix="ccdst-orthanc-"))
    orthanc = Orthanc(folder, tls=tls)
    try:
        orthanc.start()
        yield orthanc
    finally:
        if orthanc.process:
            orthanc.kill()
        shutil.rmtree(folder, ignore_errors=True)
