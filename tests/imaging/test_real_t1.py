"""A real 384-slice T1-weighted series."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest


@pytest.fixture(scope="module")
def slices(real_t1) -> list[pydicom.FileDataset]:
    """The series as pydicom reads it, in the order of the slices."""
    read = [pydicom.dcmread(path) for path in real_t1.iterdir()]
    normal = np.cross(read[0].ImageOrientationPatient[:3], read[0].ImageOrientationPatient[3:])
    return sorted(read, key=lambda one: float(np.dot(normal, np.array(one.ImagePositionPatient, dtype=float))))


def test_the_t1_is_accepted_with_pydicoms_voxels_and_places(real_t1, slices, convert) -> None:
    """Voxels equal, corners within 1e-3 mm at the best slice and within 0.02 mm at the worst."""
    [verdict] = convert(real_t1)

    assert verdict["status"] == "accepted"
    image = nib.load(verdict["path"])
    assert image.shape == (274, 384, 384)
    to_voxel = np.linalg.inv(image.affine)
    voxels = np.asarray(image.dataobj)
    errors = []
    for one in slices:
        row, column = np.array(one.ImageOrientationPatient[:3]), np.array(one.ImageOrientationPatient[3:])
        between_rows, between_columns = one.PixelSpacing
        corners = np.array([[0, 0], [273, 0], [0, 383], [273, 383]])
        lps = one.ImagePositionPatient + corners @ np.array([row * between_columns, column * between_rows])
        ras = lps * [-1, -1, 1]
        index = np.rint(nib.affines.apply_affine(to_voxel, ras)).astype(int)
        errors.append(np.linalg.norm(nib.affines.apply_affine(image.affine, index) - ras, axis=1).max())
        assert index.tolist() == [[i, j, index[0, 2]] for i, j in ((0, 383), (273, 383), (0, 0), (273, 0))]
        assert np.array_equal(voxels[:, ::-1, index[0, 2]].T, one.pixel_array)
    assert min(errors) < 1e-3
    assert max(errors) < 0.02


def test_the_sidecar_says_what_was_measured(real_t1, convert) -> None:
    """All slices were compared; our affine is nearer to the headers than dcm2niix's own."""
    [verdict] = convert(real_t1)

    sidecar = json.loads(Path(verdict["path"].removesuffix(".nii.gz") + ".json").read_text())
    checks = sidecar["checks"]
    assert checks["slices_compared"] == sidecar["input"]["files"] == 384
    assert checks["geometry_best_mm"] <= checks["geometry_worst_mm"] < checks["dcm2niix_drift_mm"] < 0.02


def test_a_truncated_file_quarantines_the_series(real_t1, convert, tmp_path) -> None:
    """Half a file is never a slice, and a volume without it never is accepted."""
    folder = tmp_path / "cut"
    folder.mkdir()
    for path in sorted(real_t1.iterdir())[:12]:
        (folder / path.name).write_bytes(path.read_bytes())
    victim = sorted(folder.iterdir())[5]
    victim.write_bytes(victim.read_bytes()[:100_000])

    [verdict] = convert(folder)

    assert verdict["status"] == "quarantined"
    assert verdict["reason"].startswith("truncated: 1 of 12 files")
