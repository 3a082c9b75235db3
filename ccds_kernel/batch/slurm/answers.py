"""Reading what Slurm's programs print: pure.

The shape is that of Slurm 22.05, from which the tests' answers were taken. Later ones write a number as
`{"set": …, "number": …}`, a state as a list of a state and its flags, and an exit code as an object (23.11: Slurm's own
`src/plugins/data_parser/v0.0.40/parsers.c`); both are read. A key that isn't there counts as not said.

Everybody's jobs are in one answer: a job's record that can't be read in some field says so and spoils no other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ccds_kernel.batch.fields import Fields
from ccds_kernel.batch.scheduler import SchedulerUnavailableError

Found = TypeVar("Found")

_MOST_HOSTS = 10_000
_LAST_MOMENT = 253_402_300_799
"""The end of the year 9999, which is that of Python's times."""
_RANGE = re.compile(r"([^\[\],]*)\[([0-9,-]+)\]([^\[\],]*)|([^\[\],]+)")
_GPU = re.compile(r"gpu(?::([A-Za-z0-9._-]+?))?:([0-9]+)(?:\(.*\))?")
_SLOTS = re.compile(r"gpu:.*\(IDX:([0-9,-]+)\)")
_UNABLE = (
    "unable to contact slurm",
    "socket timed out",
    "connection refused",
    "connect failure",
    "transport endpoint is not connected",
    "zero bytes were transmitted",
    "communication connection failure",
    "protocol authentication error",
    "invalid authentication credential",
    "munge",
    "standby mode",
    "temporarily unable to accept",
    "could not establish a configuration source",
    "unable to establish configuration source",
    "unable to process configuration",
    "unable to resolve",
    "connection reset",
    "insane message length",
    "incompatible versions",
    "slurm_load_",
    "resource temporarily unavailable",
)
"""Parts of what Slurm says when nothing was decided; anything else that it says is its decision."""


@dataclass(frozen=True)
class SlurmJob:
    """A job, or one task of an array, as `squeue --json` tells it; times are UTC seconds since 1970, 0 for not said.

    Attributes:
        id: its own number.
        array: the number of its array; 0 when it has none.
        task: which task of the array; None for no array and for what is left of one.
        tasks_left: for that: which tasks haven't begun, as Slurm writes it ("2-9%2").
        states: its state, then the flags on it.
        reason: the code of what it waits for; empty when it doesn't wait.
        said: that in Slurm's words, where it has any.
        unread: which of these fields couldn't be read; they are as if nothing were said.
    """

    id: int
    array: int
    task: int | None
    tasks_left: str
    name: str
    user: str
    comment: str
    partition: str
    states: tuple[str, ...]
    reason: str
    said: str
    priority: int
    nodes: tuple[str, ...]
    gpus: tuple[str, ...]
    restarts: int
    exit_status: int
    submitted: int
    started: int
    ends: int
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SlurmNode:
    """A node, as `sinfo --json` tells it.

    Attributes:
        states: its state and the flags on it, in capitals.
    """

    name: str
    address: str | None
    states: tuple[str, ...]
    cpus: int
    cpus_taken: int
    memory_mb: int
    memory_mb_taken: int
    gpus: int
    gpus_taken: int
    gpu_model: str | None


def read_jobs(text: str) -> list[SlurmJob]:
    """The jobs in what `squeue --json` printed.

    Raises:
        SchedulerUnavailableError: it is no such answer.
    """
    return [_job(raw) for raw in _records(text, "squeue", "jobs")]


def read_nodes(text: str) -> list[SlurmNode]:
    """The nodes in what `sinfo --json` printed.

    Raises:
        SchedulerUnavailableError: it is no such answer.
    """
    return [_read("sinfo", _node, raw) for raw in _records(text, "sinfo", "nodes")]


def was_unable(said: str) -> bool:
    """Whether Slurm says that it couldn't answer, rather than what it decided."""
    return any(part in said.lower() for part in _UNABLE)


def own_words(said: str) -> str:
    """What Slurm's program said, in one line, without its name and without what may be a path."""
    lines = [
        re.sub(r"^(?:[a-z_]+: )?(?:error|fatal|allocation failure): |^[a-z_]+: ", "", line.strip())
        for line in said.splitlines()
    ]
    telling = [line for line in lines if not line.endswith("Unspecified error")] or lines
    words = "; ".join(dict.fromkeys(line for line in telling if line))
    return re.sub(r"/[^\s;,:]*/[^\s;,:]*", "…", words)[:500] or "nothing"


def hosts_of(text: str) -> tuple[str, ...]:
    """The hosts in one of Slurm's lists: `gpu[1-3,7],cpu1` are five."""
    return tuple(_hosts(text))


def _hosts(text: str) -> Iterator[str]:
    for found in _RANGE.finditer(text):
        beginning, ranges, end, plain = found.groups()
        if plain:
            yield plain
            continue
        for part in ranges.split(","):
            first, _, last = part.partition("-")
            if int(last or first) - int(first) > _MOST_HOSTS:
                raise ValueError("more hosts than a cluster has")
            yield from (
                f"{beginning}{number:0{len(first)}d}{end}" for number in range(int(first), int(last or first) + 1)
            )


def _records(text: str, program: str, key: str) -> list[dict[str, Any]]:
    try:
        answer = json.loads(text)
        found, errors = answer[key], answer.get("errors")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _no_sense(program) from None
    if errors:  # its exit status is 0 all the same, and its list empty, while slurmctld is away
        raise SchedulerUnavailableError(
            expected="an answer of Slurm", found=f"an error of {program}", do="try again; what runs goes on meanwhile"
        )
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise _no_sense(program)
    return found


