"""Nodes and what is free on them, from what `sinfo` and `squeue` say: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ccds_kernel.batch.slurm.answers import SlurmJob, SlurmNode
from ccds_kernel.batch.slurm.queue import said_of
from ccds_kernel.batch.slurm.render import SlurmSite
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobState, Node

_TAKES_JOBS = frozenset({"IDLE", "MIXED", "ALLOCATED"})
_TAKES_NONE = frozenset(
    {
        "BLOCKED",
        "DOWN",
        "DRAIN",
        "DRAINED",
        "DRAINING",
        "ERROR",
        "FAIL",
        "FAILING",
        "INVALID_REG",
        "MAINTENANCE",
        "NOT_RESPONDING",
        "POWERING_DOWN",
        "REBOOT_ISSUED",
        "REBOOT_REQUESTED",
        "RESERVED",
    }
)


def nodes_of(nodes: Iterable[SlurmNode], jobs: Iterable[SlurmJob], site: SlurmSite) -> list[Node]:
    """Every node; GPUs of batch work that yields are counted on it."""
    yielding: Counter[str] = Counter()
    for job in jobs:
        if job.partition == site.partitions[PriorityClass.BATCH] and said_of(job).state is JobState.RUNNING:
            for slot in job.gpus:
                host, _, _ = slot.rpartition(":")
                yielding[host or next(iter(job.nodes), "")] += 1
    return [
        Node(
            name=it.name,
            cpus=it.cpus,
            cpus_free=max(0, it.cpus - it.cpus_taken),
            memory_mb=it.memory_mb,
            memory_mb_free=max(0, it.memory_mb - it.memory_mb_taken),
            gpus=it.gpus,
            gpus_free=max(0, it.gpus - it.gpus_taken),
            gpus_preemptible=yielding[it.name],
            gpu_model=it.gpu_model,
            up=bool(_TAKES_JOBS & set(it.states)) and not _TAKES_NONE & set(it.states),
        )
        for it in nodes
    ]
