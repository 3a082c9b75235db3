"""`ccds_kernel.normalization.apply` beside MONAI, TorchIO, SimpleITK and scipy: 1 mm, intensities, z-score.

    python benchmarks/normalize.py [--rounds 3] [--peers FOLDER] [--growth]

Two images: a made-up CT of 512 x 512 x 300 (brain window), and the real T1 of shared/data where it lies there (clipped to
percentiles). Each run is a process of its own; the libraries are imported, then the clock starts: read an uncompressed .nii,
resample it to 1 mm (linear, the first centre kept), map the intensities, take the z-score. Memory is the process's peak above
what it held when the clock started (Linux: /proc); CPU s is what all its threads spent, which says more than the time where other
programs run beside. ccds uses one thread, the others as many as they take by themselves. All voxels are compared with ours, in
standard deviations.

The peers are no dependencies: an environment of their own is made in FOLDER; without it, those that are here are measured.

`--growth` instead: 10, 100 and 1000 small volumes, files to files, one after the other: what a study costs as studies grow.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from normalize_engines.peers import PEERS, Result, Run, Task
from peers.environment import peers_python

PINS = ("monai==1.6.1", "torch==2.13.0", "torchio==1.2.1", "simpleitk==2.5.7", "scipy==1.17.1", "nibabel>=5.3")
T1 = Path(__file__).resolve().parents[2] / "shared" / "data" / "mr-t1-structural.tar.xz"
SHAPE = (512, 512, 300)
SPACING_MM = (0.703125, 0.703125, 1.25)
OURS = "ccds"
RESAMPLE = "- resample: {spacing_mm: [1, 1, 1], interpolation: linear}"
RECIPES = {
    "CT": f"name: brain CT\nsteps:\n{RESAMPLE}\n- window: {{center: 40, width: 80}}\n- z_score: {{mask: none}}\n",
    "T1": f"name: T1\nsteps:\n{RESAMPLE}\n- clip: {{percentiles: [0.5, 99.5]}}\n- z_score: {{mask: none}}\n",
}
COUNTS = (10, 100, 1000)
SMALL = (48, 48, 24)


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def make_ct(path: Path, shape: tuple[int, int, int] = SHAPE, seed: int = 2026) -> None:
    """Writes a made-up CT, int16: an ellipse of soft tissue with noise and a brighter core, in air."""
    from ccds_kernel.normalization.nifti import write_nifti  # noqa: PLC0415 - not in the peers' environment
    from ccds_kernel.normalization.volume import Volume  # noqa: PLC0415 - not in the peers' environment

    chance = np.random.default_rng(seed)
    x, y = np.ogrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    radius = np.sqrt((x / 0.75) ** 2 + (y / 0.55) ** 2)
    tissue = np.where(radius < 1, 36, -1000) + np.where(radius < 0.2, 300, 0)  # noqa: PLR2004 - the core's size
    voxels = np.empty(shape, np.int16, order="F")
    for k in range(shape[2]):
        voxels[:, :, k] = tissue + chance.normal(0, np.where(radius < 1, 12, 4))
    write_nifti(Volume(voxels, np.diag([*SPACING_MM, 1.0])), path, 1)


def make_t1(path: Path) -> bool:
    """Writes the real T1 as `ccds imaging convert` converts it; False where it isn't there."""
    from ccds_kernel.normalization.nifti import read_nifti, write_nifti  # noqa: PLC0415 - not in the peers' environment

    if not T1.exists():
        print(f"without the real T1: {T1.name} isn't in {T1.parent}")
        return False
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(T1) as packed:
            packed.extractall(f"{folder}/dicom", filter="data")
        command = [sys.executable, "-m", "ccds_kernel.cli", "imaging", "convert", f"{folder}/dicom", f"{folder}/nifti"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        [image] = Path(folder, "nifti").rglob("*.nii.gz")
        stored = read_nifti(image)
        write_nifti(stored.volume, path, stored.space)
    return True


def task_of(path: Path, kind: str) -> Task:
    """What is asked of the peers: the grid that our recipe makes."""
    from ccds_kernel.normalization.nifti import read_header  # noqa: PLC0415 - not in the peers' environment
    from ccds_kernel.normalization.steps import Resample  # noqa: PLC0415 - not in the peers' environment

    header = read_header(path)
    move = Resample(spacing_mm=(1, 1, 1), interpolation="linear").planned(header.shape, header.affine)
    assert move is not None  # noqa: S101 - both images have another spacing
    window, percentiles = ((0, 80), None) if kind == "CT" else (None, (0.5, 99.5))
    return Task(window, percentiles, move.shape, move.affine(header.affine).tolist(), move.step)


def ours(kind: str) -> Run:
    """The recipe by ccds."""
    from ccds_kernel.normalization.apply import apply  # noqa: PLC0415 - not in the peers' environment
    from ccds_kernel.normalization.nifti import read_nifti  # noqa: PLC0415 - not in the peers' environment
    from ccds_kernel.normalization.recipe import Recipe  # noqa: PLC0415 - not in the peers' environment

    recipe = Recipe.from_yaml(RECIPES[kind])

    def run(path: Path) -> Result:
        voxels: Any = apply(recipe, read_nifti(path).volume).voxels
        return voxels

    return run


def measure(name: str, kind: str, path: Path, task: Task | None, keep: Path | None) -> None:
    """Runs one engine in this process and prints a `Measured` as JSON; the voxels go to `keep`."""
    if task is None:
        engine, packages = ours(kind), ("ccds", "numpy")
    else:
        make, packages = PEERS[name]
        engine = make(task)
    before, spent, start = _held("VmRSS"), time.process_time(), time.perf_counter()
    voxels = engine(path)
    seconds, spent = time.perf_counter() - start, time.process_time() - spent
    told = asdict(Measured(seconds, spent, _held("VmHWM") - before))
    print(json.dumps([told, {package: version(package) for package in packages}]))
    if keep:
        np.save(keep, voxels)


def _held(what: str) -> float:
    """How much memory this process holds (VmRSS) or has held at most (VmHWM), MB.

    Not by getrusage: its peak includes that of the process which started this one.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))


def run(python: Path, *arguments: object) -> tuple[Measured, dict[str, str]]:
    """One run in a process of its own, and the versions that were at work."""
    command = [str(python), "-W", "ignore", __file__, *map(str, arguments)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    measured, versions = json.loads(told.stdout.splitlines()[-1])
    return Measured(**measured), versions


def compare(kind: str, image: Path, engines: dict[str, Path], rounds: int) -> None:
    """Measures one image by all engines in turn and prints."""
    task = task_of(image, kind)
    asked = {
        name: [
            "--engine",
            name,
            "--kind",
            kind,
            "--image",
            image,
            *([] if name == OURS else ["--task", json.dumps(asdict(task))]),
        ]
        for name in engines
    }
    kept = {name: image.with_name(f"{name}.npy") for name in engines}
    versions: dict[str, str] = {}
    for name, python in engines.items():  # once before: files and libraries are in the page cache for all
        versions |= run(python, *asked[name], "--keep", kept[name])[1]
    found: dict[str, list[Measured]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, python in engines.items():
            found[name].append(run(python, *asked[name])[0])
    first = np.load(kept[OURS], mmap_mode="r")
    size, load = image.stat().st_size / 1e6, os.getloadavg()[0]
    print(f"\n{kind}: {size:.0f} MB to {task.shape} voxels of 1 mm; n = {rounds}, load {load:.1f}")
    print(", ".join(f"{package} {number}" for package, number in versions.items()))
    head = ("median s", "min", "max", "CPU s", "peak MB", "x ours", "differs")
    print(f"{'':<10}" + "".join(f"{word:>10}" for word in head))
    for name in engines:
        times = [one.seconds for one in found[name]]
        ratio = statistics.median(times) / statistics.median(one.seconds for one in found[OURS])
        print(
            f"{name:<10}{statistics.median(times):10.2f}{min(times):10.2f}{max(times):10.2f}"
            f"{statistics.median(one.cpu_seconds for one in found[name]):10.2f}"
            f"{max(one.megabytes for one in found[name]):10.0f}{ratio:10.2f}"
            f"{difference(first, np.load(kept[name], mmap_mode='r')):>10}"
        )
        if name != OURS:
            kept[name].unlink()


def difference(first: Result, other: Result) -> str:
    """The largest difference of a voxel."""
    if first.shape != other.shape:
        return "shape"
    return f"{max(float(np.max(np.abs(first[..., k] - other[..., k]))) for k in range(first.shape[2])):.2g}"


def growth(counts: Iterable[int]) -> None:
    """What a study costs, files to files, as studies grow."""
    from ccds_kernel.normalization.apply_file import apply_to_file  # noqa: PLC0415 - not in the peers' environment
    from ccds_kernel.normalization.recipe import Recipe  # noqa: PLC0415 - not in the peers' environment

    recipe = Recipe.from_yaml(RECIPES["CT"])
    print(f"{SMALL} voxels each, .nii to .nii.gz with provenance, one process; load {os.getloadavg()[0]:.1f}")
    print(f"{'studies':>8}{'ms a study':>12}{'CPU ms':>8}{'held MB':>9}{'files open':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(min(counts)):
            make_ct(Path(folder, f"{seed}.nii"), SMALL, seed)
        apply_to_file(recipe, Path(folder, "0.nii"), Path(folder, "warm", "0.nii.gz"))
        for count in counts:
            out = Path(folder, str(count))
            spent, start = time.process_time(), time.perf_counter()
            for number in range(count):
                apply_to_file(recipe, Path(folder, f"{number % min(counts)}.nii"), out / f"{number}" / "v.nii.gz")
            seconds, spent = time.perf_counter() - start, time.process_time() - spent
            files = sum(1 for _ in Path("/proc/self/fd").iterdir())
            print(
                f"{count:>8}{1000 * seconds / count:>12.1f}{1000 * spent / count:>8.1f}{_held('VmRSS'):>9.0f}{files:>12}",
                flush=True,
            )
            shutil.rmtree(out)


def here(name: str) -> bool:
    """Whether the peer's libraries are in this environment."""
    try:
        return all(version(package) for package in PEERS[name][1])
    except PackageNotFoundError:
        return False


def main() -> None:
    """Measures all, or one engine in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--peers", type=Path, default=Path(tempfile.gettempdir()) / f"ccds-normalize-peers-{os.getuid()}"
    )
    parser.add_argument("--growth", action="store_true", help="measure how the cost of a study grows instead")
    for inner, kind in (
        ("--engine", str),
        ("--kind", str),
        ("--image", Path),
        ("--task", json.loads),
        ("--keep", Path),
    ):
        parser.add_argument(inner, type=kind, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        task = Task(**options.task) if options.task else None
        measure(options.engine, options.kind, options.image, task, options.keep)
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if options.growth:
        growth(COUNTS)
        return
    python = peers_python(options.peers, PINS)
    engines = {OURS: Path(sys.executable)}
    engines |= {name: python or Path(sys.executable) for name in PEERS if python or here(name)}
    with tempfile.TemporaryDirectory() as folder:
        ct, t1 = Path(folder, "ct.nii"), Path(folder, "t1.nii")
        make_ct(ct)
        compare("CT", ct, engines, options.rounds)
        ct.unlink()
        if make_t1(t1):
            compare("T1", t1, engines, options.rounds)


if __name__ == "__main__":
    main()