def _read(program: str, read: Callable[[dict[str, Any]], Found], raw: dict[str, Any]) -> Found:
    try:
        return read(raw)
    except (ValueError, KeyError, TypeError):
        raise _no_sense(program) from None


def _no_sense(program: str) -> SchedulerUnavailableError:
    return SchedulerUnavailableError(
        expected=f"the JSON of {program}, as Slurm 22.05 or newer prints it",
        found="something else",
        do="see `ccds doctor --scheduler`; what runs goes on meanwhile",
    )


def _job(raw: dict[str, Any]) -> SlurmJob:
    it = Fields(raw)
    array = it.read("array", "array_job_id", _number, 0)
    tasks_left = it.read("tasks_left", "array_task_string", _text, "")
    task = it.read("task", "array_task_id", _number, 0)
    nodes: tuple[str, ...] = it.read("nodes", "nodes", lambda told: hosts_of(_text(told)), ())
    reason = it.read("reason", "state_reason", _text, "")
    return SlurmJob(
        id=it.read("id", "job_id", _job_id, 0),
        array=array,
        task=None if not array or tasks_left else task,
        tasks_left=tasks_left,
        name=it.read("name", "name", _text, ""),
        user=it.read("user", "user_name", _text, ""),
        comment=it.read("comment", "comment", _text, ""),
        partition=it.read("partition", "partition", _text, ""),
        states=it.read("states", "job_state", _words, ()),
        reason="" if reason == "None" else reason,
        said=it.read("said", "state_description", _text, ""),
        priority=it.read("priority", "priority", _number, 0),
        nodes=nodes,
        gpus=it.read("gpus", "gres_detail", lambda told: tuple(_granted(told or (), nodes)), ()),
        restarts=it.read("restarts", "restart_cnt", _number, 0),
        exit_status=it.read("exit_status", "exit_code", _exit_status, 0),
        submitted=it.read("submitted", "submit_time", _moment, 0),
        started=it.read("started", "start_time", _moment, 0),
        ends=it.read("ends", "end_time", _moment, 0),
        unread=it.unread,
    )


def _node(raw: dict[str, Any]) -> SlurmNode:
    gpus, model = _gpus(_text(raw.get("gres")))
    return SlurmNode(
        name=_text(raw["name"]),
        address=_text(raw.get("address")) or None,
        states=(*_words(raw["state"]), *_words(raw.get("state_flags") or ())),
        cpus=_number(raw["cpus"]),
        cpus_taken=_number(raw.get("alloc_cpus")),
        memory_mb=_number(raw["real_memory"]),
        memory_mb_taken=_number(raw.get("alloc_memory")),
        gpus=gpus,
        gpus_taken=_gpus(_text(raw.get("gres_used")))[0],
        gpu_model=model,
    )


def _number(raw: object) -> int:
    if isinstance(raw, dict):
        raw = raw.get("number") if raw.get("set", True) and not raw.get("infinite") else 0
    if raw is None:
        return 0
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise TypeError("not a number")
    return int(raw)


def _job_id(raw: object) -> int:
    if (number := _number(raw)) < 1:
        raise ValueError("not a job's number")
    return number


def _moment(raw: object) -> int:
    if not 0 <= (seconds := _number(raw)) <= _LAST_MOMENT:
        raise ValueError("not a time")
    return seconds


def _text(raw: object) -> str:
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise TypeError("not a text")
    return raw


def _words(raw: object) -> tuple[str, ...]:
    """States and flags, which are a text or a list of some."""
    words = (raw,) if isinstance(raw, str) else raw
    if not isinstance(words, Sequence) or not all(isinstance(word, str) for word in words):
        raise ValueError("not a state")
    return tuple(word.upper() for word in words)


def _exit_status(raw: object) -> int:
    """As a shell has it, from what `wait` gave (22.05) or from its parts."""
    if not isinstance(raw, dict):
        status = _number(raw)
        return status >> 8 or (128 + (status & 127) if status & 127 else 0)
    signal = raw.get("signal") or {}
    by = _number(signal.get("id", signal.get("signal_id"))) if isinstance(signal, dict) else 0
    return 128 + by if by else _number(raw.get("return_code"))


def _gpus(gres: str) -> tuple[int, str | None]:
    """How many GPUs there are in `gpu:a100:4(S:0-1),shard:8`, and of which model."""
    found = [_GPU.fullmatch(part) for part in _parts(gres)]
    counts = [(int(part[2]), part[1]) for part in found if part]
    return sum(count for count, _ in counts), next((model for _, model in counts if model), None)


def _parts(gres: str) -> list[str]:
    """Cut at the commas that stand in no bracket."""
    return re.findall(r"(?:[^,(]|\([^)]*\))+", gres)


def _granted(details: Sequence[str], nodes: Sequence[str]) -> Iterator[str]:
    """Slurm's numbers of a job's GPUs, with their hosts where it has several."""
    for number, detail in enumerate(details):
        for part in _parts(_text(detail)):
            if found := _SLOTS.fullmatch(part):
                slots = (int(slot) for slot in hosts_of(f"[{found[1]}]"))
                host = f"{nodes[number]}:" if 1 < len(nodes) == len(details) else ""
                yield from (f"{host}{slot}" for slot in slots)
