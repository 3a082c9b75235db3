"""Where the report on the cluster lies: `<published>/cluster/report.json`, for the group of the folder `<published>` only.

It names projects and people by their ids and login names, since leadership and administrators read who uses the cluster for
what; nothing of a patient is in it, and neither a job nor a node. The form is versioned (`schema`) and checked to the letter
when it is read.
"""

from __future__ import annotations

from pathlib import Path

from ccds_kernel.cluster.report import ClusterReport
from ccds_kernel.published import read_published, write_published

FOLDER, NAME = "cluster", "report.json"


def write_report(published: Path, report: ClusterReport) -> Path:
    """Puts `report` in its place below folder `published`; a reader sees the old one or the new one, whole.

    Raises:
        CcdsError: it can't be written.
    """
    return write_published(published, FOLDER, NAME, report.to_json())


def read_report(published: Path) -> ClusterReport | None:
    """The report that is published; None where none is.

    Raises:
        CcdsError: it can't be read, or isn't one of ours.
    """
    return read_published(
        published / FOLDER / NAME, ClusterReport, anew="let an administrator of this site run 'ccds cluster publish'"
    )
