"""Kernels and terminals as real Unix users, started by a real server through sudo: what their code reaches, what ends them."""

import json
import os
import pwd
import queue
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import psutil
import pytest
import requests
from websockets.sync.client import connect

from support.demo import free_port
from support.helped_site import HELPER, OTHER, PROJECT, SESSION, site
from support.kernel import run_code
from support.unix import UnixSite, python_as, shared_python
from support.waiting import until

__all__ = ["site"]

SERVER_TOKEN = "the-server-s-own-token-4711"


@dataclass(frozen=True)
class Lab:
    """A lab session's server, run by the service account for ann."""

    site: UnixSite
    server: psutil.Process
    url: str
    port: int

    def run(self, kernel: str, code: str) -> str:
        """What `code` prints in `kernel`, or the error that it ends in."""
        return run_code(self.url, kernel, self.headers, code)

    @property
    def headers(self) -> dict[str, str]:
        """How ann's page comes."""
        return {"Authorization": f"token {SERVER_TOKEN}"}

    def kernel(self, name: str = "python3") -> str:
        """A new kernel; its id."""
        answer = requests.post(f"{self.url}api/kernels", json={"name": name}, headers=self.headers, timeout=60)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def processes_of(self, person: str) -> list[psutil.Process]:
        """What runs as this person."""
        uid = pwd.getpwnam(self.site.users[person]).pw_uid
        return [one for one in psutil.process_iter() if _uid(one) == uid]


def _uid(process: psutil.Process) -> int | None:
    try:
        return int(process.uids().real)
    except psutil.Error:
        return None


