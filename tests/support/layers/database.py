"""A project's rows on a database server: tried with the credential that a session of each person is given."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.database import VARIABLE, SiteDatabase, end_sessions, site_database
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.settings import Settings
from support.matrix import ANYTHING, ON_ROSTER, ROWS, Cell, Rule, any_of, in_standing, name_of, never
from support.postgresql import Server
from support.site import ADMINISTRATOR, site_settings

PROJECT = "MATRIX-1"
SCHEMA = "matrix-1"

_AIRLOCK = any_of("submit results to the airlock", "review results in the airlock")
_EDIT = any_of("load reports", "edit the phrase list", "curate labels")
_OF_REPORTS = (
    "report", "report_section", "phrase", "phrase_change", "task", "task_change", "cohort", "cohort_snapshot", "cohort_member",
    "confirmation_batch", "confirmation_assignment", "confirmation_removal", "study_curation", "label_snapshot",
)  # fmt: skip
_OF_IMAGES = (
    "image_criteria", "retrieval", "retrieval_run", "selection_rules", "study_series", "series_choice", "series_verdict",
    "series_pass", "mask", "volume_run",
)  # fmt: skip
_OF_ANSWERS = ("confirmation_item", "confirmation_lease", "confirmation_answer", "study_strata")
TABLES: dict[str, tuple[Rule, Rule]] = {
    **dict.fromkeys(_OF_REPORTS, (ROWS, _EDIT)),
    **dict.fromkeys(_OF_ANSWERS, (ROWS, any_of("confirm studies", "curate labels"))),
    **dict.fromkeys(_OF_IMAGES, (any_of("read images"), any_of("write images"))),
    **dict.fromkeys(("airlock_submission", "airlock_file", "airlock_review"), (_AIRLOCK, _AIRLOCK)),
    **dict.fromkeys(("setting", "alembic_version"), (ANYTHING, never)),
    **dict.fromkeys(("prediction", "report_time"), (never, never)),
}
"""Table → who reads it, and who writes it."""

_ADDED_ONLY = {
    "confirmation_answer",
    "study_strata",
    "study_curation",
    "label_snapshot",
    "phrase_change",
    "task_change",
    "selection_rules",
    "series_choice",
    "series_pass",
    "mask",
    "confirmation_removal",
}
"""What people said and did: nobody's session changes or removes a row of it."""

_SIGNED = {
    "confirmation_lease": "labeler",
    "study_strata": "person",
    "study_curation": "person",
    "label_snapshot": "created_by",
    "confirmation_removal": "removed_by",
    "phrase_change": "person",
    "task_change": "person",
}
"""Table → the column that says whose a row is: a session adds its own person's only."""

_UNDER_A_LEASE = "confirmation_answer"
"""A row of it stands under a lease, of which there is none here: no row is added, and who may add none is refused that, too."""

_STATEMENTS = {
    "SELECT": "SELECT count(*) FROM {table}",
    "INSERT": "INSERT INTO {table} DEFAULT VALUES",
    "UPDATE": "UPDATE {table} SET {column} = {column}",
    "DELETE": "DELETE FROM {table} WHERE false",
}
_NOT_LET_IN = ("permission denied for database", "password authentication failed")
"""What the server says to a role without any right, and to one whose time is over."""
SESSION_BEFORE = "go on in a session that began before"
THINGS: dict[str, Rule] = {
    "log in": ANYTHING,
    SESSION_BEFORE: ANYTHING,
    "make a table in the project": never,
    "make a table in public": never,
    "make a schema": never,
    "become the administrator's role": never,
    **{
        f"{verb} {table}": never
        if table in _ADDED_ONLY and verb in ("UPDATE", "DELETE")
        else read
        if verb == "SELECT"
        else write
        for table, (read, write) in TABLES.items()
        for verb in _STATEMENTS
    },
}
"""It knows data kinds, reading and writing, answers, and the airlock; one right on reports opens all that holds them."""


