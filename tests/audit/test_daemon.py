"""The audit daemon as a process: who may write what, and that nothing is lost or doubled however it dies."""

import os
import random
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from ccds_hub.rate import Rate
from ccds_kernel.audit.token import TOKEN_VARIABLE, URL_VARIABLE, audit_secret, read
from ccds_kernel.audit.wire import MOST_BYTES
from ccds_kernel.irb.registry import registry_of
from support.audit import NOW, AuditSite, audit_site
from support.checkout import ROOT
from support.processes import READY
from support.site import application, on_roster
from support.unix import open_folder, python_as, unix_users
from support.waiting import until

WRITER = f"""
import threading
from pathlib import Path
from ccds_kernel.audit.client import DaemonAuditSink
from ccds_kernel.audit.events import PhraseChanged
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


@pytest.fixture(scope="module")
def unwritten(tmp_path_factory) -> Iterator[AuditSite]:
    """A site whose daemon runs, for tests by which nothing may be written."""
    with audit_site(tmp_path_factory.mktemp("unwritten") / "site") as site:
        site.start()
        yield site


def body(**changed: Any) -> dict[str, Any]:
    """An event of ann's as it is sent, `changed` at will; None takes a key out."""
    fields = {"person": "ann", "project": "CHEST-1", "change": "edited", "phrase_id": 1} | changed.pop("fields", {})
    values = {"id": str(uuid.uuid4()), "event": "PhraseChanged", "fields": fields, "claimed": None} | changed
    return {key: value for key, value in values.items() if value is not None or key == "claimed"}


def send(site: AuditSite, token: str, content: Any, path: str = "/events") -> requests.Response:
    """What the daemon answers."""
    return requests.post(
        f"{site.settings.audit.url}{path}", json=content, headers={"Authorization": f"Bearer {token}"}, timeout=20
    )


def denials(site: AuditSite, project: str = "CHEST-1") -> list[tuple[str, str]]:
    """Who was turned away in that chain, and why."""
    return [
        (entry["person"], entry["detail"]["reason"])
        for entry in site.log.entries(project)
        if entry["event"] == "AccessDenied"
    ]


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
    "spoil",
    [
        lambda _: "",
        lambda _: "x" * 5000,
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.replace("ccds1.", "ccds2."),
    ],
)
def test_a_forged_token_writes_nothing_but_that_it_was_tried(site, spoil):
    """In the site's chain, for nobody knows who it was; the answer doesn't quote it."""
    forged = spoil(site.token())

    answer = send(site, forged, body())

    assert answer.status_code == 401
    assert answer.json()["found"] == "one that this site didn't make"
    assert denials(site, "") == [
        ("unknown", "expected a token of a session of this site; found one that this site didn't make")
    ]
    assert not site.log.has_chain("CHEST-1")


def test_a_token_that_has_ended_writes_nothing(site):
    """Likewise."""
    answer = send(site, site.token(seconds=-1), body())

    assert (answer.status_code, answer.json()["found"]) == (401, "one that has ended")
    assert len(denials(site, "")) == 1


def test_whoever_tries_tokens_fills_no_disk(site):
    """Each is refused; the first are written down, of the others how many they are: at the first, second, fourth … of them."""
    statuses = {send(site, "ccds1.e30." + "A" * 43, body()).status_code for _ in range(60)}

    told = [reason.partition("; ")[2].partition("; ")[2] for _, reason in denials(site, "")]
    assert statuses == {401}
    assert 20 <= told.count("") <= 22
    assert [one for one in told if one] == [
        f"{count} such tries aren't written down one by one" for count in (1, 2, 4, 8, 16, 32)
    ]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"person": "bob"}, "one of another person"),
        ({"project": "HEAD-1"}, "one of another project"),
        ({"project": ""}, "one of another project"),
        ({"person": "bob", "project": "HEAD-1"}, "one of another person"),
    ],
)
def test_an_event_of_somebody_or_something_else_is_denied(site, fields, found):
    """The denial stands in the chain of the session that tried; nothing in the other's."""
    answer = send(site, site.token(), body(fields=fields))

    assert (answer.status_code, answer.json()["found"]) == (403, found)
    assert denials(site) == [("ann", f"expected an event of ann in CHEST-1; found {found}")]
    assert site.log.chains() == ["CHEST-1"]


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ("MembersChanged", {"granted": ["bob CHEST-1"], "withdrawn": []}),
        ("ResultReleased", {"submission": "x", "digest": "0" * 64, "files": 1}),
        ("SessionEnded", {"session": "chest-1-lab", "reason": "by itself"}),
    ],
)
def test_what_only_administrators_and_services_do_no_session_writes(site, event, more):
    """That an application was applied, for one, or a result released."""
    fields = {"person": "ann", "project": "CHEST-1", **more}

    answer = send(site, site.token(), {**body(event=event), "fields": fields})

    assert (answer.status_code, answer.json()["found"]) == (403, "one that no session writes")
    assert [entry["event"] for entry in site.log.entries("CHEST-1")] == ["AccessDenied"]


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ("ProjectOpened", {"action": "read reports", "role": "engineer"}),  # ann is a fellow
        ("ProjectOpened", {"action": "read reports", "role": "chief of everything"}),
        ("ProjectOpened", {"action": "write images", "role": "fellow"}),
        ("ProjectOpened", {"action": "", "role": "fellow"}),
        ("ResultReviewed", {"submission": "x", "digest": "0" * 64, "verdict": "approve"}),
    ],
)
def test_what_the_roster_does_not_allow_did_not_happen(site, event, more):
    """Whatever code in a kernel says; that it was tried stands in the log."""
    fields = {"person": "ann", "project": "CHEST-1", **more}

    answer = send(site, site.token(), {**body(event=event), "fields": fields})

    assert (answer.status_code, answer.json()["found"]) == (403, "one that the roster doesn't")
    assert denials(site) == [
        ("ann", "expected an event that its person's role allows; found one that the roster doesn't")
    ]


