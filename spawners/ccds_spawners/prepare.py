"""Makes what a new session needs, and its job: its folders, its way into the database, its tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.irb.project import Project
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings
from ccds_spawners.audit import with_audit_token
from ccds_spawners.database import open_database
from ccds_spawners.home import session_env, session_folder, session_home
from ccds_spawners.in_image import in_image
from ccds_spawners.job import session_job
from ccds_spawners.kept_token import keep_token
from ccds_spawners.options import LabOptions
from ccds_spawners.share import Share


def prepare_job(
    session: SessionName,
    person: str,
    project: Project | None,
    options: LabOptions,
    priority_class: PriorityClass,
    *,
    share: Share,
    env: Mapping[str, str],
    token: str,
    settings: Settings,
) -> JobSpec:
    """The job of a new session, which has all that it needs from here on.

    Args:
        session: the session.
        person: for whom it runs.
        project: its project, opened for that person.
        options: what they chose.
        priority_class: FIRST or SECOND, for a lab session.
        share: the cores and memory that come with what they chose.
        env: what the hub tells its servers.
        token: the session's own, which is in `env` too.
        settings: the site's settings.

    Raises:
        CcdsError: something of it can't be made. The way into the database may be open then.
    """
    home = session_home(session, person, project, settings)
    folder = session_folder(session, person, settings)
    rows = open_database(session, person, project, settings)
    spec = session_job(
        session,
        options,
        share,
        priority_class,
        person=person,
        home=home,
        folder=folder,
        env={**env, **session_env(session, project, home, folder, settings), **rows},
    )
    if options.image and session.kind.runs_code:
        spec = in_image(spec, options.image, settings)
    keep_token(folder, token)
    return with_audit_token(
        spec,
        project_id=project.id if project else "",
        session=str(session),
        folder=folder,
        settings=settings,
        now=datetime.now(UTC),
    )
