"""A batch job's own way into its project's database, where that is a server: it outlives the session that submits the job.

It is a credential as a session's is, and ends as those do: with the person's rights, its application, or its time.
"""

from __future__ import annotations

from ccds_kernel.audit.token import AuditToken
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.database import VARIABLE, site_database
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.settings import Settings

MOST = 8
"""So many of them a person may have in a project: each may hold connections."""

_OF_A_JOB = "/"
"""In the name of a job's token, and in no session's."""


def database_of(token: AuditToken, settings: Settings) -> str | None:
    """Makes a credential for the job whose token that is; its URL, a secret. An earlier one of a job of that name ends.

    None where projects keep their rows in files, or there is no such project.

    Raises:
        CcdsError: the person has too many, or the server can't be reached.
    """
    application = registry_of(settings).get(token.project) if token.project else None
    with site_database(settings) as database:
        if database is None or application is None:
            return None
        others = [
            one
            for one in database.credentials.issued()
            if (one.schema, one.person) == (application.slug, token.person)
            and _OF_A_JOB in one.session
            and one.session != token.session
        ]
        if len(others) >= MOST:
            raise CcdsError(
                expected=f"at most {MOST} jobs with a right to the project's database",
                found=str(len(others)),
                do="hand this one over from the session that handed over the others",
            )
        return database.issue(application, token.person, token.session, until=token.until)[VARIABLE]
