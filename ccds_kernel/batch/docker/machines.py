"""Sessions as containers on the machine of their person: the Scheduler port for static allocation.

Nothing waits here: a machine is its people's, and what doesn't fit is refused. Each machine has a Docker daemon and one client of
it. The daemon knows everything that is to be known; that it doesn't answer, or answers with an error, says nothing about what
runs there. Only its word that a container has exited ends a job. A container stays after its end, so that this can be said, until
the next of that name begins.

Rejected: dockerspawner's `DockerSpawner`. It has one client for all machines, on the class; it takes an error 500, a 404 and
an exception while it asks for the end of a session; and its `will_resume`, `port` and `start` leave no room for a start that is
taken up again and a port that is chosen on the machine. With this port a session on a person's machine is one like all others to
the hub: rights, audit, notices, cards, adoption. What is used of dockerspawner is the client of Docker that it brings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, NoReturn, Self

import docker
import requests
from docker.errors import APIError, DockerException, NotFound

from ccds_kernel.batch.docker.container import GRACE_S, LABEL, create_request
from ccds_kernel.batch.docker.machine import Account, Machine
from ccds_kernel.batch.docker.states import CANCELLED, gpus_of, job_id, job_status
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus, Node

API_VERSION = "1.41"
TIMEOUT_S = 8
CREATE_S = 120
"""Seconds that a daemon may take to lay out a container, or to clear one away: on some storage drivers it copies the image."""

_OURS = f"{LABEL}name"
_CONFLICT, _SERVER_ERROR = 409, 500


class DockerMachines:
    """The machines of a site that belong to people.

    Args:
        machines: the machines; a person is on one of them at most.
        account: as whom the container of a job runs.
        timeout_s: how long a daemon may take for an answer.
    """

    def __init__(
        self, machines: Sequence[Machine], account: Callable[[JobSpec], Account], timeout_s: float = TIMEOUT_S
    ) -> None:
        self._machines = {machine.name: machine for machine in machines}
        self._account = account
        self._timeout_s = timeout_s
        self._clients: dict[str, docker.APIClient] = {}
        self._locks = {name: threading.Lock() for name in self._machines}

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies for each spawner what a configuration holds, and this one is shared by all."""
        return self

    def close(self) -> None:
        """Lets go of the connections; the next question makes new ones."""
        while self._clients:
            self._clients.popitem()[1].close()

    def submit(self, spec: JobSpec) -> JobId:
        """See the port. A container needs an image; GPUs are given out here, so that no two containers have the same."""
        machine = self._machine_of(spec.owner)
        if spec.container is None or "@sha256:" not in spec.container.image:
            _refuse("an image by its digest (name@sha256:…)", "none", "have the administrators name one")
        if spec.hosts > 1 or spec.array or spec.gpu_shares or spec.requeueable:
            _refuse("a session on one machine", "another kind of job", "submit it to the site's scheduler")
        account = self._account(spec)
        with self._locks[machine.name], self._asking(machine) as client:
            found = self._by_name(client, spec.name)
            if living := [told for told in found if not job_status(machine, told).state.ended]:
                if living[0]["State"]["Status"] == "created":  # whoever made it died before it was started
                    client.start(living[0]["Id"])
                return job_id(machine, living[0]["Id"])
            gpus = self._choose_gpus(machine, client, spec)
            request = create_request(spec, spec.container, account, gpus, datetime.now(UTC))
            return job_id(machine, self._start(machine, spec, request, [told["Id"] for told in found]))

    def _start(self, machine: Machine, spec: JobSpec, request: Mapping[str, Any], ended: Sequence[str]) -> str:
        """Creates the container in place of those that have `ended`, and starts it; returns its id."""
        client = self._connect(machine, max(self._timeout_s, CREATE_S))
        try:
            for container in ended:
                client.remove_container(container, v=True, force=True)
            return self._started(client, machine, spec, request)
        finally:
            client.close()

    def _started(self, client: docker.APIClient, machine: Machine, spec: JobSpec, request: Mapping[str, Any]) -> str:
        """One that can't be started is taken away."""
        try:
            made = str(client.create_container_from_config(dict(request), _container_name(spec.name))["Id"])
        except NotFound:
            _refuse(
                "the session's image on its machine",
                f"none of that digest on {machine.name}",
                f"have the administrators pull it there: docker pull {request['Image']}",
            )
        try:
            client.start(made)
        except APIError as error:
            client.remove_container(made, v=True, force=True)
            raise _not_taken(machine, error) from None
        return made

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """See the port: one question to each machine, to all at once."""
        wanted: dict[str, set[JobId]] = {}
        for job in ids:
            wanted.setdefault(job.partition("/")[0], set()).add(job)

        def ask(name: str) -> dict[JobId, JobStatus]:
            if name not in self._machines:
                return {}
            try:
                return {status.id: status for status in self._all(self._machines[name])}
            except SchedulerUnavailableError:
                reason = f"{name} doesn't answer"
                return {job: JobStatus(id=job, state=JobState.UNKNOWN, reason=reason) for job in wanted[name]}

        known: dict[JobId, JobStatus] = {}
        if wanted:
            with ThreadPoolExecutor(len(wanted)) as pool:
                for answer in pool.map(ask, wanted):
                    known |= answer
        nobody = "its machine knows no such container"
        return {
            job: known.get(job) or JobStatus(id=job, state=JobState.UNKNOWN, reason=nobody)
            for jobs in wanted.values()
            for job in jobs
        }

    def mine(self) -> Sequence[JobStatus]:
        """See the port."""
        found = [status for machine in self._machines.values() for status in self._all(machine)]
        living = [status for status in found if not status.state.ended]
        return sorted(living, key=lambda status: status.submitted or datetime.max.replace(tzinfo=UTC))

    def cancel(self, job: JobId) -> None:
        """See the port."""
        machine, container = self._place(job)
        with self._asking(machine) as client:
            try:
                told = client.inspect_container(container)
                if job_status(machine, told).state.ended:
                    return
                if CANCELLED not in told["Name"]:
                    client.rename(container, f"{told['Name'].lstrip('/')}{CANCELLED}{token_hex(4)}")
                if told["State"]["Status"] == "created":
                    client.remove_container(container, v=True, force=True)
                    return
            except NotFound:
                raise _unknown(job) from None
        threading.Thread(target=self._stop, args=(machine, container), daemon=True).start()

    def _stop(self, machine: Machine, container: str) -> None:
        """TERM, then KILL: Docker answers when that is over."""
        client = self._connect(machine, self._timeout_s + GRACE_S)
        try:
            client.stop(container, timeout=GRACE_S)
        except (DockerException, requests.RequestException):
            return  # whoever waits for its end asks for it again
        finally:
            client.close()

    def set_priority(self, job: JobId, priority_class: PriorityClass) -> None:
        """Never: there is no queue on a machine of one's own."""
        self._place(job)
        _refuse(f"a queue to move it to {priority_class}", "a machine of its person's own", "leave it as it is")

    def extend(self, job: JobId, minutes: float) -> None:
        """Never: the container was made with its wall time."""
        self._place(job)
        _refuse(f"to add {minutes:g} minutes", "a session on a person's own machine", "stop it and start it anew")

    def estimate(self, spec: JobSpec) -> Explanation:
        """See the port: at once, or never while others of that person's have the GPUs."""
        machine = self._machine_of(spec.owner)
        with self._asking(machine) as client:
            self._choose_gpus(machine, client, spec)
        return Explanation(reason="its machine is free", estimated_start=datetime.now(UTC))

    def capacity(self) -> Sequence[Node]:
        """See the port; a machine that doesn't answer is down."""
        return [self.node_of(machine) for machine in self._machines.values()]

    def node_of(self, machine: Machine) -> Node:
        """One machine, and what is free on it."""
        try:
            with self._asking(machine) as client:
                used = [told["Labels"] for told in client.containers(filters={"label": _OURS})]
            up = True
        except SchedulerUnavailableError:
            used, up = [], False
        taken = {gpu for labels in used for gpu in gpus_of(labels)}
        return Node(
            name=machine.name,
            cpus=machine.cpus,
            cpus_free=max(0, machine.cpus - sum(int(labels[f"{LABEL}cpus"]) for labels in used)) if up else 0,
            memory_mb=machine.memory_mb,
            memory_mb_free=max(0, machine.memory_mb - sum(int(labels[f"{LABEL}memory"]) for labels in used))
            if up
            else 0,
            gpus=machine.gpus,
            gpus_free=machine.gpus - len(taken) if up else 0,
            gpu_model=machine.gpu_model,
            up=up,
        )

    def explain(self, job: JobId) -> Explanation:
        """See the port: nothing waits here."""
        self._place(job)
        return Explanation(reason="it is being started")

    def _machine_of(self, person: str) -> Machine:
        found = next((machine for machine in self._machines.values() if person in machine.people), None)
        if found is None:
            _refuse("a machine of that person's", "none", "have the administrators name one in [static]")
        return found

    def _choose_gpus(self, machine: Machine, client: docker.APIClient, spec: JobSpec) -> tuple[str, ...]:
        """The GPUs for `spec`: the first that no container has.

        Raises:
            JobRefusedError: the machine hasn't as much, or not as much that is free.
        """
        used = [told["Labels"] for told in client.containers(filters={"label": _OURS})]
        taken = {gpu for labels in used if labels[_OURS] != spec.name for gpu in gpus_of(labels)}
        free = [str(gpu) for gpu in range(machine.gpus) if str(gpu) not in taken]
        fits = spec.cpus <= machine.cpus and spec.memory_mb <= machine.memory_mb and spec.gpus <= machine.gpus
        if not fits or spec.gpu_model not in {None, machine.gpu_model}:
            _refuse(
                f"{spec.gpus} {spec.gpu_model or ''} GPUs, {spec.cpus} cores and {spec.memory_mb} MiB on {machine.name}",
                f"{machine.gpus}, {machine.cpus} and {machine.memory_mb}",
                "ask for less",
            )
        if spec.gpus > len(free):
            _refuse(
                f"{spec.gpus} free GPUs on {machine.name}",
                f"{len(free)}",
                "stop another session there, or ask for less",
            )
        return tuple(free[: spec.gpus])

    def _by_name(self, client: docker.APIClient, name: str) -> list[dict[str, Any]]:
        listed = client.containers(all=True, filters={"label": f"{_OURS}={name}"})
        return _inspected(client, listed)

    def _all(self, machine: Machine) -> list[JobStatus]:
        with self._asking(machine) as client:
            listed = client.containers(all=True, filters={"label": _OURS})
            return [job_status(machine, told) for told in _inspected(client, listed)]

    def _place(self, job: JobId) -> tuple[Machine, str]:
        name, _, container = job.partition("/")
        if name not in self._machines or not container.isalnum():
            raise _unknown(job)
        return self._machines[name], container

    @contextmanager
    def _asking(self, machine: Machine) -> Any:  # noqa: ANN401 - docker has no type hints
        """The client of `machine`; what goes wrong with it is a scheduler that doesn't answer, or one that refuses."""
        try:
            if machine.name not in self._clients:
                self._clients[machine.name] = self._connect(machine, self._timeout_s)
            yield self._clients[machine.name]
        except APIError as error:
            if error.status_code is None or error.status_code >= _SERVER_ERROR:
                raise _away(machine) from None
            raise _not_taken(machine, error) from None
        except (DockerException, requests.RequestException):
            raise _away(machine) from None

    def _connect(self, machine: Machine, timeout_s: float) -> docker.APIClient:
        tls: docker.tls.TLSConfig | bool = False
        if machine.tls:
            tls = docker.tls.TLSConfig(
                client_cert=(str(machine.tls / "cert.pem"), str(machine.tls / "key.pem")),
                ca_cert=str(machine.tls / "ca.pem"),
                verify=True,
            )
        return docker.APIClient(machine.docker, version=API_VERSION, timeout=timeout_s, tls=tls)


