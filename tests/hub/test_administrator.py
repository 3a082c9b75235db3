"""What the administrators of a site may do in the hub, and what not: they keep it, and are nobody else in it."""

from collections.abc import Iterator

import pytest
import requests

from support.demo import LAB, Demo
from support.hub import HubSite

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def hub(hub_site: HubSite) -> Iterator[Demo]:
    """The site's hub, with sam known to it."""
    running = hub_site.start()
    running.login("sam")
    return running


@pytest.fixture(scope="module")
def administrator(hub: Demo, hub_site: HubSite) -> requests.Session:
    """The site's administrator, logged in."""
    return hub.login(*hub_site.settings.hub.administrators)


def test_an_administrator_sees_who_is_there(hub: Demo, administrator: requests.Session) -> None:
    """The people of the hub, and its page of administration."""
    people = administrator.get(f"{hub.url}/hub/api/users", timeout=20)
    page = administrator.get(f"{hub.url}/hub/admin", timeout=20)

    assert "sam" in {one["name"] for one in people.json()}
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "users/sam", {"name": "somebody"}),  # then their own account may be called sam
        ("PATCH", "users/sam", {"admin": True}),
        ("DELETE", "users/sam", None),
        ("POST", "users/eve", {}),
        ("POST", "users", {"usernames": ["eve"]}),
        ("POST", "users/sam/tokens", {}),
        ("POST", f"users/sam/servers/{LAB}", {}),
        ("POST", "groups/all", {}),
    ],
)
def test_an_administrator_changes_nobody(
    hub: Demo, administrator: requests.Session, method: str, path: str, body: object
) -> None:
    """No renaming (whoever is called sam opens what sam may open), no account, token, group or session for others."""
    answer = administrator.request(method, f"{hub.url}/hub/api/{path}", json=body, timeout=20)

    assert answer.status_code in {403, 404}
