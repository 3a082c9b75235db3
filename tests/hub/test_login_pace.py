"""Tries at a real hub's login page: slowed down, told so plainly, and written down."""

import re

import pytest
import requests

from ccds_hub.login_limit import HERE
from ccds_kernel.audit.log import FileAuditSink
from support.demo import Demo
from support.hub import HubSite
from support.waiting import until

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def hub(hub_site: HubSite) -> Demo:
    """The site's hub, running."""
    return hub_site.start()


def attempt(hub: Demo, person: str, password: str, number: int = 0) -> requests.Response:
    """What the login page answers to a client that says it is somebody else each time."""
    visitor = requests.Session()
    elsewhere = f"203.0.113.{number + 1}"
    visitor.headers.update({"X-Forwarded-For": elsewhere, "X-Real-Ip": elsewhere, "Forwarded": f"for={elsewhere}"})
    visitor.get(f"{hub.url}/hub/login", timeout=20)
    form = {"username": person, "password": password, "_xsrf": visitor.cookies["_xsrf"]}
    return visitor.post(f"{hub.url}/hub/login", data=form, allow_redirects=False, timeout=30)


def until_made_to_wait(hub: Demo, person: str) -> list[requests.Response]:
    """The answers to wrong passwords up to the first that says to wait longer than a next try takes here."""
    answers: list[requests.Response] = []

    def waits() -> bool:
        answers.append(attempt(hub, person, "wrong", len(answers) % 200))
        return int(answers[-1].headers.get("Retry-After", 0)) > HERE.first

    until(waits, "a longer wait", seconds=60)
    return answers


def test_guesses_are_slowed_down_whatever_the_client_says_about_itself(hub: Demo, hub_site: HubSite) -> None:
    """Known name or not: the same answers. The page says how long to wait, and the right password has to wait too."""
    known = until_made_to_wait(hub, "fay")
    right = attempt(hub, "fay", hub.passwords["fay"], 99)
    unknown = until_made_to_wait(hub, "mallory")
    other = attempt(hub, "sam", hub.passwords["sam"])
    events = list(FileAuditSink(hub_site.settings.paths.audit).entries())

    for answers in (known, unknown):
        assert {answer.status_code for answer in answers[: HERE.free + 1]} == {403}
        assert [answer.status_code for answer in answers].count(403) == HERE.free + 2
    for refused in (known[-1], unknown[-1], right):
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= HERE.most
        assert re.search(
            r'role="alert">Too many tries for this name or from here\. Try again in \d+ s\.<', refused.text
        )
        assert "Content-Security-Policy" in refused.headers
    assert other.status_code == 302
    told = {(one["person"], one["detail"]["reason"]) for one in events if one["event"] == "LoginRefused"}
    assert told >= {("fay", "wrong name or password"), ("fay", "too many tries"), ("", "on no roster")}
    assert not any("mallory" in str(one) for one in events)
