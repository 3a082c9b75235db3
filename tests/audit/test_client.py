"""How a session writes into the audit log through the daemon; what waits while that is away is in `test_spool`."""

import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ccds_kernel.audit.client import DaemonAuditSink
from ccds_kernel.audit.events.access import ProjectOpened
from ccds_kernel.audit.site import audit_sink, job_variables, session_sink, session_variables
from ccds_kernel.audit.token import TOKEN_VARIABLE, URL_VARIABLE, audit_secret, read
from ccds_kernel.audit.wire import MOST_BYTES
from ccds_kernel.errors import CcdsError
from support.audit import NOW, event, numbers, token, waiting


def test_what_is_written_is_in_the_log_at_once(site):
    """With the session's name and the event's own id; nothing waits, and no folder was made for it."""
    site.sink().write(ProjectOpened(person="ann", project="CHEST-1", action="read reports", role="fellow"))

    (entry,) = site.log.entries("CHEST-1")
    assert (entry["person"], entry["event"], entry["session"]) == ("ann", "ProjectOpened", "chest-1-lab")
    assert entry["detail"] == {"action": "read reports", "role": "fellow"}
    assert len(entry["id"]) == 36
    assert "claimed" not in entry
    assert not waiting(site).parent.exists()


def test_threads_that_write_while_the_daemon_comes_and_goes_lose_nothing(site):
    """Each event once, each thread's in its order."""
    sinks = [site.sink() for _ in range(4)]

    def write(place: int) -> None:
        for number in range(20):
            sinks[place].write(event(100 * place + number))

    with ThreadPoolExecutor(len(sinks)) as pool:
        writes = [pool.submit(write, place) for place in range(len(sinks))]
        site.kill()
        site.start()
        assert [one.exception() for one in writes] == [None] * len(sinks)
    assert sinks[0].flush()

    found = numbers(site)
    assert sorted(found) == [100 * place + number for place in range(4) for number in range(20)]
    assert all(
        [one for one in found if one // 100 == place] == sorted(one for one in found if one // 100 == place)
        for place in range(4)
    )


def test_an_event_of_another_person_is_refused(site):
    """The client says what the daemon said; nothing waits."""
    with pytest.raises(
        CcdsError, match="expected an event of ann in CHEST-1; found one of another person; do this outside"
    ):
        site.sink().write(event(person="bob"))

    assert not waiting(site).exists()


def test_a_session_whose_time_is_over_is_told(stopped):
    """What waits goes on waiting for the next session."""
    over = DaemonAuditSink(stopped.settings.audit.url, stopped.token(seconds=-1), waiting(stopped).parent)
    over.write(event(1))
    stopped.start()

    for act in (lambda: over.write(event(2)), over.flush):
        with pytest.raises(CcdsError, match="found one that has ended; start the session anew"):
            act()
    assert stopped.sink().flush()

    assert numbers(stopped) == [1]


def test_too_long_an_event_is_refused_here(site):
    """It isn't even sent."""
    with pytest.raises(CcdsError, match=f"expected an audit event of at most {MOST_BYTES} bytes"):
        site.sink().write(event(change="x" * MOST_BYTES))


class _Stranger(BaseHTTPRequestHandler):
    """Somebody else on the daemon's port, who says yes to everything."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>welcome")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_a_stranger_on_the_daemon_s_port_is_not_believed(stopped):
    """What isn't the daemon's answer is none: the event waits."""
    address = stopped.settings.audit.address, stopped.settings.audit.port
    with HTTPServer(address, _Stranger) as stranger:
        thread = threading.Thread(target=stranger.serve_forever)
        thread.start()
        stopped.sink().write(event(1))
        stranger.shutdown()
        thread.join()

    assert len(waiting(stopped).read_text().splitlines()) == 1


def test_a_name_that_is_no_text_is_written_all_the_same(site):
    """As a reader may show it."""
    site.sink().write(event(change="\udcff"))

    assert next(site.log.entries("CHEST-1"))["detail"]["change"] == "?"


def test_outside_a_session_events_go_into_the_log(stopped, monkeypatch):
    """Also where only half of what a session has is in the environment."""
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.setenv(TOKEN_VARIABLE, "x")

    sink = audit_sink(stopped.settings)
    sink.write(event(1))

    assert session_sink() is None
    assert numbers(stopped) == [1]
    assert stopped.log.head("CHEST-1").count == 1


def test_a_session_s_environment_leads_to_the_daemon(site, monkeypatch):
    """What the hub puts there is what `audit_sink` uses."""
    for name, value in session_variables(token(), site.folder, site.settings).items():
        monkeypatch.setenv(name, value)

    audit_sink(site.settings).write(event(1))

    assert next(site.log.entries("CHEST-1"))["session"] == "chest-1-lab"


def test_a_job_of_a_session_has_a_token_of_its_own(site):
    """Same person and project, the job's name, and a life that outlasts its waiting; nothing outside a session."""
    variables = session_variables(token(), site.folder, site.settings)

    of_job = job_variables("training-1", 60, variables)

    known = read(audit_secret(site.settings.paths.state), of_job[TOKEN_VARIABLE], NOW)
    assert (known.person, known.project, known.session) == ("ann", "CHEST-1", "chest-1-lab/training-1")
    assert known.until > token().until
    assert of_job | {TOKEN_VARIABLE: ""} == variables | {TOKEN_VARIABLE: ""}
    assert job_variables("training-1", 60, {}) == {}


def test_no_job_is_submitted_while_the_daemon_is_away(stopped):
    """It couldn't log what it does."""
    variables = session_variables(token(), stopped.folder, stopped.settings)

    with pytest.raises(CcdsError, match="expected a token of the audit daemon for this job; found no answer"):
        job_variables("training-1", 60, variables)
