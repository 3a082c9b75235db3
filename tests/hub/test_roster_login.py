"""What all ways to log in share, asked of the class itself."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from ccds_hub.authenticator import PasswordFileAuthenticator
from ccds_hub.roster_login import GRACE_SECONDS
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import apply_application
from support.site import ADMINISTRATOR, application, on_roster, site_settings


@pytest.fixture
def login(tmp_path: Path) -> PasswordFileAuthenticator:
    """The site's login; ann is on a roster."""
    settings = site_settings(tmp_path)
    apply_application(application(), person=ADMINISTRATOR, settings=settings)
    return PasswordFileAuthenticator(settings=settings)


@pytest.mark.parametrize(
    "name", ["Ann", "ANN", "ann ", " ann", "ann\n", "ann@h.org", "änn", "", ".", "a" * 65, "an%6e"]
)
def test_a_name_is_not_folded_into_another(login: PasswordFileAuthenticator, name: str) -> None:
    """Only what a roster can hold is a name; nothing is made of what isn't."""
    assert not login.validate_username(login.normalize_username(name))
    assert not asyncio.run(login.check_allowed(login.normalize_username(name)))


def test_who_is_on_a_roster_is_somebody(login: PasswordFileAuthenticator) -> None:
    """By just that name."""
    assert login.validate_username(login.normalize_username("ann"))
    assert asyncio.run(login.check_allowed("ann"))


def test_rosters_that_can_not_be_read_log_people_out_in_the_end(login: PasswordFileAuthenticator) -> None:
    """Not at once, but after a while; a look that works begins it anew; nobody logs in meanwhile."""
    ann, now, registry = SimpleNamespace(name="ann"), [0.0], login.settings.paths.registry
    login.clock = lambda: now[0]

    def looks(at: float, *, away: bool) -> bool:
        now[0] = at
        if away:
            registry.rename(registry.with_name("away"))
            registry.touch()
        try:
            return bool(asyncio.run(login.refresh_user(ann))) and (
                not away or not asyncio.run(login.check_allowed("ann"))
            )
        finally:
            if away:
                registry.unlink()
                registry.with_name("away").rename(registry)

    stays = [
        looks(0, away=True),
        looks(GRACE_SECONDS - 1, away=True),
        looks(GRACE_SECONDS, away=False),
        looks(GRACE_SECONDS + 1, away=True),
        looks(2 * GRACE_SECONDS, away=True),
    ]

    assert stays == [True] * 5
    assert not looks(2 * GRACE_SECONDS + 1, away=True)


def test_whoever_is_taken_off_every_roster_is_logged_out(login: PasswordFileAuthenticator) -> None:
    """At the next look, which is an event; while the registry can't be read nobody is."""
    settings, ann = login.settings, SimpleNamespace(name="ann")
    before = asyncio.run(login.refresh_user(ann))

    apply_application(application(roster=on_roster(bob="fellow")), person=ADMINISTRATOR, settings=settings)
    after = asyncio.run(login.refresh_user(ann))
    (event,) = [one for one in FileAuditSink(settings.paths.audit).entries() if one["event"] == "LoginRefused"]

    assert (before, after) == (True, False)
    assert (event["person"], event["detail"]["reason"]) == ("ann", "on no roster")
