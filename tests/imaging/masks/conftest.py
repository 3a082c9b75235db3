"""A series, its volume and its grid, for masks to be laid onto."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest

from ccds_kernel.imaging.convert import convert_series
from ccds_kernel.imaging.masks.grid import VolumeGrid
from ccds_kernel.imaging.series import find_series
from support.dicom import Stack, write_stack

OBLIQUE = (0.955336, 0.295520, 0.0, -0.289629, 0.936293, 0.198669)


@dataclass(frozen=True)
class Scan:
    """A series and its volume.

    `drawn` is what somebody labels of it: (slices, rows, columns), in DICOM's order; no symmetry hides a turned axis.
    """

    stack: Stack
    files: list[pydicom.FileDataset]
    volume: Path
    grid: VolumeGrid
    drawn: np.ndarray

    def on_grid(self) -> np.ndarray:
        """`drawn` on the volume's grid, by the textbook's arithmetic."""
        labels = np.zeros(self.grid.shape, np.uint8)
        k, r, c = np.nonzero(self.drawn)
        ras = np.column_stack([c, r, k, np.ones_like(k)]) @ self.stack.affine().T
        index = np.rint(ras @ np.linalg.inv(self.grid.affine).T).astype(int)
        labels[tuple(index[:, :3].T)] = self.drawn[k, r, c]
        return labels


@pytest.fixture
def scan(tmp_path) -> Scan:
    """An oblique stack, running downwards."""
    stack = Stack(slices=6, rows=14, columns=11, orientation=OBLIQUE, distance=-2.5)
    paths = write_stack(tmp_path / "in", stack)
    [series] = find_series(tmp_path / "in").series
    verdict = convert_series(series, tmp_path / "out")
    drawn = np.zeros((6, 14, 11), np.uint8)
    drawn[1:4, 2:7, 3:9] = 1
    drawn[2, 3, 4] = 0
    drawn[3:5, 9:13, 1:4] = 2
    files = [pydicom.dcmread(path) for path in paths]
    return Scan(stack, files, verdict.path, VolumeGrid.of(verdict.path), drawn)
