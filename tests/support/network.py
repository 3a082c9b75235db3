"""Two network namespaces with a cable between them: a session node and everything else, without touching this machine's own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.components import missing, need_path, need_program
from support.waiting import until

NODE, HOSTS = "10.77.0.1", ("10.77.0.2", "10.77.0.3")
"""The session node's address, and those of all other hosts."""

LISTEN = """
import selectors, socket, sys
ports, waiting = selectors.DefaultSelector(), []
for port in map(int, sys.argv[1:]):
    door = socket.create_server(("0.0.0.0", port))
    ports.register(door, selectors.EVENT_READ)
print("up", flush=True)
while True:
    for key, _ in ports.select():
        waiting.append(key.fileobj.accept())
"""
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10).close()
    print("through")
except OSError as error:
    print(type(error).__name__, error.errno)
"""


@dataclass
class Network:
    """The two namespaces, by the processes that hold them."""

    node: int
    world: int

    def on_node(self, *command: str, uid: int = 0, stdin: str = "") -> str:
        """Runs `command` on the node, as the user with that number; what it printed."""
        return _inside(self.node, *command, uid=uid, stdin=stdin)

    def reaches(self, host: str, port: int, *, uid: int) -> bool:
        """Whether a program of that user on the node gets a connection to `host`."""
        return self.on_node("/usr/bin/python3", "-c", CONNECT, host, str(port), uid=uid) == "through\n"


def _inside(holder: int, *command: str, uid: int = 0, stdin: str = "") -> str:
    who = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
    done = subprocess.run(
        ["nsenter", "--target", str(holder), "--net", "--", *(["setpriv", *who] if who else []), *command],
        input=stdin, text=True, capture_output=True, check=False, timeout=60, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def two_hosts(*ports: int) -> Iterator[Network]:
    """A node, and a world whose hosts listen on `ports`; skips the test where namespaces can't be made."""
    if os.geteuid() != 0 or sys.platform != "linux":
        missing("root on Linux", "run the tests as root on a machine of your own")
    need_program("nft", "Debian: apt-get install nftables")
    need_program("ip", "Debian: apt-get install iproute2")
    need_path(Path("/usr/bin/python3"), "Debian: apt-get install python3")
    if subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True).returncode:
        missing("network namespaces", "run the tests where 'unshare --net' is allowed")
    with ExitStack() as stack:
        network = Network(*(_holder(stack) for _ in range(2)))
        _inside(
            network.node, "ip", "link", "add", "out", "type", "veth", "peer", "name", "in", "netns", str(network.world)
        )
        for holder, name, addresses in ((network.node, "out", (NODE,)), (network.world, "in", HOSTS)):
            for address in addresses:
                _inside(holder, "ip", "address", "add", f"{address}/24", "dev", name)
            for device in (name, "lo"):
                _inside(holder, "ip", "link", "set", device, "up")
        world = [
            "nsenter",
            "--target",
            str(network.world),
            "--net",
            "--",
            "/usr/bin/python3",
            "-c",
            LISTEN,
            *map(str, ports),
        ]
        listening = stack.enter_context(subprocess.Popen(world, stdout=subprocess.PIPE, text=True))
        stack.callback(listening.kill)
        assert listening.stdout
        assert listening.stdout.readline() == "up\n"
        yield network


def _holder(stack: ExitStack) -> int:
    """A process that holds a network namespace of its own until the end."""
    own = Path("/proc/self/ns/net").readlink()
    sleeping = stack.enter_context(subprocess.Popen(["unshare", "--net", shutil.which("sleep") or "sleep", "infinity"]))
    stack.callback(sleeping.kill)
    until(lambda: Path(f"/proc/{sleeping.pid}/ns/net").readlink() != own, "a network namespace")
    return sleeping.pid