def test_the_roster_of_the_moment_counts(site):
    """What waited is judged by when it happened; who is taken off writes nothing new, denials excepted."""
    before, token = datetime.now(UTC), site.token(since=NOW - timedelta(days=1))
    roster = registry_of(site.settings)
    roster.put(application(roster=on_roster(bob="fellow")))
    denied = {"person": "ann", "project": "CHEST-1", "action": "read reports", "reason": "not on the roster"}

    late = send(site, token, body(claimed=before.isoformat()))
    new = send(site, token, body())
    denial = send(site, token, {**body(event="AccessDenied"), "fields": denied})

    assert [late.status_code, new.status_code, denial.status_code] == [200, 403, 200]


@pytest.mark.parametrize(
    ("claimed", "found"),
    [
        (NOW - timedelta(hours=2), "one of another time"),
        (NOW.replace(year=2001), "one of another time"),
        (NOW.replace(year=2090), "one of another time"),
        (NOW + timedelta(minutes=30), "one of another time"),
        (NOW, ""),
    ],
)
def test_an_event_can_not_be_put_where_nobody_looks(site, claimed, found):
    """What waited happened in the time of the token that it comes with, and not in the future."""
    answer = send(site, site.token(since=NOW - timedelta(hours=1)), body(claimed=claimed.isoformat()))

    assert (answer.status_code, answer.json().get("found", "")) == (403 if found else 200, found)


def test_a_session_may_be_denied_by_the_whole_site(site):
    """As where it asks for a project that there isn't."""
    fields = {"person": "ann", "project": "", "action": "read reports", "reason": "none of that id"}

    answer = send(site, site.token(), {**body(event="AccessDenied"), "fields": fields})

    assert answer.status_code == 200
    assert denials(site, "") == [("ann", "none of that id")]


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
    except requests.ConnectionError:  # it hung up before all was sent
        status = 400

    assert status == 400
    assert send(site, site.token(), body()).status_code == 200
    assert len(list(site.log.entries("CHEST-1"))) == 1


def test_a_session_that_sends_without_end_is_slowed_down(site):
    """It is told to wait, which is an event; another one's are taken meanwhile, and a denial of its own is."""
    statuses = until_slowed_down(site, lambda _: site.token())
    denied = {"person": "ann", "project": "CHEST-1", "route": "files", "times": 1}

    other = send(site, site.token("bob"), body(fields={"person": "bob"}))
    denial = send(site, site.token(), {**body(event="DownloadRefused"), "fields": denied})

    assert len(statuses) > 400
    assert (other.status_code, denial.status_code) == (200, 200)
    assert denials(site)[0] == ("ann", "expected fewer events; found too many at once, 1 so far")


def test_jobs_by_the_hundred_are_no_way_around(site):
    """A person's sessions and jobs in a project have one limit, however many tokens there are."""
    statuses = until_slowed_down(site, lambda number: site.token(session=f"chest-1-lab/job-{number % 100}"))

    assert len(statuses) < 4000


def test_denials_have_their_limit_too(site):
    """A storm of them fills no disk."""
    content = {"person": "ann", "project": "CHEST-1", "route": "files", "times": 1}

    statuses = until_slowed_down(
        site, lambda _: site.token(), lambda: {**body(event="DownloadRefused"), "fields": content}
    )

    assert len(statuses) > 600  # those of all events, and their own


