"""Where the site keeps its projects' rows: whether it can be used, is closed as docs/running.md says, and is up to date."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, text

from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.database import site_database
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.settings import Settings
from ccds_kernel.store.postgresql import administrator_login, explained, make_engine
from ccds_kernel.store.store import file_system_of, refuse_network
from ccds_kernel.store.transactions import told_plainly

_NAME = "database"
_OLDEST = 150000
_SERVER_S = "let whoever runs the database server do what docs/running.md says"

_STATE = text(
    """
    SELECT current_setting('server_version_num')::int AS version,
           (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS makes_roles,
           has_database_privilege(current_database(), 'CREATE') AS makes_schemas,
           pg_has_role('pg_signal_backend', 'MEMBER') AS cuts,
           ARRAY(SELECT datname::text FROM pg_database
                 WHERE datallowconn AND datname <> current_database() AND has_database_privilege('public', oid, 'CONNECT')
                 ORDER BY 1) AS open_databases,
           ARRAY(SELECT DISTINCT proname::text FROM pg_proc
                 WHERE proname IN ('lo_creat', 'lo_create', 'lo_from_bytea') AND has_function_privilege('public', oid, 'EXECUTE')
                 ORDER BY 1) AS open_functions
    """
)


@dataclass(frozen=True)
class ServerState:
    """What matters of a database server.

    Args:
        version: of the server, as it counts them: 150018 is 15.18.
        makes_roles: whether the administrator's role may make roles.
        makes_schemas: whether it may make schemas in the site's database.
        cuts: whether it may end connections of sessions.
        open_databases: further databases to which every session may connect.
        open_functions: functions by which every session may leave something behind.
    """

    version: int
    makes_roles: bool
    makes_schemas: bool
    cuts: bool
    open_databases: tuple[str, ...] = ()
    open_functions: tuple[str, ...] = ()


def examine_database(settings: Settings) -> Finding:
    """Looks only; asks the database server, where the site has one."""
    if settings.database.engine == "sqlite":
        return _examine_files(settings)
    path = settings.database.password_path(settings.paths.state)
    try:
        path.open("rb").close()
    except PermissionError:
        return Finding(_NAME, Verdict.UNSEEN, f"{path} is closed to you", "look as the Unix user whose folder it is")
    except OSError:
        pass  # told below
    try:
        engine = make_engine(administrator_login(settings.database, settings.paths.state), busy_seconds=5)
        try:
            state = _state(engine)
        finally:
            engine.dispose()
        applications = registry_of(settings).applications()
        with site_database(settings) as database:
            behind = database.plan(applications) if database else []
    except CcdsError as error:
        return Finding(_NAME, Verdict.WRONG, error.found, error.do)
    return judge_server(state, projects=len(applications), behind=behind)


def judge_server(state: ServerState, *, projects: int, behind: list[str]) -> Finding:
    """The finding for a server in that `state` and so many `projects`; `behind` says what applying them again would change."""
    if state.version < _OLDEST:
        found = f"PostgreSQL {state.version // 10000}"
        return Finding(_NAME, Verdict.WRONG, found, f"use PostgreSQL {_OLDEST // 10000} or newer")
    wrong = [
        *(() if state.makes_roles else ("the administrator's role may make no roles",)),
        *(() if state.makes_schemas else ("the administrator's role may make no schemas",)),
        *(() if state.cuts else ("the administrator's role may end no connections",)),
        *(f"every session may connect to {name}" for name in state.open_databases),
        *(f"every session may call {name}" for name in state.open_functions),
    ]
    if wrong:
        return Finding(_NAME, Verdict.WRONG, "; ".join(wrong), _SERVER_S)
    if behind:
        more = f" (and {len(behind) - 1} more)" if len(behind) > 1 else ""
        do = "apply the project's IRB application again, or wait for the hub's next look"
        return Finding(_NAME, Verdict.WRONG, f"not as the applications say: {behind[0]}{more}", do)
    version = f"PostgreSQL {state.version // 10000}.{state.version % 10000}"
    return Finding(_NAME, Verdict.OK, f"{version}; up to date for {projects} project(s)")


def _examine_files(settings: Settings) -> Finding:
    try:
        refuse_network(settings.paths.projects, file_system_of(settings.paths.projects))
    except CcdsError as error:
        return Finding(_NAME, Verdict.WRONG, error.found, error.do)
    return Finding(_NAME, Verdict.OK, "SQLite, a file in each project's directory")


def _state(engine: Engine) -> ServerState:
    with told_plainly(explained), engine.connect() as connection:
        row = connection.execute(_STATE).one()
    return ServerState(
        row.version,
        row.makes_roles,
        row.makes_schemas,
        row.cuts,
        tuple(row.open_databases),
        tuple(row.open_functions),
    )
