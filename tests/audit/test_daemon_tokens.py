"""Tokens that the audit daemon makes for a session's jobs."""

from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.audit.token import audit_secret, read
from ccds_kernel.irb.registry import registry_of
from support.audit import NOW, body, denials, send
from support.site import application


def test_a_session_s_job_gets_a_token_that_lives_longer(site):
    """Of the same person and project; it writes as such, and gets no further one."""
    answer = send(site, site.token(), {"job": "training-1", "minutes": 600.0}, "/tokens")
    of_job = answer.json()["token"]

    known = read(audit_secret(site.settings.paths.state), of_job, datetime.now(UTC))
    again = send(site, of_job, {"job": "training-2", "minutes": 600.0}, "/tokens")
    written = send(site, of_job, body())

    assert (known.person, known.project, known.session) == ("ann", "CHEST-1", "chest-1-lab/training-1")
    assert timedelta(days=30) < known.until - datetime.now(UTC) < timedelta(days=31)
    assert (again.status_code, again.json()["found"]) == (403, "a job")
    assert denials(site) == [("ann", "expected a session that asks for its job's token; found a job")]
    assert written.status_code == 200
    assert list(site.log.entries("CHEST-1"))[-1]["session"] == "chest-1-lab/training-1"


def test_a_job_s_token_ends_with_its_application(site):
    """An hour after its last day; and however long it says that it runs, no token lives longer than three months."""
    today = datetime.now().astimezone().date()
    secret = audit_secret(site.settings.paths.state)

    longest = send(site, site.token(), {"job": "training-1", "minutes": 366 * 24 * 60.0}, "/tokens")
    registry_of(site.settings).put(application(expires=str(today + timedelta(days=2))))
    ends = send(site, site.token(), {"job": "training-1", "minutes": 60.0}, "/tokens")

    days = [
        (read(secret, answer.json()["token"], NOW).until - datetime.now(UTC)) / timedelta(days=1)
        for answer in (longest, ends)
    ]
    assert 91 < days[0] <= 92
    assert 2 < days[1] < 3.2


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"job": "a/b", "minutes": 5.0},
        {"job": "", "minutes": 5.0},
        {"job": "a", "minutes": 0.0},
        {"job": "a", "minutes": 1e9},
        {"job": "a", "minutes": "5"},
        {"job": "a", "minutes": 5.0, "person": "bob"},
    ],
)
def test_a_token_is_bounded(unwritten, asked):
    """No job without a name, none that runs for ever, none of another person."""
    answer = send(unwritten, unwritten.token(), asked, "/tokens")

    assert (answer.status_code, "token" in answer.json()) == (400, False)
