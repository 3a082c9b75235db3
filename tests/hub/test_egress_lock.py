"""Downloads from a lab session by every route that its server has or once had, with its person's own cookie and token."""

import asyncio
import base64
import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import requests
import websockets

from ccds_kernel.audit.site import audit_log
from ccds_kernel.settings import load_settings
from support.demo import LAB, PROJECT, Demo
from support.waiting import until

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]
SECRET = b"PATIENTDATA-4711"
CODED = base64.b64encode(SECRET * 3)
CLIMB = "..%2f" * 10 + "etc%2fpasswd"

# What a server without the lock answers with the file, or with a page made of it; and every way to write the same.
REQUESTS = [
    *(
        ("GET", path)
        for path in (
            "files/notes.txt", "files/scan.nii.gz", "files/scan.nii.gz?download=1", "files/with.ipynb", "files/code.py", "files/",
            "files/figure.png", "%66iles/notes.txt", "lab/../files/notes.txt", "lab/%2e%2e/files/notes.txt",
            "lab//files/notes.txt",
            "static/lab/../../files/notes.txt", "lab/tree/..%2f..%2ffiles/notes.txt", "api/contents/../../files/notes.txt",
            "view/notes.txt", "edit/notes.txt", "notebooks/with.ipynb", "tree", "tree/notes.txt",
            "api/contents/scan.nii.gz?content=1", "api/contents/scan.dcm?content=1&format=base64", "api/contents/notes.txt",
            "api/contents/notes.txt?type=file&format=text", "api/contents/figure.png?type=file&format=base64",
            "api/contents/renamed.py", "api/contents/renamed.py?type=file&format=text", "api/contents/renamed.md?format=text",
            "api/contents/code.py?format=base64&type=file", "api/contents/with.ipynb?type=file&format=text",
            "api/contents/with.ipynb?type=file&format=base64", "api/contents/with.ipynb?format=text", "api/contents/big.py",
            "api/contents/with.ipynb?type=file", "api/contents/no-notebook.ipynb", "api/contents/with.ipynb?download=1",
            "api/contents/.ccds/walkthroughs.json", "api/contents/%2e%2e/sam/notes.txt", "api/contents/link.py",
            "nbconvert/html/with.ipynb", "nbconvert/html/with.ipynb?download=true", "nbconvert/script/with.ipynb",
            "api/nbconvert",
            "voila/render/with.ipynb", "voila/files/figure.png", "voila/tree", "proxy/8000/", "proxy/absolute/8000/",
            f"static/{CLIMB}", f"lab/extensions/{CLIMB}", f"lab/api/themes/{CLIMB}", "lab/extensions/own/static/scan.nii.gz",
            "lab/api/themes/own/scan.nii.gz", "nbextensions/scan.nii.gz", "custom/scan.nii.gz", "kernelspecs/own/scan.nii.gz",
            "kernelspecs/own/logo-64x64.png", "lab/api/licenses?download=1", "lab/api/licenses", "lab/api/listings", "metrics",
            "lab/api/plugins", "lab/api/extensions", "lsp/status", "api/spec.yaml", "api/config/notebook", "terminals/1",
            "lab/api/settings/own/scan.nii.gz", "lab/api/workspaces/..%2f..%2fnotes.txt",
            "api/contents/code.py/checkpoints/x?y=1",
        )
    ),
    ("POST", "nbconvert/html"),
    ("POST", "lab/api/plugins"),
    ("POST", "api/shutdown"),
    ("PUT", "api/config/notebook"),
    ("HEAD", "files/notes.txt"),
    ("OPTIONS", "files/notes.txt"),
    ("POST", "files/notes.txt"),
    ("TRACE", "files/notes.txt"),
]  # fmt: skip


