"""A lab session through the hub and the local scheduler, beside plain `jupyterhub-singleuser` with the same settings.

    python benchmarks/spawn.py [-n 7]

Ours: from the API call to the answer that the session is ready. Plain: from the start of the process to its first answer,
with the same hub behind it. The two take turns; medians are compared. Target: ours at most 1.2 times as long.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import ccds_kernel.session.launch
from support.demo import LAB, Demo, free_port, processes_of
from support.hub import site_with_hub

TARGET = 1.2
POLL_S = 0.01


def ours(hub: Demo, client: requests.Session) -> tuple[float, dict[str, str], str]:
    """The seconds of one start, and the environment and folder that the session had."""
    begin = time.perf_counter()
    client.post(hub.api("sam", LAB), json={"user_options": {"gpus": 1}}, timeout=60)
    while not hub.is_ready(client, "sam", LAB):
        time.sleep(POLL_S)
    took = time.perf_counter() - begin
    (server,) = processes_of(hub.folder, f"CCDS_SESSION={LAB}", "jupyterhub.singleuser")
    environment, folder = server.environ(), server.cwd()
    hub.stop(client, "sam", LAB)
    return took, environment, folder


def plain(environment: dict[str, str], folder: str) -> float:
    """The seconds from the start of the same server, by nobody, to its first answer."""
    port, prefix = free_port(), environment["JUPYTERHUB_SERVICE_PREFIX"]
    url = f"http://127.0.0.1:{port}{prefix}"
    config = Path(ccds_kernel.session.launch.__file__).with_name("lab_config.py")
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "jupyterhub.singleuser", f"--config={config}"],
        env=environment | {"JUPYTERHUB_SERVICE_URL": url},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not _answers(f"{url}api"):
        time.sleep(POLL_S)
    took = time.perf_counter() - begin
    process.terminate()
    process.wait()
    return took


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == requests.codes.ok
    except requests.ConnectionError:
        return False


def main() -> int:
    """Prints the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=7)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in ("jupyterhub", "jupyterlab", "jupyter_server")))
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    with tempfile.TemporaryDirectory(prefix="ccds-bench-") as place, site_with_hub(Path(place) / "site") as site:
        hub = site.start()
        client = hub.login("sam")
        _, environment, folder = ours(hub, client)  # the first one writes caches: it isn't counted
        plain(environment, folder)
        for _ in range(options.n):
            took, environment, folder = ours(hub, client)
            times["ours"].append(took)
            times["plain"].append(plain(environment, folder))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"{name:<6} median {medians[name]:.2f} s, from {min(values):.2f} to {max(values):.2f}, n {len(values)}")
    ratio = medians["ours"] / medians["plain"]
    print(f"ratio {ratio:.2f} (target: at most {TARGET})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
