"""Sessions that aren't started: the same one line by page and by API, and nothing is left of them."""

import re
from collections.abc import Callable
from html import unescape

import pytest
import requests

from support.demo import Demo

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]

FORBIDDEN = [
    ("lee", "headct-2026-lab", "expected a role that may open a lab session; found lee as leadership; ask "),
    ("lee", "headct-2026-app", "expected a role that may open the labelling app; found lee as leadership; ask "),
    ("fay", "headct-2026-lab", "expected a role that may open a lab session; found fay as fellow; ask "),
    ("lou", "headct-2026-lab", "expected a role that may open a lab session; found lou as labeler; ask "),
    ("fay", "headct-2026-lab-3", "expected a role that may open a lab session; found fay as fellow; ask "),
    ("sam", "headct-2027-lab", "expected a project that sam is on; found none of that id; ask "),
    ("sam", "x", "expected a session's name, such as <project>-lab, <project>-app or reports; found 'x'; "),
    (
        "sam",
        "headct-2026-lab-1",
        "expected a session's name, such as <project>-lab, <project>-app or reports; found 'head",
    ),
    (
        "fay",
        "headct-2026-app-2",
        "expected a session's name, such as <project>-lab, <project>-app or reports; found 'head",
    ),
]

BAD_OPTIONS = [
    ("gpus", "5", "expected GPUs from 0 to 4; found 5; choose another number of GPUs"),
    ("gpus", "-1", "expected GPUs from 0 to 4; found -1; choose another number of GPUs"),
    ("hours", "73", "expected hours from 1 to 72; found 73; choose another number of hours"),
    ("gpu_model", "h100;id", "expected GPU model as the site names it; found 'h100;id'; choose GPU model on the form"),
    ("gpu_model", "h100", "expected no GPU model: this site has none to choose from; found h100; choose GPU model on "),
    ("image", "evil", "expected no image: this site has none to choose from; found evil; choose image on the form"),
]


def said(page: requests.Response) -> str:
    """The page's error line."""
    assert "Traceback" not in page.text
    found = re.search(r'role="alert">(.*?)</p>', page.text, re.DOTALL)
    return unescape(found[1]).strip() if found else ""


@pytest.mark.parametrize(("person", "session", "line"), FORBIDDEN)
def test_what_one_may_not_start(demo: Demo, client: Clients, person: str, session: str, line: str) -> None:
    """403 with one line, on the page, by a link with options, and from the API; no session is there after it."""
    asking = client(person)

    page = asking.get(f"{demo.url}/hub/spawn/{person}/{session}", timeout=20)
    link = asking.get(f"{demo.url}/hub/spawn/{person}/{session}?opt-gpus=1", timeout=20)
    api = asking.post(demo.api(person, session), json={}, timeout=20)

    assert [answer.status_code for answer in (page, link, api)] == [403, 403, 403]
    assert all(text.startswith(line) and "\n" not in text for text in (said(page), said(link), api.json()["message"]))
    assert not demo.is_ready(asking, person, session)


def test_the_nameless_server_is_no_session(demo: Demo, client: Clients) -> None:
    """Neither /hub/spawn nor the API starts JupyterHub's default server."""
    asking = client("sam")

    pages = [asking.get(f"{demo.url}/hub/spawn{rest}", timeout=20) for rest in ("", "/sam", "/sam?opt-gpus=1")]
    api = asking.post(f"{demo.url}/hub/api/users/sam/server", json={}, timeout=20)

    assert [answer.status_code for answer in (*pages, api)] == [403] * 4
    assert {said(page)[:28] for page in pages} == {"expected a session's name, s"}


@pytest.mark.parametrize(("key", "value", "line"), BAD_OPTIONS)
def test_options_that_make_no_sense(demo: Demo, client: Clients, key: str, value: str, line: str) -> None:
    """One line, beside the field on the form of that session, to choose again; nothing starts. A link only fills that form."""
    asking, session = client("sam"), "headct-2026-lab-9"
    form = asking.get(f"{demo.url}/hub/spawn/sam/{session}", timeout=20)
    action = unescape(re.search(r'id="spawn_form"[^>]*action="([^"]+)"', form.text)[1])

    link = asking.get(f"{demo.url}/hub/spawn/sam/{session}?opt-{key}={value}", timeout=20)
    post = asking.post(f"{demo.url}{action}", data={key: value}, timeout=20)
    api = asking.post(demo.api("sam", session), json={"user_options": {key: value}}, timeout=20)

    assert [answer.status_code for answer in (form, link, post, api)] == [200, 200, 400, 400]
    assert all(text.startswith(line) for text in (said(link), said(post), api.json()["message"]))
    assert all(f'id="wrong-{key}"' in page.text for page in (link, post))
    assert all(f"<b>{session}</b>" in page.text for page in (link, post))


def test_what_is_no_option_is_refused(demo: Demo, client: Clients) -> None:
    """In a form and by the API with one line; in a link it is nothing."""
    asking, session = client("sam"), "headct-2026-lab-9"
    form = asking.get(f"{demo.url}/hub/spawn/sam/{session}?opt-env=x&env=x", timeout=20)
    action = unescape(re.search(r'id="spawn_form"[^>]*action="([^"]+)"', form.text)[1])

    post = asking.post(f"{demo.url}{action}", data={"env": "x"}, timeout=20)
    file = asking.post(f"{demo.url}{action}", files={"image": b"x"}, timeout=20)
    api = asking.post(demo.api("sam", session), json={"user_options": {"env": "x"}}, timeout=20)

    line = "expected the options gpus, hours, gpu_model, image; found 'env"
    assert [answer.status_code for answer in (form, post, file, api)] == [200, 400, 400, 400]
    assert [said(form), said(post)[: len(line)], api.json()["message"][: len(line)]] == ["", line, line]
    assert said(file).endswith("found 'image_file'; leave it out")


def test_another_person_s_session_can_not_be_started_or_stopped(demo: Demo, client: Clients) -> None:
    """Not by page, not by API."""
    asking = client("lee")

    answers = [
        asking.get(f"{demo.url}/hub/spawn/sam/headct-2026-lab", timeout=20),
        asking.post(demo.api("sam", "headct-2026-lab"), json={}, timeout=20),
        asking.delete(demo.api("sam", "headct-2026-lab"), timeout=20),
        asking.get(demo.api("sam", "headct-2026-lab"), timeout=20),
    ]

    assert {answer.status_code for answer in answers} <= {403, 404}
