"""Which project an app is opened for: the one that the hub started its session for."""

from __future__ import annotations

import os

from ccds_kernel.errors import CcdsError


def session_project() -> str:
    """The id of the session's project, `CCDS_PROJECT`.

    Raises:
        CcdsError: the session has none.
    """
    project_id = os.environ.get("CCDS_PROJECT")
    if not project_id:
        raise CcdsError(
            expected="a session of a project", found="one without", do="open the app from its tile on the start page"
        )
    return project_id
