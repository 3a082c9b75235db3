"""The audit daemon's tokens: what was made is read, what was forged or has ended is not."""

from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.audit.token import AuditToken, audit_secret, issue, read
from ccds_kernel.errors import CcdsError

SECRET = b"s" * 64
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
NAMES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=40)


def token(**changed) -> AuditToken:
    """A token of ann's session, `changed` at will."""
    return AuditToken(
        **({"person": "ann", "project": "CHEST-1", "session": "chest-1-lab", "until": LATER, "since": NOW} | changed)
    )


@given(person=NAMES, project=NAMES | st.just(""), session=NAMES, ahead=st.integers(1, 10**8))
def test_what_was_made_is_read(person, project, session, ahead):
    """Every field comes back, the end to the second."""
    made = AuditToken(person, project, session, NOW + timedelta(seconds=ahead), NOW)

    assert read(SECRET, issue(SECRET, made), NOW) == made


@given(st.data())
def test_any_changed_character_is_found(data):
    """Also one that base64 would overlook."""
    text = issue(SECRET, token())
    place = data.draw(st.integers(0, len(text) - 1), "place")
    sign = data.draw(st.sampled_from("ABab01-_.=\n\u00e9").filter(lambda sign: sign != text[place]), "sign")

    with pytest.raises(CcdsError, match="one that this site didn't make"):
        read(SECRET, text[:place] + sign + text[place + 1 :], NOW)


@pytest.mark.parametrize("text", ["", "ccds1", "ccds1..", "ccds1.e30.", "a" * 100_000, "ccds1.e30." + "A" * 43])
def test_what_is_no_token_is_told_without_quoting_it(text):
    """One line that doesn't hold what came."""
    with pytest.raises(CcdsError) as raised:
        read(SECRET, text, NOW)

    assert str(raised.value) == (
        "expected a token of a session of this site; found one that this site didn't make; start the session anew"
    )


def test_another_site_s_token_is_none():
    """The secret makes the difference."""
    with pytest.raises(CcdsError, match="didn't make"):
        read(SECRET, issue(b"t" * 64, token()), NOW)


def test_parts_of_two_tokens_are_no_third():
    """What bob's token says, with the mark of ann's."""
    ann, bob = issue(SECRET, token()), issue(SECRET, token(person="bob"))

    with pytest.raises(CcdsError, match="didn't make"):
        read(SECRET, f"{bob.rsplit('.', 1)[0]}.{ann.rsplit('.', 1)[1]}", NOW)


def test_it_holds_until_its_end():
    """The last moment before it, and no later one; whatever the zone it was made in."""
    made = token(until=LATER.astimezone(timezone(timedelta(hours=-5))))
    text = issue(SECRET, made)

    assert read(SECRET, text, LATER - timedelta(seconds=1)) == token()
    with pytest.raises(CcdsError, match="found one that has ended"):
        read(SECRET, text, LATER)


@pytest.mark.parametrize(
    "changed",
    [
        {"person": ""},
        {"session": ""},
        {"person": "a\nb"},
        {"project": "x" * 300},
        {"person": 5},
        {"until": NOW.replace(tzinfo=None)},
        {"since": NOW.replace(tzinfo=None)},
    ],
)
def test_a_token_of_nobody_is_not_made(changed):
    """Neither without a name, nor with one that would break a line, nor without a zone."""
    with pytest.raises(CcdsError):
        token(**changed)


def test_the_secret_is_made_once(tmp_path):
    """Services that start at once have the same one, closed to others."""
    with ProcessPoolExecutor(4) as processes:
        found = set(processes.map(audit_secret, [tmp_path] * 20))

    assert found == {(tmp_path / "audit_secret").read_bytes()}
    assert (tmp_path / "audit_secret").stat().st_mode & 0o777 == 0o600


def test_a_secret_that_cannot_be_read_is_told(tmp_path):
    """One line for whoever isn't the service account."""
    (tmp_path / "audit_secret").mkdir()

    with pytest.raises(CcdsError, match="expected to read the secret of this site's audit tokens"):
        audit_secret(tmp_path)
