"""Who may write what through the audit daemon: the token, the roster and the moment say so; what they don't allow is denied."""

from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.irb.registry import registry_of
from support.audit import NOW, body, denials, send
from support.site import application, on_roster


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
    ("later", "found"),
    [
        (timedelta(hours=-2), "one of another time"),
        (timedelta(days=-365 * 25), "one of another time"),
        (timedelta(days=365 * 64), "one of another time"),
        (timedelta(minutes=30), "one of another time"),
        (timedelta(), ""),
    ],
)
def test_an_event_can_not_be_put_where_nobody_looks(site, later, found):
    """What waited happened in the time of the token that it comes with, and not in the future."""
    now = datetime.now(UTC)

    answer = send(site, site.token(since=now - timedelta(hours=1)), body(claimed=(now + later).isoformat()))

    assert (answer.status_code, answer.json().get("found", "")) == (403 if found else 200, found)


def test_a_session_may_be_denied_by_the_whole_site(site):
    """As where it asks for a project that there isn't."""
    fields = {"person": "ann", "project": "", "action": "read reports", "reason": "none of that id"}

    answer = send(site, site.token(), {**body(event="AccessDenied"), "fields": fields})

    assert answer.status_code == 200
    assert denials(site, "") == [("ann", "none of that id")]
