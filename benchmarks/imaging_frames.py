"""How long the viewer's kernel takes for one slice, and how many bytes it sends.

    python benchmarks/imaging_frames.py [--slices 500] [--frames 60]

A made-up CT of 512 x 512 (an ellipse of soft tissue with noise in air, seeded) as NIfTI; each frame is a slice that wasn't asked
for before, through the soft-tissue window, as the page asks for it: the request is parsed, the volume's file looked up, the
slice cut, drawn and packed as PNG. The volume is read beforehand. The aim: at most 10 ms a frame, so that a wheel is followed.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import nibabel as nib
import numpy as np

from ccds_kernel.imaging.masks.grid import Mask
from ccds_kernel.imaging.studies.rows import KeptMask
from ccds_kernel.imaging.told_header import ToldHeader
from ccds_kernel.normalization.nifti import read_times
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry, VolumeFolder
from ccds_widgets.imaging.viewer.model import LookModel
from ccds_widgets.imaging.viewer.opened import PLANES

SIDE = 512
STUDY = "abcdefghij234567"
SERIES = "series-1"


class Folder:
    """The viewer's port on a folder of volumes, for somebody who may only look."""

    project = "bench"

    def __init__(self, folder: Path) -> None:
        self._folder = VolumeFolder(folder)

    def may_correct(self) -> bool:
        """Never."""
        return False

    def check_may_correct(self) -> None:
        """Nothing is drawn here."""

    def studies(self, beginning: str, most: int) -> tuple[list[str], bool]:
        """All of them."""
        return [key for key in self._folder.studies() if key.startswith(beginning)][:most], False

    def has(self, study_key: str) -> bool:
        """Where it has a folder."""
        return study_key in self._folder.studies()

    def of_study(self, study_key: str) -> tuple[VolumeEntry, ...]:
        """Its volumes."""
        return self._folder.of_study(study_key)

    def numbers(self, study_key: str) -> dict[str, int]:  # noqa: ARG002 - of any
        """None."""
        return {}

    def judgement(self, entry: VolumeEntry) -> None:
        """Nobody made a verdict."""

    def version(self, entry: VolumeEntry) -> str:
        """Of its file."""
        return self._folder.version(entry)

    def read(self, entry: VolumeEntry) -> tuple[Volume, ...]:
        """Its time points."""
        return read_times(self._folder.path(entry))

    def masks(self, entry: VolumeEntry) -> list[KeptMask]:  # noqa: ARG002 - none of any
        """None."""
        return []

    def mask(self, entry: VolumeEntry, kept: KeptMask) -> Mask:
        """There is none to be asked for."""
        raise NotImplementedError

    def header(self, entry: VolumeEntry) -> ToldHeader:
        """Isn't asked for."""
        raise NotImplementedError

    def keep(self, entry: VolumeEntry, mask: Mask) -> KeptMask:
        """Nothing is drawn here."""
        raise NotImplementedError


def write_ct(path: Path, slices: int) -> None:
    """The made-up CT as `path` with its sidecar."""
    chance = np.random.default_rng(2026)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    radius = np.sqrt((x / 0.75) ** 2 + (y / 0.55) ** 2)
    plane = np.where(radius < 1, 40, -1000)
    voxels = np.empty((SIDE, SIDE, slices), np.int16, order="F")
    for number in range(slices):
        voxels[:, :, number] = (plane + chance.normal(0, np.where(radius < 1, 12, 4))).T
    path.parent.mkdir(parents=True)
    nib.save(nib.Nifti1Image(voxels, np.diag([-0.7, -0.7, 1.0, 1.0])), path)
    path.with_name(f"{SERIES}.json").write_text('{"modality": "CT"}')


def main() -> None:
    """Prints a line for each plane."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--slices", type=int, default=500)
    parser.add_argument("--frames", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_ct(folder / STUDY / f"{SERIES}.nii.gz", options.slices)
        model = LookModel(Folder(folder))
        volume = model.answer({"kind": "open", "study": STUDY, "series": SERIES})["volume"]
        print(
            f"{options.slices} slices of {SIDE} x {SIDE}, n = {options.frames} each, Python {platform.python_version()}, "
            f"Pillow {version('pillow')}, {platform.machine()}"
        )
        for plane in PLANES:
            last = next(one["size"][2] for one in volume["planes"] if one["plane"] == plane)
            taken, sizes = [], []
            for number in np.linspace(0, last - 1, options.frames).astype(int).tolist():
                wanted = [{"plane": plane.value, "number": number, "mask": None}]
                request = {"kind": "frames", "study": STUDY, "series": SERIES, "version": volume["version"],
                           "time": 0, "low": -160.0, "high": 240.0, "wanted": wanted}  # fmt: skip
                begin = time.perf_counter()
                [png] = model.answer(request)["buffers"]
                taken.append(time.perf_counter() - begin)
                sizes.append(len(png))
            ms, kb = [1000 * one for one in taken], statistics.median(sizes) / 1024
            print(f"{plane:9} median {statistics.median(ms):5.1f} ms, slowest {max(ms):5.1f} ms, {kb:.0f} KB a frame")


if __name__ == "__main__":
    main()
