"""From a lab session's job to the container that DockerSpawner makes for it: pure, but for the list of people that it lays out.

The container gets nothing that it doesn't need: the folders that the job names, a root that can't be written, no capability,
no way to more rights, bounds for memory and processes. It runs as the person, never as root. What is known of it later stands
in its labels, which nobody can change once it is there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ccds_kernel.audit.token import SPOOL_VARIABLE
from ccds_kernel.batch.docker.machine import Account
from ccds_kernel.batch.docker.states import LABEL
from ccds_kernel.batch.scheduler import JobRefusedError
from ccds_kernel.batch.shape import Container, Mount
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.env.image import VARIABLE as IMAGE
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.session.lab_place import LAB_FOLDER
from ccds_kernel.settings import Settings

GRACE_S = 15
"""Seconds between a container's TERM and its KILL."""

MOST_PROCESSES = 4096
_SCRATCH = "rw,nosuid,nodev,size=2g,mode=1777"
_RUN = "rw,nosuid,nodev,noexec,size=64m,mode=1777"
_PATH = "/usr/local/bin:/usr/bin:/bin"
_FOR_ALL = 0o755
"""The folder of the session's server is seen in the container by the person, who on the host doesn't come that far."""


def in_container(spec: JobSpec, image: str, bind_address: str, settings_file: Path, settings: Settings) -> JobSpec:
    """A lab session's job, as `prepare_job` made it, in a container: pure.

    Args:
        spec: the job.
        image: by its digest.
        bind_address: where the session's server listens on its machine.
        settings_file: the site's `ccds.toml`.
        settings: what stands in it.
    """
    project, folder, home = spec.env["CCDS_PROJECT"], spec.log.parent, str(spec.cwd)
    scratch = "/tmp/jupyter"  # noqa: S108 - inside the container, in its own memory
    told = {
        "HOME": home,
        "PATH": _PATH,
        IMAGE: image,
        LAB_FOLDER: f"{home}/.ccds/lab",
        "CCDS_BIND_ADDRESS": bind_address,
        "JUPYTER_CONFIG_DIR": f"{scratch}/config",
        "JUPYTER_DATA_DIR": f"{scratch}/data",
        "JUPYTER_RUNTIME_DIR": f"{scratch}/runtime",
    }
    env = {name: value for name, value in spec.env.items() if name != SPOOL_VARIABLE} | told
    mounts = (
        Mount(str(settings.paths.projects / project), str(settings.paths.projects / project), read_only=False),
        Mount(str(settings.paths.registry / project), str(settings.paths.registry / project)),
        Mount(str(folder), str(folder)),
        Mount(str(settings_file), str(settings_file)),
        Mount(f"{folder}/passwd", "/etc/passwd"),
        Mount(f"{folder}/group", "/etc/group"),
    )
    command = ("python", *spec.command[1:])  # the image's, not this machine's
    return replace(spec, command=command, env=env, container=Container(image, mounts))


def lay_out_account(folder: Path, account: Account, home: Path) -> None:
    """Puts into `folder`, that of the session's server, what the container knows of people: this one alone.

    Raises:
        CcdsError: it can't be written.
    """
    groups = {gid: f"group-{gid}" for gid in account.groups if gid != account.gid} | {account.gid: account.name}
    try:
        folder.chmod(_FOR_ALL)
        write_whole(folder / "passwd", f"{account.name}:x:{account.uid}:{account.gid}::{home}:/bin/bash\n")
        write_whole(folder / "group", "".join(f"{name}:x:{gid}:\n" for gid, name in groups.items()))
    except OSError as error:
        raise CcdsError(
            expected="to prepare the container of this session",
            found=(error.strerror or "an error").lower(),
            do="tell the administrators of this site",
        ) from None


def container_env(spec: JobSpec, gpus: Sequence[str]) -> dict[str, str]:
    """The environment of a container that gets these GPUs; its bounds by the names under which JupyterHub tells them."""
    return dict(spec.env) | {
        "CUDA_VISIBLE_DEVICES": ",".join(map(str, range(len(gpus)))),
        "CPU_LIMIT": str(spec.cpus),
        "MEM_LIMIT": str(spec.memory_mb * 2**20),
    }


def container_traits(spec: JobSpec, account: Account, gpus: Sequence[str], now: datetime) -> dict[str, Any]:
    """What DockerSpawner has to be told to make the container of `spec`: its own traits, by their names.

    Args:
        spec: the job, in a container.
        account: as whom it runs.
        gpus: the machine's names of the GPUs that it gets.
        now: when it is submitted, aware.

    Raises:
        JobRefusedError: it isn't one session on one machine, in an image by its digest.
    """
    if spec.container is None or "@sha256:" not in spec.container.image:
        raise JobRefusedError(
            expected="an image by its digest (name@sha256:…)", found="none", do="have the administrators name one"
        )
    if spec.hosts > 1 or spec.array or spec.gpu_shares or spec.requeueable:
        raise JobRefusedError(
            expected="a session on one machine", found="another kind of job", do="submit it to the site's scheduler"
        )
    memory = spec.memory_mb * 2**20
    seconds = math.ceil(spec.wall_minutes * 60)
    host: dict[str, Any] = {
        "port_bindings": None,  # the session chooses its port, on the machine itself
        "read_only": True,
        "tmpfs": {"/tmp": _SCRATCH, "/run": _RUN},  # noqa: S108 - inside the container
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "group_add": [str(gid) for gid in account.groups],
        "pids_limit": MOST_PROCESSES,
        "memswap_limit": memory,  # no swap besides
        "shm_size": memory // 2,  # what a DataLoader's workers hand over
        "ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],  # a core holds patients' data
        "init": True,  # takes the exit status of orphans
        "restart_policy": {"Name": "no"},
        "log_config": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "1"}},
    }
    if gpus:
        host["device_requests"] = [{"Driver": "nvidia", "DeviceIDs": list(gpus), "Capabilities": [["gpu"]]}]
    create = {
        "entrypoint": [],
        "working_dir": _no_template(str(spec.cwd)),
        "user": f"{account.uid}:{account.gid}",
        "healthcheck": {"Test": ["NONE"]},
        "detach": True,  # nobody is attached to it
        "stop_timeout": GRACE_S,
        "ports": [],
        "labels": {
            f"{LABEL}name": spec.name,
            f"{LABEL}owner": spec.owner,
            f"{LABEL}class": spec.priority_class.value,
            f"{LABEL}submitted": now.isoformat(),
            f"{LABEL}seconds": str(seconds),
            f"{LABEL}gpus": ",".join(gpus),
            f"{LABEL}cpus": str(spec.cpus),
            f"{LABEL}memory": str(spec.memory_mb),
        },
    }
    return {
        "image": spec.container.image,
        # Its wall time is kept by the machine, also while the hub is away.
        "cmd": ["timeout", f"--kill-after={GRACE_S}", str(seconds), *spec.command],
        "mounts": [
            {
                "type": "bind",
                "source": mount.source,
                "target": mount.target,
                "read_only": mount.read_only,
                "propagation": "rprivate",
            }
            for mount in spec.container.mounts
        ],
        "network_name": "host",
        "mem_limit": memory,
        "cpu_limit": float(spec.cpus),
        "extra_create_kwargs": create,
        "extra_host_config": host,
    }


def _no_template(text: str) -> str:
    """`text` as DockerSpawner leaves it when it fills in its templates."""
    return text.replace("{", "{{").replace("}", "}}")
