"""Sessions on people's own machines, each a real Docker daemon: what a container may, whose machine is whose, what ends it."""

import dataclasses
import gc
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ccds_kernel.batch.docker.machine import Account, Machine
from ccds_kernel.batch.docker.machines import DockerMachines
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.shape import Container, Mount
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import JobState
from ccds_kernel.errors import CcdsError
from support.docker import need_docker, pull, python_layer, registry, running_dockerd
from support.waiting import until

PERSON, GROUP, PROJECT_GROUP = 54711, 54712, 54713
SECONDS = 60
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


@pytest.fixture(scope="module")
def site():
    """Two machines, ann's and bob's, on which the image lies; their daemons; the image."""
    need_docker()
    with (
        running_dockerd() as first,
        running_dockerd() as second,
        registry(python_layer()) as image,
    ):
        for daemon in (first, second):
            pull(daemon, image)
        yield (first, second), image


@pytest.fixture
def daemons(site):
    """The two daemons; what a test leaves on them is taken away."""
    yield site[0]
    for daemon in site[0]:
        for container in daemon.client.containers(all=True):
            daemon.client.remove_container(container["Id"], v=True, force=True)


@contextmanager
def machines_on(daemons, *, gpus: int = 0, timeout_s: float = 60) -> Iterator[DockerMachines]:
    """Ann's machine `one` and bob's machine `two`."""
    names = (("one", "ann"), ("two", "bob"))
    found = [
        Machine(
            name=name,
            docker=daemon.url,
            address=f"10.0.0.{number}",
            cpus=4,
            memory_mb=8000,
            gpus=gpus,
            people=(person,),
        )
        for number, ((name, person), daemon) in enumerate(zip(names, daemons, strict=True), 1)
    ]
    machines = DockerMachines(found, lambda spec: Account(spec.owner, PERSON, GROUP, (PROJECT_GROUP,)), timeout_s)
    try:
        yield machines
    finally:
        machines.close()


@pytest.fixture
def machines(daemons):
    """The site's machines."""
    with machines_on(daemons) as machines:
        yield machines


@pytest.fixture
def session(site):
    """A session of ann's that sleeps, `changed` at will."""

    def make(*command: str, mounts=(), **changed) -> JobSpec:
        values = {
            "name": "session-ann-chest-1-lab",
            "command": command or ("sleep", "300"),
            "cwd": Path("/work"),
            "log": Path("/nowhere/log"),
            "owner": "ann",
            "env": {"CCDS_PROJECT": "CHEST-1"},
            "memory_mb": 256,
            "priority_class": PriorityClass.FIRST,
            "container": Container(site[1], mounts),
        }
        return JobSpec(**(values | changed))

    return make


def state_of(machines: DockerMachines, job: str) -> JobState:
    """Where the job stands now."""
    return machines.status([job])[job].state


def ended(machines: DockerMachines, job: str):
    """The job's status once it has ended."""
    until(lambda: state_of(machines, job).ended, "the job to end", seconds=SECONDS)
    return machines.status([job])[job]


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
    assert host["NanoCpus"] == 10**9


def test_everybody_runs_on_their_own_machine(daemons, machines, session):
    """Each by one client of its own; who has none is refused."""
    ann = machines.submit(session())
    bob = machines.submit(session(owner="bob", name="session-bob-chest-1-lab"))
    statuses = machines.status([ann, bob])
    with pytest.raises(JobRefusedError) as refused:
        machines.submit(session(owner="eve"))

    assert [len(daemon.client.containers()) for daemon in daemons] == [1, 1]
    assert {(status.node, status.address, status.owner) for status in statuses.values()} == {
        ("one", "10.0.0.1", "ann"),
        ("two", "10.0.0.2", "bob"),
    }
    assert [status.id for status in machines.mine()] == [ann, bob]
    assert "expected a machine of that person's; found none" in str(refused.value)


def test_a_session_is_made_once_and_found_by_another_hub(daemons, machines, session):
    """By its name; after its end the next is a new one."""
    first = machines.submit(session())
    with machines_on(daemons) as another:
        again = another.submit(session())
        another.cancel(first)
    status = ended(machines, first)
    second = machines.submit(session())

    assert again == first
    assert status.state is JobState.CANCELLED
    assert second != first
    assert state_of(machines, second) is JobState.RUNNING
    assert len(daemons[0].client.containers(all=True)) == 1


