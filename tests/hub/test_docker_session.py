"""A lab session in a container on its person's own machine, through a hub of Unix users; a few lines stand in for its server."""

from collections.abc import Iterator

import pytest

from support.docker import Dockerd, need_docker, pull, python_layer, registry, running_dockerd
from support.unix import PREFIX
from support.unix_hub import LOCAL, UnixHub, unix_hub
from support.waiting import until

pytestmark = pytest.mark.hub

PROJECT, LAB = "CCDSTR-1", "ccdstr-1-lab"
SERVER = """
import json, os, threading, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps([os.getuid(), sorted(os.listdir("..")), os.path.exists("/root")]).encode())

server = ThreadingHTTPServer((os.environ["CCDS_BIND_ADDRESS"], 0), Handler)
threading.Thread(target=server.serve_forever).start()
hub, token = os.environ["JUPYTERHUB_API_URL"], os.environ["JUPYTERHUB_API_TOKEN"]
said = json.dumps({"port": server.server_port}).encode()
headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
urllib.request.urlopen(urllib.request.Request(f"{hub}/ccds/session-port", said, headers))
"""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Dockerd]:
    """Docker on ann's machine; its socket is the service account's as if that were in its group."""
    need_docker()
    with running_dockerd() as daemon:
        daemon.folder.chmod(0o711)
        (daemon.folder / "docker.sock").chmod(0o666)
        yield daemon


@pytest.fixture(scope="module")
def hub(daemon: Dockerd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnixHub]:
    """A hub for which that machine is ann's."""
    server = tmp_path_factory.mktemp("image") / "launch.py"
    server.write_text(SERVER)
    with registry(python_layer({"ccds_kernel/session/launch.py": server})) as image:
        pull(daemon, image)
        machine = [
            "[static]", f'image = "{image}"', "[static.machines.hers]", f'docker = "{daemon.url}"', "cpus = 2",
            "memory_mb = 8000", f'people = ["{PREFIX}ann"]',
        ]  # fmt: skip
        with unix_hub("ann", scheduler=[*LOCAL, *machine]) as hub:
            hub.apply(PROJECT, {"ann": "scientist"})
            yield hub


def test_a_session_lives_in_its_container_through_the_hubs_death(daemon: Dockerd, hub: UnixHub) -> None:
    """Started, entered, kept while the hub is killed and starts anew, stopped: one container, and it has exited."""
    ann = hub.person("ann")
    page = hub.demo.login(ann)
    work = hub.site.settings.paths.projects / PROJECT / "work" / ann
    until(work.exists, "ann's folder", seconds=60)

    url = hub.demo.start(page, ann, LAB, {"gpus": 0})
    (made,) = daemon.client.containers()
    seen = page.get(url, timeout=20).json()
    hub.restart_hub()
    page = hub.demo.login(ann)
    (kept,) = daemon.client.containers()
    again = page.get(url, timeout=20).json()
    hub.demo.stop(page, ann, LAB)

    assert made["Names"][0].endswith("--ccdstr-2d1-2dlab")
    assert seen == again == [work.stat().st_uid, [ann], False]
    assert kept["Id"] == made["Id"]
    (ended,) = daemon.client.containers(all=True)
    assert (ended["Id"], ended["State"]) == (made["Id"], "exited")
