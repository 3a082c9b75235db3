"""A session's own way into its project's database, where that is a server: made when it starts, ended when it ends."""

from __future__ import annotations

from ccds_kernel.irb.database import site_database
from ccds_kernel.irb.project import Project
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings


def open_database(session: SessionName, person: str, project: Project | None, settings: Settings) -> dict[str, str]:
    """What the session's environment says about the database: nothing without a project, or where that keeps its rows in a file.

    Raises:
        CcdsError: the project was never applied on this server, or the server can't be reached.
    """
    if project is None:
        return {}
    with site_database(settings) as database:
        return database.issue(project.application, person, str(session)) if database else {}


def close_database(session: SessionName, person: str, settings: Settings) -> None:
    """Ends that, and every connection that the session has there. Idempotent.

    Raises:
        CcdsError: the server can't be reached; the hub's next look ends it then (`end_what_is_over`), at the latest its expiry.
    """
    if not session.project:
        return
    with site_database(settings) as database:
        if database is not None:
            database.credentials.withdraw(person, str(session))
