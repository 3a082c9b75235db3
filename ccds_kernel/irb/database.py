"""A project's database, wherever its site keeps it: one SQLite file in its directory, or one PostgreSQL schema.

Who opens a schema is a role of the server. A session has one of its own, which its spawner had made and put into
`CCDS_DATABASE_URL`; outside sessions only the service account opens it, which can read the administrator's password. What a
session's role may do follows from the person's role in the project by the same table as everything else (`rights_in`); the
airlock's tables go to those who submit or review. What labelers answer is read by whoever reads reports, and written by who
confirms or curates: so a labeler writes answers, and neither reports nor phrases nor tasks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ccds_kernel.irb.application import IrbApplication, slug_of
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import Access, Action, DataKind
from ccds_kernel.irb.rules import TRAINING_YEARS, allowed_actions, calendar_day, rights_in
from ccds_kernel.irb.study_key import keep_study_key_secret
from ccds_kernel.settings import Settings
from ccds_kernel.store.credentials import CONNECTIONS, Issued, SessionCredentials
from ccds_kernel.store.postgresql import administrator_login, login_from, make_engine, open_schema, text_of
from ccds_kernel.store.schemas import ProjectSchemas
from ccds_kernel.store.store import Store, open_store

VARIABLE = "CCDS_DATABASE_URL"
"""What a session's environment names its credential by."""

LONGEST = timedelta(days=30)
"""A credential ends with its session; this is for a session whose end nobody noticed. It may wait for its node for days."""

_AIRLOCK, _ANSWERS = "airlock", "answers"
_FILE, _AIRLOCK_FILE = "project.db", "airlock.db"


def open_database(project_id: str, settings: Settings) -> Store:
    """Opens the database of a project, as whoever runs this process.

    Raises:
        CcdsError: there is none, it is of another version, or this process has no right to it.
    """
    return _open(project_id, _FILE, settings)


def open_airlock_database(project_id: str, settings: Settings) -> Store:
    """Opens where the rows of a project's submissions lie: the same schema, but a file of its own, which a reviewer who may not
    read reports opens as well.

    Raises:
        CcdsError: as `open_database`.
    """
    return _open(project_id, _AIRLOCK_FILE, settings)


def _open(project_id: str, file: str, settings: Settings) -> Store:
    if settings.database.engine == "sqlite":
        return open_store(settings.paths.projects / project_id / file)
    told = os.environ.get(VARIABLE)
    where = login_from(told) if told else administrator_login(settings.database, settings.paths.state)
    return open_schema(where, slug_of(project_id))


def database_rights(
    application: IrbApplication, person: str, today: date, training_years: int = TRAINING_YEARS
) -> dict[str, bool]:
    """What `person` may do with the rows of the project on day `today`: kind of data → whether they write it."""
    rights = {
        kind.value: access is Access.WRITE
        for kind, access in rights_in(application, person, today, training_years).items()
    }
    allowed = allowed_actions(application, person, today, training_years)
    if DataKind.REPORTS in rights:
        rights[_ANSWERS] = bool({Action.CONFIRM_STUDIES, Action.CURATE_LABELS} & allowed)
    if {Action.SUBMIT_RESULTS, Action.REVIEW_RESULTS} & allowed:
        rights[_AIRLOCK] = True
    return rights


def last_moment(application: IrbApplication, now: datetime) -> datetime:
    """When a credential that is issued `now` ends at the latest: with the application's last day here, or after `LONGEST`."""
    last_day = min(day for day in (application.expires, application.withdrawn) if day)
    end = datetime.combine(last_day, time.max).astimezone()
    return min(end.astimezone(UTC), now + LONGEST)


