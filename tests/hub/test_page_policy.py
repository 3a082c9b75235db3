"""What a browser is told about every page: what it may load and reach, who may frame it, what it is."""

import base64
import hashlib
import re
from collections.abc import Callable

import pytest
import requests

from support.checkout import ROOT
from support.demo import Demo

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]

HERE = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
HUB = (
    "login", "home", "limits", "spawn/sam/headct-2026-lab-9", "spawn/sam/headct-2027-lab", "spawn/sam/x", "none", "token",
    "api/", "api/users", "api/none", "spawn/sam/headct-2026-lab-9?opt-gpus=99", "user-redirect/x", "error/500", "logo",
    "ccds-static/none",
)  # fmt: skip


@pytest.fixture(scope="module")
def sam(demo: Demo) -> requests.Session:
    """A login of its own: some of these pages change it."""
    return demo.login("sam")


def policy_of(answer: requests.Response) -> dict[str, set[str]]:
    """The answer's policy by its directives, but for the sandbox's, which names no sources."""
    parts = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in parts if name != "sandbox"}


def plain(answer: requests.Response) -> bool:
    """Whether the answer carries what every page does."""
    headers = answer.headers
    return (
        headers["X-Content-Type-Options"] == "nosniff"
        and headers["Referrer-Policy"] == "same-origin"
        and "camera=()" in headers["Permissions-Policy"]
    )


@pytest.mark.parametrize("path", HUB)
def test_a_page_of_the_hub_reaches_no_other_host(demo: Demo, sam: requests.Session, path: str) -> None:
    """Pages, refusals, errors and the API's answers, to somebody who is logged in and to a stranger."""
    answers = [
        asking.get(f"{demo.url}/hub/{path}", timeout=20, allow_redirects=False) for asking in (sam, requests.Session())
    ]

    for answer in answers:
        policy = policy_of(answer)
        assert set().union(*policy.values()) <= HERE
        assert policy["default-src"] == policy["form-action"] == {"'self'"}
        assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == {"'none'"}
        assert plain(answer)
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in answer.headers  # plain HTTP on this machine: nothing to promise


@pytest.mark.parametrize("path", ["login", "home", "limits", "spawn/sam/headct-2026-lab-9", "spawn/sam/x", "none"])
def test_our_own_pages_have_no_inline_script(demo: Demo, sam: requests.Session, path: str) -> None:
    """Nor style, nor a handler in an attribute; and a policy that would run none that got in."""
    asking = requests.Session() if path == "login" else sam
    text = asking.get(f"{demo.url}/hub/{path}", timeout=20).text

    own = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]

    assert own.startswith("default-src 'self'; ")
    assert "unsafe" not in own
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", text) == []


def test_style_and_script_files_are_nothing_else(demo: Demo) -> None:
    """Whatever a browser would make of their content, ours and JupyterHub's; opened as a page each is of no origin."""
    names = (
        "ccds-static/ccds.css",
        "ccds-static/ccds.js",
        "static/css/style.min.css",
        "static/favicon.ico",
        "static/none",
    )
    answers = [requests.get(f"{demo.url}/hub/{name}", timeout=20) for name in names]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 404]
    for answer in answers:
        assert plain(answer)
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


@pytest.mark.parametrize("path", ["voila/render/labeling.ipynb", "api/contents", "none"])
def test_an_app_s_page_reaches_no_other_host(client: Clients, app: str, path: str) -> None:
    """An image or a script that got into it carries nothing out; its refusals are text and load nothing."""
    answer = client("fay").get(f"{app}{path}", timeout=60)

    assert plain(answer)
    policy = policy_of(answer)
    assert policy["default-src"] == ({"'self'"} if answer.ok else {"'none'"})
    assert policy["frame-ancestors"] == {"'none'"}
    assert set().union(*policy.values()) <= HERE


@pytest.mark.parametrize("path", ["lab", "api/contents", "none"])
def test_a_lab_s_page_reaches_no_other_host(client: Clients, lab: str, path: str) -> None:
    """The same for what code in a notebook draws."""
    answer = client("sam").get(f"{lab}{path}", timeout=60)

    assert plain(answer)
    assert policy_of(answer)["default-src"] <= {"'self'", "'none'"}
    assert set().union(*policy_of(answer).values()) <= HERE


def test_the_proxy_s_page_loads_nothing() -> None:
    """It has no server that could send a header: its own policy knows the one style that is in it, and nothing else."""
    text = (ROOT / "hub/proxy/pages/error.html").read_text(encoding="utf-8")
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    own = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]

    assert own == f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    assert "<script" not in text
