"""`ccds imaging convert` beside plain dcm2niix of the same wheel, both as programs, in turn.

    python benchmarks/imaging_convert.py [FOLDER] [--rounds 5]

Without FOLDER a CT of 300 slices of 512 x 512 is made up (seeded). dcm2niix compresses itself (its own zlib, one core) at its
default level 6 and at 4, and writes no sidecar; ccds compresses with Python's zlib at level 4 on all cores and does what the
docstring of ccds_kernel/imaging/convert.py lists. The aim: at most 1.5 s more than dcm2niix. Sizes stand beside the times.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import dcm2niix  # type: ignore[import-untyped] # the wheel ships no type hints
import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SLICES, SIDE = 300, 512
AIM_S = 1.5
CORE = 0.2
OURS = "ccds imaging convert"


def make_ct(folder: Path) -> None:
    """Writes a made-up CT: an ellipse of soft tissue with noise and a brighter core, in air."""
    chance = np.random.default_rng(2026)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    radius = np.sqrt((x / 0.75) ** 2 + (y / 0.55) ** 2)
    tissue = np.where(radius < 1, 1060, 24) + np.where(radius < CORE, 300, 0)
    series, study = generate_uid(), generate_uid()
    for index in range(SLICES):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        data = FileDataset(str(folder), {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        data.SeriesInstanceUID, data.StudyInstanceUID, data.Modality = series, study, "CT"
        data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        data.Manufacturer, data.SeriesNumber, data.InstanceNumber = "Synthetic", 2, index + 1
        data.ImagePositionPatient, data.ImageOrientationPatient = [-180, -180, index * 1.25], [1, 0, 0, 0, 1, 0]
        data.PixelSpacing, data.SliceThickness = [0.703125, 0.703125], 1.25
        data.Rows = data.Columns = SIDE
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
        data.RescaleSlope, data.RescaleIntercept = 1, -1024
        noise = chance.normal(0, np.where(radius < 1, 12, 4))
        data.PixelData = np.clip(tissue + noise, 0, 4095).astype("<u2").tobytes()
        data.save_as(folder / f"{index:04d}", enforce_file_format=True)


def run(command: Sequence[str], out: Path) -> tuple[float, int]:
    """Seconds, and bytes of the .nii.gz that `command` wrote into `out`, which is made empty before."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, sum(path.stat().st_size for path in out.rglob("*.nii.gz"))


def line(name: str, seconds: Sequence[float], size: int) -> str:
    """One row of the table."""
    low, high = min(seconds), max(seconds)
    return f"{name:<24}{statistics.median(seconds):8.2f}{low:8.2f}{high:8.2f}{size / 1e6:10.1f}"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="DICOM files of one series")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        source = options.folder
        if source is None:
            source = work / "ct"
            source.mkdir()
            make_ct(source)
        ours = [
            sys.executable,
            "-m",
            "ccds_kernel.cli",
            "imaging",
            "convert",
            str(source),
            str(work / "ours"),
            "--json",
        ]
        commands = {
            f"dcm2niix -z i -{level}": [
                *(
                    dcm2niix.bin,
                    "-b",
                    "n",
                    "-z",
                    "i",
                    f"-{level}",
                    "-f",
                    "volume",
                    "-o",
                    str(work / "plain"),
                    str(source),
                )
            ]
            for level in (6, 4)
        }
        commands[OURS] = ours
        run(ours, work / "ours")  # once before: files and libraries are in the page cache for both
        times: dict[str, list[float]] = {name: [] for name in commands}
        sizes = {}
        for _ in range(options.rounds):
            for name, command in commands.items():
                seconds, sizes[name] = run(command, work / ("ours" if name == OURS else "plain"))
                times[name].append(seconds)
        files = sum(path.is_file() for path in source.rglob("*"))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    versions = ", ".join(f"{package} {version(package)}" for package in ("ccds", "dcm2niix", "pydicom", "numpy"))
    print(f"{versions}; {files} files, {options.rounds} rounds\n")
    print(f"{'':<24}{'median':>8}{'min':>8}{'max':>8}{'MB out':>10}   seconds")
    for name in commands:
        print(line(name, times[name], sizes[name]))
    ours_s = statistics.median(times.pop(OURS))
    for name, seconds in times.items():
        peer_s = statistics.median(seconds)
        print(
            f"\nagainst {name}: {ours_s - peer_s:+.2f} s, ratio {ours_s / peer_s:.2f} (aim: at most {AIM_S:+.1f} s)",
            end="",
        )
    print(f"\nthe largest process held {memory:.0f} MB")


if __name__ == "__main__":
    main()
