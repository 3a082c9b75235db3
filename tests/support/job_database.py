"""A site with a real audit daemon whose projects' rows lie on a real server: sessions of its people, and rights of their jobs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccds_kernel.audit.site import job_variables, session_variables
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.database import VARIABLE, bring_databases, site_database
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import load_settings
from ccds_kernel.store.postgresql import login_from, open_schema
from ccds_spawners.database import close_database
from support.audit import AuditSite, audit_site, token
from support.postgresql import Server

JOB = "workflow-1"
SESSION = "chest-1-lab"


@contextmanager
def audit_site_with_server(folder: Path, postgresql: Server) -> Iterator[AuditSite]:
    """A site whose daemon runs, and whose projects' rows lie on a server; ann, a fellow of CHEST-1, has a session."""
    with audit_site(folder) as site:
        lines = [
            f"{name} = {json.dumps(value)}" for name, value in postgresql.take_in(site.settings.paths.state).items()
        ]
        file = site.folder / "ccds.toml"
        file.write_text("\n".join([file.read_text(encoding="utf-8"), "[database]", *lines, ""]), encoding="utf-8")
        site.settings = load_settings(file)
        bring_databases(registry_of(site.settings).applications(), site.settings)
        site.start()
        open_session(site)
        yield site
        postgresql.forget("chest-1")


def open_session(site: AuditSite, person: str = "ann") -> dict[str, str]:
    """Gives that person's session its own right, as its spawner does; what its environment says of that."""
    with site_database(site.settings) as database:
        return database.issue(registry_of(site.settings).get("CHEST-1"), person, SESSION)


def end_session(site: AuditSite) -> None:
    """Ends ann's, as the hub does when the session ends."""
    close_database(SessionName.parse(SESSION), "ann", site.settings)


def session_of(site: AuditSite, person: str = "ann", **fields: str) -> dict[str, str]:
    """What the environment of that person's session says about the daemon."""
    return session_variables(token(person, **fields), site.folder, site.settings)


def rights_of(site: AuditSite, person: str = "ann", job: str = JOB) -> dict[str, str]:
    """What the environment of a job of that person's has."""
    return job_variables(job, 60, session_of(site, person), database=VARIABLE)


def opens(rights: dict[str, str]) -> bool:
    """Whether that right opens the project's rows."""
    try:
        open_schema(login_from(rights[VARIABLE]), "chest-1").close()
    except CcdsError:
        return False
    return True


def plain_url(rights: dict[str, str]) -> str:
    """What PostgreSQL's own client takes."""
    return login_from(rights[VARIABLE]).set(drivername="postgresql").render_as_string(hide_password=False)
