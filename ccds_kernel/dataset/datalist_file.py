"""Making a project's data list: reads headers of volumes and of DICOM files, writes one JSON file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

from ccds_kernel.dataset.entry import to_text
from ccds_kernel.dataset.made import Answers, Made, Study, check_learnable, make
from ccds_kernel.dataset.patient import patient_of_study
from ccds_kernel.dataset.soft_labels import SoftLabels
from ccds_kernel.dataset.volume_shape import is_3d, shape_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.imaging.studies.taking import takes_of
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.study_key import study_key_secret
from ccds_kernel.normalization.volume_folder import VolumeFolder

_NAME = "datalist.json"
_PRIVATE = 0o640


@dataclass(frozen=True)
class Datalist:
    """A data list in its file.

    Attributes:
        path: the file, in the person's own folder of the project.
        made: what is in it, and what was left out.
    """

    path: Path
    made: Made

    def __str__(self) -> str:
        return str(self.made)


def write_datalist(
    project: Project, labels: SoftLabels, *, positive: str = "present", negative: str = "absent", volumes: str = "nifti"
) -> Datalist:
    """Writes the data list of the project's volumes that have one of the two labels, whole, over the one before.

    Args:
        project: whose volumes.
        labels: see `soft_labels`, and `snapshot_labels`.
        positive: the label that becomes 1.
        negative: the label that becomes 0.
        volumes: the folder with `<study key>/<series>.nii.gz`, relative to the project's. Each volume of a study gets its label;
            those that no verdict accepts are left out.

    Raises:
        ProjectAccessDenied: this person may not read images.
        CcdsError: there is nothing to learn from, or the list can't be written.
    """
    project.require(Action.READ_IMAGES)
    answers = Answers(positive, negative)
    studies, unfit = _studies(project, volumes, {key for key, label in labels.items() if label in (positive, negative)})
    made = make(labels, studies, answers)
    made = replace(made, left_out={**made.left_out, **unfit})
    check_learnable(made.entries, answers)
    path = project.folder / "work" / project.person / _NAME
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_whole(path, to_text(made.entries), _PRIVATE)
    except OSError as error:
        raise CcdsError(
            expected="to write the data list into your folder of the project",
            found=error.strerror or "an error",
            do="make room there, or ask whoever runs this site for access",
        ) from None
    return Datalist(path, made)


def _studies(project: Project, volumes: str, labelled: set[str]) -> tuple[dict[str, Study], Counter[str]]:
    """Every study that has a volume, and how many files are none. Headers are read of those in `labelled` only."""
    secret = study_key_secret(project.store)
    found: dict[str, Study] = {}
    unfit: Counter[str] = Counter()
    there = VolumeFolder(project.folder / volumes, partial(takes_of, project)).as_now()
    unfit["volumes that no verdict accepts"] = len(there.left_out(labelled))
    for study, entries in groupby(there.entries(), key=lambda entry: entry.study):
        if study not in labelled:
            found[study] = Study((), None)
            continue
        fit = []
        for path in map(there.path, entries):
            shape = shape_of(path)
            if shape is None:
                unfit["files that can't be read as a NIfTI image"] += 1
            elif not is_3d(shape):
                unfit["volumes that aren't 3-D"] += 1
            else:
                fit.append(path.relative_to(project.folder).as_posix())
        found[study] = Study(tuple(fit), patient_of_study(project.folder / "dicom" / study, secret))
    return found, +unfit