def test_the_machine_ends_a_session_whose_time_is_over(machines, session):
    """Also where no hub looks."""
    status = ended(machines, machines.submit(session(wall_minutes=1 / 60)))

    assert (status.state, status.reason) == (JobState.FAILED, "its wall time was over")


def test_a_machine_that_does_not_answer_ends_nothing(daemons, machines, session):
    """Its sessions are unknown, which is alive; the other machine's are as they are; afterwards all is as before."""
    ann, bob = machines.submit(session()), machines.submit(session(owner="bob", name="session-bob-chest-1-lab"))
    daemons[0].process.send_signal(signal.SIGSTOP)
    try:
        with machines_on(daemons, timeout_s=1) as impatient:
            silent = impatient.status([ann, bob])
            with pytest.raises(SchedulerUnavailableError) as refused:
                impatient.submit(session())
            with pytest.raises(SchedulerUnavailableError) as short:
                impatient.mine()
            capacity = {node.name: node.up for node in impatient.capacity()}
    finally:
        daemons[0].process.send_signal(signal.SIGCONT)

    assert [(silent[job].state, silent[job].reason) for job in (ann, bob)] == [
        (JobState.UNKNOWN, "one doesn't answer"),
        (JobState.RUNNING, None),
    ]
    assert str(refused.value) == str(short.value)
    assert capacity == {"one": False, "two": True}
    assert state_of(machines, ann) is JobState.RUNNING
    assert machines.submit(session()) == ann


@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)  # Docker's client
def test_a_machine_that_is_not_there_is_told_in_one_line(tmp_path, daemons, session):
    """No socket at all."""
    gone = dataclasses.replace(daemons[0], folder=tmp_path)

    with machines_on((gone, daemons[1])) as machines, pytest.raises(SchedulerUnavailableError) as refused:
        machines.submit(session())

    said = str(refused.value)
    del refused
    gc.collect()  # of the socket that Docker's client leaves open here, not in another test
    assert said.startswith("expected Docker on one to answer; found no answer that makes sense")


def test_a_container_that_was_taken_away_by_hand_is_unknown(daemons, machines, session):
    """Nobody said how it ended; its person can end the session."""
    job = machines.submit(session())
    daemons[0].client.remove_container(job.partition("/")[2], force=True)

    assert state_of(machines, job) is JobState.UNKNOWN
    with pytest.raises(UnknownJobError):
        machines.cancel(job)


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


def test_what_docker_refuses_is_told_in_its_own_words(tmp_path, daemons, machines, session):
    """A folder that isn't there; a GPU on a machine without NVIDIA's runtime. Nothing is left of it."""
    nowhere = (Mount(str(tmp_path / "nowhere"), "/site"),)
    with pytest.raises(JobRefusedError) as folder:
        machines.submit(session(mounts=nowhere))
    with machines_on(daemons, gpus=1) as with_gpu, pytest.raises(JobRefusedError) as gpu:
        with_gpu.submit(session(gpus=1))

    assert "bind source path does not exist" in str(folder.value)
    assert 'could not select device driver "nvidia"' in str(gpu.value)
    assert daemons[0].client.containers(all=True) == []


def test_what_is_more_than_the_machine_is_refused(machines, session):
    """Before anything is made: GPUs, cores, memory, another model, another kind of job."""
    for changed in ({"gpus": 1}, {"cpus": 5}, {"memory_mb": 9000}, {"gpu_model": "a100"}, {"hosts": 2}):
        with pytest.raises(JobRefusedError):
            machines.submit(session(**changed))

    assert machines.mine() == []


def test_capacity_and_outlook_are_those_of_the_machine(machines, session):
    """What containers were given isn't free; a session that fits would start now; there is no queue and no more time."""
    job = machines.submit(session(cpus=2))

    one, two = machines.capacity()
    outlook = machines.estimate(session(name="session-ann-chest-1-lab-2"))

    assert (one.cpus_free, one.memory_mb_free, two.cpus_free) == (2, 8000 - 256, 4)
    assert outlook.estimated_start is not None
    for change in (lambda: machines.extend(job, 30), lambda: machines.set_priority(job, PriorityClass.SECOND)):
        with pytest.raises(JobRefusedError):
            change()
    with pytest.raises(UnknownJobError):
        machines.cancel("three/4f2a")