@dataclass(frozen=True)
class Attacker:
    """Sam, who may see the data and wants it on a device of theirs."""

    url: str
    cookie: str
    token: str

    def ask(self, method: str, path: str, with_: str = "token", body: bytes = b"{}") -> tuple[int, bytes, str]:
        """Status, body and Content-Disposition; the path goes out as it stands."""
        place = urlsplit(self.url)
        xsrf = re.search(r"_xsrf=([^;]+)", self.cookie)[1]
        headers = {
            "cookie": {"Cookie": self.cookie, "X-XSRFToken": xsrf}, "token": {"Authorization": f"token {self.token}"}, "none": {},
        }[with_]  # fmt: skip
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
        connection.putrequest(method, f"{place.path}{path}", skip_accept_encoding=True)
        for name, value in (headers | {"Content-Length": str(len(body)), "Content-Type": "application/json"}).items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return (
            answer.status,
            said,
            f"{answer.headers.get('Content-Disposition', '')}{answer.headers.get('Location', '')}",
        )


@pytest.fixture(scope="module")
def folder(demo: Demo, lab: str) -> Iterator[Path]:
    """Sam's folder of the project, with data in many disguises; gone in the end."""
    assert lab
    home = demo.folder / "projects" / PROJECT / "work" / "sam"
    volume = b"\x5c\x01\x00\x00" + SECRET * 3 + bytes(400)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text=SECRET.decode() * 3)])]
    )
    made = {
        "notes.txt": SECRET, "scan.nii.gz": b"\x1f\x8b\x08" + SECRET, "scan.dcm": bytes(128) + b"DICM" + SECRET,
        "figure.png": b"\x89PNG\r\n\x1a\n" + SECRET, "renamed.py": volume, "renamed.md": b"\x1f\x8b\x08" + SECRET,
        "code.py": b"# " + SECRET + b"\nprint(1)\n", "big.py": b"# " + SECRET + b"x" * 2_000_000,
        "with.ipynb": nbformat.writes(notebook).encode(), "no-notebook.ipynb": SECRET,
    }  # fmt: skip
    own = [
        home / ".ccds" / "jupyter" / "data" / place / "own"
        for place in ("kernels", "labextensions", "nbextensions", "lab/themes")
    ] + [home / ".local" / "share" / "jupyter" / place / "own" for place in ("kernels", "labextensions")]
    for name, content in made.items():
        (home / name).write_bytes(content)
    (home / "link.py").symlink_to(home / "code.py")
    for place in own:
        (place / "static").mkdir(parents=True)
        for name in ("scan.nii.gz", "logo-64x64.png", "static/scan.nii.gz"):
            (place / name).write_bytes(SECRET)
        (place / "kernel.json").write_text(json.dumps({"argv": ["true"], "display_name": "own", "language": "x"}))
    yield home
    for name in (*made, "link.py"):
        (home / name).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def sam(demo: Demo, client: Clients, lab: str, folder: Path) -> Attacker:
    """Sam with the session's page open."""
    assert folder
    browser = client("sam")
    browser.get(f"{lab}lab", timeout=60)
    cookie = "; ".join(f"{one.name}={one.value}" for one in browser.cookies if not one.path.startswith("/hub"))
    return Attacker(lab, cookie, demo.token(LAB))


@pytest.mark.parametrize("with_", ["cookie", "token"])
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_nothing_is_downloaded(sam: Attacker, method: str, path: str, with_: str) -> None:
    """Refused, however it is asked for and written; no answer holds any of it, or offers to save something."""
    status, said, offered = sam.ask(method, path, with_)

    # The proxy goes up a path with dots itself, and out of the session: that leads to the hub, which knows nothing there. A login
    # it isn't: that would only show that this client has none.
    climbs = ".." in unquote(path) and status == 302 and "/hub/" in offered
    assert status in {400, 403, 404, 405} or climbs
    assert "oauth" not in offered
    assert "attachment" not in offered
    assert SECRET not in said
    assert CODED[:16] not in said
    assert b"root:x:0" not in said


@pytest.mark.parametrize("with_", ["cookie", "token"])
def test_what_opens_opens(sam: Attacker, with_: str) -> None:
    """By the same client: the refusals aren't those of somebody without a login."""
    status, said, _ = sam.ask("GET", "api/contents/code.py?type=file&format=text&content=1", with_)

    assert status == 200
    assert SECRET in said


