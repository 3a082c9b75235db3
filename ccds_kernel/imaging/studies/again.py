"""Fetching studies once more that are in the project: files were lost on their way, say, or the archive has mended ones."""

from __future__ import annotations

from collections.abc import Collection

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.project import Project


def fetch_again(project: Project, study_keys: Collection[str]) -> int:
    """Lets studies wait again that arrived; what the project has of them goes into its quarantine. How many wait.

    Interrupted, it can be done once more.

    Raises:
        ProjectAccessDenied: this person may not.
        CcdsError: one of them hasn't arrived; nothing was changed then.
    """
    queue, studies = RetrievalQueue(project), ImageStudies(project)
    there = [key for key in study_keys if {one.state for one in queue.get(key)} == {State.ARRIVED}]
    if len(there) < len(study_keys):
        raise CcdsError(
            expected=f"keys of studies that arrived in {project.id}",
            found=f"{len(study_keys) - len(there)} other(s)",
            do=f"see 'ccds imaging status --project {project.id} --json'; those that failed are retried without --again",
        )
    for key in there:
        studies.set_aside(key)
    return queue.fetch_again(there)
