"""A lab session through the hub and a scheduler, beside plain `jupyterhub-singleuser` with the same settings.

    python benchmarks/spawn.py [-n 7]

Ours: from the API call to the answer that the session is ready, on the local scheduler, then on a real Slurm where that is
installed. Plain: from the start of the process to its first answer, with the same hub behind it. The two take turns; medians
are compared. Target: ours at most 1.2 times as long.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
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
from support.hub import HubSite, site_with_hub
from support.slurm import running_slurm
from support.slurm_hub import TICK_S, TWO_NODES, hub_on_slurm

TARGET = 1.2
POLL_S = 0.01
SLURM = ("slurmctld", "slurmd", "munged")


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


def compare(site: HubSite, count: int) -> None:
    """Prints the medians and their ratio."""
    hub = site.start()
    client = hub.login("sam")
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    _, environment, folder = ours(hub, client)  # the first one writes caches: it isn't counted
    plain(environment, folder)
    for _ in range(count):
        took, environment, folder = ours(hub, client)
        times["ours"].append(took)
        times["plain"].append(plain(environment, folder))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"  {name:<6} median {medians[name]:.2f} s, from {min(values):.2f} to {max(values):.2f}, n {len(values)}")
    print(f"  ratio {medians['ours'] / medians['plain']:.2f} (target: at most {TARGET})", flush=True)


def main() -> int:
    """Both schedulers, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=7)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in ("jupyterhub", "jupyterlab", "jupyter_server")))
    with tempfile.TemporaryDirectory(prefix="ccds-bench-") as place:
        print("local scheduler", flush=True)
        with site_with_hub(Path(place) / "local") as site:
            compare(site, options.n)
        if not all(map(shutil.which, SLURM)) or os.geteuid():
            print(f"Slurm: left out, since it needs root and {', '.join(SLURM)}")
            return 0
        with running_slurm(*TWO_NODES) as cluster, hub_on_slurm(cluster, Path(place) / "slurm") as slurm:
            print(f"{cluster.run('sinfo', '--version').strip()}, which the hub asks every {TICK_S} s", flush=True)
            compare(slurm.site, options.n)
    return 0


if __name__ == "__main__":
    sys.exit(main())
