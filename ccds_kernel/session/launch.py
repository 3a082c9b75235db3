"""Runs on the node: starts a session's server on a free port and reports that port to the hub.

`python -P -m ccds_kernel.session.launch lab|app`, as the command of a scheduler's job. The port is chosen here, because only
here is it known to be free. It is reported with the session's own token, and only when the server behind it answers as a
server of this hub; the host is never reported, the hub takes it from the scheduler. A hub that is restarting is asked
again; a hub that refuses doesn't want this session any more, which then ends and leaves no orphan.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import psutil

from ccds_kernel.audit.site import session_sink
from ccds_kernel.errors import CcdsError
from ccds_kernel.session.walkthroughs import lay_out

PORT_PATH = "/ccds/session-port"
"""Where the hub takes the port, under its API's address."""

UP_SECONDS = 120.0
_POLL_SECONDS = 0.05
_TRIES = 3
_FORBIDDEN = 403


class Refused(Exception):  # noqa: N818 - an answer of the hub, not an error of ours
    """The hub doesn't wait for this session."""


@dataclass(frozen=True)
class Place:
    """Where the server is to be reached, from the session's environment."""

    address: str
    prefix: str
    hub_api: str
    token: str

    @classmethod
    def from_environment(cls) -> Place:
        """Reads what the hub put into the session's environment; a machine of one person's own has an address named there.

        Raises:
            OSError: this node has no way to the hub.
        """
        hub_api = os.environ["JUPYTERHUB_API_URL"]
        return cls(
            address=os.environ.get("CCDS_BIND_ADDRESS") or address_towards(hub_api),
            prefix=os.environ["JUPYTERHUB_SERVICE_PREFIX"],
            hub_api=hub_api,
            token=os.environ["JUPYTERHUB_API_TOKEN"],
        )


def main(arguments: list[str]) -> int:
    """Starts the server of the kind that `arguments` name; returns its exit status."""
    if arguments[0] == "lab":
        try:
            lay_out(Path.cwd())
        except (OSError, CcdsError) as error:  # a session without them is better than none
            _say(f"the walk-throughs weren't laid out: {type(error).__name__}")
    _deliver_waiting_events()
    config = Path(__file__).with_name(f"{arguments[0]}_config.py")
    try:
        place = Place.from_environment()
    except OSError as error:
        _say(f"this node finds no way to the hub: {error.strerror}")
        return 1
    return serve([sys.executable, "-P", "-m", "jupyterhub.singleuser", f"--config={config}"], place)


def _deliver_waiting_events() -> None:
    """Hands on what an earlier session of this name couldn't write into the audit log; it goes on waiting where that fails."""
    sink = session_sink()
    try:
        if sink is not None and not sink.flush():
            _say("the audit daemon is away; events wait for it")
    except CcdsError as error:
        _say(str(error))


def serve(command: list[str], place: Place, *, up_seconds: float = UP_SECONDS, report_seconds: float = 300.0) -> int:
    """Runs `command`, a server that finds its address in JUPYTERHUB_SERVICE_URL, until it ends; returns its exit status.

    Args:
        command: the server.
        place: where it is to be reached, and where its port is reported.
        up_seconds: how long the server may take to answer.
        report_seconds: how long the hub may be away.
    """
    signals = _Signals()
    for _ in range(_TRIES):
        port = free_port(place.address)
        url = f"http://{in_url(place.address)}:{port}{place.prefix}"
        server = subprocess.Popen(command, env=os.environ | {"JUPYTERHUB_SERVICE_URL": url})
        signals.forward_to(server)
        if not _wait_until_up(server, place, port, up_seconds):
            if server.poll() is None:
                _end(server)
                _say("the server didn't answer in time")
                return 1
            if signals.came:
                break
            continue  # it ended by itself: somebody else may have taken the port
        try:
            _report(place, port, server, report_seconds)
        except Refused:
            _say("the hub doesn't wait for this session; it ends")
            _end(server)
            return 1
        return server.wait()
    return server.returncode or 1


class _Signals:
    """Hands on to the server what ends a job, also what came before the server was there."""

    def __init__(self) -> None:
        self.came = False
        self._server: subprocess.Popen[bytes] | None = None
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._forward)

    def forward_to(self, server: subprocess.Popen[bytes]) -> None:
        self._server = server
        if self.came:
            server.terminate()

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        self.came = True
        if self._server is not None and self._server.returncode is None:
            self._server.send_signal(number)


def address_towards(url: str) -> str:
    """The address of this machine from which it reaches the host of `url`; nothing is sent.

    Raises:
        OSError: it reaches it from none.
    """
    parts = urlsplit(url)
    family, kind, *_, there = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as probe:
        probe.connect(there)
        return str(probe.getsockname()[0])


def in_url(address: str) -> str:
    """`address` as a URL has it: one of IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def free_port(address: str) -> int:
    """A port of `address` that nobody listens on now."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _wait_until_up(server: subprocess.Popen[bytes], place: Place, port: int, seconds: float) -> bool:
    """Whether a server of this hub answers on `port`, and it is ours: somebody else on this node may have been quicker."""
    url = f"http://{in_url(place.address)}:{port}{place.prefix}api"
    deadline = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.headers.get("X-JupyterHub-Version") and _listens(server, port):
                    return True
        except (OSError, HTTPException):  # the latter from a stranger who speaks something else there
            pass
        time.sleep(_POLL_SECONDS)
    return False


def _listens(server: subprocess.Popen[bytes], port: int) -> bool:
    try:
        own = psutil.Process(server.pid).net_connections("tcp")
    except psutil.Error:  # it has just ended
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in own)


def _report(place: Place, port: int, server: subprocess.Popen[bytes], seconds: float) -> None:
    """Tells the hub the port; asks again while the hub is away.

    Raises:
        Refused: the hub answered that it doesn't wait for this session, or stayed away too long.
    """
    request = urllib.request.Request(  # noqa: S310 - http(s), to the address that the hub itself set
        place.hub_api + PORT_PATH,
        method="POST",
        data=json.dumps({"port": port}).encode(),
        headers={"Authorization": f"token {place.token}", "Content-Type": "application/json"},
    )
    deadline = time.monotonic() + seconds
    while server.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above
                return
        except urllib.error.HTTPError as error:
            if error.code in {400, 401, _FORBIDDEN, 404}:
                raise Refused from None
        except (OSError, HTTPException):
            pass  # the hub is restarting: the deadline below decides
        if time.monotonic() > deadline:
            raise Refused
        time.sleep(1)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _say(what: str) -> None:
    sys.stderr.write(f"ccds session: {what}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
