"""The right to the project's database that the audit daemon makes for a job, where that is a server."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import date, timedelta

import psycopg
import pytest

from ccds_hub.job_database import MOST
from ccds_kernel.audit.site import job_variables, session_variables
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.database import VARIABLE, end_sessions
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.store.postgresql import AT_MOST
from support.audit import denials, token
from support.job_database import JOB, end_session, open_session, opens, plain_url, rights_of
from support.site import application, on_roster


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
    url = plain_url(rights)

    with ExitStack() as opened:
        for _ in range(AT_MOST):
            opened.enter_context(closing(psycopg.connect(url)))
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            psycopg.connect(url)
