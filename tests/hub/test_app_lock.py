"""An attacker with the fellow's own cookie and token, on her own app session: she labels, and runs nothing else."""

import asyncio
import http.client
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import websockets

from support.demo import APP, Demo, processes_of

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]
V1 = "v1.kernel.websocket.jupyter.org"
SOURCE = "labeling_app"  # in the notebook, and nowhere else
KERNEL = "0f8fad5b-d9cb-469f-a165-70867728950e"
CLIMB = "..%2f" * 10 + "etc%2fpasswd"

REQUESTS = [
    *(
        ("GET", path)
        for path in (
            "voila/render/other.ipynb", "voila/render/other.ipynb%3f",
            "voila/render//labeling.ipynb", "voila/render/labeling.ipynb?template=classic",
            "voila", "voila/tree/",
            "voila/render/labeling.ipynb?voila-template=x&case=1", "voila/render/%2e%2e/%2e%2e/etc/passwd",
            "voila/render/../labeling.ipynb", "voila/files/labeling.ipynb", f"voila/static/{CLIMB}",
            "voila/static/../../../../../../../../../../etc/passwd", f"voila/templates/ccds/static/{CLIMB}",
            "voila/static/%252e%252e/%252e%252e/etc/passwd", "voila/static/..%5c..%5cetc%5cpasswd",
            f"voila/labextensions/{CLIMB}", f"voila/api/themes/{CLIMB}", "voila/api/contents/", "files/labeling.ipynb",
            "files/labeling.ipynb?download=1", "view/labeling.ipynb", "api/contents/", "api/contents/labeling.ipynb?content=1",
            "nbconvert/script/labeling.ipynb?download=true", "api/nbconvert", "lab", "lab/tree/labeling.ipynb", "tree",
            "terminals/1", "api/terminals", "api/kernels", "api/sessions", "api/kernelspecs", "api/me", "api/status",
            "kernelspecs/python3/logo-64x64.png", "api/config/notebook", "api/events/subscribe", "api/spec.yaml", "metrics",
            "lab/api/settings", "lsp/status", "static/notebook.js", "custom/custom.css", "notebooks/labeling.ipynb",
            "edit/labeling.ipynb", f"api/kernels/{KERNEL}", f"api/kernels/{KERNEL}/channels?session_id=x", "login",
        )
    ),
    ("POST", "api/kernels"),
    ("POST", "api/sessions"),
    ("POST", "api/terminals"),
    ("PUT", "api/contents/evil.ipynb"),
    ("PATCH", "api/contents/labeling.ipynb"),
    ("DELETE", "api/contents/labeling.ipynb"),
    ("POST", "nbconvert/script"),
    ("POST", "api/shutdown"),
    ("POST", "api/security/csp-report"),
    ("POST", "voila/render/labeling.ipynb"),
    ("DELETE", f"api/kernels/{KERNEL}"),
    ("POST", f"api/kernels/{KERNEL}/restart"),
    ("POST", f"api/kernels/{KERNEL}/interrupt"),
    ("OPTIONS", "api/contents"),
    ("TRACE", "api"),
]  # fmt: skip


@dataclass(frozen=True)
class Page:
    """The app's page as it was served: its text, its kernel, and how to come again."""

    url: str
    text: str
    kernel: str
    cookie: str
    token: str


@pytest.fixture(scope="module")
def page(demo: Demo, client: Clients, app: str) -> Page:
    """The labelling app, opened by fay."""
    fay = client("fay")
    text = fay.get(f"{app}voila/render/labeling.ipynb", timeout=60).text
    kernel = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', text)[1]
    cookie = "; ".join(f"{one.name}={one.value}" for one in fay.cookies)
    return Page(app, text, kernel, cookie, demo.token(APP))


def secrets_of(demo: Demo) -> list[str]:
    """What no answer may hold."""
    (server,) = processes_of(demo.folder, f"CCDS_SESSION={APP}", "jupyterhub.singleuser")
    state = demo.folder / "state"
    return [
        SOURCE,
        "root:x:0",
        server.environ()["JUPYTERHUB_API_TOKEN"],
        (state / "proxy_token").read_text(),
        str(demo.folder),
    ]