def _inspected(client: docker.APIClient, listed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for one in listed:
        try:
            found.append(client.inspect_container(one["Id"]))
        except NotFound:  # removed meanwhile
            continue
    return found


def _container_name(name: str) -> str:
    """A job's name as Docker takes it; containers are found by their label, not by this."""
    return "ccds-" + "".join(letter if letter.isalnum() or letter in "_.-" else "-" for letter in name)


def _away(machine: Machine) -> SchedulerUnavailableError:
    return SchedulerUnavailableError(
        expected=f"Docker on {machine.name} to answer",
        found="no answer that makes sense",
        do="try again; tell the administrators of this site if it lasts",
    )


def _not_taken(machine: Machine, error: APIError) -> JobRefusedError | SchedulerUnavailableError:
    if error.status_code == _CONFLICT:
        return _away(machine)  # something of that name goes away just now: the next try finds it gone
    return JobRefusedError(
        expected=f"Docker on {machine.name} to take this session",
        found=f"its answer: {str(error.explanation)[:200]}",
        do="show this to the administrators of this site",
    )


def _unknown(job: JobId) -> UnknownJobError:
    return UnknownJobError(expected="a job of a person's machine", found=ascii(job[:80]), do="look at your sessions")


def _refuse(expected: str, found: str, do: str) -> NoReturn:
    raise JobRefusedError(expected=expected, found=found, do=do)
