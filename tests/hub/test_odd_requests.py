"""Requests that no page of ours sends: they are refused in one line that says what to do, and start nothing."""

import re
from html import unescape

import pytest
import requests

from support.demo import Demo
from support.hub import HubSite

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def hub(hub_site: HubSite) -> Demo:
    """A hub behind its proxy."""
    return hub_site.start()


def said(page: requests.Response) -> str:
    """The page's error line."""
    found = re.search(r'role="alert">(.*?)</p>', page.text, re.DOTALL)
    return unescape(found[1]).strip() if found else ""


def test_a_body_that_is_too_large_is_refused_with_the_limit(hub: Demo) -> None:
    """10 MB posted as a form and by the API: 413 and one line, nothing starts, and the hub goes on."""
    asking, session = hub.login("sam"), "headct-2026-lab-9"
    form = asking.get(f"{hub.url}/hub/spawn/sam/{session}", timeout=20)
    action = unescape(re.search(r'id="spawn_form"[^>]*action="([^"]+)"', form.text)[1])
    line = "expected a request of at most 1 MiB; found a larger one; send less"

    page = asking.post(f"{hub.url}{action}", data={"gpus": "1" * 10_000_000}, timeout=20)
    api = asking.post(hub.api("sam", session), data=b"[" * 10_000_000, timeout=20)

    assert [page.status_code, api.status_code] == [413, 413]
    assert [said(page), api.json()["message"]] == [line, line]
    assert not hub.is_ready(asking, "sam", session)


def test_a_body_without_end_is_cut_off(hub: Demo) -> None:
    """One that doesn't say how long it is: the hub closes the connection, or says no, and goes on."""
    asking, session = hub.login("sam"), "headct-2026-lab-9"

    try:
        status = asking.post(hub.api("sam", session), data=(b"[" * 65536 for _ in range(200)), timeout=20).status_code
    except requests.ConnectionError:  # it was closed on what was still being sent
        status = 400

    assert status >= 400
    assert not hub.is_ready(asking, "sam", session)


def test_what_is_sent_as_no_form_starts_nothing(hub: Demo) -> None:
    """JSON to the form's page is refused in one line: it wouldn't be read, and another session would start."""
    asking, session = hub.login("sam"), "headct-2026-lab-9"
    form = asking.get(f"{hub.url}/hub/spawn/sam/{session}", timeout=20)
    action = unescape(re.search(r'id="spawn_form"[^>]*action="([^"]+)"', form.text)[1])

    page = asking.post(f"{hub.url}{action}", json={"gpus": 4}, timeout=20)

    assert page.status_code == 415
    assert said(page).startswith(
        "expected the fields of a form; found 'application/json'; send a form, or JSON to the "
    )
    assert not hub.is_ready(asking, "sam", session)


def test_a_form_without_its_token_says_what_to_do(hub: Demo) -> None:
    """JupyterHub's words would name a field that nobody sees."""
    asking, session = hub.login("sam"), "headct-2026-lab-9"

    page = asking.post(
        f"{hub.url}/hub/spawn/sam/{session}", data={"gpus": "0"}, headers={"X-XSRFToken": ""}, timeout=20
    )

    assert page.status_code == 403
    assert said(page).startswith("This was sent from a page that is open since before your last login, or by something")
    assert "_xsrf" not in said(page)


def test_a_name_that_no_session_can_have_is_told_once(hub: Demo) -> None:
    """In our words, below a heading that isn't the same once more."""
    page = hub.login("sam").get(f"{hub.url}/hub/spawn/sam/Not_A_Name", timeout=20)

    assert page.status_code == 403
    assert said(page).startswith(
        "expected a session's name, such as <project>-lab, <project>-app or reports; found 'Not_A_"
    )
    assert "<h1>Not allowed</h1>" in page.text


def test_what_is_not_there_is_told_in_words_of_ours(hub: Demo) -> None:
    """Another person's page is not told apart from none."""
    page = hub.login("sam").get(f"{hub.url}/hub/spawn/tom/headct-2026-lab", timeout=20)

    assert page.status_code == 404
    assert said(page) == "There is nothing at this address for you."
