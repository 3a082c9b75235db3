"""The audit daemon as a process: what it takes is written once, however it dies, and what it can't take is told."""

import os
import random
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest
import requests

from ccds_kernel.audit.wire import MOST_BYTES
from support.audit import AuditSite, body, send
from support.checkout import ROOT
from support.processes import READY
from support.waiting import until

WRITER = f"""
import threading
from pathlib import Path
from ccds_kernel.audit.client import DaemonAuditSink
from ccds_kernel.audit.events.labeling import PhraseChanged
from support.waiting import until
url, token, spool, person = sys.argv[1:]
sink = DaemonAuditSink(url, token, Path(spool))
number = 0
stop = threading.Event()
{READY}threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
while not stop.is_set():
    sink.write(PhraseChanged(person=person, project="CHEST-1", change="edited", phrase_id=number))
    number += 1
    until(sink.flush, "the daemon to be there again", seconds=60)
print(number)
"""
"""Writes until it is told to stop; waits with the next event until nothing of the last one waits: each kill meets writing."""


def test_an_id_is_written_once(site):
    """Sent again, sent again after the daemon was killed, and after its table of ids was lost."""
    sent, token = body(), site.token()

    answers = [send(site, token, sent), send(site, token, sent)]
    site.kill()
    site.start()
    answers.append(send(site, token, sent))
    site.kill()
    for file in site.settings.paths.state.glob("audit-ids.sqlite*"):
        file.unlink()
    site.start()
    answers.append(send(site, token, sent))

    assert [answer.status_code for answer in answers] == [200] * 4
    assert [entry["id"] for entry in site.log.entries("CHEST-1")] == [sent["id"]]


def test_an_id_that_another_person_took_is_no_hindrance(site):
    """Nobody can keep an event of somebody else's out of the log."""
    taken = body()
    send(site, site.token(), taken)
    taken["fields"]["person"] = "bob"

    answer = send(site, site.token("bob"), taken)

    assert answer.status_code == 200
    assert [entry["person"] for entry in site.log.entries("CHEST-1")] == ["ann", "bob"]


def test_an_id_is_known_also_where_a_crash_left_half_a_line(site):
    """What came behind the torn line counts, and the torn one can be sent again."""
    first, torn = body(), body()
    send(site, site.token(), first)
    send(site, site.token(), torn)
    site.kill()
    path = site.log.folder / "CHEST-1.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:50])
    (site.settings.paths.state / "audit-heads" / "CHEST-1.head").unlink()
    for file in site.settings.paths.state.glob("audit-ids.sqlite*"):
        file.unlink()
    site.start()

    for sent in (torn, first, torn):
        assert send(site, site.token(), sent).status_code == 200

    assert [entry["id"] for entry in site.log.entries("CHEST-1")] == [first["id"], torn["id"]]
    assert site.log.verify("CHEST-1")[0] == 2


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "text",
        body(id=None),
        body(id="5"),
        body(event="Event"),
        body(event="NoEvent"),
        body(event="../x"),
        body(event=None),
        body(fields={"more": 1}),
        body(fields={"phrase_id": "1"}),
        body(fields={"phrase_id": True}),
        body(fields={"phrase_id": 10**20}),
        body(fields={"change": "x" * 3000}),
        body(fields={"change": None}),
        body(claimed="yesterday"),
        body(claimed="2026-11-25T12:00:00"),
        body(claimed="0001-01-01T00:00:00+14:00"),  # in UTC there is no such year
        body(claimed="9999-12-31T23:59:59-14:00"),
        body(more=1),
    ],
)
def test_what_is_no_event_is_refused_whole(unwritten, content):
    """Wrong class, field, type, size or time: nothing is written, and nothing of it is quoted."""
    answer = send(unwritten, unwritten.token(), content)

    assert answer.status_code == 400
    assert answer.json()["expected"] == "an audit event of this version, with its fields and no others"
    assert unwritten.log.chains() == []
    assert unwritten.answers(), "the daemon is well: only what it can't write makes it unwell"


def test_a_body_that_is_too_long_is_not_read(site):
    """The daemon goes on."""
    try:
        status = send(site, site.token(), body(fields={"change": "x" * MOST_BYTES})).status_code
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        # It hung up before all was sent: its answer may have been on the way then, or read in part.
        status = 400

    assert status == 400
    assert send(site, site.token(), body()).status_code == 200
    assert len(list(site.log.entries("CHEST-1"))) == 1


