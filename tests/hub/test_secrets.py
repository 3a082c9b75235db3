"""Where tokens, passwords and reports must not be: logs, process titles, files that others can read."""

import asyncio
import json
import stat
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psutil
import pytest
import requests
import websockets

from ccds_kernel.demo.hospital import REPORTS, SEED
from ccds_kernel.demo.reports import generate_reports
from support.demo import APP, LAB, Demo, processes_of

pytestmark = pytest.mark.hub
AGAIN_S = 0.2
"""After this long a kernel that opens the reports is asked again."""

DEMO_TASK = 2
"""The demo's task with phrases; the first one is nobody's yet."""


@pytest.fixture(scope="module")
def used(demo: Demo, client: Callable[[str], requests.Session], lab: str, app: str) -> Demo:
    """The demo after people did what they do: the lab is open, the app shows reports."""
    client("sam").get(f"{lab}lab", timeout=30)
    fay = client("fay")
    text = fay.get(f"{app}voila/render/labeling.ipynb", timeout=60).text
    kernel = text.split('"kernelId": "')[1][:36]
    shown = asyncio.run(_opened(app, kernel, demo.token(APP)))
    assert any(one.accession in shown or one.findings[:60] in shown for one in generate_reports(SEED, REPORTS))
    return demo


async def _opened(app: str, kernel: str, token: str) -> str:
    """All that the app tells a page that comes, its first reports included."""
    head = {"session": "s", "username": "", "version": "5.3", "date": "2026-01-01T00:00:00Z"}

    ids = count()  # a message that is alike another in all is taken for the same one

    def message(kind: str, content: dict) -> str:
        rest = {"parent_header": {}, "metadata": {}, "buffers": [], "channel": "shell"}
        return json.dumps({"header": head | {"msg_id": str(next(ids)), "msg_type": kind}, "content": content} | rest)

    url = f"{app}api/kernels/{kernel}/channels?session_id=s".replace("http:", "ws:")
    headers, told = {"Authorization": f"token {token}"}, ""
    async with (
        websockets.connect(url, additional_headers=headers, max_size=2**26, open_timeout=60) as socket,
        asyncio.timeout(60),
    ):
        await socket.send(message("comm_info_request", {"target_name": "jupyter.widget"}))
        asked = [{"kind": "ready"}, {"kind": "ready", "screen": "annotate", "task": DEMO_TASK}]
        comms: list[str] = []
        async for raw in socket:
            told += str(raw)
            answer = json.loads(raw) if isinstance(raw, str) else {"header": {"msg_type": ""}}
            if answer["header"]["msg_type"] == "comm_info_reply":
                comms = list(answer["content"]["comms"])
            elif answer["header"]["msg_type"] != "comm_msg" or "answer" not in str(raw):
                continue
            elif '"opening":' in str(raw):
                await asyncio.sleep(AGAIN_S)  # as a page does
            else:
                del asked[0]
            if not asked:
                return told
            for comm in comms:
                content = asked[0] | {"request": 3 - len(asked)}
                await socket.send(
                    message("comm_msg", {"comm_id": comm, "data": {"method": "custom", "content": content}})
                )
    return told


def secrets_of(demo: Demo) -> dict[str, str]:
    """Every secret of the running demo, by what it is."""
    state = demo.folder / "state"
    sessions = {}
    for session in (LAB, APP):
        (server,) = processes_of(demo.folder, f"CCDS_SESSION={session}", "singleuser")
        sessions[f"token of {session}"] = server.environ()["JUPYTERHUB_API_TOKEN"]
    passwords = {f"password of {person}": word for person, word in demo.passwords.items()}
    kept = {name: (state / name).read_text().strip() for name in ("proxy_token", "cookie_secret")}
    return sessions | passwords | kept


def logs_of(demo: Demo) -> Iterator[tuple[Path, str]]:
    """Every log of the site."""
    for path in demo.folder.rglob("*.log"):
        yield path, path.read_text(errors="replace")


def test_no_secret_is_in_a_log(used: Demo) -> None:
    """Not in the hub's, the proxy's, the scheduler's, nor a session's."""
    secrets, logs = secrets_of(used), list(logs_of(used))

    found = [(path.name, what) for path, text in logs for what, secret in secrets.items() if secret in text]

    assert found == []
    assert {path.name for path, _ in logs} >= {"hub.log", "daemon.log", f"{LAB}.log", f"{APP}.log"}


def test_no_report_is_in_a_log(used: Demo) -> None:
    """Nor an accession number, nor a part of a report's text."""
    texts = [
        text
        for one in generate_reports(SEED, REPORTS)
        for text in (one.accession, one.findings[:60], one.impression[:60])
    ]

    found = [path.name for path, log in logs_of(used) for text in texts if text.strip() and text in log]

    assert found == []


def test_no_secret_is_in_a_process_title(used: Demo) -> None:
    """What `ps` shows to everybody on the machine."""
    secrets = secrets_of(used)
    titles = []
    for process in psutil.process_iter():
        try:
            titles.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue

    assert [what for what, secret in secrets.items() if any(secret in title for title in titles)] == []


def test_others_on_the_machine_read_no_secret_and_no_data(used: Demo) -> None:
    """Even were the site's own folder open: below it they reach settings and registry, nothing else."""
    reached = []
    folders = [used.folder]
    while folders:
        for path in folders.pop().iterdir():
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode) and mode & stat.S_IXOTH:
                folders.append(path)
            elif stat.S_ISREG(mode) and mode & stat.S_IROTH:
                reached.append(path.relative_to(used.folder).parts[0])

    assert set(reached) <= {"ccds.toml", ".ccds-demo", "registry"}
    assert used.folder.stat().st_mode & 0o077 == 0