def test_a_notebook_carries_no_file(demo: Demo, sam: Attacker, folder: Path) -> None:
    """What no page shows stays in the file, and so do outputs over the bound, which leave an event; a save loses neither."""
    outputs = [
        [nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(letter * 3_500_000).decode()})]
        for letter in (b"a", b"b")
    ]
    notebook = nbformat.v4.new_notebook(
        metadata={"scan": CODED.decode()},
        cells=[nbformat.v4.new_code_cell("1", outputs=each, metadata={"scan": CODED.decode()}) for each in outputs],
    )
    (folder / "large.ipynb").write_text(nbformat.writes(notebook))

    status, said, _ = sam.ask("GET", "api/contents/large.ipynb?type=notebook&content=1")
    model = json.loads(said)
    saving, *_ = sam.ask(
        "PUT",
        "api/contents/large.ipynb",
        body=json.dumps({"type": "notebook", "format": "json", "content": model["content"]}).encode(),
    )
    kept = nbformat.reads((folder / "large.ipynb").read_text(), as_version=4)
    (folder / "large.ipynb").unlink()

    assert (status, saving) == (200, 200)
    assert CODED not in said
    assert len(said) < 8_000_000
    assert [cell["outputs"][0]["output_type"] for cell in model["content"]["cells"]] == ["display_data", "stream"]
    assert [cell["outputs"] for cell in kept.cells] == outputs
    assert kept.metadata["scan"] == kept.cells[0].metadata["scan"] == CODED.decode()
    until(lambda: "notebook-outputs" in refusals(demo), "the event")


def test_a_notebook_of_typed_data_does_not_open(sam: Attacker, folder: Path) -> None:
    """Source is bounded in it as in any other file."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"# {'x' * 2_000_000}")])
    (folder / "typed.ipynb").write_text(nbformat.writes(notebook))

    status, said, _ = sam.ask("GET", "api/contents/typed.ipynb?type=notebook&content=1")
    (folder / "typed.ipynb").unlink()

    assert status == 403
    assert "larger than 2 MB" in json.loads(said)["message"]


def refusals(demo: Demo) -> dict[str, int]:
    """How often the audit log says that sam was refused a download, by route."""
    settings, times = load_settings(demo.folder / "ccds.toml"), {}
    for entry in audit_log(settings).entries(PROJECT):
        if entry["event"] == "DownloadRefused" and entry["person"] == "sam":
            route = entry["detail"]["route"]
            times[route] = times.get(route, 0) + entry["detail"]["times"]
    return times


def test_each_try_is_an_event_without_a_path(demo: Demo, sam: Attacker) -> None:
    """One at once for each kind of route; who asks without a login is nobody's deed."""
    for path in ("files/scan.nii.gz", "nbconvert/html/with.ipynb", "api/contents/renamed.py", "voila/files/figure.png"):
        sam.ask("GET", path)

    until(lambda: {"files", "nbconvert", "data-file", "voila"} <= refusals(demo).keys(), "the events")
    before = sum(refusals(demo).values())
    status, *_ = sam.ask("GET", "kernelspecs/own/scan.nii.gz", "none")

    assert status == 403
    assert sum(refusals(demo).values()) == before
    log = (demo.folder / "audit" / f"{PROJECT}.jsonl").read_text()
    assert not any(name in log for name in ("scan.nii", "renamed.py", "figure.png"))


