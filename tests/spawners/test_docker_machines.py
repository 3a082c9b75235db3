"""Sessions on people's own machines, each a real Docker daemon: what a container may, whose machine is whose, what ends it."""

import asyncio
import dataclasses
import gc
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import pytest
from dockerspawner import DockerSpawner
from jupyterhub import orm
from traitlets.config import Config

from ccds_kernel.batch.docker.containers import Containers
from ccds_kernel.batch.docker.machine import Account, Machine
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.shape import Container, Mount
from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.cluster.records import Records
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings
from ccds_spawners.capacities import Capacities
from ccds_spawners.docker import CcdsDockerSpawner
from ccds_spawners.ending import end_job
from ccds_spawners.fleet import Own
from ccds_spawners.home import session_folder
from ccds_spawners.kept_token import keep_token
from ccds_spawners.watch import JobWatch
from support.docker import need_docker, pull, python_layer, registry, running_dockerd
from support.site import site_settings
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


class Site:
    """A hub's machines, each with its daemon: ann's `one` and bob's `two`."""

    def __init__(self, settings: Settings, machines: list[Machine], timeout_s: float) -> None:
        self.settings, self.kind = settings, CcdsDockerSpawner
        self.database = orm.new_session_factory("sqlite:///:memory:")()
        self.own = {}
        for machine in machines:
            containers = Containers(machine, timeout_s)
            self.own |= dict.fromkeys(machine.people, Own(containers, JobWatch(containers), Capacities(containers)))

    def of(self, person: str) -> Own | None:
        """As a Fleet."""
        return self.own.get(person)

    def holding(self, job: JobId) -> Own | None:
        """Likewise."""
        return next((own for own in self.own.values() if job.startswith(f"{own.machine.name}/")), None)

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def spawner(self, person: str, server: str = "chest-1-lab") -> CcdsDockerSpawner:
        """The hub's spawner of that session."""
        config = Config()
        config.CcdsDockerSpawner.fleet = self
        config.ClusterSpawner.settings = self.settings
        config.ClusterSpawner.records = Records(self.settings.paths.state)
        orm_user = orm.User.find(self.database, name=person) or orm.User(name=person)
        stored = orm_user.orm_spawners.get(server) or orm.Spawner(name=server, user=orm_user)
        self.database.add(stored)
        self.database.commit()
        user = SimpleNamespace(name=person, orm_user=orm_user, spawners={})
        return self.kind(config=config, user=user, orm_spawner=stored)

    def submit(self, job: JobSpec) -> JobId:
        """Has a container made for `job`, as its person's spawner does."""
        return asyncio.run(self.spawner(job.owner).make(job, Account(job.owner, PERSON, GROUP, (PROJECT_GROUP,))))

    def cancel(self, job: JobId, person: str = "ann") -> None:
        """Has it ended, as its person's spawner does."""
        asyncio.run(self.spawner(person)._cancel(job))

    def status(self, job: JobId, person: str = "ann") -> JobStatus:
        """What its machine says."""
        return self.own[person].containers.status([job])[job]


@contextmanager
def machines_on(site, folder: Path, *, gpus: int = 0, timeout_s: float = 60) -> Iterator[Site]:
    """Ann's machine `one` and bob's machine `two`."""
    daemons, image = site
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
        for number, ((name, person), daemon) in enumerate(
            zip((("one", "ann"), ("two", "bob")), daemons, strict=True), 1
        )
    ]
    values = site_settings(folder).model_dump(mode="json", exclude_unset=True)
    settings = Settings.model_validate(values | {"static": {"image": image}})
    settings.paths.state.mkdir(exist_ok=True)
    made = Site(settings, found, timeout_s)
    try:
        yield made
    finally:
        made.database.close()
        made.database.get_bind().dispose()
        for own in made.own.values():
            own.containers.connection.close()


@pytest.fixture
def machines(site, daemons, tmp_path):
    """The site's machines."""
    with machines_on((daemons, site[1]), tmp_path) as machines:
        yield machines


