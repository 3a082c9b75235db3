"""LSF's hosts as the port's nodes, and what no host of theirs can hold; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ccds_kernel.batch.lsf.parse import LsfHost, LsfJob
from ccds_kernel.batch.scheduler import JobRefusedError
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import Node

_UP = ("ok", "closed_Full", "closed_Busy", "closed_Excl")
"""Hosts that take jobs, or will when those that they have are over; all others are closed by somebody, or lost."""


def nodes(
    listed: Sequence[LsfHost], models: Mapping[str, tuple[str, ...]], yielding: Iterable[LsfJob]
) -> Sequence[Node]:
    """The nodes.

    Args:
        listed: every host.
        models: host → the model of each of its GPUs.
        yielding: the jobs that make room for interactive ones.
    """
    going: dict[str, int] = {}
    for job in yielding:
        if job.stat == "RUN":
            for host, numbers in job.gpus.items():
                going[host] = going.get(host, 0) + len(numbers)
    return [_node(host, models.get(host.name, ()), going.get(host.name, 0)) for host in listed]


def _node(host: LsfHost, models: Sequence[str], preemptible: int) -> Node:
    slots = host.slots if host.slots is not None else host.slots_taken
    gpus = host.gpus or len(models)
    return Node(
        name=host.name,
        cpus=slots,
        cpus_free=max(0, slots - host.slots_taken),
        memory_mb=host.memory_mb or 0,
        memory_mb_free=max(0, host.memory_mb_free or 0),
        gpus=gpus,
        gpus_free=max(0, gpus - host.gpus_taken),
        gpus_preemptible=min(preemptible, host.gpus_taken),
        gpu_model=models[0] if models else None,
        up=host.status in _UP,
    )


def refuse_impossible(spec: JobSpec, listed: Sequence[LsfHost], models: Mapping[str, tuple[str, ...]]) -> None:
    """Returns where enough hosts have what each host of the job needs, in use or not; what LSF doesn't say refuses nothing.

    Raises:
        JobRefusedError: they don't.
    """
    holding = [host for host in listed if _holds(host, models.get(host.name, ()), spec)]
    if len(holding) < spec.hosts:
        model = f" {spec.gpu_model}" if spec.gpu_model and spec.gpus else ""
        raise JobRefusedError(
            expected=f"{spec.hosts} host(s) with {spec.gpus}{model} GPUs, {spec.cpus} cores and {spec.memory_mb} MiB",
            found=f"{len(holding)} in this cluster",
            do="ask for less, or for another model",
        )


def _holds(host: LsfHost, models: Sequence[str], spec: JobSpec) -> bool:
    gpus = spec.gpus or min(spec.gpu_shares, 1)
    fitting = [model for model in models if not spec.gpu_model or spec.gpu_model in model]
    return (
        (host.slots is None or host.slots >= spec.cpus)
        and (host.memory_mb is None or host.memory_mb >= spec.memory_mb)
        and (not gpus or len(fitting) >= gpus)
    )