def test_work_goes_on(sam: Attacker, folder: Path) -> None:
    """Source and notebooks open, with their outputs; files come in, get names, folders and copies, and go."""

    def say(method: str, place: str, **content) -> tuple[int, dict]:
        status, said, _ = sam.ask(method, place, body=json.dumps(content).encode())
        return status, json.loads(said)

    upload = {"type": "file", "format": "base64", "content": base64.b64encode(bytes(range(256))).decode()}
    opened = say("GET", "api/contents/code.py?type=file&format=text&content=1")
    notebook = say("GET", "api/contents/with.ipynb?type=notebook&content=1&hash=1&contentProviderId=undefined")
    uploaded = say("PUT", "api/contents/in.bin", **upload, chunk=1)
    say("PUT", "api/contents/in.bin", **upload, chunk=-1)
    made = say("POST", "api/contents/", type="directory")
    renamed = say("PATCH", "api/contents/in.bin", path=f"{made[1]['path']}/data.bin")
    copied = say("POST", f"api/contents/{made[1]['path'].replace(' ', '%20')}", copy_from="scan.dcm")
    kept = say("POST", "api/contents/with.ipynb/checkpoints")
    saved = say(
        "PUT", "api/contents/with.ipynb", type="notebook", format="json", content=notebook[1]["content"] | {"cells": []}
    )
    status, *_ = sam.ask("POST", "api/contents/with.ipynb/checkpoints/checkpoint")
    back = say("GET", "api/contents/with.ipynb?type=notebook")
    listed = say("GET", f"api/contents/{made[1]['path'].replace(' ', '%20')}?content=1")
    inside = (folder / made[1]["path"] / "data.bin").read_bytes()
    gone, *_ = sam.ask("DELETE", f"api/contents/{made[1]['path'].replace(' ', '%20')}")

    assert opened[1]["content"].startswith("# PATIENT")
    assert notebook[1]["content"]["cells"][0]["outputs"][0]["text"].startswith("PATIENT")
    assert (uploaded[0], made[0], renamed[0], copied[0], kept[0], saved[0], status) == (
        201,
        201,
        200,
        201,
        201,
        200,
        204,
    )
    assert inside == bytes(range(256)) * 2
    assert len(back[1]["content"]["cells"]) == 1
    assert [entry["name"] for entry in listed[1]["content"]] == ["data.bin", "scan.dcm"]
    assert gone == 204
    assert not (folder / made[1]["path"]).exists()


def test_the_page_itself_saves_nothing(sam: Attacker) -> None:
    """The browser is told so, too: a link that code puts into an output downloads nothing, and reaches no other host."""
    browser = requests.get(f"{sam.url}lab", headers={"Authorization": f"token {sam.token}"}, timeout=60)

    policy = browser.headers["Content-Security-Policy"]
    assert "sandbox allow-scripts" in policy
    assert not {"allow-downloads", "allow-popups-to-escape-sandbox"} & set(policy.split())
    assert "default-src 'self'" in policy


POURING = """
from IPython.display import display
for _ in range(9):
    display({"application/x-scan": "x" * 10_000_000}, raw=True)
print("poured")
"""


async def received(sam: Attacker, kernel: str) -> tuple[int, list[str]]:
    """What of `POURING` comes back until its cell has ended: bytes, and the text on standard error."""
    size, errors = 0, []
    header = {
        "msg_id": "1",
        "msg_type": "execute_request",
        "session": "s",
        "username": "sam",
        "version": "5.3",
        "date": "",
    }
    content = {"code": POURING, "silent": False, "store_history": False, "allow_stdin": False, "stop_on_error": True}
    message = {
        "header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": [],
    }  # fmt: skip
    async with websockets.connect(
        f"{sam.url}api/kernels/{kernel}/channels?session_id=s".replace("http", "ws"),
        additional_headers={"Authorization": f"token {sam.token}"},
        max_size=None,
        open_timeout=60,
    ) as socket:
        await socket.send(json.dumps(message))
        while True:
            said = await asyncio.wait_for(socket.recv(), 60)
            size += len(said)
            answer = json.loads(said)
            if answer["parent_header"].get("msg_id") != "1":
                continue
            if answer["msg_type"] == "stream" and answer["content"]["name"] == "stderr":
                errors.append(answer["content"]["text"])
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return size, errors


def test_a_kernel_does_not_pour_a_volume_into_the_page(demo: Demo, sam: Attacker) -> None:
    """It shows so many megabytes in a minute, whatever they are; then one line says so, the cell ends, and there is an event."""
    _, said, _ = sam.ask("POST", "api/kernels", body=b'{"name": "ccds"}')
    kernel = json.loads(said)["id"]

    size, errors = asyncio.run(received(sam, kernel))
    sam.ask("DELETE", f"api/kernels/{kernel}")

    assert 50_000_000 < size < 65_000_000
    assert len(errors) == 1
    assert "isn't shown" in errors[0]
    until(lambda: "outputs" in refusals(demo), "the event")
