"""What people's processes and the broker say to each other: one line of JSON each, and back.

    {"ask": "submit", "project": …, "spec": {…}}   ->   {"ok": …} or {"error": [kind, expected, found, do]}

A request is a stranger's: what isn't known is refused, and a spec is checked by `JobSpec` itself. Who asks never stands in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus, Node
from ccds_kernel.errors import CcdsError

MOST_BYTES = 65_536
"""Of a request. A training's is 1 kB; one variable of a process's environment, which the order becomes, holds 128 kB."""

_SPEC = (
    "name", "command", "cwd", "log", "env", "cpus", "memory_mb", "gpus", "gpu_model", "wall_minutes", "priority_class",
    "requeueable",
)  # fmt: skip
_ERRORS: dict[str, type[CcdsError]] = {
    "refused": JobRefusedError,
    "unknown": UnknownJobError,
    "unavailable": SchedulerUnavailableError,
    "error": CcdsError,
}
_MOMENTS = ("submitted", "started", "ended", "wall_ends")


def to_line(value: object) -> bytes:
    """`value` as one line; dates as ISO 8601."""
    return json.dumps(value, default=datetime.isoformat).encode() + b"\n"


def spec_to_wire(spec: JobSpec) -> dict[str, Any]:
    """A job as it is asked for, but for its owner: the broker knows who asks."""
    told = {name: getattr(spec, name) for name in _SPEC}
    return told | {"cwd": str(spec.cwd), "log": str(spec.log), "env": dict(spec.env)}


def spec_from_wire(said: object, owner: str) -> JobSpec:
    """The job that somebody asks for, as `owner`'s.

    Raises:
        CcdsError: it is none.
    """
    right = (
        isinstance(said, dict)
        and said.keys() == set(_SPEC)
        and isinstance(said["command"], list)
        and isinstance(said["env"], dict)
        and isinstance(said["requeueable"], bool)
        and all(isinstance(said[name], str) for name in ("name", "cwd", "log", "priority_class"))
    )
    if not right:
        raise not_understood()
    assert isinstance(said, dict)  # noqa: S101 - as was just looked at
    return JobSpec(owner=owner, **said)


def not_understood() -> CcdsError:
    """The answer to what isn't a request."""
    return CcdsError(
        expected="a request as this version makes it", found="something else", do="restart the kernel, and try again"
    )


def error_to_wire(error: CcdsError) -> list[str]:
    """An error as it is told."""
    kind = next(kind for kind, known in _ERRORS.items() if isinstance(error, known))
    return [kind, error.expected, error.found, error.do]


def error_from_wire(said: list[str]) -> CcdsError:
    """The error that was told."""
    kind, expected, found, do = said
    return _ERRORS[kind](expected=expected, found=found, do=do)


def to_wire(told: JobStatus | Node | Explanation) -> dict[str, Any]:
    """A status, a node or an explanation as it is told."""
    return asdict(told)


def status_from_wire(said: Mapping[str, Any]) -> JobStatus:
    """The status that was told."""
    kind = said["priority_class"]
    return JobStatus(
        **{
            **said,
            **{name: _moment(said[name]) for name in _MOMENTS},
            "id": JobId(said["id"]),
            "state": JobState(said["state"]),
            "priority_class": None if kind is None else PriorityClass(kind),
            "nodes": tuple(said["nodes"]),
            "gpus_granted": tuple(said["gpus_granted"]),
            "waits": None if said["waits"] is None else explanation_from_wire(said["waits"]),
        }
    )


def explanation_from_wire(said: Mapping[str, Any]) -> Explanation:
    """The explanation that was told."""
    return Explanation(**{**said, "estimated_start": _moment(said["estimated_start"])})


def _moment(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)
