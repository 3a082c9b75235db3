"""What DockerSpawner is told to make a session's container of, and what it asks Docker: compared whole, no daemon needed."""

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from docker import APIClient
from dockerspawner import DockerSpawner

from ccds_kernel.batch.docker.machine import Account
from ccds_kernel.batch.scheduler import JobRefusedError
from ccds_kernel.batch.shape import Container, Mount
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_spawners.container import container_env, container_traits
from support.docker_labels import LABELS, NOW

IMAGE = f"registry.hospital.org/ccds/session@sha256:{'0a' * 32}"
ANN = Account("ann", 2001, 2001, (30001, 30002))


def session() -> JobSpec:
    """Ann's session."""
    return JobSpec(
        name="session-ann-chest-1-lab",
        command=("python", "-P", "-m", "ccds_kernel.session.launch", "lab"),
        cwd=Path("/projects/CHEST-1/work/ann"),
        log=Path("/state/servers/ann/chest-1-lab/chest-1-lab.log"),
        owner="ann",
        env={"CCDS_PROJECT": "CHEST-1"},
        cpus=2,
        memory_mb=4096,
        gpus=2,
        wall_minutes=90,
        priority_class=PriorityClass.FIRST,
        container=Container(IMAGE, (Mount("/projects/CHEST-1", "/projects/CHEST-1", read_only=False),)),
    )


class Asking(DockerSpawner):
    """DockerSpawner itself, that keeps what it would ask Docker."""

    client = APIClient("unix:///nowhere", version="1.41")

    async def docker(self, _method: str, **options: object) -> dict:
        """Keeps it."""
        self.asked = options
        return {"Id": "4f2a"}


def request(gpus: tuple[str, ...]) -> dict:
    """What DockerSpawner asks Docker to create for ann's session."""
    spawner = Asking(user=SimpleNamespace(name="ann"))
    spawner.format_volume_name = lambda folder, _spawner: folder
    for name, value in container_traits(session(), ANN, gpus, NOW).items():
        setattr(spawner, name, value)
    spawner.get_env = lambda: container_env(session(), gpus)
    asyncio.run(spawner.create_object())
    assert spawner.asked.pop("name") == spawner.container_name
    asked = Asking.client.create_container_config(**spawner.asked)
    return {key: value for key, value in asked.items() if value not in (None, False)}


def test_the_request_is_whole():
    """Every bound and every right that it doesn't get, as dockerspawner puts it to Docker."""
    asked = request(("1", "3"))

    host = {key: value for key, value in asked.pop("HostConfig").items() if value not in ([], {})}
    assert asked == {
        "Image": IMAGE,
        "Entrypoint": [],
        "Cmd": [
            "timeout", "--kill-after=15", "5400", "python", "-P", "-m", "ccds_kernel.session.launch", "lab",
        ],
        "WorkingDir": "/projects/CHEST-1/work/ann",
        "User": "2001:2001",
        "Env": ["CCDS_PROJECT=CHEST-1", "CUDA_VISIBLE_DEVICES=0,1", "CPU_LIMIT=2", f"MEM_LIMIT={4096 * 2**20}"],
        "Healthcheck": {"Test": ["NONE"], "Interval": None, "Timeout": None, "Retries": None, "StartPeriod": None},
        "StopTimeout": 15,
        "ExposedPorts": {},
        "Volumes": {},
        "Labels": LABELS,
    }  # fmt: skip
    assert host == {
        "Mounts": [
            {
                "Type": "bind",
                "Source": "/projects/CHEST-1",
                "Target": "/projects/CHEST-1",
                "ReadOnly": False,
                "BindOptions": {"Propagation": "rprivate"},
            }
        ],
        "ReadonlyRootfs": True,
        "Tmpfs": {
            "/tmp": "rw,nosuid,nodev,size=2g,mode=1777",  # noqa: S108 - inside the container
            "/run": "rw,nosuid,nodev,noexec,size=64m,mode=1777",
        },
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "GroupAdd": ["30001", "30002"],
        "PidsLimit": 4096,
        "Memory": 4096 * 2**20,
        "MemorySwap": 4096 * 2**20,
        "ShmSize": 2048 * 2**20,
        "CpuPeriod": 100_000,
        "CpuQuota": 200_000,
        "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],
        "NetworkMode": "host",
        "Init": True,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "1"}},
        "DeviceRequests": [
            {"Driver": "nvidia", "Count": 0, "DeviceIDs": ["1", "3"], "Capabilities": [["gpu"]], "Options": {}}
        ],
    }


def test_without_gpus_no_device_is_asked_for():
    """And CUDA sees none."""
    asked = request(())

    assert "DeviceRequests" not in asked["HostConfig"]
    assert "CUDA_VISIBLE_DEVICES=" in asked["Env"]


@pytest.mark.parametrize("other", [{"hosts": 2}, {"gpus": 0, "gpu_shares": 1}, {"container": None}])
def test_another_kind_of_job_is_refused(other):
    """A machine of one's own is for sessions, in the site's image."""
    with pytest.raises(JobRefusedError):
        container_traits(replace(session(), **other), ANN, (), NOW)
