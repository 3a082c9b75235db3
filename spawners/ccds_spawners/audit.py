"""What the audit log learns of sessions, and how sessions reach it: their token, their begin, their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from ccds_kernel.audit.events.session import SessionEnded, SessionStarted
from ccds_kernel.audit.site import audit_log, session_variables
from ccds_kernel.audit.spool import Spool
from ccds_kernel.audit.token import LONGEST_WAITING, SPOOL_VARIABLE, AuditToken
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.irb.registry import Registry
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings

LONGEST_WAIT = timedelta(hours=24)
"""How long a session may wait for a node; the hub gives it up then."""

_SLACK = timedelta(hours=1)


def with_audit_token(
    spec: JobSpec, *, project_id: str, session: str, folder: Path, settings: Settings, now: datetime
) -> JobSpec:
    """`spec`, a session's job, with the token by which it writes into the audit log until its wall time is over, also extended.

    Args:
        spec: the job.
        project_id: its project; empty where it has none.
        session: its name.
        folder: the folder of its server, where events wait while the audit daemon is away.
        settings: the site's settings.
        now: an aware time.

    Raises:
        CcdsError: the secret of the tokens can't be read.
    """
    longest = max(timedelta(minutes=spec.wall_minutes), timedelta(hours=settings.sessions.longest_hours))
    until = now + LONGEST_WAIT + longest + _SLACK
    token = AuditToken(spec.owner, project_id, session, until, now)
    variables = session_variables(token, folder, settings)
    # What an earlier session left waiting this one delivers: seen in its server's spool; in the person's nobody looks.
    if settings.sessions.helper or not Spool(Path(variables[SPOOL_VARIABLE])).is_empty:
        variables = session_variables(replace(token, since=now - LONGEST_WAITING), folder, settings)
    return replace(spec, env={**spec.env, **variables})


def note_start(session: SessionName, person: str, settings: Settings) -> None:
    """Writes down that a session begins.

    Raises:
        CcdsError: it can't be; then it may not begin.
    """
    project = project_id_of(session, settings)
    audit_log(settings).write(SessionStarted(person=person, project=project, session=str(session)))


def note_end(session: SessionName, person: str, reason: str, settings: Settings) -> None:
    """Writes down that a session has ended, and how.

    Raises:
        CcdsError: it can't be; it has ended nevertheless.
    """
    project = project_id_of(session, settings)
    audit_log(settings).write(SessionEnded(person=person, project=project, session=str(session), reason=reason))


def project_id_of(session: SessionName, settings: Settings) -> str:
    """The session's project; empty for one of the whole site, or where the registry knows it no more."""
    found = Registry(settings.paths.registry).by_slug(session.project) if session.project else None
    return found.id if found else ""
