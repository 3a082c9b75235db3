"""What a person may do in the hub, and what the token of one of their sessions opens: that session."""

from collections.abc import Callable

import pytest
import requests

from support.demo import APP, LAB, Demo

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]


@pytest.mark.parametrize("person", ["sam", "fay", "lee"])
def test_nobody_makes_a_token(demo: Demo, client: Clients, person: str) -> None:
    """Not on the page, not by the API, in no disguise; nor are any listed."""
    asking, own = client(person), f"{demo.url}/hub/api/users/{person}/tokens"

    answers = [
        asking.get(f"{demo.url}/hub/token", timeout=20),
        asking.get(own, timeout=20),
        asking.post(own, json={}, timeout=20),
        asking.post(own, json={"scopes": [f"access:servers!user={person}"], "expires_in": 60}, timeout=20),
        asking.post(own, json={"roles": ["user"]}, timeout=20),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
    assert "This site gives no tokens to people" in answers[0].text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "users", None),
        ("GET", "groups", None),
        ("GET", "services", None),
        ("GET", "proxy", None),
        ("GET", "info", None),
        ("POST", "shutdown", {}),
        ("POST", "users/sam/activity", {"last_activity": "2999-01-01T00:00:00Z"}),
        ("POST", "shares/fay/headct-2026-app", {"user": "sam"}),
        ("POST", "share-codes/fay/headct-2026-app", {}),
        ("PATCH", "users/fay", {"admin": True}),
        ("PATCH", "users/fay", {"name": "sam"}),
        ("DELETE", "users/fay", None),
        ("POST", "users/eve", {}),
        ("POST", "groups/irb-headct-2026/users", {"users": ["fay"]}),
    ],
)
def test_a_person_has_no_other_right(demo: Demo, client: Clients, method: str, path: str, body: object) -> None:
    """Nobody else's name, no group, no share of a session with others."""
    answer = client("fay").request(method, f"{demo.url}/hub/api/{path}", json=body, timeout=20)

    assert answer.status_code in {403, 404} or answer.json() in ([], {}), answer.text
    assert '"sam"' not in answer.text


def test_a_session_s_token_opens_that_session_only(demo: Demo, client: Clients, lab: str, app: str) -> None:
    """Not the same person's other session, not another person's; nor does it start, stop or list any."""
    sam, other = client("sam"), f"{LAB}-9"
    further = demo.start(sam, "sam", other, {"gpus": 0})
    token = {"Authorization": f"token {demo.token(LAB)}"}

    def status(method: str, url: str) -> int:
        return requests.request(method, url, headers=token, json={}, allow_redirects=False, timeout=20).status_code

    own = [status("GET", f"{lab}{path}") for path in ("api/status", "api/contents")]
    others = [status("GET", f"{url}{path}") for url in (further, app) for path in ("api/status", "api/contents", "lab")]
    hub = [
        status(method, f"{demo.url}/hub/api/{path}")
        for method, path in (
            ("GET", "users"), ("GET", "users/fay"), ("GET", "users/sam/tokens"), ("POST", "users/sam/tokens"),
            ("GET", f"users/sam/servers/{other}"), ("POST", f"users/sam/servers/{LAB}-8"), ("DELETE", f"users/sam/servers/{LAB}"),
            ("DELETE", f"users/sam/servers/{other}"), ("DELETE", f"users/fay/servers/{APP}"), ("GET", "services"),
        )
    ]  # fmt: skip
    alive = demo.is_ready(sam, "sam", other)
    demo.stop(sam, "sam", other)

    assert own == [200, 200]
    assert set(others) == {403}
    assert set(hub) <= {403, 404}
    assert alive


def test_a_session_s_token_is_no_login(demo: Demo, lab: str) -> None:
    """The hub's pages take cookies: the home page and the form of another session don't open with it."""
    assert lab
    token = {"Authorization": f"token {demo.token(LAB)}"}

    pages = [
        requests.get(f"{demo.url}/hub/{page}", headers=token, allow_redirects=False, timeout=20)
        for page in ("home", f"spawn/sam/{LAB}-2", "admin", "token")
    ]

    assert {page.status_code for page in pages} <= {302, 403}
    assert not any("HEADCT" in page.text for page in pages)
