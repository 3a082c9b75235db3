"""Events that wait in a session's spool while the audit daemon is away: in their order, whole, for nobody else."""

import json
import subprocess
import sys

import pytest

from ccds_kernel.audit.events.access import DownloadRefused
from ccds_kernel.audit.site import session_sink, session_variables
from ccds_kernel.audit.spool import Spool
from ccds_kernel.audit.token import SPOOL_VARIABLE
from ccds_kernel.audit.wire import MOST_BYTES
from ccds_kernel.errors import CcdsError
from support.audit import event, numbers, token, waiting

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


def test_a_spool_that_is_not_ours_to_write_is_another_one(tmp_path, stopped, monkeypatch):
    """Where kernels run as the person, the server's folder isn't theirs: theirs lies in their home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    variables = session_variables(token(), stopped.folder, stopped.settings)

    session_sink(variables | {SPOOL_VARIABLE: "/nonexistent/spool"}).write(event(1))
    session_sink(variables).write(event(2))

    assert (tmp_path / ".ccds" / "audit-spool" / "waiting.jsonl").exists()
    assert (stopped.folder / "audit-spool" / "waiting.jsonl").exists()
