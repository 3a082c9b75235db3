"""A project's volumes without those that its own verdicts don't accept: see `imaging.studies.taking`."""

from __future__ import annotations

from functools import partial

from ccds_kernel.imaging.studies.taking import takes_of
from ccds_kernel.irb.project import Project
from ccds_kernel.normalization.volume_folder import VolumeFolder


def judged_volumes(project: Project) -> VolumeFolder:
    """The volumes of `project` that may be taken. What lists them raises `ProjectAccessDenied` to who may not read images."""
    return VolumeFolder(project.folder / "nifti", partial(takes_of, project))


def told_of_left_out(project_id: str, count: int) -> str:
    """One line about volumes that are left out; empty where none is."""
    if not count:
        return ""
    volumes = "1 volume that no verdict accepts is" if count == 1 else f"{count:,} volumes that no verdict accepts are"
    makes = f"'ccds imaging volumes --project {project_id}' makes what isn't judged yet, with --again all anew"
    return f"{volumes} left out: {makes}"
