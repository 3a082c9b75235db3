"""A site with a project of made-up heads, several series a study, some of them in quarantine, some with a mask of the bleeding.

For pictures of the imaging app.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from sqlalchemy import insert

from ccds_kernel.cohort.tables import report
from ccds_kernel.demo.dicom import write_series
from ccds_kernel.demo.volumes import SyntheticSeries, imaged_cases, make_series
from ccds_kernel.imaging.masks.grid import Mask, VolumeGrid
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.runs import VolumeRuns
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import load_settings
from support.site import ADMINISTRATOR, application, on_roster, write_settings

PROJECT = "HEAD-1"
RULES = """rules:
  - exam_codes: [CTHEAD]        # without contrast
    modality: [CT]
    orientation: [axial]
    thickness_mm: [0.5, 5]
    contrast: false
    images: [20, 800]
    prefer: thinnest
  - exam_codes: [CTHEADC]
    modality: [CT]
    orientation: [axial]
"""
_SEED = 11
_EVERY = 4

Change = Callable[[Dataset, int], None]


def make_image_site(folder: Path, person: str, studies: int = 14) -> Path:
    """Makes it in `folder`: eve is its engineer, and `person` another one; its ccds.toml."""
    config = write_settings(folder)
    settings = load_settings(config)
    roster = on_roster(eve="engineer", **{person: "engineer"})
    approved = application(id=PROJECT, exam_codes=["CTHEAD", "CTHEADC"], data=["images", "reports"], roster=roster)
    apply_application(approved, person=ADMINISTRATOR, settings=settings)
    dicom = settings.paths.projects / PROJECT / "dicom"
    with closing(open_project(PROJECT, Action.WRITE_IMAGES, person="eve", settings=settings)) as project:
        bleeds = {}
        for number, case in enumerate(imaged_cases(_SEED, studies)):
            key = base64.b32encode(hashlib.sha256(case.accession.encode()).digest())[:16].decode().lower()
            series = make_series(case, _SEED)
            files = write_series(series, dicom / key / "thin")
            if series.blood.any():
                bleeds[key] = series
            _again(files[::_EVERY], dicom / key / "thick", _thick)
            if number % 5 == 1:
                _change(files, _lean)
            if number % 7 == 3:
                files[len(files) // 2].unlink()
            with project.store.writing() as connection:
                said = {"accession": case.accession, "study_key": key, "exam_code": case.exam_code}
                connection.execute(insert(report).values(said))
        (dicom / ("z" * 16)).mkdir()
        (dicom / ("z" * 16) / "image").write_bytes(b"")
        ImageStudies(project).keep_rules(RULES)
        runs = VolumeRuns(project)
        runs.work(runs.begin())
        for key, series in bleeds.items():
            _mask(project, key, series)
    return config


def largest_mask(config: Path) -> tuple[str, str, list[int]]:
    """Of the project of the site at `config`: the mask's study and series, and the voxel in its middle."""
    with closing(open_project(PROJECT, Action.READ_IMAGES, person="eve", settings=load_settings(config))) as project:
        places = [
            (one, np.argwhere(np.asarray(nib.load(project.folder / "masks" / one.study_key / one.file).dataobj)))
            for one in ImageStudies(project).masks()
        ]
    kept, voxels = max(places, key=lambda place: len(place[1]))
    middle = voxels[np.abs(voxels - voxels.mean(axis=0)).sum(axis=1).argmin()]
    return kept.study_key, kept.series, [int(at) for at in middle]


def _mask(project: Project, key: str, series: SyntheticSeries) -> None:
    """Keeps the bleeding as a mask of the study's volume; where that is made of another series there is none."""
    for path in (project.folder / "nifti" / key).glob("*.nii.gz"):
        grid = VolumeGrid.of(path)
        labels = series.blood.transpose(2, 1, 0).astype(np.uint8)
        if grid.shape == labels.shape:
            first = grid.index(np.diag([-1.0, -1.0, 1.0]) @ series.positions[0])
            turned = tuple(slice(None, None, -1 if at > 1 else 1) for at in np.rint(first))
            mask = Mask(np.ascontiguousarray(labels[turned]), {1: "bleeding"}, "drawn")
            ImageStudies(project).keep_drawn(key, grid.name, mask)


def _again(files: Iterable[Path], folder: Path, change: Change) -> None:
    """The same slices as a further series."""
    folder.mkdir()
    series = generate_uid(entropy_srcs=[str(folder)])
    for index, path in enumerate(files):
        data = pydicom.dcmread(path)
        data.SeriesInstanceUID = series
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid(
            entropy_srcs=[series, str(index)]
        )
        change(data, index)
        data.save_as(folder / path.name, enforce_file_format=True)


def _change(files: Iterable[Path], change: Change) -> None:
    for index, path in enumerate(files):
        data = pydicom.dcmread(path)
        change(data, index)
        data.save_as(path, enforce_file_format=True)


def _thick(data: Dataset, index: int) -> None:
    data.SeriesNumber, data.InstanceNumber = 3, index + 1
    data.SliceThickness = f"{_EVERY * float(data.SliceThickness):g}"


def _lean(data: Dataset, index: int) -> None:
    """A gantry tilt."""
    x, y, z = data.ImagePositionPatient
    data.ImagePositionPatient = [x, f"{float(y) + 0.3 * index:g}", z]
