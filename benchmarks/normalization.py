"""`ccds_kernel.normalization.apply` beside MONAI: resample to 1 mm, brain window, z-score of one CT of 512 x 512 x 300.

    python benchmarks/normalization.py [--rounds 5]

Each run is a process of its own; the libraries are imported, then the clock starts: read an uncompressed .nii, apply the
three steps. Memory is the process's peak above what it held when the clock started (Linux: /proc). ccds uses one thread,
MONAI as many as PyTorch takes. The grids are the same (first centre kept), so the voxels are compared too. The aims: at most
half of MONAI's time and half of its memory. Without MONAI (`pip install "ccds[training]"`) ccds is measured alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.nifti import read_nifti, write_nifti
from ccds_kernel.normalization.volume import Volume

SHAPE = (512, 512, 300)
SPACING_MM = (0.703125, 0.703125, 1.25)
AIM = 0.5
STEPS = """
name: brain CT
steps:
- resample: {spacing_mm: [1, 1, 1], interpolation: linear}
- window: {center: 40, width: 80}
- z_score: {mask: none}
"""

Result = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    seconds: float
    megabytes: float


def make_ct(path: Path) -> None:
    """Writes a made-up CT, int16: an ellipse of soft tissue with noise and a brighter core, in air."""
    chance = np.random.default_rng(2026)
    x, y = np.ogrid[-1 : 1 : SHAPE[0] * 1j, -1 : 1 : SHAPE[1] * 1j]
    radius = np.sqrt((x / 0.75) ** 2 + (y / 0.55) ** 2)
    tissue = np.where(radius < 1, 36, -1000) + np.where(radius < 0.2, 300, 0)  # noqa: PLR2004 - the core's size
    voxels = np.empty(SHAPE, np.int16, order="F")
    for k in range(SHAPE[2]):
        voxels[:, :, k] = tissue + chance.normal(0, np.where(radius < 1, 12, 4))
    write_nifti(Volume(voxels, np.diag([*SPACING_MM, 1.0])), path, 1)


def ours() -> Callable[[Path], Result]:
    """The recipe by ccds."""
    from ccds_kernel.normalization.apply import apply  # noqa: PLC0415 - each engine imports its own
    from ccds_kernel.normalization.recipe import Recipe  # noqa: PLC0415 - each engine imports its own

    recipe = Recipe.from_yaml(STEPS)

    def run(path: Path) -> Result:
        voxels: Any = apply(recipe, read_nifti(path).volume).voxels
        return voxels

    return run


def monai() -> Callable[[Path], Result]:
    """The same by MONAI's transforms, as its documentation chains them."""
    from monai.transforms import (  # noqa: PLC0415 - takes many seconds, and may be absent
        Compose,
        EnsureChannelFirst,
        LoadImage,
        NormalizeIntensity,
        ScaleIntensityRange,
        Spacing,
    )

    chain = Compose(
        [
            LoadImage(image_only=True),
            EnsureChannelFirst(),
            Spacing(pixdim=(1, 1, 1), mode="bilinear", padding_mode="border"),
            ScaleIntensityRange(a_min=0, a_max=80, b_min=0, b_max=1, clip=True),
            NormalizeIntensity(),
        ]
    )

    def run(path: Path) -> Result:
        voxels: Any = chain(str(path))
        result: Result = voxels[0].numpy()
        return result

    return run


ENGINES = {"ccds": ours, "MONAI": monai}


def measure(name: str, path: Path, keep: Path | None) -> None:
    """Runs one engine in this process and prints a `Measured` as JSON; the voxels go to `keep`."""
    engine = ENGINES[name]()
    before = _held("VmRSS")
    start = time.perf_counter()
    voxels = engine(path)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "megabytes": _held("VmHWM") - before}))
    if keep:
        np.save(keep, voxels)


def _held(what: str) -> float:
    """How much memory this process holds (VmRSS) or has held at most (VmHWM), MB.

    Not by getrusage: its peak includes that of the process which started this one.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))


def run(name: str, path: Path, *more: str) -> Measured:
    """One run in a process of its own."""
    command = [sys.executable, "-W", "ignore", __file__, "--engine", name, "--image", str(path), *more]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(told.stdout.splitlines()[-1]))


def compare(rounds: int) -> None:
    """Measures in turn and prints."""
    engines = [name for name in ENGINES if name != "MONAI" or importlib.util.find_spec("monai")]
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "ct.nii"
        make_ct(image)
        kept = {name: Path(folder) / f"{name}.npy" for name in engines}
        for name in engines:  # once before: files and libraries are in the page cache for both
            run(name, image, "--keep", str(kept[name]))
        results = [np.load(kept[name], mmap_mode="r") for name in engines]
        found: dict[str, list[Measured]] = {name: [] for name in engines}
        for _ in range(rounds):
            for name in engines:
                found[name].append(run(name, image))
        packages = ["ccds", "numpy", *(["monai", "torch"] if "MONAI" in engines else [])]
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(", ".join(f"{package} {version(package)}" for package in packages) + f"; {rounds} rounds")
        print(f"{SHAPE} voxels of {SPACING_MM} mm to {results[0].shape} of 1 mm\n")
        print(f"{'':<8}{'median s':>10}{'min':>8}{'max':>8}{'peak MB':>10}")
        for name in engines:
            times = [one.seconds for one in found[name]]
            print(
                f"{name:<8}{statistics.median(times):10.2f}{min(times):8.2f}{max(times):8.2f}{_memory(found[name]):10.0f}"
            )
        if "MONAI" not in engines:
            print('\nMONAI is not installed (pip install "ccds[training]"): nothing to compare with')
            return
        time_ratio = statistics.median(one.seconds for one in found["ccds"]) / statistics.median(
            one.seconds for one in found["MONAI"]
        )
        print(f"\ntime {time_ratio:.2f} of MONAI's (aim: at most {AIM}), ", end="")
        print(f"memory {_memory(found['ccds']) / _memory(found['MONAI']):.2f} (aim: at most {AIM})")
        if results[0].shape == results[1].shape:
            inner = tuple(slice(0, length - 1) for length in results[0].shape)
            furthest = float(np.max(np.abs(results[0][inner] - results[1][inner])))
            print(
                f"largest difference of a voxel, the last plane of each axis aside: {furthest:.2g} standard deviations"
            )


def _memory(runs: list[Measured]) -> float:
    return max(one.megabytes for one in runs)


def main() -> None:
    """Measures all, or one engine in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--image", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        measure(options.engine, options.image, options.keep)
    else:
        compare(options.rounds)


if __name__ == "__main__":
    main()
