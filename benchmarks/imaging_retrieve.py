"""Fetching one study from a real Orthanc on loopback: our three ways beside dcmtk's `movescu` and `getscu`, in turn.

    python benchmarks/imaging_retrieve.py [--slices 300] [--rounds 5]

The study is a made-up CT (seeded), slices of 512 x 512, uncompressed. Ours: the adapter, and reading what each file claims to
be, which dcmtk doesn't do; not the copy into the project. All write to the same disk. `movescu` and `getscu` are programs, and
their start counts; what ours asks the archive before a study is fetched counts as well. Not a test of an archive over a network:
it says what the program costs.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from pydicom.uid import generate_uid

from ccds_kernel.archive.archive import Archive
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.claims import claim_of
from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.storage_service import StorageService
from support.dicom import Stack, write_stack
from support.orthanc import AE_TITLE, OURS, PASSWORD, USER, Orthanc, running_orthanc

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")
SIDE = 512
MEGABYTE = 1e6


def ways(orthanc: Orthanc, study_uid: str) -> dict[str, Callable[[Path], object]]:
    """Name → what fetches the study into a folder."""
    peer = Peer("127.0.0.1", orthanc.dicom, AE_TITLE, OURS)
    moved = StorageService(peer, "127.0.0.1", orthanc.destination)

    def ours(archive: Archive) -> Callable[[Path], object]:
        def fetch(into: Path) -> None:
            archive.retrieve(study_uid, into, lambda _instances, _size: None)
            for path in into.iterdir():
                claim_of(path, CODE)

        return fetch

    def dcmtk(program: str, *options: str) -> Callable[[Path], object]:
        asked = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_uid}"]
        titles = ["-S", "-aet", OURS, "-aec", AE_TITLE]
        where = ["127.0.0.1", str(orthanc.dicom)]
        return lambda into: subprocess.run(
            [program, *titles, *options, "-od", into, *asked, *where], check=True, capture_output=True
        )

    return {
        "ccds, DICOMweb": ours(DicomwebArchive(orthanc.url, CODE, login=(USER, PASSWORD))),
        "ccds, C-GET": ours(DimseArchive(peer, CODE)),
        "ccds, C-MOVE": ours(DimseArchive(peer, CODE, moved)),
        "dcmtk, movescu": dcmtk("movescu", "-aem", OURS, "+P", str(orthanc.destination)),
        "dcmtk, getscu": dcmtk("getscu"),
    }


def main() -> None:
    """Prints a table: median, fastest and slowest seconds, and MB/s at the median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=300, help="of the study")
    parser.add_argument("--rounds", type=int, default=5, help="each way is taken so often")
    options = parser.parse_args()
    study_uid = str(generate_uid())
    with tempfile.TemporaryDirectory() as folder, running_orthanc() as orthanc:
        stack = Stack(slices=options.slices, rows=SIDE, columns=SIDE, study_uid=study_uid)
        files = write_stack(Path(folder) / "given", stack)
        orthanc.add(files)
        size = sum(path.stat().st_size for path in files)
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; "
              f"pynetdicom {version('pynetdicom')}, dicomweb-client {version('dicomweb-client')}; "
              f"{options.slices} slices, {size / MEGABYTE:.0f} MB, n = {options.rounds}")  # fmt: skip
        seconds: dict[str, list[float]] = {}
        for number in range(options.rounds):
            for name, fetch in ways(orthanc, study_uid).items():
                into = Path(folder) / f"{name}-{number}"
                into.mkdir()
                begin = time.perf_counter()
                fetch(into)
                seconds.setdefault(name, []).append(time.perf_counter() - begin)
                came = sum(1 for _ in into.iterdir())
                if came != options.slices:
                    raise SystemExit(f"expected {options.slices} files by {name}; found {came}")
    print(f"{'':<18}{'median':>8}{'min':>8}{'max':>8}{'MB/s':>8}")
    for name, taken in seconds.items():
        median = statistics.median(taken)
        print(f"{name:<18}{median:8.2f}{min(taken):8.2f}{max(taken):8.2f}{size / MEGABYTE / median:8.0f}")


if __name__ == "__main__":
    main()
