"""What is on a machine that belongs to people: its daemon's answers as a scheduler's. See `Answers` of the port.

Nothing waits here: a machine is its people's, and what doesn't fit is refused. The daemon knows everything that is to be known;
that it doesn't answer, or answers with an error, says nothing about what runs there. Only its word that a container has exited
ends a job. A container stays after its end, so that this can be said, until the next of that name begins.

One question answers for all sessions of a machine. What is done to a container (it is made, started, stopped and removed) is
dockerspawner's: see `ccds_spawners.docker`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, NoReturn, Self

from docker.errors import NotFound

from ccds_kernel.batch.docker.connection import TIMEOUT_S, Connection
from ccds_kernel.batch.docker.machine import Machine
from ccds_kernel.batch.docker.states import CANCELLED, LABEL, gpus_of, job_status
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus, Node

_OURS, _OWNER = f"{LABEL}name", f"{LABEL}owner"
_HOLDING = ["created", "running", "paused", "restarting", "removing"]


class Containers:
    """The sessions on one machine.

    Args:
        machine: the machine.
        timeout_s: how long its daemon may take for an answer.
    """

    def __init__(self, machine: Machine, timeout_s: float = TIMEOUT_S) -> None:
        self.machine = machine
        self.connection = Connection(machine, timeout_s)

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies for each spawner what a configuration holds, and this one is shared by all."""
        return self

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """See the port."""
        try:
            known, otherwise = {status.id: status for status in self._all()}, "its machine knows no such container"
        except SchedulerUnavailableError:
            known, otherwise = {}, f"{self.machine.name} doesn't answer"
        return {job: known.get(job) or JobStatus(id=job, state=JobState.UNKNOWN, reason=otherwise) for job in set(ids)}

    def mine(self) -> Sequence[JobStatus]:
        """See the port."""
        living = [status for status in self._all() if not status.state.ended]
        return sorted(living, key=lambda status: status.submitted or datetime.max.replace(tzinfo=UTC))

    def named(self, name: str, owner: str) -> Sequence[JobStatus]:
        """The jobs of that name and person, living or not: one lives at most.

        Raises:
            SchedulerUnavailableError: rather than a list that is too short.
        """
        return [status for status in self._all(f"{_OURS}={name}") if status.owner == owner]

    def container(self, job: JobId) -> str:
        """The id of the container that is `job`.

        Raises:
            UnknownJobError: it is none of this machine's.
        """
        name, _, container = job.partition("/")
        if name != self.machine.name or not container.isalnum():
            raise _unknown(job)
        return container

    def call_off(self, job: JobId) -> JobStatus:
        """Writes down that the hub ends `job`, if it lives, and returns where it stands.

        Raises:
            UnknownJobError: there is no such container.
            SchedulerUnavailableError: nothing is written down.
        """
        container = self.container(job)
        with self.connection.sense():
            try:
                told = self.connection.looking.inspect_container(container)
                status = job_status(self.machine, told)
                if not status.state.ended and CANCELLED not in told["Name"]:
                    name = f"{told['Name'].lstrip('/')}{CANCELLED}{token_hex(4)}"
                    self.connection.looking.rename(container, name)
            except NotFound:
                raise _unknown(job) from None
        return status

    def extend(self, job: JobId, minutes: float) -> None:
        """Never: the container was made with its wall time."""
        self.container(job)
        _refuse(f"to add {minutes:g} minutes", "a session on a person's own machine", "stop it and start it anew")

    def estimate(self, spec: JobSpec) -> Explanation:
        """See the port: at once, or never while others of that machine's people have the GPUs."""
        self.choose_gpus(spec)
        return Explanation(reason="its machine is free", estimated_start=datetime.now(UTC))

    def capacity(self) -> Sequence[Node]:
        """See the port; a machine that doesn't answer is down."""
        machine = self.machine
        try:
            used, up = self._given(), True
        except SchedulerUnavailableError:
            used, up = [], False
        taken = {gpu for labels in used for gpu in gpus_of(labels)}
        cpus = machine.cpus - sum(int(labels[f"{LABEL}cpus"]) for labels in used)
        memory_mb = machine.memory_mb - sum(int(labels[f"{LABEL}memory"]) for labels in used)
        node = Node(
            name=machine.name,
            cpus=machine.cpus,
            cpus_free=max(0, cpus) if up else 0,
            memory_mb=machine.memory_mb,
            memory_mb_free=max(0, memory_mb) if up else 0,
            gpus=machine.gpus,
            gpus_free=machine.gpus - len(taken) if up else 0,
            gpu_model=machine.gpu_model,
            up=up,
        )
        return [node]

    def explain(self, job: JobId) -> Explanation:
        """See the port: nothing waits here."""
        self.container(job)
        return Explanation(reason="it is being started")

    def choose_gpus(self, spec: JobSpec) -> tuple[str, ...]:
        """The GPUs for `spec`: the first that no container has.

        Raises:
            JobRefusedError: the machine hasn't as much, or not as much that is free.
            SchedulerUnavailableError: it doesn't answer.
        """
        machine = self.machine
        fits = spec.cpus <= machine.cpus and spec.memory_mb <= machine.memory_mb and spec.gpus <= machine.gpus
        if not fits or spec.gpu_model not in {None, machine.gpu_model}:
            _refuse(
                f"{spec.gpus} {spec.gpu_model or ''} GPUs, {spec.cpus} cores and {spec.memory_mb} MiB on {machine.name}",
                f"{machine.gpus}, {machine.cpus} and {machine.memory_mb}",
                "ask for less",
            )
        others = [labels for labels in self._given() if (labels[_OURS], labels[_OWNER]) != (spec.name, spec.owner)]
        taken = {gpu for labels in others for gpu in gpus_of(labels)}
        free = [str(gpu) for gpu in range(machine.gpus) if str(gpu) not in taken]
        if spec.gpus > len(free):
            _refuse(
                f"{spec.gpus} free GPUs on {machine.name}",
                f"{len(free)}",
                "stop another session there, or ask for less",
            )
        return tuple(free[: spec.gpus])

    def _given(self) -> list[Mapping[str, str]]:
        """What the containers that run, or were made and may yet be started, were given: as their labels say."""
        with self.connection.sense():
            listed = self.connection.looking.containers(filters={"label": _OURS, "status": _HOLDING})
            return [told["Labels"] for told in listed]

    def _all(self, label: str = _OURS) -> list[JobStatus]:
        with self.connection.sense():
            client = self.connection.looking
            found: list[Mapping[str, Any]] = []
            for one in client.containers(all=True, filters={"label": label}):
                try:
                    found.append(client.inspect_container(one["Id"]))
                except NotFound:  # removed meanwhile
                    continue
            return [job_status(self.machine, told) for told in found]


def _unknown(job: JobId) -> UnknownJobError:
    return UnknownJobError(expected="a job of a person's machine", found=ascii(job[:80]), do="look at your sessions")


def _refuse(expected: str, found: str, do: str) -> NoReturn:
    raise JobRefusedError(expected=expected, found=found, do=do)
