"""Where the report on the cluster lies: `<published>/cluster/report.json`, for the group of the folder `<published>` only.

It names projects and people by their ids and login names, since leadership and administrators read who uses the cluster for
what; nothing of a patient is in it, and neither a job nor a node. The form is versioned (`schema`) and checked to the letter
when it is read.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from ccds_kernel.cluster.report import ClusterReport
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed, write_whole
from ccds_kernel.settings import invalid

FOLDER, NAME = "cluster", "report.json"


def write_report(published: Path, report: ClusterReport) -> Path:
    """Puts `report` in its place below folder `published`; a reader sees the old one or the new one, whole.

    Raises:
        CcdsError: it can't be written.
    """
    path = published / FOLDER / NAME
    try:
        make_closed(published, FOLDER)
        write_whole(path, report.to_json(), 0o640)
    except OSError as error:
        raise CcdsError(
            expected=f"to write {path}", found=error.strerror or "an error", do="run this as the service account"
        ) from None
    return path


def read_report(published: Path) -> ClusterReport | None:
    """The report that is published; None where none is.

    Raises:
        CcdsError: it can't be read, or isn't one of ours.
    """
    path = published / FOLDER / NAME
    try:
        return ClusterReport.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path}",
            found=error.strerror or "an error",
            do="ask an administrator of this site to mend its permissions",
        ) from None
    except ValidationError as error:
        found = invalid(path.name, error)
        raise CcdsError(
            expected=found.expected,
            found=found.found,
            do="let an administrator of this site run 'ccds cluster publish'",
        ) from None
