"""Where a session runs, and what it is told about that place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.session.name import SessionKind, SessionName


def session_home(project: Project, session: SessionName) -> Path:
    """The person's own folder of the project, made where it isn't there; for apps one inside it that holds nothing of theirs.

    Raises:
        CcdsError: it can't be made.
    """
    home = project.folder / "work" / project.person
    levels = [home]
    if session.kind is SessionKind.APP:
        levels += [home / ".ccds", home / ".ccds" / "app"]
    try:
        for level in levels:  # one by one: `parents=True` would leave all but the last open to everybody
            level.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CcdsError(
            expected="to make your folder in the project",
            found=(error.strerror or "an error").lower(),
            do="tell the administrators of this site",
        ) from None
    return levels[-1]


def session_env(project: Project, session: SessionName, home: Path) -> dict[str, str]:
    """What a session's environment says about its project and place."""
    jupyter = home / ".ccds" / "jupyter"
    return {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "CCDS_PROJECT": project.id,
        "CCDS_SESSION": str(session),
        "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
        "JUPYTER_CONFIG_DIR": str(jupyter / "config"),
        "JUPYTER_DATA_DIR": str(jupyter / "data"),
        "JUPYTER_RUNTIME_DIR": str(jupyter / "runtime"),
        "IPYTHONDIR": str(jupyter / "ipython"),
    }
