"""Real Docker daemons on this machine, and an image of this machine's Python that they pull by its digest, as a site's do.

The image comes from a registry of a few lines on loopback, with which Docker speaks plain HTTP: only what was pulled has a
digest.
"""

import hashlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import docker
import pytest
from docker.errors import DockerException
from requests import RequestException

from support.components import missing, need_program
from support.waiting import until

SYSTEM_PYTHON = "/usr/bin/python3"
NAME = "ccds/session"
_PROGRAMS = ("/bin/sh", "/bin/ls", "/bin/cat", "/bin/sleep", "/usr/bin/timeout", "/usr/bin/env", "/usr/bin/id")
_FOLDERS = ("/tmp", "/run", "/proc", "/dev", "/sys", "/etc", "/work", "/usr/local", "/usr/local/bin")  # noqa: S108 - of the image
_NEEDLESS = {
    "test",
    "tests",
    "__pycache__",
    "dist-packages",
    "idlelib",
    "lib2to3",
    "ensurepip",
    "turtledemo",
    "tkinter",
}
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


@dataclass
class Dockerd:
    """A daemon of a test's own, in `folder`."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"unix://{self.folder}/docker.sock"

    @cached_property
    def client(self) -> docker.APIClient:
        """A client to look at it from outside."""
        return docker.APIClient(self.url, version="1.41", timeout=300)


def need_docker() -> None:
    """Skips the test where no daemon can be started here."""
    for program, package in (("dockerd", "docker.io"), ("runc", "runc"), ("containerd", "containerd")):
        need_program(program, f"apt-get install {package}")
    if os.geteuid() != 0:
        missing("root", "Docker's daemon is started by root")


@contextmanager
def running_dockerd() -> Iterator[Dockerd]:
    """A daemon without a network of its own, until the block ends; its containers end with it."""
    folder = Path(tempfile.mkdtemp(prefix="ccds-dockerd-"))  # a short path: its sockets' names are bounded
    options = ["--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"]
    places = [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid"]
    listens = f"unix://{folder}/docker.sock"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["dockerd", *options, *places, "-H", listens], stdout=log, stderr=log)
    daemon = Dockerd(folder, process)
    try:
        until(lambda: _answers(daemon), "Docker's daemon to answer", seconds=60)
        yield daemon
    finally:
        if process.poll() is None:
            for container in daemon.client.containers(all=True):
                daemon.client.remove_container(container["Id"], v=True, force=True)
            process.terminate()
            process.wait(30)
        daemon.client.close()
        subprocess.run(["umount", folder / "exec" / "netns" / "default"], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(folder)


def _answers(daemon: Dockerd) -> bool:
    if daemon.process.poll() is not None:
        pytest.fail(f"dockerd ended: {(daemon.folder / 'log').read_text(errors='replace')[-2000:]}")
    with socket.socket(socket.AF_UNIX) as probe:  # Docker's client leaves one open that isn't listened to
        if probe.connect_ex(f"{daemon.folder}/docker.sock"):
            return False
    try:
        return bool(daemon.client.ping())
    except (DockerException, RequestException):
        return False


def python_layer(modules_besides: Mapping[str, Path] | None = None) -> bytes:
    """A root file system, as tar, that has this machine's Python, a shell and a few programs.

    `modules_besides` are further modules, by their place in Python's library.
    """
    need_program(SYSTEM_PYTHON, "apt-get install python3")
    asked = "import sysconfig; print(sysconfig.get_path('stdlib'))"
    library = Path(subprocess.check_output([SYSTEM_PYTHON, "-I", "-c", asked], text=True).strip())
    python = Path(SYSTEM_PYTHON).resolve()
    modules = [path for path in library.rglob("*") if path.is_file() and _belongs(path)]
    files = {path: path for path in (python, *modules, *map(Path, _PROGRAMS))}
    files |= {library / place: path for place, path in (modules_besides or {}).items()}
    return root_layer(files, python)


def root_layer(files: Mapping[Path, Path], python: Path, libraries: Iterable[Path] = ()) -> bytes:
    """A root file system as tar.

    Args:
        files: where a file stands in it → where it is here. What programs and modules of it are linked with is put in, too.
        python: which of them is found as `python`.
        libraries: further libraries, at their own place.
    """
    programs = [str(path) for path in files.values() if path.suffix == ".so" or path.stat().st_mode & 0o100]
    linked = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    found = {*map(Path, re.findall(r"(/\S+) \(0x", linked)), *libraries}
    found = {path for path in found if ".." not in path.parts and path not in files.values()}  # a wheel has its own
    put = {path: path for path in found} | dict(files)
    above = {parent for path in put for parent in path.parents[:-1]}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for folder in sorted({*above, *map(Path, _FOLDERS)}):
            place = tarfile.TarInfo(str(folder).lstrip("/"))
            place.type, place.mode = tarfile.DIRTYPE, 0o1777 if folder.name == "tmp" else 0o755
            tar.addfile(place)
        for path, source in sorted(put.items()):
            known = tarfile.TarInfo(str(path).lstrip("/"))
            stat = source.stat()
            known.mode, known.size, known.mtime = stat.st_mode & 0o755, stat.st_size, int(stat.st_mtime)
            with source.open("rb") as content:
                tar.addfile(known, content)
        for name in ("python", "python3"):
            link = tarfile.TarInfo(f"usr/local/bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, str(python)
            tar.addfile(link)
    return made.getvalue()


def _belongs(path: Path) -> bool:
    """Whether a file of Python's library is needed to run something: no tests, no editor, nothing to build against."""
    parts = set(path.parts)
    return not _NEEDLESS & parts and not any(part.startswith("config-") for part in parts)


def image_config(*layers: bytes) -> bytes:
    """The description of an image of these layers."""
    described = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "WorkingDir": "/work"},
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer) for layer in layers]},
    }
    return json.dumps(described).encode()


@contextmanager
def registry(layer: bytes, *more: bytes, config: bytes | None = None) -> Iterator[str]:
    """A registry with one image of these layers; gives its name with its digest, as a site names it."""
    layers = (layer, *more)
    config = config or image_config(*layers)
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, "size": len(config), "digest": _digest(config)},
            "layers": [{"mediaType": _LAYER, "size": len(one), "digest": _digest(one)} for one in layers],
        }
    ).encode()
    blobs = {_digest(blob): blob for blob in (config, manifest, *layers)}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            *_, kind, digest = self.path.split("/")
            content = b"{}" if self.path == "/v2/" else blobs.get(digest)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Type", _MANIFEST if kind == "manifests" else "application/octet-stream")
            self.send_header("Content-Length", str(len(content or b"")))
            if digest in blobs:
                self.send_header("Docker-Content-Digest", digest)
            self.end_headers()
            if self.command == "GET" and content:
                self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is for what fails."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}/{NAME}@{_digest(manifest)}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def pull(daemon: Dockerd, image: str) -> None:
    """Has `daemon` pull `image`, by its digest."""
    said = daemon.client.pull(image)
    assert "errorDetail" not in said, said[-500:]


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
