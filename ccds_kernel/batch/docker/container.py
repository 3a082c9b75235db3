"""From a job to what Docker is asked to create, as its interface has it: pure, so that it can be compared whole.

The container gets nothing that it doesn't need: the folders that the job names, a root that can't be written, no capability,
no way to more rights, bounds for memory and processes. It runs as the person, never as root. What is known of it later stands
in its labels, which nobody can change once it is there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ccds_kernel.batch.docker.machine import Account
from ccds_kernel.batch.shape import Container
from ccds_kernel.batch.spec import JobSpec

LABEL = "org.ccds."
GRACE_S = 15
"""Seconds between a container's TERM and its KILL."""

MOST_PROCESSES = 4096
_SCRATCH = "rw,nosuid,nodev,size=2g,mode=1777"
_RUN = "rw,nosuid,nodev,noexec,size=64m,mode=1777"


def create_request(
    spec: JobSpec, container: Container, account: Account, gpus: Sequence[str], now: datetime
) -> dict[str, Any]:
    """The body of Docker's request to create the container of `spec`.

    Args:
        spec: the job.
        container: its image and what it sees of the host.
        account: as whom it runs.
        gpus: the machine's names of the GPUs that it gets.
        now: when it is submitted, aware.
    """
    memory = spec.memory_mb * 2**20
    seconds = math.ceil(spec.wall_minutes * 60)
    env = dict(spec.env) | {"CUDA_VISIBLE_DEVICES": ",".join(map(str, range(len(gpus))))}
    host: dict[str, Any] = {
        "Mounts": [
            {
                "Type": "bind",
                "Source": mount.source,
                "Target": mount.target,
                "ReadOnly": mount.read_only,
                "BindOptions": {"Propagation": "rprivate"},
            }
            for mount in container.mounts
        ],
        "ReadonlyRootfs": True,
        "Tmpfs": {"/tmp": _SCRATCH, "/run": _RUN},  # noqa: S108 - inside the container
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "GroupAdd": [str(gid) for gid in account.groups],
        "PidsLimit": MOST_PROCESSES,
        "Memory": memory,
        "MemorySwap": memory,  # no swap besides
        "ShmSize": memory // 2,  # what a DataLoader's workers hand over
        "NanoCpus": spec.cpus * 10**9,
        "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],  # a core holds patients' data
        "NetworkMode": "host",
        "Init": True,  # takes the exit status of orphans
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "1"}},
    }
    if gpus:
        host["DeviceRequests"] = [{"Driver": "nvidia", "DeviceIDs": list(gpus), "Capabilities": [["gpu"]]}]
    return {
        "Image": container.image,
        "Entrypoint": [],
        # Its wall time is kept by the machine, also while the hub is away.
        "Cmd": ["timeout", f"--kill-after={GRACE_S}", str(seconds), *spec.command],
        "WorkingDir": str(spec.cwd),
        "User": f"{account.uid}:{account.gid}",
        "Env": [f"{name}={value}" for name, value in env.items()],
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": {
            f"{LABEL}name": spec.name,
            f"{LABEL}owner": spec.owner,
            f"{LABEL}class": spec.priority_class.value,
            f"{LABEL}submitted": now.isoformat(),
            f"{LABEL}seconds": str(seconds),
            f"{LABEL}gpus": ",".join(gpus),
            f"{LABEL}cpus": str(spec.cpus),
            f"{LABEL}memory": str(spec.memory_mb),
        },
        "HostConfig": host,
    }