class DatabaseLayer:
    """It follows the roles that reconciliation keeps, and the credentials that it ends."""

    def __init__(self, settings: Settings, server: Server, database: SiteDatabase) -> None:
        self.things = THINGS
        self._settings = settings
        self._database = database
        self._bring(ON_ROSTER)
        self._columns = _first_columns(server)
        assert self._columns.keys() == TABLES.keys(), self._columns.keys() ^ TABLES.keys()

    def observe(self, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
        """Sessions begin when everybody is on the roster; then comes the standing, with a reconciliation; then others begin."""
        roles = tuple(roles)
        self._bring(ON_ROSTER)
        with ExitStack() as open_until_then:
            before = {role: self._log_in(role, open_until_then) for role in roles}
            self._bring(standing)
            return {(role, thing): may for role in roles for thing, may in self._tried(role, before[role]).items()}

    def _bring(self, standing: str) -> None:
        apply_application(in_standing(PROJECT, standing), person=ADMINISTRATOR, settings=self._settings)
        end_sessions(registry_of(self._settings).applications(), self._settings)

    def _log_in(self, role: str, stack: ExitStack, session: str = "before") -> psycopg.Connection | None:
        """A connection with a credential made now for a session of that name; None where it isn't let in."""
        application = registry_of(self._settings).get(PROJECT)
        assert application is not None
        told = self._database.issue(application, name_of(role), f"{SCHEMA}-{session}")[VARIABLE]
        try:
            connection = psycopg.connect(told, autocommit=True)
        except psycopg.OperationalError as refusal:
            if not any(words in str(refusal) for words in _NOT_LET_IN):
                raise
            return None
        return stack.enter_context(connection)

    def _tried(self, role: str, before: psycopg.Connection | None) -> dict[str, bool]:
        found = dict.fromkeys(THINGS, False)
        found[SESSION_BEFORE] = before is not None and _goes_on(before)
        with ExitStack() as stack:
            connection = self._log_in(role, stack, "now")
            if connection is None:
                return found
            found["log in"] = True
            found["make a table in the project"] = _may(connection, f'CREATE TABLE "{SCHEMA}".mine (id int)')
            found["make a table in public"] = _may(connection, "CREATE TABLE public.mine (id int)")
            found["make a schema"] = _may(connection, "CREATE SCHEMA mine")
            administrator = sql.Identifier(self._settings.database.administrator)
            found["become the administrator's role"] = _may(connection, sql.SQL("SET ROLE {}").format(administrator))
            for table, column in self._columns.items():
                named = {"table": sql.Identifier(SCHEMA, table), "column": sql.Identifier(column)}
                statements = {verb: sql.SQL(statement).format(**named) for verb, statement in _STATEMENTS.items()}
                if table in _SIGNED:
                    named |= {"who": sql.Identifier(_SIGNED[table]), "person": sql.Literal(name_of(role))}
                    statements["INSERT"] = sql.SQL("INSERT INTO {table} ({who}) VALUES ({person})").format(**named)
                elif table == _UNDER_A_LEASE:
                    statements["INSERT"] = sql.SQL("INSERT INTO {table} SELECT WHERE false").format(**named)
                for verb, statement in statements.items():
                    found[f"{verb} {table}"] = _may(connection, statement)
        return found


@contextmanager
def database_layer(server: Server, folder: Path) -> Iterator[DatabaseLayer]:
    """A site in `folder` that keeps its projects' rows on that server."""
    values = site_settings(folder).model_dump(mode="json", exclude_defaults=True)
    settings = Settings.model_validate(values | {"database": server.take_in(folder / "state")})
    try:
        with site_database(settings) as database:
            assert database is not None
            yield DatabaseLayer(settings, server, database)
    finally:
        server.forget(SCHEMA)


def _first_columns(server: Server) -> dict[str, str]:
    """Table → one of its columns, as the server itself has them."""
    asked = "SELECT table_name, min(column_name) FROM information_schema.columns WHERE table_schema = %s GROUP BY 1"
    with server.as_superuser() as superuser:
        return dict(superuser.execute(asked, [SCHEMA]).fetchall())


def _may(connection: psycopg.Connection, statement: str | sql.Composable) -> bool:
    """Whether the server refuses it for want of a right; a row that is none is refused for its own sake, which is later."""
    try:
        connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.errors.NotNullViolation:
        return True
    return True


def _goes_on(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
