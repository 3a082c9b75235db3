"""A real dcmqrscp of dcmtk on loopback: a second archive that speaks DIMSE, strict where Orthanc is lenient."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ccds_kernel.archive.connections import Entity, close
from support.components import need_program
from support.demo import free_port
from support.waiting import until

HOW = "Debian: apt-get install dcmtk"
TITLE, OURS = "DCMTK", "CCDS"
_ECHO = "1.2.840.10008.1.1"


@dataclass
class Dcmtk:
    """One server; `destination` is the port of ours to which it sends what it is asked to move."""

    folder: Path
    port: int = field(default_factory=free_port)
    destination: int = field(default_factory=free_port)

    def configure(self) -> Path:
        """Writes what it is to know; the file."""
        area = self.folder / "area"
        area.mkdir()
        lines = (
            "NetworkTCPPort = " + str(self.port),
            "MaxPDUSize = 16384",
            "MaxAssociations = 16",
            "HostTable BEGIN",
            f"ours = ({OURS}, 127.0.0.1, {self.destination})",
            "HostTable END",
            "VendorTable BEGIN",
            "VendorTable END",
            "AETable BEGIN",
            f"{TITLE} {area} RW (200, 1024mb) ANY",
            "AETable END",
        )
        path = self.folder / "dcmqrscp.cfg"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def add(self, files: Iterable[Path]) -> None:
        """Gives it those files, as they are."""
        kept = []
        for path in files:
            kept.append(self.folder / "area" / f"{len(list((self.folder / 'area').iterdir())):04d}.dcm")
            shutil.copyfile(path, kept[-1])
        subprocess.run(["dcmqridx", self.folder / "area", *kept], check=True, capture_output=True)

    def answers(self) -> bool:
        """Whether it takes associations."""
        entity = Entity(OURS)
        entity.add_requested_context(_ECHO)
        association = entity.associate("127.0.0.1", self.port, ae_title=TITLE)
        answers = association.is_established
        if answers:
            association.release()
        close(association)
        return answers


@contextmanager
def running_dcmtk() -> Iterator[Dcmtk]:
    """A dcmqrscp without studies; skips the test where there is none."""
    need_program("dcmqrscp", HOW)
    need_program("dcmqridx", HOW)
    folder = Path(tempfile.mkdtemp(prefix="ccdst-dcmtk-"))
    try:
        dcmtk = Dcmtk(folder)
        configuration = dcmtk.configure()
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(["dcmqrscp", "-c", configuration], stdout=log, stderr=log)
        try:
            until(dcmtk.answers, "dcmqrscp to answer")
            yield dcmtk
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder)
