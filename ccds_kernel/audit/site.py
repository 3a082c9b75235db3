"""Where this site's audit events go: through the daemon from a session or a job, into the log from everywhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ccds_kernel.audit.client import DaemonAuditSink
from ccds_kernel.audit.log import AuditSink, FileAuditSink
from ccds_kernel.audit.token import SPOOL_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE, AuditToken, audit_secret, issue
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings


def audit_sink(settings: Settings) -> AuditSink:
    """The sink for this process's events."""
    return session_sink() or audit_log(settings)


def audit_log(settings: Settings) -> FileAuditSink:
    """The log itself, which the service account and administrators write and read."""
    return FileAuditSink(settings.paths.audit, settings.audit.heads or settings.paths.state / "audit-heads")


def session_sink(env: Mapping[str, str] = os.environ) -> DaemonAuditSink | None:
    """The way to the daemon of the session or job whose environment `env` is; None where it is of neither."""
    url, token = env.get(URL_VARIABLE), env.get(TOKEN_VARIABLE)
    if not (url and token):
        return None
    return DaemonAuditSink(url, token, _spool(env.get(SPOOL_VARIABLE)))


def _spool(named: str | None) -> Path:
    """The folder that the hub named; where its server is another Unix user than we are, one of our own."""
    if named and os.access(Path(named).parent, os.W_OK | os.X_OK):
        return Path(named)
    return Path.home() / ".ccds" / "audit-spool"


def session_variables(token: AuditToken, folder: Path, settings: Settings) -> dict[str, str]:
    """What the environment of a session says about the daemon. A secret: it belongs into no log and no argument.

    Args:
        token: the session's.
        folder: where its server may write; events wait there while the daemon is away.
        settings: the site's.

    Raises:
        CcdsError: the secret can't be read, as by anybody but the service account.
    """
    return {
        URL_VARIABLE: settings.audit.url,
        TOKEN_VARIABLE: issue(audit_secret(settings.paths.state), token),
        SPOOL_VARIABLE: str(folder / "audit-spool"),
    }


def job_variables(
    job: str, minutes: float, env: Mapping[str, str] = os.environ, *, database: str | None = None
) -> dict[str, str]:
    """The same for batch job `job`, which the session with environment `env` submits; nothing where that is no session.

    Args:
        job: its name.
        minutes: how long it may run.
        env: the session's.
        database: the variable that is to hold the job's own right to the project's database, where that is a server; None where
            the job needs none.

    Raises:
        CcdsError: the daemon doesn't answer, or refuses; or the session has a right to the database, and the job got none: it
            mustn't have the session's.
    """
    sink, told, url = session_sink(env), {}, None
    if sink is not None:
        token, url = sink.job_rights(job, minutes, database=database is not None)
        told = {name: env[name] for name in (URL_VARIABLE, SPOOL_VARIABLE) if name in env} | {TOKEN_VARIABLE: token}
    if database and database in env and not url:
        raise CcdsError(
            expected="a right of the job's own to the project's database, from the audit daemon",
            found="none",
            do="start the session anew, or tell the administrators of this site",
        )
    return told | ({database: url} if database and url else {})


def end_job_right(job: str | None = None, env: Mapping[str, str] = os.environ) -> bool:
    """Gives back the right to the project's database that a batch job has; returns whether the daemon took it.

    Never raises: what can't be given back now ends by itself, with the person's rights or its time.

    Args:
        job: its name, where `env` is the environment of a session of that person and project; None where it is the job's own.
        env: of whoever asks.
    """
    sink = session_sink(env)
    try:
        if sink is not None:
            sink.end_job_right(job)
    except CcdsError:
        return False
    return sink is not None