def until_slowed_down(
    site: AuditSite, token: Callable[[int], str], content: Callable[[], Any] = lambda: "x"
) -> list[int]:
    """What the daemon answers up to the first 429."""
    statuses: list[int] = []
    with requests.Session() as client:
        while len(statuses) < 20_000 and 429 not in statuses[-1:]:
            headers = {"Authorization": f"Bearer {token(len(statuses))}"}
            answer = client.post(f"{site.settings.audit.url}/events", json=content(), headers=headers, timeout=20)
            statuses.append(answer.status_code)
    assert statuses[-1] == 429
    return statuses


def test_allowances_come_back_with_time():
    """As many at once as there are, then one for each that came back; each has their own."""
    now = [0.0]
    rate = Rate(3, 2.0, clock=lambda: now[0])

    at_once = [rate.allows("ann") for _ in range(5)]
    now[0] = 1.0
    later = [rate.allows("ann") for _ in range(3)]
    now[0] = 1000.0
    much_later = [rate.allows("ann") for _ in range(4)]

    assert at_once == [True, True, True, False, False]
    assert later == [True, True, False]
    assert much_later == [True, True, True, False]
    assert rate.allows("bob")


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


def test_a_session_that_edits_the_log_as_the_same_user_is_found(site):
    """Where everything runs as one Unix user the folder is within reach: `verify` names the line."""
    for number in range(3):
        send(site, site.token(), body(fields={"phrase_id": number}))
    path = site.log.folder / "CHEST-1.jsonl"
    path.write_text(path.read_text().replace('"phrase_id":1', '"phrase_id":7'))

    ended = verify(site)
    send(site, site.token(), body())

    assert ended.returncode == 1
    assert "found line 2 that isn't as it was written" in ended.stderr
    assert "found line 2 that isn't as it was written" in verify(site).stderr


def verify(site: AuditSite) -> subprocess.CompletedProcess[str]:
    """`ccds audit verify` of the project."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "ccds_kernel.cli", "audit", "verify", "CHEST-1"],
        env=os.environ | {"CCDS_CONFIG": str(site.folder / "ccds.toml")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_unix_user_s_session_reaches_the_log_through_the_daemon_only():
    """Its events are written; folder, chain, heads and the secret of the tokens can't be read, changed, removed or replaced."""
    with (
        open_folder() as folder,
        unix_users("service", "ann") as users,
        audit_site(folder / "site", users["ann"]) as site,
    ):
        for place in (site.folder, site.settings.paths.state, *site.settings.paths.registry.rglob("*")):
            shutil.chown(place, users["service"], users["service"])
        site.folder.chmod(0o755)
        site.start(users["service"])
        token = site.token(users["ann"])
        before = list(site.log.entries("CHEST-1"))

        written = python_as(users["ann"], WRITES, env=session_of(site, token, folder))
        tried = python_as(users["ann"], TRIES, env={"SITE": str(site.folder)})

        (entry,) = site.log.entries("CHEST-1")
        assert before == []
        assert (written.stderr, tried.stderr) == ("", "")
        assert (entry["person"], entry["detail"]["phrase_id"]) == (users["ann"], 5)
        assert tried.stdout.split() == ["nothing"]
        assert site.log.verify("CHEST-1")[0] == 1
        assert (site.log.folder / "CHEST-1.jsonl").owner() == users["service"]


def session_of(site: AuditSite, token: str, folder: Path) -> dict[str, str]:
    """The environment of a session whose kernel is another Unix user than its server."""
    return {URL_VARIABLE: site.settings.audit.url, TOKEN_VARIABLE: token, "HOME": str(folder)}


WRITES = """
import getpass
from ccds_kernel.audit.events import PhraseChanged
from ccds_kernel.audit.site import session_sink
session_sink().write(PhraseChanged(person=getpass.getuser(), project="CHEST-1", change="edited", phrase_id=5))
"""
"""A kernel that writes an event."""

TRIES = """
import os
from pathlib import Path
places = [Path(os.environ["SITE"], *parts.split("/")) for parts in (
    "audit", "audit/CHEST-1.jsonl", "state", "state/audit_secret", "state/audit-heads/CHEST-1.head")]
acts = (os.listdir, lambda p: open(p, "rb"), lambda p: open(p, "ab"), os.remove, os.rmdir,
        lambda p: os.rename(p, f"{p}.x"), lambda p: os.chmod(p, 0o777), lambda p: os.link(p, "/tmp/ccdst-link"))
done = []
for place in places:
    for number, act in enumerate(acts):
        try:
            act(place)
        except (PermissionError, IsADirectoryError):
            continue
        done.append(f"{place}:{number}")
print(*(done or ["nothing"]))
"""
"""A kernel that tries everything on the log; prints what worked."""