@dataclass(frozen=True)
class SiteDatabase:
    """The database server of a site, through its administrator's role: see `site_database`."""

    schemas: ProjectSchemas
    credentials: SessionCredentials
    training_years: int = TRAINING_YEARS

    def plan(self, applications: Iterable[IrbApplication]) -> list[str]:
        """What `prepare` would do for them, a line each.

        Raises:
            CcdsError: the server can't be reached, or a schema is somebody else's.
        """
        plan = self.schemas.plan({one.slug: _kinds(one) for one in applications})
        return [f"database {schema or 'itself'}: {step}" for schema, steps in plan.items() for step in steps]

    def bring(self, applications: Iterable[IrbApplication]) -> int:
        """Makes of the projects' schemas what they are to be, each in one transaction; returns how many that changed.

        Raises:
            CcdsError: as `plan`.
        """
        wanted = {one.slug: _kinds(one) for one in applications}
        differing = self.schemas.plan(wanted)
        return sum(
            self.schemas.prepare(schema, wanted[schema], fill=keep_study_key_secret) for schema in differing if schema
        )

    def issue(
        self,
        application: IrbApplication,
        person: str,
        session: str,
        *,
        until: datetime | None = None,
        connections: int = CONNECTIONS,
    ) -> dict[str, str]:
        """Makes a credential for a session, or one of its jobs; returns what its environment says about it.

        Args:
            application: the project's.
            person: whose.
            session: its name.
            until: when it ends at the latest, aware; see `last_moment`, which it never outlives.
            connections: how many at once.

        Raises:
            CcdsError: the project was never prepared, or the server can't be reached.
        """
        rights = database_rights(application, person, calendar_day(), self.training_years)
        latest = last_moment(application, datetime.now(UTC))
        ends = latest if until is None else min(until, latest)
        made = self.credentials.issue(application.slug, person, session, rights, ends, connections=connections)
        return {VARIABLE: text_of(made.url)}

    def end_what_is_over(self, applications: Iterable[IrbApplication]) -> int:
        """Ends every credential that has expired, or gives other rights than its person has today; returns how many.

        Args:
            applications: all of the site; the credentials of one that isn't among them end. None at all say nothing: the disk
                of the registry may be away, and only what has expired ends.

        Raises:
            CcdsError: the server can't be reached.
        """
        by_slug, today, now = {one.slug: one for one in applications}, calendar_day(), datetime.now(UTC)

        def is_over(one: Issued) -> bool:
            application = by_slug.get(one.schema)
            if application is None or one.until <= now:
                return True
            rights = database_rights(application, one.person, today, self.training_years)
            return not rights or rights != one.rights

        return self.credentials.withdraw_where(is_over) if by_slug else self.credentials.reap(now)


@contextmanager
def site_database(settings: Settings) -> Iterator[SiteDatabase | None]:
    """The site's database server; None where projects keep their rows in files.

    Raises:
        CcdsError: the administrator's password can't be read.
    """
    if settings.database.engine == "sqlite":
        yield None
        return
    engine = make_engine(administrator_login(settings.database, settings.paths.state))
    try:
        yield SiteDatabase(
            ProjectSchemas(engine, settings.database.name),
            SessionCredentials(engine),
            registry_of(settings).training_years,
        )
    finally:
        engine.dispose()


def bring_databases(applications: Iterable[IrbApplication], settings: Settings) -> int:
    """Makes of the projects' schemas on the site's server what they are to be; returns how many that changed.

    Files are made where the project's directory is, and become databases when somebody first opens them: root never opens what
    members write.

    Raises:
        CcdsError: the server can't be reached.
    """
    with site_database(settings) as database:
        return database.bring(applications) if database else 0


def end_sessions(applications: Iterable[IrbApplication], settings: Settings) -> int:
    """Ends, in the site's database, what `SiteDatabase.end_what_is_over` says; nothing where projects keep their rows in files.

    Raises:
        CcdsError: the server can't be reached.
    """
    with site_database(settings) as database:
        return database.end_what_is_over(applications) if database else 0


def plan_databases(applications: Iterable[IrbApplication], settings: Settings) -> list[str]:
    """What `bring_databases` would do on a server, a line each.

    Raises:
        CcdsError: as `SiteDatabase.plan`.
    """
    with site_database(settings) as database:
        return database.plan(applications) if database else []


def _kinds(application: IrbApplication) -> tuple[str, ...]:
    answers = (_ANSWERS,) if DataKind.REPORTS in application.data else ()
    return (*(kind.value for kind in application.data), *answers, _AIRLOCK)
