"""A batch job's own way into its project's database, where that is a server: it outlives the session that submits the job.

It is a credential as a session's is, and ends as those do: with the person's rights, its application, or its time. Each asking
makes another one, for an earlier job of that name may still be alive where the scheduler couldn't say.
"""

from __future__ import annotations

import secrets

from ccds_kernel.audit.token import AuditToken
from ccds_kernel.irb.database import VARIABLE, site_database
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.settings import Settings

MOST = 8
"""So many of them a person has in a project: each may hold connections."""

_OF_A_JOB = "/"
"""In the name of a job's token, and in no session's."""


def database_of(token: AuditToken, settings: Settings) -> str | None:
    """Makes a credential for the job whose token that is; its URL, a secret. Beyond `MOST` the one that ends first ends now.

    None where projects keep their rows in files, or there is no such project.

    Raises:
        CcdsError: the server can't be reached.
    """
    application = registry_of(settings).get(token.project) if token.project else None
    with site_database(settings) as database:
        if database is None or application is None:
            return None
        before = sorted(
            (
                one
                for one in database.credentials.issued()
                if (one.schema, one.person) == (application.slug, token.person) and _OF_A_JOB in one.session
            ),
            key=lambda one: one.until,
        )
        ending = {one.role for one in before[: max(0, len(before) + 1 - MOST)]}
        if ending:
            database.credentials.withdraw_where(lambda one: one.role in ending)
        name = f"{token.session}/{secrets.token_hex(4)}"
        return database.issue(application, token.person, name, until=token.until)[VARIABLE]
