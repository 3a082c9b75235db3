"""How much the audit daemon takes: who sends without end is slowed down, and nobody fills the disk."""

from collections.abc import Callable
from typing import Any

import requests

from ccds_hub.rate import Rate
from support.audit import AuditSite, body, denials, send


def test_whoever_tries_tokens_fills_no_disk(site):
    """Each is refused; the first are written down, of the others how many they are: at the first, second, fourth … of them."""
    statuses = {send(site, "ccds1.e30." + "A" * 43, body()).status_code for _ in range(60)}

    told = [reason.partition("; ")[2].partition("; ")[2] for _, reason in denials(site, "")]
    assert statuses == {401}
    assert 20 <= told.count("") <= 22
    assert [one for one in told if one] == [
        f"{count} such tries aren't written down one by one" for count in (1, 2, 4, 8, 16, 32)
    ]


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