def test_a_full_disk_is_told_and_passes(site):
    """The event isn't taken, `health` says so; with room again it is, once."""
    send(site, site.token(), body())
    size = (site.log.folder / "CHEST-1.jsonl").stat().st_size
    sent = body()

    site.limit_files(size + 50)
    without_room = send(site, site.token(), sent)
    unwell = requests.get(f"{site.settings.audit.url}/health", timeout=20)
    site.limit_files(-1)
    with_room = send(site, site.token(), sent)

    assert (without_room.status_code, unwell.status_code, with_room.status_code) == (503, 503, 200)
    assert unwell.json() == {"status": "failing"}
    assert site.answers()
    assert site.log.verify("CHEST-1")[0] == 2


def test_its_own_log_holds_neither_tokens_nor_events(site):
    """Whatever goes wrong."""
    token, secret = site.token(), "Doe^Jane"
    for path in ("/events", "/tokens", "/nowhere"):
        send(site, token, body(fields={"change": secret, "person": secret}), path)
        send(site, f"{token}x", body(fields={"change": secret}), path)
    requests.get(f"{site.settings.audit.url}/events?token={token}", timeout=20)
    path = site.log.folder / "CHEST-1.jsonl"
    path.unlink()
    path.mkdir()
    send(site, token, body(fields={"change": secret}))
    until(lambda: "POST /events: 503" in site.said, "the daemon to say so")  # it answers first

    assert "POST /events: 403" in site.said
    assert "POST /events: 401" in site.said
    assert token not in site.said
    assert secret not in site.said
    assert "Traceback" not in site.said


def test_a_taken_port_is_one_line(stopped):
    """Exit status 1, what is taken and what to do."""
    with socket.socket() as other:
        other.bind((stopped.settings.audit.address, stopped.settings.audit.port))
        other.listen()

        ended = subprocess.run(
            [sys.executable, "-P", "-m", "ccds_hub.audit_daemon"],
            env=os.environ | {"CCDS_CONFIG": str(stopped.folder / "ccds.toml")},
            capture_output=True,
            text=True,
            check=False,
        )

    assert ended.returncode == 1
    assert ended.stderr == (
        f"ccds: expected to listen on 127.0.0.1, port {stopped.settings.audit.port}; found address already in use; "
        "stop what uses it, or set [audit] port\n"
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_it_loses_and_doubles_nothing(site, seed):
    """Several sessions write while it is killed -9 again and again: each event once, in each session's order, one chain."""
    people, chance = ("ann", "bob", "cy"), random.Random(seed)  # noqa: S311 - moments, no secret
    with ExitStack() as stack:
        writers = [stack.enter_context(writer(site, person)) for person in people]
        for one in writers:
            assert one.stdout.readline() == "ready\n"
        for one in writers:
            tell(one, "go")
        for _ in range(6):
            enough = size_of(site) + chance.randrange(1, 8000)
            until(lambda enough=enough: size_of(site) >= enough, "the log to grow")
            site.kill()
            site.start()
        for one in writers:
            tell(one, "stop")
        written = [int(one.communicate(timeout=60)[0]) for one in writers]

    count, head = site.log.verify("CHEST-1")
    entries = list(site.log.entries("CHEST-1"))
    assert min(written) > 0
    assert count == sum(written) == site.log.head("CHEST-1").count
    assert site.log.head("CHEST-1").hash == head
    for person, number in zip(people, written, strict=True):
        assert [entry["detail"]["phrase_id"] for entry in entries if entry["person"] == person] == list(range(number))


def writer(site: AuditSite, person: str) -> subprocess.Popen[str]:
    """A process of a session of `person` that writes."""
    return subprocess.Popen(
        [
            *(sys.executable, "-c", f"import sys\n{WRITER}"),
            *(site.settings.audit.url, site.token(person), str(site.folder / f"spool-{person}"), person),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        text=True,
    )


def tell(process: subprocess.Popen[str], word: str) -> None:
    """Sends a line."""
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def size_of(site: AuditSite) -> int:
    """How long the project's chain is, in bytes."""
    path = site.log.folder / "CHEST-1.jsonl"
    return path.stat().st_size if path.exists() else 0
