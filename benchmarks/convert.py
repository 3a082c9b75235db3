"""Converters side by side: `ccds imaging convert`, plain dcm2niix, dicom2nifti, SimpleITK; time and peak memory of each.

    python benchmarks/convert.py [--rounds 3] [--peers PYTHON] [--series 100]

A made-up CT of 300 slices (benchmarks/imaging_convert.py), the real T1 of shared/data where it lies there, and then many small
series by ccds with 1 and 2 workers. dicom2nifti and SimpleITK are no dependencies: PYTHON is that of an environment which has
them; without it their rows are left out. All run as programs in turn, after one run of ours that warms the page cache; memory is
the largest resident set of a program and of those that it started, as the kernel counts them; CPU s is what all cores spent,
which says more than the time where other programs run beside. What each checks isn't the same: ours compares every voxel and
place with the headers, the others compare nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import dcm2niix  # type: ignore[import-untyped] # the wheel ships no type hints
import pydicom
from imaging_convert import make_ct
from pydicom.uid import generate_uid

T1 = Path(__file__).resolve().parents[2] / "shared" / "data" / "mr-t1-structural.tar.xz"
DICOM2NIFTI = (
    "import sys, dicom2nifti;"
    "dicom2nifti.dicom_series_to_nifti(sys.argv[1], sys.argv[2] + '/v.nii.gz', reorient_nifti=False)"
)
SIMPLE_ITK = (
    "import sys, SimpleITK as sitk; r = sitk.ImageSeriesReader();"
    "r.SetFileNames(r.GetGDCMSeriesFileNames(sys.argv[1])); sitk.WriteImage(r.Execute(), sys.argv[2] + '/v.nii.gz', True)"
)
SLICES_OF_SMALL = 20


def measured(command: Sequence[str], out: Path) -> tuple[float, float, float]:
    """Seconds, seconds of all cores, and MB of the largest process, of a program that writes into `out`, made empty before."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not any(out.rglob("*.nii.gz")):
        raise SystemExit(f"{command[0]} failed ({process.returncode})")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def ours(source: Path, out: Path, *more: str) -> list[str]:
    """Our command."""
    return [sys.executable, "-m", "ccds_kernel.cli", "imaging", "convert", str(source), str(out), "--json", *more]


def commands(source: Path, out: Path, peers: str | None) -> dict[str, list[str]]:
    """Who converts `source`, and by which command."""
    plain = [dcm2niix.bin, "-b", "n", "-z", "i", "-6", "-f", "v", "-o", str(out), str(source)]
    found = {"ccds imaging convert": ours(source, out), "dcm2niix -z i -6": plain}
    if peers:
        found["dicom2nifti"] = [peers, "-W", "ignore", "-c", DICOM2NIFTI, str(source), str(out)]
        found["SimpleITK"] = [peers, "-c", SIMPLE_ITK, str(source), str(out)]
    return found


def compare(title: str, runs: dict[str, list[str]], out: Path, rounds: int) -> None:
    """Measures `runs` in turn and prints a table."""
    measured(next(iter(runs.values())), out)
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, command in runs.items():
            found[name].append(measured(command, out))
    print(f"\n{title}, {rounds} round(s)\n{'':<24}{'median s':>10}{'min':>8}{'max':>8}{'CPU s':>8}{'peak MB':>9}")
    for name, each in found.items():
        seconds, cpu, memory = zip(*each, strict=True)
        middle, busy = statistics.median(seconds), statistics.median(cpu)
        print(
            f"{name:<24}{middle:10.2f}{min(seconds):8.2f}{max(seconds):8.2f}{busy:8.2f}{max(memory):9.0f}", flush=True
        )


def small_series(ct: Path, folder: Path, count: int) -> None:
    """Writes `count` series of the first slices of `ct`."""
    slices = [pydicom.dcmread(path) for path in sorted(ct.iterdir())[:SLICES_OF_SMALL]]
    for number in range(count):
        series = generate_uid()
        for index, data in enumerate(slices):
            data.SeriesInstanceUID = series
            data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            data.save_as(folder / f"{number:03d}-{index:02d}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", help="Python of an environment with dicom2nifti and SimpleITK")
    parser.add_argument("--series", type=int, default=100, help="small series for one and two workers; 0: none")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(
        f"{platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f} at the start, Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        ct, out = work / "ct", work / "out"
        ct.mkdir()
        make_ct(ct)
        compare("CT of 300 slices, made up", commands(ct, out, options.peers), out, options.rounds)
        if T1.exists():
            with tarfile.open(T1) as archive:
                archive.extractall(work, filter="data")
            source = work / "mr-t1" / "dicoms"
            compare("T1 of 384 slices, real", commands(source, out, options.peers), out, options.rounds)
        if options.series:
            many = work / "many"
            many.mkdir()
            small_series(ct, many, options.series)
            runs = {f"{workers} worker(s)": ours(many, out, "--workers", str(workers)) for workers in (1, 2)}
            compare(f"{options.series} series of {SLICES_OF_SMALL} slices by ccds", runs, out, 1)


if __name__ == "__main__":
    main()
