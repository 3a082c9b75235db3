"""Where a session runs, and what it is told about that place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed
from ccds_kernel.irb.project import Project
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings


def session_home(session: SessionName, person: str, project: Project | None, settings: Settings) -> Path:
    """The folder in which a session runs, made where it isn't there.

    For a lab it is the person's own folder of the project, for the project's apps one inside it that holds nothing of theirs,
    for a session without a project (`project` None) one in the site's state folder. There, too, lie apps where code runs as the
    person: the server, which is somebody else, makes nothing in a folder of theirs.

    Raises:
        CcdsError: it can't be made.
    """
    if project is None or (settings.sessions.helper and not session.kind.runs_code):
        sessions = settings.paths.state / "sessions"
        levels = [sessions, sessions / person]
    else:
        work = project.folder / "work" / person
        levels = [work] if session.kind.runs_code else [work, work / ".ccds", work / ".ccds" / "app"]
    try:
        for level in levels:  # one by one: `parents=True` would leave all but the last open to everybody
            level.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _unmade(error) from None
    return levels[-1]


def session_folder(session: SessionName, person: str, settings: Settings) -> Path:
    """The folder of the session's server, made where it isn't there: its log, its settings, what the hub tells it.

    It lies in the site's state folder, not in the person's: whoever could write there could hand the server settings,
    extensions and kernels of their own, or put a link where it writes.

    Raises:
        CcdsError: it can't be made.
    """
    folder = server_folder(session, person, settings)
    try:
        return make_closed(folder.parent.parent, person, str(session))
    except OSError as error:
        raise _unmade(error) from None


def server_folder(session: SessionName, person: str, settings: Settings) -> Path:
    """Where that folder is, whether it is there or not."""
    return settings.paths.state / "servers" / person / str(session)


def session_env(
    session: SessionName, project: Project | None, home: Path, folder: Path, settings: Settings
) -> dict[str, str]:
    """What a session's environment says about its project, if it has one, and place.

    Args:
        session: the session.
        project: its project.
        home: where it runs.
        folder: the folder of its server.
        settings: the site's settings.
    """
    # Where code runs as the person, the server is somebody else: nothing of it is looked up in their folder. Nor by IPYTHONDIR,
    # which holds settings that a Jupyter server runs as code at its first start; the helper tells kernels their own.
    own = folder if settings.sessions.helper else home
    return {
        "HOME": str(own),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONNOUSERSITE": "1",
        **({"CCDS_PROJECT": project.id} if project else {}),
        "CCDS_SESSION": str(session),
        "CCDS_SESSION_FOLDER": str(folder),
        "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(own / ".ccds" / "ipython"),
    }


def _unmade(error: OSError) -> CcdsError:
    return CcdsError(
        expected="to make your folder for this session",
        found=(error.strerror or "an error").lower(),
        do="tell the administrators of this site",
    )