@pytest.fixture
def session(site):
    """A session of ann's that sleeps, `changed` at will."""

    def make(*command: str, mounts=(), **changed) -> JobSpec:
        values = {
            "name": job_name("session", "ann", "chest-1-lab"),
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


def ended(machines: Site, job: JobId) -> JobStatus:
    """The job's status once it has ended."""
    until(lambda: machines.status(job).state.ended, "the job to end", seconds=SECONDS)
    return machines.status(job)


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


def test_everybody_runs_on_their_own_machine(daemons, machines, session):
    """Each by one client of its own."""
    ann = machines.submit(session())
    bob = machines.submit(session(owner="bob", name="session-bob-chest-1-lab"))
    statuses = {"ann": machines.status(ann), "bob": machines.status(bob, "bob")}
    assert [len(daemon.client.containers()) for daemon in daemons] == [1, 1]
    assert {(status.node, status.address, status.owner) for status in statuses.values()} == {
        ("one", "10.0.0.1", "ann"),
        ("two", "10.0.0.2", "bob"),
    }
    assert [[status.id for status in own.containers.mine()] for own in machines.own.values()] == [[ann], [bob]]


def test_a_session_is_made_once_and_found_by_another_hub(tmp_path, site, daemons, machines, session):
    """By its name; after its end the next is a new one."""
    first = machines.submit(session())
    with machines_on(site, tmp_path) as another:
        again = another.submit(session())
        another.cancel(first)
    status = ended(machines, first)
    second = machines.submit(session())

    assert again == first
    assert status.state is JobState.CANCELLED
    assert second != first
    assert machines.status(second).state is JobState.RUNNING
    assert len(daemons[0].client.containers(all=True)) == 1


def test_the_machine_ends_a_session_whose_time_is_over(machines, session):
    """Also where no hub looks."""
    status = ended(machines, machines.submit(session(wall_minutes=1 / 60)))

    assert (status.state, status.reason) == (JobState.FAILED, "its wall time was over")


def test_a_machine_that_does_not_answer_ends_nothing(tmp_path, site, daemons, machines, session):
    """Its sessions are unknown, which is alive; the other machine's are as they are; afterwards all is as before."""
    ann, bob = machines.submit(session()), machines.submit(session(owner="bob", name="session-bob-chest-1-lab"))
    daemons[0].process.send_signal(signal.SIGSTOP)
    try:
        with machines_on(site, tmp_path, timeout_s=1) as impatient:
            silent = (impatient.status(ann), impatient.status(bob, "bob"))
            with pytest.raises(SchedulerUnavailableError) as refused:
                impatient.submit(session())
            with pytest.raises(SchedulerUnavailableError):
                impatient.cancel(ann)
            with pytest.raises(SchedulerUnavailableError) as short:
                impatient.of("ann").containers.mine()
            capacity = {node.name: node.up for own in impatient.own.values() for node in own.containers.capacity()}
    finally:
        daemons[0].process.send_signal(signal.SIGCONT)

    assert [(status.state, status.reason) for status in silent] == [
        (JobState.UNKNOWN, "one doesn't answer"),
        (JobState.RUNNING, None),
    ]
    assert str(refused.value) == str(short.value)
    assert capacity == {"one": False, "two": True}
    assert machines.status(ann).state is JobState.RUNNING
    assert machines.submit(session()) == ann


@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)  # Docker's client
def test_a_machine_that_is_not_there_is_told_in_one_line(tmp_path, site, daemons, session):
    """No socket at all."""
    gone = dataclasses.replace(daemons[0], folder=tmp_path)

    with (
        machines_on(((gone, daemons[1]), site[1]), tmp_path) as machines,
        pytest.raises(SchedulerUnavailableError) as refused,
    ):
        machines.submit(session())

    said = str(refused.value)
    del refused
    gc.collect()  # of the socket that Docker's client leaves open here, not in another test
    assert said.startswith("expected Docker on one to answer; found no answer that makes sense")


def test_a_container_that_was_taken_away_by_hand_is_unknown(daemons, machines, session):
    """Nobody said how it ended; its person can end the session."""
    job = machines.submit(session())
    daemons[0].client.remove_container(job.partition("/")[2], force=True)

    assert machines.status(job).state is JobState.UNKNOWN
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


def test_what_is_more_than_the_machine_is_refused(machines, session):
    """Before anything is made: GPUs, cores, memory, another model, another kind of job."""
    for changed in ({"gpus": 1}, {"cpus": 5}, {"memory_mb": 9000}, {"gpu_model": "a100"}, {"hosts": 2}):
        with pytest.raises(JobRefusedError):
            machines.submit(session(**changed))

    assert machines.of("ann").containers.mine() == []


