"""Volumes that lie in a project and of which it has no verdict: made by `convert_series` itself, before anybody asked for them.

Without a verdict screens would call their studies waiting, and convert them again only to find the same.
"""

from __future__ import annotations

import json
from pathlib import Path

from ccds_kernel.audit.events.imaging import VolumesMade
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.one_at_a_time import making
from ccds_kernel.imaging.studies.read_rows import keep_series
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.rows import Verdict
from ccds_kernel.imaging.studies.series_read import SeriesRead, read_series, stamp_of
from ccds_kernel.imaging.verdict import Status
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action


def without_verdict(project: Project) -> list[str]:
    """The studies with volumes of which no series has a verdict.

    Raises:
        ProjectAccessDenied: this person may not read images.
    """
    keys = ImageStudies(project).study_keys()
    with project.store.reading() as connection:
        judged = {one.study_key for one in rows.judgements(connection)}
    return [key for key in keys if key not in judged and any((project.folder / "nifti" / key).glob("*.nii.gz"))]


def adopt_volumes(project: Project, study_key: str) -> None:
    """Keeps of each series of a study that has a volume that it was accepted, with the warnings of its sidecar.

    Raises:
        ProjectAccessDenied: this person may not write images.
        CcdsError: no such study, or its files or a volume's sidecar can't be read; nothing is kept then.
    """
    project.require(Action.WRITE_IMAGES)
    folder, volumes = ImageStudies(project).folder(study_key), project.folder / "nifti" / study_key
    with making(project.folder / "nifti", study_key):
        stamp, read = stamp_of(folder), read_series(folder)
        found = [_accepted(one, volumes) for one in read if (volumes / f"{one.facts.name}.nii.gz").exists()]
        with project.store.writing() as connection:
            rows.replace_verdicts(connection, study_key, found, project.person)
            keep_series(connection, study_key, stamp, read)
            who = {"person": project.person, "project": project.id}
            project.audit.write(VolumesMade(**who, study_key=study_key, accepted=len(found), quarantined=0))


def _accepted(one: SeriesRead, volumes: Path) -> Verdict:
    path = volumes / f"{one.facts.name}.json"
    try:
        warnings = json.loads(path.read_text(encoding="utf-8"))["warnings"]
    except FileNotFoundError:
        raise _no_sidecar(path, "none") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise _no_sidecar(path, "one that can't be read") from None
    return Verdict(one.facts, Status.ACCEPTED, None, one.files, tuple(warnings))


def _no_sidecar(path: Path, found: str) -> CcdsError:
    return CcdsError(
        expected=f"the sidecar {path.name} beside a volume of study {path.parent.name}",
        found=found,
        do=f"move that volume away, then 'ccds imaging volumes --study {path.parent.name}' makes it anew",
    )
