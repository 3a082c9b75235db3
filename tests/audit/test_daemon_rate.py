"""How much the audit daemon takes: who sends without end is slowed down, and nobody fills the disk.

The daemons of these tests have small limits of which nothing comes back with time: however slow the machine is, they are reached.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tornado.httpserver import HTTPServer

from ccds_hub.audit_daemon import Daemon, application
from ccds_hub.audit_ids import WrittenIds
from ccds_hub.rate import Rate
from ccds_kernel.audit.token import audit_secret
from support.audit import AuditSite, body, denials, send
from support.waiting import PATIENCE

EVENTS, DENIALS, STRANGERS = 5, 3, 4
"""How many each may send of them, ever."""

DENIAL = {"person": "ann", "project": "CHEST-1", "route": "files", "times": 1}
"""The fields of an event that says that ann was turned away."""


@pytest.fixture
def site(stopped: AuditSite) -> Iterator[AuditSite]:
    """A site whose daemon runs, with those limits."""
    limits = {"sessions": Rate(EVENTS, 0), "denials": Rate(DENIALS, 0), "strangers": Rate(STRANGERS, 0)}
    with serving(stopped, daemon_of(stopped, **limits)):
        yield stopped


def daemon_of(site: AuditSite, **limits: Rate) -> Daemon:
    """The site's daemon; with other `limits` than its own where they are given."""
    state = site.settings.paths.state
    ids = WrittenIds(state / "audit-ids.sqlite", site.log)
    return Daemon(audit_secret(state), site.log, ids, site.settings, **limits)


@contextmanager
def serving(site: AuditSite, daemon: Daemon) -> Iterator[None]:
    """`daemon` answers at the site's address, from a thread."""
    listening = threading.Event()
    ending: list[Callable[[], object]] = []

    async def serve() -> None:
        server, ended = HTTPServer(application(daemon)), asyncio.Event()
        server.listen(site.settings.audit.port, site.settings.audit.address)
        loop = asyncio.get_running_loop()
        ending.append(lambda: loop.call_soon_threadsafe(ended.set))
        listening.set()
        await ended.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert listening.wait(20 * PATIENCE)
        yield
    finally:
        for end in ending:
            end()
        thread.join()
        for pool in (daemon.writer, daemon.databases):
            pool.shutdown()
        daemon.ids.close()


def statuses(site: AuditSite, times: int, token: Callable[[int], str], content: Callable[[], Any]) -> list[int]:
    """What the daemon answers to that many."""
    return [send(site, token(number), content()).status_code for number in range(times)]


def test_whoever_tries_tokens_fills_no_disk(site):
    """Each is refused; the first are written down, of the others how many they are: at the first, second, fourth … of them."""
    told = statuses(site, STRANGERS + 9, lambda _: "ccds1.e30." + "A" * 43, body)

    reasons = [reason.partition("; ")[2].partition("; ")[2] for _, reason in denials(site, "")]
    assert set(told) == {401}
    assert reasons == [""] * STRANGERS + [
        f"{count} such tries aren't written down one by one" for count in (1, 2, 4, 8)
    ]


def test_a_session_that_sends_without_end_is_slowed_down(site):
    """It is told to wait, which is an event; another one's are taken meanwhile, and a denial of its own is."""
    told = statuses(site, EVENTS + 1, lambda _: site.token(), lambda: "x")

    other = send(site, site.token("bob"), body(fields={"person": "bob"}))
    denial = send(site, site.token(), {**body(event="DownloadRefused"), "fields": DENIAL})

    assert told == [400] * EVENTS + [429]
    assert (other.status_code, denial.status_code) == (200, 200)
    assert denials(site)[0] == ("ann", "expected fewer events; found too many at once, 1 so far")


def test_jobs_by_the_hundred_are_no_way_around(site):
    """A person's sessions and jobs in a project have one limit, however many tokens there are."""
    told = statuses(site, EVENTS + 1, lambda number: site.token(session=f"chest-1-lab/job-{number}"), lambda: "x")

    assert told == [400] * EVENTS + [429]


def test_denials_have_their_limit_too(site):
    """A storm of them fills no disk: those of all events are taken, and their own."""
    most = EVENTS + DENIALS

    told = statuses(site, most + 3, lambda _: site.token(), lambda: {**body(event="DownloadRefused"), "fields": DENIAL})

    assert told == [200] * most + [429] * 3
    assert sum(entry["event"] == "DownloadRefused" for entry in site.log.entries("CHEST-1")) == most


def test_a_daemon_has_its_limits_unasked(stopped):
    """As the service starts it: hundreds of events at once, as a busy notebook sends; far fewer of strangers."""
    daemon = daemon_of(stopped)
    limits = ((daemon.sessions, 400), (daemon.denials, 200), (daemon.strangers, 20))

    at_once = [([rate.allows("ann") for _ in range(20_000)], least) for rate, least in limits]
    daemon.ids.close()

    assert all(allowed.index(False) >= least for allowed, least in at_once)


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
