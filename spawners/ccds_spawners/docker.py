"""Static allocation: a person's lab sessions as containers on the machine that is theirs; everything else is the cluster's.

A session there is one of `ClusterSpawner`'s in all that the hub and its people see of it: the same options, rights, audit,
notices and handshake. Its container is dockerspawner's. Only the project's directory is mounted, what a session needs to know of
the site beside it, and nothing else of the host. In the container server and code are one Unix user, the person: there is no root
helper in it, since nothing in it may become somebody else. docs/static.md says what that means for the egress lock.

Each machine is asked by itself: one that doesn't answer is nothing to the people of another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docker import APIClient
from docker.errors import APIError, NotFound
from dockerspawner import DockerSpawner
from traitlets import Any as AnyTrait
from traitlets import Bool, Unicode, default, observe

from ccds_kernel.batch.docker.machine import Account, account_of
from ccds_kernel.batch.docker.states import job_id
from ccds_kernel.batch.scheduler import JobRefusedError, UnknownJobError
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.errors import CcdsError
from ccds_kernel.session.name import SessionName
from ccds_spawners.cluster import ClusterSpawner
from ccds_spawners.container import container_env, container_traits, in_container, lay_out_account
from ccds_spawners.fleet import Fleet, Own
from ccds_spawners.job import session_job_name


class CcdsDockerSpawner(ClusterSpawner, DockerSpawner):  # type: ignore[misc] # dockerspawner has no type hints
    """A lab session in a container on its person's own machine; `fleet` (Fleet) is handed in by the hub's configuration.

    DockerSpawner's: the container. It lays out the request and makes, names, starts, stops and removes it (`create_object`,
    `start_object`, `stop_object`, `remove_object`), looks for the image, and keeps `object_id` in the hub's database.

    Not DockerSpawner's, because of what it does there:

    - its client, one for all machines, and its one thread: a machine that hangs would hold up the others;
    - `poll`, which takes an error 500 and a 404 for the end of a session, and asks for each session by itself;
    - `start`, which removes or starts again what it finds under the name, with another person's or an old token, and `stop`,
      which forgets a container that it couldn't stop: ClusterSpawner takes up what lives, and asks until it has ended;
    - its options form, which knows of images alone.
    """

    fleet = AnyTrait(help="the machines that belong to people").tag(config=True)
    prefix = Unicode("ccds", help="what the names of containers begin with")
    pull_policy = Unicode("never", help="what runs is what an administrator put there")
    will_resume = Bool(False, help="see Spawner: DockerSpawner's says that each container does")

    _env: dict[str, str] | None = None

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - as traitlets
        super().__init__(**options)
        own = _own(self.fleet, self.user.name, self.orm_spawner)
        assert own is not None  # noqa: S101 - SiteSpawner makes it only then
        self._own = own
        self.scheduler, self.watch, self.capacities = self._own.containers, self._own.watch, self._own.capacities
        self.image = self.settings.static.image

    @default("options_from_form")
    def _as_jupyterhub_does(self) -> Any:  # noqa: ANN401 - JupyterHub has no type hints
        return self._passthrough_options_from_form

    @default("format_volume_name")
    def _folders_are_no_templates(self) -> Any:  # noqa: ANN401 - dockerspawner has no type hints
        return lambda folder, _spawner: folder

    @observe("job_id")
    def _is_its_container(self, _change: object) -> None:
        self.object_id = self.job_id.partition("/")[2]

    @property
    def client(self) -> APIClient:
        """The client of this person's machine."""
        return self._own.containers.connection.making

    async def docker(self, method: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as docker
        """Calls the client, in a thread; DockerSpawner does all that it does by this."""
        return await asyncio.to_thread(getattr(self.client, method), *arguments, **options)

    def get_env(self) -> dict[str, str]:
        """The session's environment; while its container is made, the whole one of its job."""
        return super().get_env() if self._env is None else self._env

    async def _hand_in(self, spec: JobSpec) -> JobId:
        config = Path(self.environment["CCDS_CONFIG"])
        inside = in_container(spec, self.settings.static.image, self._own.machine.address, config, self.settings)
        account = await asyncio.to_thread(account_of, spec.owner, spec.env["CCDS_PROJECT"])
        await asyncio.to_thread(lay_out_account, spec.log.parent, account, spec.cwd)
        return await self.make(inside, account)

    async def make(self, job: JobSpec, account: Account) -> JobId:
        """Makes and starts the container of `job`, unless one of its name lives; returns its id.

        One after the other on each machine, since GPUs are given out here: no two containers have the same.

        Raises:
            JobRefusedError: the machine hasn't what is asked for, or Docker refuses, in its own words.
            SchedulerUnavailableError: it doesn't answer.
        """
        containers = self._own.containers
        async with self._own.making:
            found = await asyncio.to_thread(containers.named, job.name, job.owner)
            if living := [status for status in found if not status.state.ended]:
                await self._start_what_was_made(living[0])
                return living[0].id
            gpus = await asyncio.to_thread(containers.choose_gpus, job)
            traits = container_traits(job, account, gpus, datetime.now(UTC))
            with containers.connection.sense():
                await self._make(traits, container_env(job, gpus), found)
        return job_id(self._own.machine, self.object_id)

    async def _make(self, traits: dict[str, Any], env: dict[str, str], ended: Sequence[JobStatus]) -> None:
        """Makes the container in place of those that have `ended`, and starts it; `object_id` is its id."""
        for name, value in traits.items():
            setattr(self, name, value)
        try:
            await self.pull_image(self.image)
        except NotFound:
            raise JobRefusedError(
                expected="the session's image on its machine",
                found=f"none of that digest on {self._own.machine.name}",
                do=f"have the administrators pull it there: docker pull {self.image}",
            ) from None
        for status in ended:
            self.object_id = self._own.containers.container(status.id)
            await self.remove_object()
        self._env = env
        try:
            made = await self.create_object()
        finally:
            self._env = None
        self.object_id = made[self.object_id_key]
        await self._start_made()

    async def _start_made(self) -> None:
        """One that can't be started is taken away."""
        try:
            await self.start_object()
        except APIError as error:
            await self.remove_object()
            raise self._own.containers.connection.refusal(error) from None

    async def _adopt(self) -> bool:
        if not await super()._adopt():
            return False
        name = session_job_name(self.session, self.user.name)
        for status in await asyncio.to_thread(self._own.containers.named, name, self.user.name):
            await self._start_what_was_made(status)
        return True

    async def _start_what_was_made(self, status: JobStatus) -> None:
        """Starts a container that is there but never was started: the hub that made it died before."""
        if status.state is JobState.PENDING:
            self.object_id = self._own.containers.container(status.id)
            with self._own.containers.connection.sense():
                await self._start_made()

    async def _cancel(self, job: JobId) -> None:
        """Stops the container of `job`: TERM, then KILL. One that was never started is removed.

        Raises:
            UnknownJobError: there is none, or none any more.
            SchedulerUnavailableError: the machine doesn't answer.
        """
        status = await asyncio.to_thread(self._own.containers.call_off, job)
        self.object_id = self._own.containers.container(job)
        with self._own.containers.connection.sense():
            if status.state is JobState.PENDING:
                await self.remove_object()
                raise UnknownJobError(
                    expected="a container that was started", found="one that was only made", do="nothing: it is removed"
                )
            if not status.state.ended:
                await self.stop_object()

    def _address(self, status: JobStatus) -> str:
        address = status.address or ""
        return f"[{address}]" if ":" in address else address

    @property
    def longest_hours(self) -> int:
        """0: a container is made with its wall time."""
        return 0

    @property
    def takes_node(self) -> bool:
        """Never one of the cluster's: what a person has of their own changes nothing about their place in its queue."""
        return False


class SiteSpawner(ClusterSpawner):
    """What a hub with such machines is configured with: makes the spawner that a person's session needs."""

    def __new__(cls, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401, D102 - as traitlets; the class says it
        kind = CcdsDockerSpawner if _has_machine(**options) else ClusterSpawner
        return kind(*arguments, **options)


def _has_machine(*, config: Any = None, user: Any = None, orm_spawner: Any = None, **_others: Any) -> bool:  # noqa: ANN401 - as JupyterHub calls
    """Whether a spawner that is made of these is for a lab session on a machine of somebody's, or of somebody who has one."""
    if not (config and user and orm_spawner):
        return False
    try:
        runs_code = SessionName.parse(orm_spawner.name).kind.runs_code
    except CcdsError:
        return False
    return bool(runs_code and _own(config.CcdsDockerSpawner.fleet, user.name, orm_spawner))


def _own(fleet: Fleet, person: str, orm_spawner: Any) -> Own | None:  # noqa: ANN401 - likewise
    """The machine of a session: that on which its job is, whatever the site's table says by now; else its person's."""
    job = JobId((orm_spawner.state or {}).get("job_id", ""))
    return fleet.holding(job) if job else fleet.of(person)
