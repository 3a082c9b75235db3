"""A real PostgreSQL server for tests, set up as docs/running.md tells a site to."""

import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL

from ccds_kernel.irb.database import site_database
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.settings import DatabaseSettings, Settings
from ccds_kernel.store.credentials import SessionCredentials
from ccds_kernel.store.postgresql import administrator_login, make_engine
from ccds_kernel.store.schemas import ProjectSchemas
from support.checkout import ROOT
from support.components import missing
from support.demo import free_port
from support.waiting import until

GET = "Debian: apt-get install postgresql"
_UNTIL_STDIN_ENDS = '"$@" & read -r _; kill -QUIT $!; wait'
"""Runs the server as long as the tests live: however they end, their end of the pipe is closed."""

_numbers = count(1)


@dataclass(frozen=True)
class Server:
    """A running server, the state folder of a site that uses it, and the server's log."""

    port: int
    superuser_password: str
    state: Path
    log: Path

    @property
    def settings(self) -> DatabaseSettings:
        """The site's [database]."""
        return DatabaseSettings(engine="postgresql", host="127.0.0.1", port=self.port, sslmode="disable")

    def take_in(self, folder: Path) -> dict[str, Any]:
        """Lets a site whose state folder is `folder` use the server; returns what its [database] says."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.settings.password_path(self.state), folder)
        return self.settings.model_dump(mode="json", exclude_defaults=True)

    def withdraw_all(self) -> None:
        """Ends the sessions that other tests left."""
        with administrated(self) as site:
            site.credentials.withdraw_where(lambda _: True)

    def forget(self, schema: str) -> None:
        """Removes a project that another test will make again, and the sessions in it."""
        with administrated(self) as site:
            site.credentials.withdraw_where(lambda one: one.schema == schema)
        with self.as_superuser() as superuser:
            superuser.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
            roles = superuser.execute("SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", [f"{schema}_"])
            for (role,) in roles.fetchall():
                superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))

    def administrator(self) -> URL:
        """How the site's administrator logs in."""
        return administrator_login(self.settings, self.state)

    def as_superuser(self, database: str = "ccds") -> psycopg.Connection:
        """A connection of whoever runs the server, which commits each statement."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.superuser_password,
            dbname=database,
            autocommit=True,
        )


@dataclass(frozen=True)
class Site:
    """One administrator at work on a server."""

    server: Server
    schemas: ProjectSchemas
    credentials: SessionCredentials

    @staticmethod
    def new_schema() -> str:
        """The slug of a project that no other test has; the hyphen needs quotes."""
        return f"heart-{next(_numbers)}"

    def mark_version(self, schema: str, version: str) -> None:
        """Makes `schema` say that it is of that version."""
        update = sql.SQL("UPDATE {}.alembic_version SET version_num = {}")
        with self.server.as_superuser() as superuser:
            superuser.execute(update.format(sql.Identifier(schema), sql.Literal(version)))


@contextmanager
def running_server() -> Iterator[Server]:
    """Starts a server of its own; ends it, with everything that it wrote."""
    bin_folder = programs()
    folder = Path(tempfile.mkdtemp(prefix="ccdst-postgresql-", dir="/tmp"))
    try:
        user = _user_for(folder)
        password = secrets.token_urlsafe(16)
        (folder / "password").write_text(password)
        (folder / "password").chmod(0o644)  # the folder is closed
        _run(
            user,
            bin_folder / "initdb",
            *("--pgdata", folder / "data", "--pwfile", folder / "password", "--username=postgres"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        with _running(bin_folder / "postgres", folder, user) as port:
            server = Server(port, password, folder / "state", folder / "log")
            _set_up(server)
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def in_session(settings: Settings, project_id: str, person: str) -> Iterator[None]:
    """Gives this process what the spawner would give a session of `person`'s in the project, where its rows lie on a server."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in session_environment(settings, project_id, person).items():
            environment.setenv(name, value)
        yield


def session_environment(settings: Settings, project_id: str, person: str, session: str | None = None) -> dict[str, str]:
    """That which the spawner would give such a session, of that name; empty where the project's rows lie in a file."""
    application = registry_of(settings).get(project_id)
    name = session or f"{application.slug}-{next(_numbers)}"
    with site_database(settings) as database:
        return database.issue(application, person, name) if database else {}


@contextmanager
def administrated(server: Server) -> Iterator[Site]:
    """The administrator of the site on `server`, whose connections end with the test."""
    engine = make_engine(server.administrator(), busy_seconds=20)
    try:
        yield Site(server, ProjectSchemas(engine, server.settings.name), SessionCredentials(engine))
    finally:
        engine.dispose()


def end_connections(server: Server, role: str) -> None:
    """Ends those of a role, as a server that is started anew does."""
    with server.as_superuser() as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [role])


def programs() -> Path:
    """The folder of the server's programs; skips or fails the test where there are none."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -int(folder.parent.name))
    if not folders:
        missing("PostgreSQL's server", GET)
    return folders[0]


def _user_for(folder: Path) -> str | None:
    """The user that the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        missing("the Unix user postgres", GET)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return user.pw_name


def _run(user: str | None, *command: object) -> None:
    subprocess.run([str(part) for part in command], user=user, cwd="/", check=True, capture_output=True)


def each_engine(request: pytest.FixtureRequest, state: Path, *, schema: str) -> Iterator[dict[str, Any]]:
    """What [database] says of a site whose state folder is `state`, for a fixture with the params `sqlite` and `postgresql`.

    At the end the project that is `schema` on the server is gone from there.
    """
    if request.param == "sqlite":
        yield {}
        return
    server = request.getfixturevalue("postgresql")
    yield server.take_in(state)
    server.forget(schema)


@contextmanager
def _running(postgres: Path, folder: Path, user: str | None) -> Iterator[int]:
    port = free_port()
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off"}
    options["timezone"] = "America/New_York"  # rows are in UTC whatever the server's zone
    command = [str(postgres), "-D", str(folder / "data")]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            ["/bin/sh", "-c", _UNTIL_STDIN_ENDS, "sh", *command],
            user=user,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: "ready to accept connections" in (folder / "log").read_text(), "PostgreSQL to be ready", 60)
        yield port
    finally:
        server.stdin.close()
        server.wait(30)


def _set_up(server: Server) -> None:
    """Does what docs/running.md says."""
    (block,) = re.findall(r"```sql\n(.*?)```", (ROOT / "docs/running.md").read_text(encoding="utf-8"), re.DOTALL)
    password = secrets.token_urlsafe(16)
    before, after = block.replace("a long random one", password).split("\\connect ccds\n")
    for database, statements in (("postgres", before), ("ccds", after)):
        with server.as_superuser(database) as connection:
            for statement in filter(None, map(str.strip, statements.split(";"))):
                connection.execute(statement)
    server.state.mkdir()
    path = server.settings.password_path(server.state)
    path.touch(mode=0o600)
    path.write_text(f"{password}\n")


def issued_in(site: Site, schema: str) -> list[tuple[str, str]]:
    """(person, session) of the credentials in `schema`."""
    return sorted((one.person, one.session) for one in site.credentials.issued() if one.schema == schema)
