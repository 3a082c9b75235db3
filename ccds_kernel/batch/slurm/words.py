"""What Slurm's reason codes mean, in plain words.

The codes are those of Slurm's `squeue` manual ("Job Reason Codes"). One that isn't here is not guessed at: its reason is
"unknown", and the code itself is shown as Slurm's own word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ccds_kernel.batch.states import UNKNOWN_REASON

WAITING: Mapping[str, str] = MappingProxyType(
    {
        "Resources": "waits for what it asks for to come free",
        "Priority": "waits behind work that comes first",
        "Dependency": "waits for another job to end",
        "DependencyNeverSatisfied": "waits for a job that will never end as it has to",
        "BeginTime": "may not start before a set time; work that gave way waits some minutes",
        "JobArrayTaskLimit": "as many of its tasks run as may at a time",
        "JobHeldUser": "is held by its owner",
        "JobHeldAdmin": "is held by an administrator",
        "Cleaning": "waits until its earlier run is cleared away",
        "Prolog": "its node is being prepared",
        "ReqNodeNotAvail": "a node that it needs is down or reserved",
        "NodeDown": "a node that it needs is down",
        "BadConstraints": "no node has what it asks for",
        "PartitionDown": "its partition is closed for now",
        "PartitionInactive": "its partition is closed for now",
        "PartitionNodeLimit": "asks for more nodes than its partition allows",
        "PartitionTimeLimit": "asks for more time than its partition allows",
        "PartitionConfig": "its partition doesn't allow what it asks for",
        "Reservation": "waits for its reservation to begin",
        "ReservationDeleted": "its reservation was removed",
        "Licenses": "waits for a licence",
        "InvalidAccount": "its account isn't valid",
        "InvalidQOS": "its quality of service isn't valid",
        "FrontEndDown": "no front end can start it",
        "BurstBufferResources": "waits for storage to come free",
        "BurstBufferStageIn": "its files are being brought in",
        "launch_failed_requeued_held": "could not be started, and is held",
        "job_requeued_in_held_state": "was put back into the queue, and is held",
        "MaxRequeue": "was put back into the queue too often, and is held",
    }
)
"""Code → why a job waits."""

_LIMIT = re.compile(r"(?:Assoc|QOS)(?:Grp|Max)\w*(?:Limit|PerUser|PerAccount|PerJob|PerNode|Minutes)\w*")

NOT_IN_LINE = frozenset(
    {
        "Dependency",
        "DependencyNeverSatisfied",
        "BeginTime",
        "JobArrayTaskLimit",
        "JobHeldUser",
        "JobHeldAdmin",
        "BadConstraints",
        "launch_failed_requeued_held",
        "job_requeued_in_held_state",
        "MaxRequeue",
    }
)
"""Codes of jobs that wait for something else than their turn: nobody waits behind them."""

ENDED: Mapping[str, str] = MappingProxyType(
    {
        "BOOT_FAIL": "its node could not be started",
        "DEADLINE": "it could not end before its deadline",
        "NODE_FAIL": "its node failed",
        "OUT_OF_MEMORY": "it took more memory than it had asked for",
        "PREEMPTED": "it gave way to other work",
        "TIMEOUT": "its wall time is over",
    }
)
"""State → why a job failed."""


def reason_of(code: str) -> str:
    """Why a job waits, in plain words; `UNKNOWN_REASON` for a code that isn't known."""
    if code in WAITING:
        return WAITING[code]
    return "a limit on how much may be used at a time is reached" if _LIMIT.fullmatch(code) else UNKNOWN_REASON