def test_capacity_and_outlook_are_those_of_the_machine(machines, session):
    """What containers were given isn't free; a session that fits would start now; there is no queue and no more time."""
    job = machines.submit(session(cpus=2))

    one = machines.of("ann").containers
    (node,) = one.capacity()
    outlook = one.estimate(session(name="session-ann-chest-1-lab-2"))

    assert (node.cpus_free, node.memory_mb_free) == (2, 8000 - 256)
    assert outlook.estimated_start is not None
    with pytest.raises(JobRefusedError):
        one.extend(job, 30)
    with pytest.raises(UnknownJobError):
        machines.cancel(JobId("three/4f2a"))


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


class DiesBetween(CcdsDockerSpawner):
    """The spawner of a hub that dies when its container is made, and not yet started."""

    async def start_object(self) -> None:
        """Doesn't come to it."""
        raise KeyboardInterrupt


def only_made(machines: Site, job: JobSpec) -> JobId:
    """A container that nobody has started."""
    machines.kind = DiesBetween
    with pytest.raises(KeyboardInterrupt):
        machines.submit(job)
    machines.kind = CcdsDockerSpawner
    (status,) = machines.of("ann").containers.mine()
    assert status.state is JobState.PENDING
    return status.id


def test_what_a_dead_hub_made_is_started_by_the_next(machines, session):
    """Not made again."""
    made = only_made(machines, session())

    again = machines.submit(session())

    assert again == made
    assert machines.status(made).state is JobState.RUNNING


def test_what_a_dead_hub_made_is_taken_up(machines, session):
    """With its token, and started: the start that was interrupted goes on with the one container."""
    made = only_made(machines, session())
    spawner = machines.spawner("ann")
    token = "of the start that was interrupted"
    client = orm.OAuthClient(identifier="jupyterhub")
    machines.database.add(orm.APIToken(generated=True, token=token, user=spawner.user.orm_user, oauth_client=client))
    machines.database.commit()
    folder = session_folder(spawner.session, "ann", machines.settings)
    keep_token(folder, token)
    spawner.load_state({"job_id": "", "up": False, "port": 0, "cores": 0})

    taken_up = asyncio.run(spawner._adopt())

    assert taken_up is True
    assert (spawner.job_id, spawner.container_id, spawner.api_token) == (made, made.partition("/")[2], token)
    assert machines.status(made).state is JobState.RUNNING


@pytest.mark.usefixtures("daemons")
def test_what_a_dead_hub_made_keeps_its_gpus(tmp_path, site, session):
    """It may be started at any moment."""
    with machines_on(site, tmp_path, gpus=1) as machines:
        only_made(machines, session(gpus=1))

        with pytest.raises(JobRefusedError, match="expected 1 free GPUs on one; found 0"):
            machines.submit(session(name="session-ann-chest-1-lab-2", gpus=1))
        assert machines.of("ann").containers.capacity()[0].gpus_free == 0


def end(machines: Site, job: JobId) -> list[int]:
    """Ends it as the hub does; how often that wasn't heard."""
    unheard: list[int] = []

    async def stop() -> None:
        own = machines.of("ann")
        await end_job(job, machines.spawner("ann")._cancel, own.watch, lambda _why: unheard.append(1), again_s=1)

    asyncio.run(asyncio.wait_for(stop(), SECONDS))
    return unheard


def test_what_was_only_made_ends_at_once(daemons, machines, session):
    """It is taken away, and nobody waits for an end that never comes."""
    job = only_made(machines, session())

    assert end(machines, job) == []
    assert daemons[0].client.containers(all=True) == []


def test_an_end_that_was_not_heard_is_asked_for_again(tmp_path, site, daemons, session):
    """The daemon hangs when the session is stopped: that is told once, and the container ends when it answers again."""
    with machines_on(site, tmp_path, timeout_s=1) as machines:
        job = machines.submit(session())
        daemons[0].process.send_signal(signal.SIGSTOP)
        wakes = threading.Timer(4, daemons[0].process.send_signal, (signal.SIGCONT,))
        wakes.start()
        try:
            unheard = end(machines, job)
        finally:
            wakes.join()

        assert unheard == [1]
        assert machines.status(job).state is JobState.CANCELLED


def test_a_session_that_has_ended_stays_as_it_ended(machines, session):
    """Whoever ends it then is told nothing new."""
    job = machines.submit(session("python", "-c", "raise SystemExit(3)"))
    before = ended(machines, job)

    machines.cancel(job)

    assert machines.status(job) == before
    assert before.exit_code == 3
