"""Static allocation: a person's lab sessions as containers on the machine that is theirs; everything else is the cluster's.

A session there is one of `ClusterSpawner`'s in all but its job: the same options, rights, audit, notices and handshake, on
another scheduler, `DockerMachines`. Only the project's directory is mounted, what a session needs to know of the site beside it,
and nothing else of the host. In the container server and code are one Unix user, the person: there is no root helper in it,
since nothing in it may become somebody else. docs/static.md says what that means for the egress lock.

Each machine is asked by itself: one that doesn't answer is nothing to the people of another.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from traitlets import Any as AnyTrait

from ccds_kernel.audit.token import SPOOL_VARIABLE
from ccds_kernel.batch.docker.machine import Account, Machine, account_of
from ccds_kernel.batch.docker.machines import DockerMachines
from ccds_kernel.batch.shape import Container, Mount
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import JobStatus
from ccds_kernel.env.image import VARIABLE as IMAGE
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.session.lab_place import LAB_FOLDER
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings
from ccds_spawners.capacities import Capacities
from ccds_spawners.cluster import ClusterSpawner
from ccds_spawners.watch import JobWatch

_PATH = "/usr/local/bin:/usr/bin:/bin"
_FOR_ALL = 0o755
"""The folder of the session's server is seen in the container by the person, who on the host doesn't come that far."""


@dataclass(frozen=True)
class Own:
    """One machine, the one that asks it about sessions, and what it has free."""

    machine: Machine
    scheduler: DockerMachines
    watch: JobWatch
    capacities: Capacities


class Fleet:
    """The site's machines, each with what all its people's sessions share."""

    def __init__(self, settings: Settings) -> None:
        self._own: dict[str, Own] = {}
        for name, told in settings.static.machines.items():
            machine = Machine(
                name=name,
                docker=told.docker,
                tls=told.tls,
                address=told.reached,
                cpus=told.cpus,
                memory_mb=told.memory_mb,
                gpus=told.gpus,
                gpu_model=told.gpu_model,
                people=told.people,
            )
            scheduler = DockerMachines([machine], _account)
            watch = JobWatch(scheduler, settings.scheduler.tick_s)
            self._own |= dict.fromkeys(told.people, Own(machine, scheduler, watch, Capacities(scheduler)))

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies for each spawner what a configuration holds, and this one is shared by all."""
        return self

    def of(self, person: str) -> Own | None:
        """The machine of `person`; None where they have none."""
        return self._own.get(person)


def _account(spec: JobSpec) -> Account:
    return account_of(spec.owner, spec.env["CCDS_PROJECT"])


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


class CcdsDockerSpawner(ClusterSpawner):
    """A lab session on its person's own machine; `fleet` (Fleet) is handed in by the hub's configuration."""

    fleet = AnyTrait(help="the machines that belong to people").tag(config=True)

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - as traitlets
        super().__init__(**options)
        self._own: Own = self.fleet.of(self.user.name)
        self.scheduler, self.watch, self.capacities = self._own.scheduler, self._own.watch, self._own.capacities

    async def _submit(self, spec: JobSpec) -> None:
        config = Path(self.environment["CCDS_CONFIG"])
        inside = in_container(spec, self.settings.static.image, self._own.machine.address, config, self.settings)
        account = await asyncio.to_thread(_account, spec)
        await asyncio.to_thread(lay_out_account, spec.log.parent, account, spec.cwd)
        await super()._submit(inside)

    def _address(self, status: JobStatus) -> str:
        address = status.address or ""
        return f"[{address}]" if ":" in address else address

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
    """Whether a spawner that is made of these is for a lab session of somebody who has a machine."""
    if not (config and user and orm_spawner):
        return False
    try:
        runs_code = SessionName.parse(orm_spawner.name).kind.runs_code
    except CcdsError:
        return False
    return bool(runs_code and config.CcdsDockerSpawner.fleet.of(user.name))