def test_the_page_shows_no_source_and_no_secret(demo: Demo, page: Page) -> None:
    """It is the app without the notebook's code; nothing in it points to another host."""
    found = [secret for secret in secrets_of(demo) if secret in page.text]
    hosts = {urlsplit(url).netloc for url in re.findall(r'(?:src|href)="(https?://[^"]+)"', page.text)}

    assert found == []
    assert hosts <= {urlsplit(demo.url).netloc}


@pytest.mark.parametrize("with_", ["cookie", "token"])
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_every_other_request_is_refused(demo: Demo, page: Page, method: str, path: str, with_: str) -> None:
    """403 or 404 without a secret, whether she comes with her cookie or with a token; the path goes out as it stands."""
    place = urlsplit(page.url)
    xsrf = re.search(r"_xsrf=([^;]+)", page.cookie)[1]
    headers = {
        "cookie": {"Cookie": page.cookie, "X-XSRFToken": xsrf}, "token": {"Authorization": f"token {page.token}"}
    }[with_]  # fmt: skip
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    connection.putrequest(method, f"{place.path}{path}", skip_accept_encoding=True)
    for name, value in (headers | {"Content-Length": "2", "Content-Type": "application/json"}).items():
        connection.putheader(name, value)
    connection.endheaders(b"{}")

    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()

    # The proxy goes up the path itself, and out of the session: that leads to the hub, which knows nothing there.
    assert answer.status in {400, 403, 404, 405} or answer.headers["Location"].startswith("/hub/")
    assert [secret for secret in secrets_of(demo) if secret in text] == []


LABELER_S = (
    "voila/render/labeling.ipynb",
    "voila/render/airlock.ipynb",
    "lab",
    "tree",
    "api/contents",
    "files/labeling.ipynb",
)


def test_a_labeler_s_session_serves_the_labelling_app_and_nothing_else(demo: Demo, client: Clients) -> None:
    """The same session as a fellow's, for somebody who may do less: which of its screens they see is the app's to say."""
    lou = client("lou")
    url = demo.start(lou, "lou", APP)
    lou.get(url, timeout=60)

    answers = [lou.get(f"{url}{path}", timeout=60).status_code for path in LABELER_S]
    demo.stop(lou, "lou", APP)

    assert answers[0] == 200
    assert set(answers[1:]) <= {403, 404}


@pytest.mark.parametrize("person", ["sam", "lee", "lou"])
def test_another_person_can_not_open_it(client: Clients, page: Page, person: str) -> None:
    """Neither the page nor its kernel, with their own cookies."""
    answers = [
        client(person).get(f"{page.url}{path}", timeout=20)
        for path in ("", "voila/render/labeling.ipynb", f"api/kernels/{page.kernel}", "api/contents", "lab")
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert not any(SOURCE in answer.text for answer in answers)


def test_a_stranger_can_not_open_it(page: Page) -> None:
    """Without a login every page leads to it."""
    answers = [
        requests.get(f"{page.url}{path}", allow_redirects=False, timeout=20)
        for path in ("voila/render/labeling.ipynb", f"api/kernels/{page.kernel}", "api/contents")
    ]

    assert {answer.status_code for answer in answers} <= {302, 403}


def message(kind: str, content: object, channel: str = "shell") -> dict:
    """A message to a kernel."""
    head = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "a" * 32, "username": "", "version": "5.3"}
    head["date"] = "2026-01-01T00:00:00Z"
    return {"header": head, "parent_header": {}, "metadata": {}, "content": content, "channel": channel, "buffers": []}


