"""The right to the project's database that the audit daemon makes for a job, where that is a server."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import date, timedelta

import psycopg
import pytest

from ccds_hub.job_database import MOST
from ccds_kernel.audit.site import job_variables, session_variables
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.database import VARIABLE, bring_databases, end_sessions, site_database
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import load_settings
from ccds_kernel.store.postgresql import AT_MOST, login_from, open_schema
from ccds_spawners.database import close_database
from support.audit import AuditSite, audit_site, denials, token
from support.postgresql import Server
from support.site import application, on_roster

JOB = "workflow-1"
SESSION = "chest-1-lab"


@pytest.fixture
def site_with_server(tmp_path, postgresql: Server) -> Iterator[AuditSite]:
    """A site whose daemon runs, and whose projects' rows lie on a server; ann, a fellow of CHEST-1, has a session."""
    with audit_site(tmp_path / "site") as site:
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


def open_session(site: AuditSite) -> dict[str, str]:
    """Gives ann's session its own right, as its spawner does; what its environment says of that."""
    with site_database(site.settings) as database:
        return database.issue(registry_of(site.settings).get("CHEST-1"), "ann", SESSION)


def end_session(site: AuditSite) -> None:
    """Ends that, as the hub does when the session ends."""
    close_database(SessionName.parse(SESSION), "ann", site.settings)


def rights_of(site: AuditSite) -> dict[str, str]:
    """What the environment of a job of ann's has."""
    variables = session_variables(token(), site.folder, site.settings)
    return job_variables(JOB, 60, variables, database=VARIABLE)


def opens(rights: dict[str, str]) -> bool:
    """Whether that right opens the project's rows."""
    try:
        open_schema(login_from(rights[VARIABLE]), "chest-1").close()
    except CcdsError:
        return False
    return True


def test_a_job_s_right_outlives_the_session(site_with_server):
    """It is another one than the session's, with the same rights; a job that asks for none gets none."""
    session = open_session(site_with_server)
    rights, before = rights_of(site_with_server), opens(session)

    end_session(site_with_server)

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


def test_a_session_that_has_ended_gets_none_for_its_jobs(site_with_server):
    """Its token holds for hours yet; that it was tried is an event."""
    end_session(site_with_server)

    with pytest.raises(CcdsError, match="found one that has ended"):
        rights_of(site_with_server)

    [(person, reason)] = denials(site_with_server)
    assert (person, reason.partition(";")[0]) == ("ann", "expected a session that may use the project's database")


def test_who_left_the_roster_gets_none(site_with_server):
    """Also in the moment before the hub ends the session."""
    registry_of(site_with_server.settings).put(application(roster=on_roster(bob="fellow")))

    with pytest.raises(CcdsError, match="or whose person may not any more"):
        rights_of(site_with_server)


def test_many_who_ask_at_once_get_no_more(site_with_server):
    """The daemon counts and makes them one after the other."""
    with ThreadPoolExecutor(MOST) as together:
        asked = list(together.map(lambda _: rights_of(site_with_server), range(MOST + 4)))

    assert sum(map(opens, asked)) == MOST


def test_a_person_has_so_many_at_most(site_with_server):
    """Asked for again, for a job of that name too, earlier ones hold; beyond the limit the first one is over, also where all end
    with the application.
    """
    soon = date.today() + timedelta(days=9)  # noqa: DTZ011 - the hospital's calendar
    registry_of(site_with_server.settings).put(application(roster=on_roster(ann="fellow"), expires=str(soon)))
    rights = [rights_of(site_with_server) for _ in range(MOST)]
    before = all(map(opens, rights))

    one_more = rights_of(site_with_server)

    assert before
    assert [opens(one) for one in (*rights, one_more)] == [False] + [True] * MOST


def test_where_rows_lie_in_files_there_is_none(site):
    """The job opens the file, as the session does."""
    assert VARIABLE not in rights_of(site)


def test_it_holds_as_many_connections_as_one_process_opens(site_with_server):
    """A session's holds those of its kernels and jobs: eight of that kind would shut everybody else out."""
    rights = rights_of(site_with_server)
    url = login_from(rights[VARIABLE]).set(drivername="postgresql").render_as_string(hide_password=False)

    with ExitStack() as opened:
        for _ in range(AT_MOST):
            opened.enter_context(closing(psycopg.connect(url)))
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            psycopg.connect(url)
