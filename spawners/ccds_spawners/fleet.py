"""The machines that belong to people, each with what the sessions of all its people share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Self

from ccds_kernel.batch.docker.containers import Containers
from ccds_kernel.batch.docker.machine import Machine
from ccds_kernel.batch.states import JobId
from ccds_kernel.settings import Settings
from ccds_spawners.adopt import machine_name
from ccds_spawners.capacities import Capacities
from ccds_spawners.watch import JobWatch


@dataclass(frozen=True)
class Own:
    """One machine: what is on it, the one that asks about sessions, what is free, and whose turn it is to make a container."""

    containers: Containers
    watch: JobWatch
    capacities: Capacities
    making: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def machine(self) -> Machine:
        """The machine itself."""
        return self.containers.machine


class Fleet:
    """The site's machines."""

    def __init__(self, settings: Settings) -> None:
        self._own: dict[str, Own] = {}
        self._named: dict[str, Own] = {}
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
            containers = Containers(machine)
            self._named[name] = own = Own(
                containers, JobWatch(containers, settings.scheduler.tick_s), Capacities(containers)
            )
            self._own |= dict.fromkeys(told.people, own)

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies for each spawner what a configuration holds, and this one is shared by all."""
        return self

    def of(self, person: str) -> Own | None:
        """The machine of `person`; None where they have none."""
        return self._own.get(person)

    def holding(self, job: JobId) -> Own | None:
        """The machine on which a session's container is, whoever has it now; None where the site has none of that name."""
        return self._named.get(machine_name(job))