def in_v1(one: dict, head: str | None = None) -> bytes:
    """The same in the binary protocol; `head` in place of its header."""
    texts = (head or json.dumps(one["header"]), "{}", "{}", json.dumps(one["content"]))
    parts = [one["channel"].encode(), *(text.encode() for text in texts)]
    count = len(parts) + 1
    offsets = [8 * (1 + count)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join(number.to_bytes(8, "little") for number in [count, *offsets]) + b"".join(parts)


def answered(raw: str | bytes) -> dict:
    """A message from the kernel: its type and its content."""
    if isinstance(raw, str):
        values = json.loads(raw)
        return {"type": values["header"]["msg_type"], "content": values["content"], "of": values["parent_header"]}
    count = int.from_bytes(raw[:8], "little")
    at = [int.from_bytes(raw[8 * (n + 1) : 8 * (n + 2)], "little") for n in range(count)]
    head, parent, _, content = (json.loads(raw[at[n] : at[n + 1]]) for n in range(1, 5))
    return {"type": head["msg_type"], "content": content, "of": parent}


def attacks(code: str) -> list[dict]:
    """Everything that could run `code`, look into the kernel or end it."""
    execute = {
        "code": code,
        "silent": False,
        "store_history": False,
        "user_expressions": {"x": code},
        "allow_stdin": False,
    }
    widget = {"_model_module": "@jupyter-widgets/controls", "_model_name": "TextareaModel", "value": "injected"}
    return [
        *(message("execute_request", execute, channel) for channel in ("shell", "control", "stdin", "iopub", "nonsense")),
        *(
            message(kind, {"code": code, "cursor_pos": 3, "hist_access_type": "tail", "n": 5, "value": code}, channel)
            for kind in (
                "complete_request", "inspect_request", "history_request", "is_complete_request", "debug_request",
                "create_subshell_request", "usage_request", "connect_request", "input_reply", "apply_request",
                "interrupt_request", "shutdown_request", "comm_close",
            )
            for channel in ("shell", "control")
        ),
        message("comm_open", {"comm_id": "a", "target_name": "jupyter.widget", "data": {"state": widget, "buffer_paths": []}}),
        message("comm_open", {"comm_id": "b", "target_name": "evil", "data": {}}),
        message("comm_msg", {"comm_id": "a", "data": {"method": "request_state"}}),
    ]  # fmt: skip


async def attack(page: Page, protocol: str | None, code: str) -> list[dict]:
    """Sends all of it, and a question that is allowed; returns everything that came until that was answered."""
    url = f"{page.url}api/kernels/{page.kernel}/channels?session_id={uuid.uuid4().hex}".replace("http:", "ws:")
    sent = attacks(code)
    last = message("kernel_info_request", {})
    got = []
    async with websockets.connect(
        url,
        additional_headers={"Authorization": f"token {page.token}"},
        subprotocols=[V1] if protocol else None,
        max_size=2**26,
        open_timeout=60,
    ) as socket:
        for one in sent:
            await socket.send(in_v1(one) if protocol else json.dumps(one))
        if protocol:
            for types in (("execute_request", "comm_msg"), ("comm_msg", "execute_request")):
                doubled = json.dumps(sent[0]["header"] | {"msg_type": "X"})
                doubled = doubled.replace('"msg_type": "X"', ", ".join(f'"msg_type": "{kind}"' for kind in types))
                await socket.send(in_v1(sent[0], doubled))
            await socket.send(b"\xff" * 64)
        await socket.send(in_v1(last) if protocol else json.dumps(last))
        async with asyncio.timeout(20):
            async for raw in socket:
                got.append(answered(raw))
                if got[-1]["of"].get("msg_id") == last["header"]["msg_id"] and got[-1]["type"] == "kernel_info_reply":
                    break
    return [one for one in got if one["of"].get("msg_id") != last["header"]["msg_id"]]


@pytest.mark.parametrize("protocol", [None, V1])
def test_no_message_runs_code(page: Page, protocol: str | None, tmp_path: Path) -> None:
    """On no channel and in no disguise: no file appears, nothing is answered but the question that was allowed."""
    marker = tmp_path / "owned"

    told = asyncio.run(attack(page, protocol, f"open({str(marker)!r}, 'w').write('x')"))

    assert not marker.exists()
    assert {one["type"] for one in told} <= {"status"}
    assert [one for one in told if SOURCE in json.dumps(one)] == []


def test_the_kernel_is_still_there(page: Page, client: Clients) -> None:
    """After all that the page works on: nothing stopped or blocked it."""
    answer = client("fay").get(f"{page.url}api/kernels/{page.kernel}", timeout=20)

    assert answer.status_code == 200
    assert answer.json()["execution_state"] in {"idle", "busy"}
