"""The right to the project's database that the audit daemon makes for a job, where that is a server."""

import json
from collections.abc import Iterator

import pytest

from ccds_hub.job_database import MOST
from ccds_kernel.audit.site import job_variables, session_variables
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.database import VARIABLE, bring_databases, end_sessions, site_database
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import load_settings
from ccds_kernel.store.postgresql import login_from, open_schema
from ccds_spawners.database import close_database
from support.audit import AuditSite, audit_site, token
from support.postgresql import Server
from support.site import application, on_roster

JOB = "workflow-1"


@pytest.fixture
def site_with_server(tmp_path, postgresql: Server) -> Iterator[AuditSite]:
    """A site whose daemon runs, and whose projects' rows lie on a server; ann is a fellow of CHEST-1."""
    with audit_site(tmp_path / "site") as site:
        lines = [
            f"{name} = {json.dumps(value)}" for name, value in postgresql.take_in(site.settings.paths.state).items()
        ]
        file = site.folder / "ccds.toml"
        file.write_text("\n".join([file.read_text(encoding="utf-8"), "[database]", *lines, ""]), encoding="utf-8")
        site.settings = load_settings(file)
        bring_databases(registry_of(site.settings).applications(), site.settings)
        site.start()
        yield site
        postgresql.forget("chest-1")


def rights_of(site: AuditSite, minutes: float = 60.0) -> dict[str, str]:
    """What the environment of a job of ann's has."""
    variables = session_variables(token(), site.folder, site.settings)
    return job_variables(JOB, minutes, variables, database=VARIABLE)


def opens(rights: dict[str, str]) -> bool:
    """Whether that right opens the project's rows."""
    try:
        open_schema(login_from(rights[VARIABLE]), "chest-1").close()
    except CcdsError:
        return False
    return True


def test_a_job_s_right_outlives_the_session(site_with_server):
    """It is another one than the session's, with the same rights; a job that asks for none gets none."""
    rows = site_with_server.settings
    with site_database(rows) as database:
        session = database.issue(registry_of(rows).get("CHEST-1"), "ann", "chest-1-lab")
    rights, before = rights_of(site_with_server), opens(session)

    close_database(SessionName.parse("chest-1-lab"), "ann", rows)

    assert (before, opens(session), opens(rights)) == (True, False, True)
    variables = session_variables(token(), site_with_server.folder, site_with_server.settings)
    assert VARIABLE not in job_variables(JOB, 60, variables)


def test_a_job_s_right_ends_with_its_person_s(site_with_server):
    """As the hub looks after sessions: who left the roster is out."""
    rights = rights_of(site_with_server)
    before = opens(rights)
    registry = registry_of(site_with_server.settings)
    registry.put(application(roster=on_roster(bob="fellow")))

    end_sessions(registry.applications(), site_with_server.settings)

    assert (before, opens(rights)) == (True, False)


def test_a_person_has_so_many_at_most(site_with_server):
    """Asked for again, for a job of that name too, earlier ones hold; beyond the limit the one that ends first is over."""
    rights = [rights_of(site_with_server, minutes=minutes) for minutes in range(1, MOST + 1)]
    before = all(map(opens, rights))

    one_more = rights_of(site_with_server)

    assert before
    assert [opens(one) for one in (*rights, one_more)] == [False] + [True] * MOST


def test_where_rows_lie_in_files_there_is_none(site):
    """The job opens the file, as the session does."""
    assert VARIABLE not in rights_of(site)
