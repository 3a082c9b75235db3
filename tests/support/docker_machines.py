"""People's own machines, each a real Docker daemon, as a hub has them; the fixtures that give them to tests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import pytest
from jupyterhub import orm
from traitlets.config import Config

from ccds_kernel.batch.docker.containers import Containers
from ccds_kernel.batch.docker.machine import Account, Machine
from ccds_kernel.batch.shape import Container
from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.batch.states import JobId, JobStatus
from ccds_kernel.cluster.records import Records
from ccds_kernel.settings import Settings
from ccds_spawners.capacities import Capacities
from ccds_spawners.docker import CcdsDockerSpawner
from ccds_spawners.fleet import Own
from ccds_spawners.watch import JobWatch
from support.docker import need_docker, pull, python_layer, registry, running_dockerd
from support.site import site_settings
from support.waiting import until

PERSON, GROUP, PROJECT_GROUP = 54711, 54712, 54713
SECONDS = 60


@pytest.fixture(scope="package")
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
