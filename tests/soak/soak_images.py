"""Soak: the session's image is built, and a person's lab session runs in it on a machine of their own.

    python tests/soak/soak_images.py [--wheels FOLDER]

No network is needed but the index of packages that pip is configured with, and none at all with `--wheels`, a folder with
everything that `images/session/Dockerfile` installs. The base is this machine's Python in the layout of `python:3.11-slim`; it
must have pip outside of a virtual environment. Afterwards: `pip check` and `ccds doctor` run in a container without rights; a
hub with real Unix users starts ann's lab session on Docker, her kernel opens the project and keeps what `%pip` installed
for her next session; nothing of the host is seen. Exit status 1 with what isn't so.
"""

# ruff: noqa: T201 - a script that prints

from __future__ import annotations

import argparse
import functools
import json
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.checkout import ROOT
from support.docker import Dockerd, need_docker, pull, registry, root_layer, running_dockerd
from support.kernel import run_code
from support.unix import PREFIX
from support.unix_hub import LOCAL, UnixHub, unix_hub
from support.waiting import until
from support.wheel import make_wheel

PROGRAMS = ("sh", "bash", "ls", "cat", "rm", "mkdir", "timeout", "env", "id", "sleep")
LIBRARIES = (
    "libstdc++.so.6", "libgcc_s.so.1", "librt.so.1", "libpthread.so.0", "libdl.so.2", "libm.so.6", "libutil.so.1",
    "libresolv.so.2",
)  # fmt: skip
CONTEXT = (
    "images", "*.toml", "*.txt", "README.md", "LICENSE", "ccds_kernel", "docs", "hub", "spawners", "widgets", "notebooks",
)  # fmt: skip
LOOK = "import os; print(os.getuid() != 0, os.access('/etc', os.W_OK), os.path.exists('/root/.ssh'))"
PROJECT, LAB = "CCDSTR-1", "ccdstr-1-lab"


def main() -> int:
    """Runs it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, help="a folder with all packages that are installed")
    wheels = parser.parse_args().wheels
    need_docker()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ccds-wheels-") as folder, running_dockerd() as daemon:
        if wheels is None:
            wheels = Path(folder)
            download(wheels)
        print(f"{time.monotonic() - began:5.0f} s: {len(list(wheels.iterdir()))} packages")
        with registry(base_layer()) as base, served(wheels) as index:
            pull(daemon, base)
            built = build(daemon, base, index)
        print(f"{time.monotonic() - began:5.0f} s: the image is built")
        config, layers = saved(daemon, built)
        print(f"{time.monotonic() - began:5.0f} s: {sum(map(len, layers)) / 2**20:.0f} MiB in {len(layers)} layers")
        broken = alone(daemon, built)
        with registry(*layers, config=config) as image:
            pull(daemon, image)
            broken += through_a_hub(daemon, image)
    print(f"{time.monotonic() - began:5.0f} s: {len(broken)} promises broken")
    print(*broken, sep="\n")
    return 1 if broken else 0


def download(wheels: Path) -> None:
    """Fetches what the image installs, and what builds our own package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(wheels)]
    subprocess.run([*command, "--constraint", str(ROOT / "constraints.txt"), *wanted], check=True)


