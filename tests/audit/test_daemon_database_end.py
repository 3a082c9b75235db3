"""A job's right to the project's database ends when the job, or a session of its person, gives it back; and for nobody else."""

import psycopg
import pytest
import requests

from ccds_kernel.audit.site import end_job_right, job_variables
from ccds_kernel.audit.token import TOKEN_VARIABLE
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.database import VARIABLE
from support.audit import denials
from support.job_database import JOB, open_session, opens, plain_url, rights_of, session_of


def end(site, token, content):
    """What the daemon answers to that."""
    return requests.delete(
        f"{site.settings.audit.url}/tokens", json=content, headers={"Authorization": f"Bearer {token}"}, timeout=20
    )


def test_a_job_gives_its_own_right_back(site_with_server):
    """Its connections end at once; a second time changes nothing. The session's own, and that of another job of the same name and
    session, stay.
    """
    session, other = open_session(site_with_server), rights_of(site_with_server)
    rights = rights_of(site_with_server)
    with psycopg.connect(plain_url(rights)) as connection:
        connection.execute("SELECT 1")

        ended = [end_job_right(env=rights) for _ in range(2)]

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert ended == [True, True]
    assert [opens(one) for one in (rights, session, other)] == [False, True, True]
    assert denials(site_with_server) == []


def test_a_session_gives_back_those_of_its_person_s_jobs_of_that_name(site_with_server):
    """For a job that never began, or was killed; also from another session of the project. Jobs of other names stay."""
    session = open_session(site_with_server)
    rights = [rights_of(site_with_server) for _ in range(2)]
    longer = rights_of(site_with_server, job=f"{JOB}2")

    ended = end_job_right(JOB, session_of(site_with_server, session="chest-1-other"))

    assert ended
    assert [opens(one) for one in (*rights, session, longer)] == [False, False, True, True]


@pytest.mark.parametrize(
    "asks", [{"person": "bob"}, {"project": "CHEST-2"}, {"project": ""}, {"person": "bob", "session": "chest-1-lab"}]
)
def test_nobody_ends_another_person_s_or_project_s(site_with_server, asks):
    """A job of that name isn't theirs: they may have had one, so there is nothing to refuse, and nothing ends."""
    rights = rights_of(site_with_server)

    answered = end_job_right(JOB, session_of(site_with_server, **asks))

    assert (answered, opens(rights)) == (True, True)


def test_another_person_s_job_ends_its_own_only(site_with_server):
    """Of the same name, in a session of the same name."""
    open_session(site_with_server, "bob")
    rights, bob_s = rights_of(site_with_server), rights_of(site_with_server, "bob")

    end_job_right(env=bob_s)

    assert (opens(rights), opens(bob_s)) == (True, False)


@pytest.mark.parametrize("content", [{"job": "workflow-2"}, {"job": "chest-1-lab"}, {"job": 1}, {"person": "bob"}, []])
def test_a_job_that_asks_for_more_is_refused(site_with_server, content):
    """Its own name is the only one that it may say; that it tried is an event."""
    rights, other = rights_of(site_with_server), rights_of(site_with_server, job="workflow-2")

    answer = end(site_with_server, rights[TOKEN_VARIABLE], content)

    assert answer.status_code == 403
    assert [person for person, _ in denials(site_with_server)] == ["ann"]
    assert (opens(rights), opens(other)) == (True, True)
    assert end(site_with_server, rights[TOKEN_VARIABLE], {"job": JOB}).status_code == 200
    assert (opens(rights), opens(other)) == (False, True)


def test_a_job_without_such_a_right_ends_none(site_with_server):
    """Its token says of no right that it is the job's."""
    rights = rights_of(site_with_server)
    without = job_variables(JOB, 60, session_of(site_with_server))

    ended = end_job_right(env=without)

    assert ended
    assert opens(rights)


@pytest.mark.parametrize("content", [{}, {"job": ""}, {"job": "a/b"}, {"job": None}, {"job": "a", "person": "bob"}])
def test_a_session_has_to_name_the_job(unwritten, content):
    """Nothing is guessed."""
    answer = end(unwritten, unwritten.token(), content)

    assert answer.status_code == 400


def test_who_has_no_token_of_this_site_ends_none(site_with_server):
    """That it was tried is an event."""
    rights = rights_of(site_with_server)

    answer = end(site_with_server, rights[TOKEN_VARIABLE][:-1] + "!", {})

    assert answer.status_code == 401
    assert denials(site_with_server, "")[0][0] == "unknown"
    assert opens(rights)


def test_a_daemon_that_is_away_is_no_error(site_with_server):
    """The right ends by itself then, later."""
    rights = rights_of(site_with_server)
    site_with_server.kill()

    ended = end_job_right(env=rights)

    assert not ended
    assert opens(rights)


def test_where_rows_lie_in_files_nothing_ends(site):
    """Nor does anything outside a session and a job."""
    assert end_job_right(JOB, session_of(site))
    assert not end_job_right(JOB, {})


@pytest.mark.parametrize("with_daemon", [True, False])
def test_a_session_s_own_right_is_no_job_s(site, with_daemon):
    """Where the daemon gives the job none, as one that knows of no server, or isn't known, there is no job."""
    session = {VARIABLE: "postgresql://the-session-s-own"} | (session_of(site) if with_daemon else {})

    with pytest.raises(
        CcdsError, match="a right of the job's own to the project's database, from the audit daemon; found none"
    ):
        job_variables(JOB, 60, session, database=VARIABLE)
