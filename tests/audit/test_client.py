"""How a session writes into the audit log: through the daemon, and through its spool while that is away."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ccds_kernel.audit.client import DaemonAuditSink
from ccds_kernel.audit.events import DownloadRefused, PhraseChanged, ProjectOpened
from ccds_kernel.audit.site import audit_sink, job_variables, session_sink, session_variables
from ccds_kernel.audit.spool import Spool
from ccds_kernel.audit.token import SPOOL_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE, audit_secret, read
from ccds_kernel.audit.wire import MOST_BYTES
from ccds_kernel.errors import CcdsError
from support.audit import NOW, AuditSite, token

LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from ccds_kernel.audit.spool import Spool
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
spool = Spool(Path(sys.argv[1]))
try:
    with spool.locked():
        spool.append({"id": "x" * 500})
except OSError as error:
    print(error.strerror)
"""
"""A session for which the disk is full at that many bytes of one file."""


def event(number: int = 0, **changed: object) -> PhraseChanged:
    """An event of ann's that is told from others by its phrase."""
    return PhraseChanged(**({"person": "ann", "project": "CHEST-1", "change": "edited", "phrase_id": number} | changed))


def numbers(site: AuditSite) -> list[int]:
    """The phrases of the project's chain, which must be whole."""
    site.log.verify("CHEST-1")
    return [entry["detail"]["phrase_id"] for entry in site.log.entries("CHEST-1")]


def waiting(site: AuditSite):
    """Ann's waiting events."""
    return site.folder / "spool-ann" / "waiting.jsonl"


def test_what_is_written_is_in_the_log_at_once(site):
    """With the session's name and the event's own id; nothing waits, and no folder was made for it."""
    site.sink().write(ProjectOpened(person="ann", project="CHEST-1", action="read reports", role="fellow"))

    (entry,) = site.log.entries("CHEST-1")
    assert (entry["person"], entry["event"], entry["session"]) == ("ann", "ProjectOpened", "chest-1-lab")
    assert entry["detail"] == {"action": "read reports", "role": "fellow"}
    assert len(entry["id"]) == 36
    assert "claimed" not in entry
    assert not waiting(site).parent.exists()


def test_while_the_daemon_is_away_events_wait_in_their_order(site):
    """They come before the next one, each with the time at which it happened beside the daemon's own."""
    sink = site.sink()
    sink.write(event(0))
    site.kill()
    for number in range(1, 4):
        sink.write(event(number))
    before = numbers(site)
    site.start()

    sink.write(event(4))

    entries = list(site.log.entries("CHEST-1"))
    assert before == [0]
    assert numbers(site) == [0, 1, 2, 3, 4]
    assert ["claimed" in entry for entry in entries] == [False, True, True, True, False]
    assert all(entry["claimed"] < entry["time"] for entry in entries[1:4])
    assert not waiting(site).exists()


def test_waiting_events_are_closed_to_others(stopped):
    """The folder and what is in it, whatever the umask."""
    stopped.sink().write(event())

    modes = {
        path.name: path.stat().st_mode & 0o777 for path in [waiting(stopped).parent, *waiting(stopped).parent.iterdir()]
    }

    assert modes == {"spool-ann": 0o700, "waiting.jsonl": 0o600, "lock": 0o600}


def test_a_session_delivers_what_waits_when_it_starts(stopped):
    """As far as the daemon is there; it being away is no error."""
    sink = stopped.sink()
    flushed = [sink.flush()]
    sink.write(event(1))
    flushed.append(sink.flush())
    stopped.start()

    flushed.append(sink.flush())

    assert flushed == [True, False, True]
    assert numbers(stopped) == [1]


def test_a_denial_waits_behind_nothing(stopped):
    """What code in a kernel left waiting keeps no denial of its server from the log."""
    stopped.sink().write(event(1))
    held = Spool(waiting(stopped).parent)
    stopped.start()

    with held.locked():  # as by somebody who delivers, and doesn't come to an end
        stopped.sink().write(DownloadRefused(person="ann", project="CHEST-1", route="files", times=1))

    assert [entry["event"] for entry in stopped.log.entries("CHEST-1")] == ["DownloadRefused"]


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


def test_what_was_half_written_when_a_crash_came_was_no_event(stopped):
    """Nobody was told that it is done; the next one begins a line of its own."""
    sink = stopped.sink()
    sink.write(event(1))
    with waiting(stopped).open("ab") as spool:
        spool.write(waiting(stopped).read_bytes()[:40])
    sink.write(event(2))
    stopped.start()

    assert sink.flush()

    assert numbers(stopped) == [1, 2]


@pytest.mark.parametrize("spoiled", ["no json", "[]", "{}", '{"id": 5}', json.dumps({"id": "x" * MOST_BYTES})])
def test_what_somebody_spoiled_while_it_waited_stops_nothing(stopped, spoiled):
    """The daemon would never take it: it is set aside, and the others are delivered."""
    sink = stopped.sink()
    sink.write(event(1))
    with waiting(stopped).open("a") as spool:
        spool.write(f"{spoiled}\n")
    sink.write(event(2))
    stopped.start()

    assert sink.flush()

    assert numbers(stopped) == [1, 2]
    aside = (waiting(stopped).parent / "refused.jsonl").read_text().splitlines()
    assert len(aside) == 1


def test_somebody_else_s_event_that_was_put_among_the_waiting_is_denied(stopped):
    """It is set aside, and what was tried stands in the chain of whoever's session it was."""
    sink = stopped.sink()
    sink.write(event(1))
    waiting(stopped).write_text(waiting(stopped).read_text().replace('"person": "ann"', '"person": "bob"'))
    stopped.start()

    assert sink.flush()

    (entry,) = stopped.log.entries("CHEST-1")
    assert (entry["person"], entry["event"]) == ("ann", "AccessDenied")
    assert entry["detail"]["reason"] == "expected an event of ann in CHEST-1; found one of another person"


def test_what_can_neither_be_logged_nor_wait_is_not_done(stopped):
    """One line that says so; the same while the daemon is there is no matter."""
    waiting(stopped).parent.write_text("no folder")
    sink = stopped.sink()

    with pytest.raises(CcdsError) as raised:
        sink.write(event(1))
    stopped.start()
    waiting(stopped).parent.unlink()
    sink.write(event(2))

    assert str(raised.value) == (
        "expected the audit daemon, or room for events to wait for it; found file exists; "
        "tell the administrators of this site; nothing is done that can't be logged"
    )
    assert numbers(stopped) == [2]


def test_a_full_disk_is_told_and_keeps_what_waits(stopped):
    """No half of an event stays behind the whole ones."""
    sink = stopped.sink()
    sink.write(event(1))
    size = waiting(stopped).stat().st_size
    ended = subprocess.run(
        [sys.executable, "-c", LITTLE_ROOM, str(waiting(stopped).parent), str(size + 100)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout == "File too large\n"
    assert waiting(stopped).stat().st_size == size


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


def test_a_spool_that_is_not_ours_to_write_is_another_one(tmp_path, stopped, monkeypatch):
    """Where kernels run as the person, the server's folder isn't theirs: theirs lies in their home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    variables = session_variables(token(), stopped.folder, stopped.settings)

    session_sink(variables | {SPOOL_VARIABLE: "/nonexistent/spool"}).write(event(1))
    session_sink(variables).write(event(2))

    assert (tmp_path / ".ccds" / "audit-spool" / "waiting.jsonl").exists()
    assert (stopped.folder / "audit-spool" / "waiting.jsonl").exists()


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
