"""A session's container on a real Docker daemon: what it may, what bounds it, which image it has and what environment."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from dockerspawner import DockerSpawner

from ccds_kernel.batch.docker.machine import Account
from ccds_kernel.batch.scheduler import JobRefusedError
from ccds_kernel.batch.shape import Container, Mount
from ccds_kernel.batch.states import JobState
from ccds_kernel.errors import CcdsError
from support.docker_machines import GROUP, PERSON, PROJECT_GROUP, ended, machines_on

LOOK = r"""
import json, os, pathlib
def attempt(path):
    try:
        pathlib.Path(path).write_text("x")
    except OSError as error:
        return error.strerror
    return "written"
status = dict(line.split(":\t") for line in pathlib.Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
places = ("/etc/new", "/usr/bin/new", "/tmp/new", "project/work/ann/new", "project/dicom/new", "registry/new")
found = {
    "who": [os.getuid(), os.getgid(), sorted(os.getgroups())],
    "caps": [status[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")],
    "no new privileges": status["NoNewPrivs"],
    "writes": {place: attempt(place if place[0] == "/" else f"{ROOT}/{place}") for place in places},
    "root": sorted(os.listdir(ROOT)),
    "host": os.path.exists(HOST),
    "init": pathlib.Path("/proc/1/cmdline").read_bytes().split(b"\0")[0].decode(),
}
pathlib.Path(ROOT, "project/work/ann/found.json").write_text(json.dumps(found))
"""


def test_a_container_sees_its_project_and_may_nothing_else(tmp_path, daemons, machines, session):
    """The person's number and the project's group, no capability, a root that nobody writes, no other folder of the host."""
    for folder, owner, mode in (
        ("project/work/ann", PERSON, 0o700),
        ("project/dicom", 0, 0o750),
        ("registry", PERSON, 0o700),
        ("other-project", PERSON, 0o700),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder).chmod(mode)
        os.chown(tmp_path / folder, owner, GROUP)
    mounts = (
        Mount(str(tmp_path / "project"), "/site/project", read_only=False),
        Mount(str(tmp_path / "registry"), "/site/registry"),
    )
    script = LOOK.replace("ROOT", "'/site'").replace("HOST", repr(str(tmp_path)))

    job = machines.submit(session("python", "-c", script, mounts=mounts))
    status = ended(machines, job)

    assert status.state is JobState.SUCCEEDED, daemons[0].client.logs(job.partition("/")[2])
    found = json.loads((tmp_path / "project/work/ann/found.json").read_text(encoding="utf-8"))
    assert found == {
        "who": [PERSON, GROUP, [GROUP, PROJECT_GROUP]],
        "caps": ["0000000000000000"] * 4,
        "no new privileges": "1",
        "writes": {
            "/etc/new": "Read-only file system",
            "/usr/bin/new": "Read-only file system",
            "/tmp/new": "written",  # noqa: S108 - inside the container
            "project/work/ann/new": "written",
            "project/dicom/new": "Permission denied",
            "registry/new": "Read-only file system",
        },
        "root": ["project", "registry"],
        "host": False,
        "init": "/sbin/docker-init",
    }


def test_memory_and_processes_are_bounded(daemons, machines, session):
    """As Docker itself tells; no swap besides."""
    job = machines.submit(session())

    host = daemons[0].client.inspect_container(job.partition("/")[2])["HostConfig"]

    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (256 * 2**20, 256 * 2**20, 4096)
    assert host["Privileged"] is False
    assert host["CpuQuota"] == host["CpuPeriod"] > 0


def test_an_image_without_digest_is_refused(daemons, machines, session):
    """A tag can be another image tomorrow, a file isn't Docker's, none is none."""
    with pytest.raises(CcdsError, match="expected an image pinned as name@sha256"):
        Container("ccds/session:latest")
    for container in (None, Container("/images/session.sqsh")):
        with pytest.raises(JobRefusedError, match="expected an image by its digest"):
            machines.submit(session(container=container))

    assert [daemon.client.containers(all=True) for daemon in daemons] == [[], []]


def test_an_image_that_is_not_on_the_machine_is_refused_with_the_way_there(daemons, machines, session):
    """The hub pulls nothing: what runs is what an administrator put there."""
    other = f"registry.hospital.org/ccds/session@sha256:{'0b' * 32}"

    with pytest.raises(JobRefusedError, match=f"none of that digest on one; have .* docker pull {other}"):
        machines.submit(session(container=Container(other)))

    assert daemons[0].client.containers(all=True) == []


def test_what_docker_refuses_is_told_in_its_own_words(tmp_path, site, daemons, machines, session):
    """A folder that isn't there; a GPU on a machine without NVIDIA's runtime. Nothing is left of it."""
    nowhere = (Mount(str(tmp_path / "nowhere"), "/site"),)
    with pytest.raises(JobRefusedError) as folder:
        machines.submit(session(mounts=nowhere))
    with machines_on(site, tmp_path, gpus=1) as with_gpu, pytest.raises(JobRefusedError) as gpu:
        with_gpu.submit(session(gpus=1))

    assert "bind source path does not exist" in str(folder.value)
    assert 'could not select device driver "nvidia"' in str(gpu.value)
    assert daemons[0].client.containers(all=True) == []


def test_the_container_is_dockerspawners(daemons, machines, session):
    """Its name, its id in the hub's database, which another hub reads, its image, which it looks for and never pulls."""
    spawner = machines.spawner("ann")
    job = asyncio.run(spawner.make(session(), Account("ann", PERSON, GROUP)))

    spawner.job_id = job
    another = machines.spawner("ann")
    another.load_state(spawner.get_state())

    (told,) = daemons[0].client.containers()
    assert isinstance(spawner, DockerSpawner)
    assert told["Names"] == [f"/{spawner.container_name}"] == ["/ccds-ann--chest-2d1-2dlab"]
    assert spawner.container_id == another.container_id == told["Id"] == job.partition("/")[2]
    assert spawner.run_options_from_form({"gpus": ["2"]}) == {"gpus": ["2"]}
    assert asyncio.run(another.get_object())["Image"] == daemons[0].client.inspect_image(spawner.image)["Id"]


def test_the_environment_is_the_jobs_alone(daemons, machines, session):
    """What the image says of its own besides; nothing of the hub's, and braces stay what they are."""
    env = {"CCDS_PROJECT": "CHEST-1", "TOLD": '{"a": {}, "name": "{username}"}'}
    job = machines.submit(session(env=env, cwd=Path("/work/{username}")))

    told = daemons[0].client.inspect_container(job.partition("/")[2])["Config"]

    found = dict(line.split("=", 1) for line in told["Env"])
    assert found == env | {
        "CPU_LIMIT": "1",
        "MEM_LIMIT": str(256 * 2**20),
        "CUDA_VISIBLE_DEVICES": "",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    assert told["WorkingDir"] == "/work/{username}"
    assert told.get("ExposedPorts") is None
