"""A batch job's own way into its project's database, where that is a server: it outlives the session that submits the job.

It is a credential as a session's is. It ends when the job gives it back, or a session of that person for it; else as those of
sessions do: with the person's rights, its application, or its time. Each asking makes another one, for an earlier job of that
name may still be alive where the scheduler couldn't say: so a job's token says which is the job's.

A session's token holds for longer than most sessions, and alone opens nothing: the session's own credential has to stand, which
the hub makes at its start and ends with it, or with the person's right to it.
"""

from __future__ import annotations

from ccds_kernel.audit.token import AuditToken
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import slug_of
from ccds_kernel.irb.database import VARIABLE, database_rights, site_database
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.rules import calendar_day
from ccds_kernel.settings import Settings
from ccds_kernel.store.credentials import Issued
from ccds_kernel.store.postgresql import AT_MOST

MOST = 8
"""So many of them a person has in a project: each may hold as many connections as one process opens."""

_OF_A_JOB = "/"
"""In the name of a job's token, and in no session's."""


class NoRightError(CcdsError):
    """Whoever asks may not have one."""


def database_of(token: AuditToken, settings: Settings) -> str | None:
    """Makes a credential for the job whose token that is; its URL, a secret. Beyond `MOST` the one that was made first ends.

    None where projects keep their rows in files, or there is no such project. One call at a time: it counts, and then makes.

    Raises:
        NoRightError: the session has ended, or its person may do nothing in the project any more.
        CcdsError: the server can't be reached.
    """
    application = registry_of(settings).get(token.project) if token.project else None
    with site_database(settings) as database:
        if database is None or application is None:
            return None
        theirs = [
            one for one in database.credentials.issued() if (one.schema, one.person) == (application.slug, token.person)
        ]
        session, _, _ = token.session.partition(_OF_A_JOB)
        if session not in {one.session for one in theirs} or not database_rights(
            application, token.person, calendar_day(), database.training_years
        ):
            raise NoRightError(
                expected="a session that may use the project's database",
                found="one that has ended, or whose person may not any more",
                do="start a session of that project",
            )
        before = [one for one in theirs if _OF_A_JOB in one.session]
        ending = {one.role for one in before[: max(0, len(before) + 1 - MOST)]}
        if ending:
            database.credentials.withdraw_where(lambda one: one.role in ending)
        name = _name_of(token)
        return database.issue(application, token.person, name, until=token.until, connections=AT_MOST)[VARIABLE]


def end_database_of(token: AuditToken, job: str, settings: Settings) -> None:
    """Ends the credential of the job whose token that is; by a session's, each that its person's jobs of that name have there.

    Its connections end with it. Where there is none any more nothing happens.

    Args:
        token: of the job, or of a session: whose person and project bound what can end.
        job: its name.
        settings: the site's.

    Raises:
        CcdsError: the server can't be reached.
    """
    if not token.project or (token.is_job_s and not token.right):
        return
    slug = slug_of(token.project)

    def ends(one: Issued) -> bool:
        if (one.schema, one.person) != (slug, token.person):
            return False
        return one.session == _name_of(token) if token.is_job_s else one.session.split(_OF_A_JOB)[1:-1] == [job]

    with site_database(settings) as database:
        if database is not None:
            database.credentials.withdraw_where(ends)


def _name_of(token: AuditToken) -> str:
    """What the credential of that job is called: `<session>/<job>/<right>`."""
    return f"{token.session}{_OF_A_JOB}{token.right}"