@pytest.fixture(scope="module")
def lab(site: UnixSite) -> Iterator[Lab]:
    """Ann's lab session: the real server with its real configuration, as the service account, without a hub around it."""
    port, service = free_port(), site.users["service"]
    folder = site.folder / "state" / "servers"
    folder.mkdir()
    shutil.chown(folder, service, service)
    who = pwd.getpwnam(service)
    config = HELPER.with_name("lab_config.py")
    env = {
        "CCDS_CONFIG": str(site.config), "CCDS_PROJECT": PROJECT, "CCDS_SESSION": SESSION, "CCDS_SESSION_FOLDER": str(folder),
        "JUPYTERHUB_USER": site.users["ann"], "JUPYTERHUB_API_TOKEN": SERVER_TOKEN, "JUPYTER_TOKEN": SERVER_TOKEN,
        "CUDA_VISIBLE_DEVICES": "1", "JUPYTERHUB_SERVICE_PREFIX": "/",
        "HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
        **{f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")},
    }  # fmt: skip
    home = site.folder / "projects" / PROJECT / "work" / site.users["ann"]
    with (site.folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [shared_python(), "-P", "-m", "jupyter_server", f"--config={config}", f"--port={port}", "--no-browser"],
            env=env, cwd=home, stdout=log, stderr=log, user=who.pw_uid, group=who.pw_gid, extra_groups=[],
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}/"
    text = site.folder / "server.log"
    until(lambda: process.poll() is not None or _answers(f"{url}api"), "the server", seconds=60)
    assert process.poll() is None, text.read_text(errors="replace")
    yield Lab(site, psutil.Process(process.pid), url, port)
    process.terminate()
    process.wait(30)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def kernel(lab: Lab) -> str:
    """One kernel of ann's."""
    return lab.kernel()


def test_a_kernel_is_the_person_with_the_groups_of_its_project_only(lab: Lab, kernel: str) -> None:
    """Ann's user, in her own folder; she is on two projects, and her code sees the groups of one."""
    code = """
import os, grp, pwd
print(pwd.getpwuid(os.getuid()).pw_name, os.getcwd(), *sorted(grp.getgrgid(group).gr_name for group in os.getgroups()))
"""

    said = lab.run(kernel, code)

    ann = lab.site.users["ann"]
    name, folder, *groups = said.split()
    assert (name, folder) == (ann, str(lab.site.folder / "projects" / PROJECT / "work" / ann))
    assert set(groups) <= {f"irb-{PROJECT.lower()}{kind}" for kind in ("", "-images", "-images-w", "-rows", "-reports")}
    assert f"irb-{PROJECT.lower()}" in groups


def test_it_has_nothing_of_the_server_s_environment_but_what_is_listed(lab: Lab, kernel: str) -> None:
    """No token of the hub's, nor where the server keeps its things; its project, its slots."""
    said = lab.run(kernel, "import os,json; print(json.dumps(dict(os.environ)))")

    env = json.loads(said)
    assert SERVER_TOKEN not in said
    assert not [name for name in env if name.startswith("JUPYTERHUB_")]
    assert "CCDS_SESSION_FOLDER" not in env
    assert (env["CCDS_PROJECT"], env["CUDA_VISIBLE_DEVICES"]) == (PROJECT, "1")
    assert os.access(env["PIP_PYTHON"], os.X_OK)  # pip installs nowhere


TAKEOVER = """
import os, signal, socket
server, port = {server}, {port}
def attempt(what, deed):
    try:
        deed()
    except OSError as error:
        print(what, type(error).__name__)
    else:
        print(what, "DONE")
def up(pid):
    return int(open(f"/proc/{{pid}}/stat").read().rsplit(")", 1)[1].split()[1])
def bind():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
attempt("kill", lambda: os.kill(server, signal.SIGKILL))
attempt("stop", lambda: os.kill(server, signal.SIGSTOP))
attempt("environ", lambda: open(f"/proc/{{server}}/environ").read())
attempt("memory", lambda: open(f"/proc/{{server}}/mem", "rb").read(1))
attempt("files", lambda: os.listdir(f"/proc/{{server}}/fd"))
attempt("parent", lambda: os.kill(os.getppid(), signal.SIGKILL))
attempt("sudo", lambda: os.kill(up(os.getppid()), signal.SIGKILL))
attempt("parent-environ", lambda: open(f"/proc/{{os.getppid()}}/environ").read())
attempt("port", bind)
attempt("state", lambda: os.listdir({state!r}))
attempt("audit", lambda: os.listdir({audit!r}))
attempt("other-project", lambda: os.listdir({other!r}))
attempt("root", lambda: os.setuid(0))
"""


def test_the_server_can_not_be_taken_over_from_a_kernel(lab: Lab, kernel: str) -> None:
    """What FACTS.md reproduced with one user for both: kill the server, take its port, serve what one likes there."""
    site = lab.site
    code = TAKEOVER.format(
        server=lab.server.pid, port=lab.port, state=str(site.folder / "state"), audit=str(site.folder / "audit"),
        other=str(site.folder / "projects" / OTHER),
    )  # fmt: skip

    said = lab.run(kernel, code)

    assert "DONE" not in said, said
    assert len(said.splitlines()) == 13, said
    assert lab.server.is_running()
    assert requests.get(f"{lab.url}api", timeout=20).status_code == 200


def test_no_way_leads_back_to_root(lab: Lab, kernel: str) -> None:
    """A setuid program gives the person's code nothing, sudo included."""
    said = lab.run(
        kernel,
        "import subprocess as s; r=s.run(['sudo','-n','id'],capture_output=True,text=True); print(r.returncode, r.stderr)",
    )

    assert said.split()[0] != "0"
    assert "no new privileges" in said


def test_another_name_in_the_environment_is_nobody_else(lab: Lab, kernel: str) -> None:
    """Who somebody is, is their Unix user, whatever LOGNAME says; another name in JUPYTERHUB_USER is refused."""
    code = """
import os
os.environ["LOGNAME"] = os.environ["USER"] = {bob!r}
from ccds_kernel.irb.identity import ForgedIdentityError, identity
from ccds_kernel.settings import load_settings
print("is", identity(load_settings()).person)
os.environ["JUPYTERHUB_USER"] = {bob!r}
try:
    print("is", identity(load_settings()).person)
except ForgedIdentityError as error:
    print("refused", error.person)
"""

    said = lab.run(kernel, code.format(bob=lab.site.users["bob"]))

    ann = lab.site.users["ann"]
    assert said.splitlines() == [f"is {ann}", f"refused {ann}"]


def test_it_is_interrupted_and_restarted(lab: Lab) -> None:
    """By the server, which can't signal it itself."""
    own = lab.kernel("ccds")
    first = lab.run(own, "import os; print(os.getpid())")

    interrupted = requests.post(f"{lab.url}api/kernels/{own}/interrupt", headers=lab.headers, timeout=60)
    again = requests.post(f"{lab.url}api/kernels/{own}/restart", headers=lab.headers, timeout=60)
    second = lab.run(own, "import os; print(os.getpid())")
    requests.delete(f"{lab.url}api/kernels/{own}", headers=lab.headers, timeout=60)

    assert (interrupted.status_code, again.status_code) == (204, 200)
    assert first.strip().isdecimal()
    assert second.strip().isdecimal()
    assert first != second


def test_a_cell_that_never_ends_is_interrupted(lab: Lab) -> None:
    """KeyboardInterrupt reaches the code."""
    own, came = lab.kernel(), queue.Queue()
    marker = lab.site.folder / "projects" / PROJECT / "work" / lab.site.users["ann"] / "runs"
    cell = Thread(
        target=lambda: came.put(lab.run(own, "open('runs','w').close()\nimport time\nwhile True: time.sleep(0.01)"))
    )
    cell.start()
    until(marker.exists, "the cell to run")

    requests.post(f"{lab.url}api/kernels/{own}/interrupt", headers=lab.headers, timeout=60)
    cell.join(60)
    requests.delete(f"{lab.url}api/kernels/{own}", headers=lab.headers, timeout=60)

    assert "KeyboardInterrupt" in came.get_nowait()


def test_what_a_kernel_started_ends_with_it(lab: Lab) -> None:
    """Also what left its group and its parent."""
    own = lab.kernel()
    code = """
import subprocess
subprocess.Popen(['setsid', 'sh', '-c', 'sleep 600 & sleep 600'], start_new_session=True)
"""
    lab.run(own, code)
    until(lambda: sum("sleep" in one.name() for one in lab.processes_of("ann")) == 2, "both to run")

    requests.delete(f"{lab.url}api/kernels/{own}", headers=lab.headers, timeout=60)

    until(lambda: not [one for one in lab.processes_of("ann") if "sleep" in one.name()], "them to end")


def test_a_terminal_is_the_person_s_too(lab: Lab) -> None:
    """Its shell has ann's user, her project's groups, her own packages, and no token; it ends with the terminal."""
    name = requests.post(f"{lab.url}api/terminals", headers=lab.headers, timeout=60).json()["name"]
    shown = ""
    with connect(
        f"{lab.url}terminals/websocket/{name}".replace("http", "ws"), additional_headers=lab.headers
    ) as socket:
        socket.send(json.dumps(["stdin", "id; env; kill -9 " + str(lab.server.pid) + "; echo do''ne\r"]))
        while "done" not in shown:
            kind, *rest = json.loads(socket.recv(timeout=60))
            shown += rest[0] if kind == "stdout" else ""

    requests.delete(f"{lab.url}api/terminals/{name}", headers=lab.headers, timeout=60)

    assert f"({lab.site.users['ann']})" in shown
    assert f"irb-{OTHER.lower()}" not in shown
    assert "not permitted" in shown
    assert "VIRTUAL_ENV=" in shown
    assert SERVER_TOKEN not in shown
    until(lambda: not [one for one in lab.processes_of("ann") if one.name() == "bash"], "the shell to end")


def test_a_link_in_the_folder_shows_nothing_of_the_server_s(lab: Lab, kernel: str) -> None:
    """The server reads more than the person may: it is nobody's deputy."""
    secret = lab.site.folder / "state" / "secret.py"
    secret.write_text("SECRET = 1")
    shutil.chown(secret, lab.site.users["service"])
    lab.run(
        kernel,
        f"import os\nos.symlink({str(secret)!r}, 'link.py')\nos.symlink({str(secret.parent)!r}, 'link')\nos.mkfifo('pipe.py')",
    )

    answers = [
        requests.get(f"{lab.url}api/contents/{path}", headers=lab.headers, timeout=20)
        for path in ("link.py", "link/secret.py", "pipe.py")
    ]
    written = requests.put(
        f"{lab.url}api/contents/link/secret.py", headers=lab.headers, timeout=20,
        json={"type": "file", "format": "text", "content": "changed"},
    )  # fmt: skip

    assert {answer.status_code for answer in answers} <= {403, 404}
    assert not any("SECRET" in answer.text for answer in answers)
    assert written.status_code >= 400
    assert secret.read_text() == "SECRET = 1"


def test_others_do_not_reach_a_kernel_s_sockets(lab: Lab, kernel: str) -> None:
    """Bob, on the same node and the same project, enters no folder of ann's kernels and reads no key of theirs."""
    assert kernel
    (folder,) = {path.parent for path in Path("/run/ccdst").glob("*/connection.json")}

    ended = python_as(lab.site.users["bob"], f"import os; os.listdir({str(folder)!r})")

    assert "PermissionError" in ended.stderr
    assert (folder / "connection.json").stat().st_mode & 0o077 == 0
