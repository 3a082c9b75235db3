"""What tests of the preview share: a project with small head-like volumes, and volumes that know where they lie."""

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.settings import Settings
from support.affines import places
from support.site import ADMINISTRATOR, application, on_roster, site_settings, write_settings

PROJECT = "HEAD-1"
STUDIES = ("k3vq7xw2ab5nmzpe", "m2cd4hy6tq7ruwsa")
SHAPE = (20, 24, 12)
AFFINE = np.array([[-3.2, 0, 0, 30.0], [0, -3.2, 0, 40.0], [0, 0, 5.0, -25.0], [0, 0, 0, 1]])
SIDECAR = {
    "modality": "CT",
    "scanner": {"Manufacturer": "Sample", "ManufacturerModelName": "Sample Scan 64"},
    "spacing_mm": [3.2, 3.2, 5.0],
    "shape": list(SHAPE),
}


def head(seed: int = 0) -> np.ndarray:
    """A ball of brain in a shell of bone in air, HU, int16."""
    index = np.stack(np.meshgrid(*(np.linspace(-1, 1, length) for length in SHAPE), indexing="ij"))
    radius = np.sqrt((index**2).sum(axis=0))
    values = np.where(radius < 0.7, 35, np.where(radius < 0.85, 900, -1000))
    noise = np.random.default_rng(seed).integers(-20, 20, SHAPE)
    return (values + noise).astype(np.int16)


def write_image(
    path: Path, voxels: np.ndarray, affine: np.ndarray = AFFINE, scaling: tuple[float, float] | None = None
) -> None:
    """Writes a NIfTI file in mm, with a sidecar; `scaling` is (slope, intercept) of the stored numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, 1)
    if scaling:
        image.header.set_slope_inter(*scaling)
    nib.save(image, path)
    path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(SIDECAR))


def make_project(folder: Path) -> Project:
    """A site in `folder` with ccds.toml; its project HEAD-1, opened by sam, has two studies."""
    write_settings(folder)
    return fill_project(site_settings(folder))


def fill_project(settings: Settings) -> Project:
    """HEAD-1 on a site that is there: two studies; opened by sam."""
    allow(settings)
    project = open_project(PROJECT, Action.OPEN_LAB, person="sam", settings=settings)
    for seed, study in enumerate(STUDIES):
        write_image(project.folder / "nifti" / study / "series-1.nii.gz", head(seed))
    (project.folder / "work" / "sam").mkdir(parents=True, exist_ok=True)
    return project


def allow(settings: Settings, **changed: Any) -> None:
    """Brings HEAD-1 into force, `changed` at will: sam and eli may see its images."""
    values = {"id": PROJECT, "data": ["images"], "roster": on_roster(sam="scientist", eli="engineer")} | changed
    apply_application(application(**values), person=ADMINISTRATOR, settings=settings)


def coordinate_volume(shape: tuple[int, int, int], affine: np.ndarray, axis: int) -> Volume:
    """Each voxel's value is its coordinate along the patient's axis `axis` (0 R, 1 A, 2 S), mm."""
    return Volume.of(places(affine, shape)[..., axis].astype(np.float32), affine)


def oriented(codes: str, spacing: tuple[float, float, float] = (2.0, 3.0, 4.0)) -> np.ndarray:
    """The affine of axes that run to the sides `codes`."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, code in enumerate(codes):
        row = next(row for row, pair in enumerate(("RL", "AP", "SI")) if code in pair)
        affine[row, axis] = spacing[axis] if code in "RAS" else -spacing[axis]
    affine[:3, 3] = 7, -11, 13
    return affine