def base_layer() -> bytes:
    """This machine's Python, with its pip, where `python:3.11-slim` has it."""
    python = Path(sys._base_executable).resolve()  # type: ignore[attr-defined] # typeshed leaves it out
    home, version = python.parent.parent, f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = home / "lib" / version
    pips = [path for path in (library / "site-packages").glob("pip*") if path.is_dir()]
    if not pips:
        sys.exit(f"needs a Python with pip outside of a virtual environment; {home} has none")
    files = {Path("/usr/local/bin", version): python}
    for path in library.rglob("*"):
        inside = path.relative_to(library).parts
        ours = inside[0] != "site-packages" or any(pip in path.parents for pip in pips)
        if path.is_file() and ours and not {"test", "tests", "__pycache__"} & set(inside):
            files[Path("/usr/local/lib", version, *inside)] = path
    found = {name: subprocess.check_output(["/bin/sh", "-c", f"command -v {name}"], text=True) for name in PROGRAMS}
    files |= {Path("/bin", name): Path(place.strip()).resolve() for name, place in found.items()}
    known = subprocess.check_output(["/sbin/ldconfig", "-p"], text=True)
    places = [line.split(" => ")[1] for name in LIBRARIES for line in known.splitlines() if f"\t{name} " in line]
    return root_layer(files, Path("/usr/local/bin", version), map(Path, places))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which pip finds what lies in `folder`."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def build(daemon: Dockerd, base: str, index: str) -> str:
    """Builds `images/session` upon `base`; returns the image's id."""
    arguments = {"BASE": base, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": index}
    command = ["docker", "-H", daemon.url, "build", "--quiet", "--network=host", "--file", "images/session/Dockerfile"]
    listed = subprocess.run(["git", "ls-files", "-z", *CONTEXT], cwd=ROOT, capture_output=True, check=True).stdout
    pack = ["tar", "--create", "--null", "--no-recursion", "--files-from=-"]
    packed = subprocess.run(pack, cwd=ROOT, input=listed, capture_output=True, check=True).stdout
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    done = subprocess.run([*command, "-"], input=packed, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"the image can't be built: {done.stderr.decode(errors='replace')[-3000:]}")
    return done.stdout.decode().strip()


def saved(daemon: Dockerd, image: str) -> tuple[bytes, list[bytes]]:
    """An image's description and its layers."""
    with tempfile.TemporaryFile() as kept:
        for block in daemon.client.get_image(image):
            kept.write(block)
        kept.seek(0)
        with tarfile.open(fileobj=kept) as tar:

            def content(name: str) -> bytes:
                opened = tar.extractfile(name)
                assert opened
                return opened.read()

            (described,) = json.loads(content("manifest.json"))
            return content(described["Config"]), [content(name) for name in described["Layers"]]


def alone(daemon: Dockerd, image: str) -> list[str]:
    """What is wrong with the image by itself, run as nobody, without network, its root read-only."""
    broken = []
    for command, wanted in (
        (["python", "-m", "pip", "check"], "No broken requirements found."),
        (["ccds", "doctor"], "Python"),
        (["python", "-c", "import ccds_hub, ccds_spawners, ccds_widgets, voila; print('imported')"], "imported"),
    ):
        host = {"NetworkMode": "none", "ReadonlyRootfs": True, "CapDrop": ["ALL"], "Tmpfs": {"/tmp": "mode=1777"}}  # noqa: S108 - inside it
        made = daemon.client.create_container_from_config({"Image": image, "Cmd": command, "HostConfig": host}, "alone")
        daemon.client.start(made["Id"])
        daemon.client.wait(made["Id"])
        said = daemon.client.logs(made["Id"]).decode()
        daemon.client.remove_container(made["Id"])
        print(f"--- {' '.join(command)}\n{said.rstrip()}")
        if wanted not in said:
            broken.append(f"{command}: expected {wanted!r}; found {said[-500:]!r}")
    return broken


def through_a_hub(daemon: Dockerd, image: str) -> list[str]:
    """What is wrong with ann's lab sessions on a machine of her own."""
    machine = [
        "[static]", f'image = "{image}"', "[static.machines.here]", f'docker = "{daemon.url}"', "cpus = 2",
        "memory_mb = 8000", f'people = ["{PREFIX}ann"]',
    ]  # fmt: skip
    broken = []
    # The daemon is root's; a real site's service account is in its group.
    (daemon.folder / "docker.sock").chmod(0o666)
    daemon.folder.chmod(0o711)
    with unix_hub("ann", "bob", scheduler=[*LOCAL, *machine]) as hub:
        hub.apply(PROJECT, {"ann": "scientist", "bob": "scientist"})
        ann = hub.person("ann")
        page = hub.demo.login(ann)
        wheels = hub.site.settings.paths.projects / PROJECT / "work" / ann
        until(wheels.exists, "ann's folder", seconds=60)
        for cells in (
            {
                "print(project.id, project.person)": f"{PROJECT} {ann}\n",
                LOOK: "True False False\n",
                "import os; print(sorted(os.listdir(project.folder.parent)))": f"['{PROJECT}']\n",
                "!pip install --quiet --no-index wheels/ccdsprobe-1.0-py3-none-any.whl": "",
            },
            {"import ccdsprobe; print(ccdsprobe.VERSION)": "1.0\n"},
        ):
            make_wheel(wheels / "wheels", "ccdsprobe")
            try:
                url = hub.demo.start(page, ann, LAB, {"gpus": 0}, seconds=300)  # vfs copies each layer
                broken += wrong_answers(daemon, hub, url, cells)
            except BaseException:
                print(hub.log()[-6000:])
                for told in daemon.client.containers(all=True):
                    print(daemon.client.logs(told["Id"]).decode()[-6000:])
                raise
            hub.demo.stop(page, ann, LAB)
        if daemon.client.containers():
            broken.append("a container runs on after its session was stopped")
    return broken


def wrong_answers(daemon: Dockerd, hub: UnixHub, url: str, cells: dict[str, str]) -> list[str]:
    """The cells that print something else than they should, run in one kernel of the session."""
    (told,) = daemon.client.containers()
    env = dict(line.split("=", 1) for line in daemon.client.inspect_container(told["Id"])["Config"]["Env"])
    headers = {"Authorization": f"token {env['JUPYTERHUB_API_TOKEN']}"}
    answer = requests.post(f"{url}api/kernels", json={"name": "ccds"}, headers=headers, timeout=60)
    if answer.status_code != requests.codes.created:
        return [f"no kernel: {answer.status_code} {answer.text[:300]} {hub.log()[-1000:]}"]
    found = {cell: run_code(url, answer.json()["id"], headers, cell) for cell in cells}
    return [f"{cell}: expected {cells[cell]!r}; found {said!r}" for cell, said in found.items() if said != cells[cell]]


if __name__ == "__main__":
    sys.exit(main())
