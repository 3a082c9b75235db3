"""Reads what LSF's programs print; pure. What is no complete answer is `NotAnAnswerError`, never an empty list.

LSF prints other things too: `Cannot connect to LSF. Please wait ...` as often as it tries again, whatever a site's esub says,
notes of a login shell. So an answer is looked for, not expected at the start: the one JSON document of the right command whose
number of records is the number that it says.

Everybody's jobs are in one answer: a job's record that can't be read in some field says so and spoils no other.

Every value is a text, absent is empty. Times are in the zone of who asks (see `request.ENVIRONMENT`), with the year from some fix
pack of LSF 10.1 on, without before; an end in the future has a letter behind it that says what it follows from (`L`: the limit).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ccds_kernel.batch.fields import Fields

_SUBMITTED = re.compile(r"Job <(\d+)> is submitted to ")
_BEGIN = re.compile(r"^[ \t]*\{", re.MULTILINE)
_TIME = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: +(\d{4}))?(?: +([A-Z]))?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE = re.compile(r"([0-9.]+) *([KMGTP]?)", re.IGNORECASE)
_MEGA = {"K": 1 / 1024, "M": 1.0, "G": 1024.0, "T": 1024.0**2, "P": 1024.0**3}
_JOB_ID = re.compile(r"(\d+)(?:\[(\d+)\])?")
WHOSE = frozenset({"user", "description"})
"""The fields that say whose a job is."""
_COUNT = {"bjobs": "JOBS", "bhosts": "HOSTS", "bqueues": "QUEUES"}
_NOISE = re.compile(r"Cannot connect to LSF|Please wait|LSF is down", re.IGNORECASE)
_DOWN = re.compile(
    r"Cannot connect|Please wait|LSF is down|LIM is down|daemon|timeout|timed out|[Cc]onnection refused|not responding"
    r"|library call|[Cc]ommunication|[Pp]rotocol error|Server is not connected|lsb_init|ls_init"
)


class NotAnAnswerError(ValueError):
    """What was printed is no complete answer; the text says what is wrong with it."""


@dataclass(frozen=True)
class LsfJob:
    """One job, or one task of an array, as bjobs lists it; texts are empty and times None where it says nothing.

    Attributes:
        number: the job's id, of an array the array's.
        index: of a task, from 1; 0 for a job that is no array.
        stat: PEND, RUN, …
        name: as it was submitted.
        nodes: its hosts, each once.
        finishes: when it ended, or will when its run limit is reached.
        run_limit: in minutes; None for none.
        gpus: host → the numbers of its GPUs there.
        unread: which of these fields couldn't be read; they are as if nothing were said.
    """

    number: str
    index: int
    stat: str
    user: str
    queue: str
    name: str
    description: str
    nodes: tuple[str, ...]
    exit_code: int | None
    exit_reason: str
    pend_reason: str
    submitted: datetime | None
    started: datetime | None
    finishes: datetime | None
    estimated_start: datetime | None
    run_limit: float | None
    gpus: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LsfHost:
    """One host as bhosts lists it; None where it says nothing.

    Attributes:
        name: the host.
        status: ok, closed_Full, unavail, …
        slots: job slots; None without a limit.
        slots_taken: by jobs, suspended ones too.
        gpus: how many it has.
        gpus_taken: by jobs.
        memory_mb: all of it.
        memory_mb_free: not reserved.
    """

    name: str
    status: str
    slots: int | None
    slots_taken: int
    gpus: int
    gpus_taken: int
    memory_mb: int | None
    memory_mb_free: int | None


def submitted_id(out: str) -> str | None:
    """The id of the job that bsub took; None when it took none. The last line of that form counts: an esub may print the like."""
    found = _SUBMITTED.findall(out)
    return found[-1] if found else None


def own_words(out: str, err: str) -> str:
    """What a program said when it failed, without the lines in which it tried to connect."""
    lines = [line.strip() for line in f"{err}\n{out}".splitlines()]
    return "; ".join(line for line in lines if line and not _NOISE.search(line))


def is_down(out: str, err: str) -> bool:
    """Whether a program failed because LSF doesn't answer, and not because of what it was asked."""
    words = own_words(out, err)
    return not words or bool(_DOWN.search(words))


def records(out: str, err: str, command: str) -> list[dict[str, str]]:
    """The records of the one JSON answer in what `command` printed; those of jobs that aren't known are left out.

    Raises:
        NotAnAnswerError: there is none, or it is cut short.
    """
    answer = next(_documents(out, command), None)
    if answer is None:
        if command == "bjobs" and re.search(
            r"\bNo (unfinished |matching |running |pending )?job found", f"{err}\n{out}"
        ):
            return []
        raise NotAnAnswerError("no complete answer in what it printed")
    found = answer["RECORDS"]
    if not isinstance(found, list) or str(answer.get(_COUNT[command], len(found))) != str(len(found)):
        raise NotAnAnswerError("an answer with fewer records than it says")
    if not all(isinstance(record, dict) for record in found):
        raise NotAnAnswerError("records of another form")
    return [{key: str(value) for key, value in record.items()} for record in found if "ERROR" not in record]


def _documents(out: str, command: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder(strict=False)  # a job's name may hold a tab
    for begin in _BEGIN.finditer(out):
        try:
            value, _ = decoder.raw_decode(out, begin.end() - 1)
        except ValueError:
            continue
        if isinstance(value, dict) and value.get("COMMAND") == command and "RECORDS" in value:
            yield value


def jobs(found: Sequence[Mapping[str, str]], now: datetime) -> list[LsfJob]:
    """The jobs of bjobs' records, in its order.

    Args:
        found: what `records` gives.
        now: UTC; a time without a year is the one nearest to it.

    Raises:
        NotAnAnswerError: none says whose job it is; then no job would be ours, and a list would be too short.
    """
    read = [_job(record, now) for record in found]
    if read and all(job.unread & WHOSE for job in read):
        raise NotAnAnswerError("records that don't say whose job it is")
    return read


def _job(record: Mapping[str, str], now: datetime) -> LsfJob:
    it = Fields(record)

    def time(field: str, key: str) -> datetime | None:
        return it.read(field, key, lambda text: moment(text or "", now), None)

    number, index = it.read("number", "JOBID", _job_id, ("", 0))
    index = index or it.read("index", "JOBINDEX", lambda text: int(text or 0), 0)
    return LsfJob(
        number=number,
        index=index,
        stat=it.read("stat", "STAT", _said, ""),
        user=it.read("user", "USER", _said, ""),
        queue=it.read("queue", "QUEUE", _said, ""),
        name=it.read("name", "JOB_NAME", _said, "").removesuffix(f"[{index}]"),
        description=it.read("description", "JOB_DESCRIPTION", _said, ""),
        nodes=hosts_of(record.get("EXEC_HOST", "")),
        exit_code=it.read("exit_code", "EXIT_CODE", lambda text: int(text) if text else None, None),
        exit_reason=record.get("EXIT_REASON", ""),
        pend_reason=record.get("PEND_REASON", ""),
        submitted=time("submitted", "SUBMIT_TIME"),
        started=time("started", "START_TIME"),
        finishes=time("finishes", "FINISH_TIME"),
        estimated_start=time("estimated_start", "ESTIMATED_START_TIME"),
        run_limit=it.read("run_limit", "RUNTIMELIMIT", lambda text: _minutes(text or ""), None),
        gpus=gpus_of(record.get("GPU_ALLOC", "")),
        unread=it.unread,
    )


def _said(text: str | None) -> str:
    """What every record has."""
    if text is None:
        raise ValueError("not said")
    return text


def _job_id(text: str | None) -> tuple[str, int]:
    """The job's number, and which task of it it is; 0 for none."""
    found = _JOB_ID.fullmatch(_said(text))
    if found is None:
        raise ValueError("not a job's id")
    return found[1], int(found[2] or 0)


def _minutes(text: str) -> float | None:
    """The run limit in `60.0`, `60.0/host1` (by that host's speed) or `01:00:00` (LSB_HMS_TIME_FORMAT)."""
    limit = text.partition("/")[0].strip()
    if ":" in limit:
        hours, minutes, seconds = map(int, limit.split(":"))
        return hours * 60 + minutes + seconds / 60
    return float(limit) if limit else None


def hosts_of(text: str) -> tuple[str, ...]:
    """The hosts in `h1:h1:h2`, one for each slot, or in `2*h1:h2`: each once, in order."""
    names = (part.rpartition("*")[2] for part in text.split(":"))
    return tuple(dict.fromkeys(name for name in names if name))


def gpus_of(text: str) -> dict[str, tuple[str, ...]]:
    """The GPUs in `h1:0,1;h2:0`; a GPU that several tasks share is listed several times, and once here."""
    found = {}
    for part in filter(None, text.split(";")):
        host, _, numbers = part.rpartition(":")
        found[host.strip()] = tuple(dict.fromkeys(filter(None, (number.strip() for number in numbers.split(",")))))
    return found


def moment(text: str, now: datetime) -> datetime | None:
    """The time that LSF prints as `Apr 12 18:10:55 2026`, also with `L` and the like behind it; None for another text."""
    found = _TIME.match(text.strip())
    if found is None or found[1] not in _MONTHS:
        return None
    month, day, hour, minute = _MONTHS.index(found[1]) + 1, int(found[2]), int(found[3]), int(found[4])
    if found[6]:
        return datetime(int(found[6]), month, day, hour, minute, int(found[5] or 0), tzinfo=UTC)
    years = (now.year + shift for shift in (-1, 0, 1))
    candidates = [
        datetime(year, month, day, hour, minute, int(found[5] or 0), tzinfo=UTC)
        for year in years
        if (month, day) != (2, 29) or _is_leap(year)
    ]
    return min(candidates, key=lambda candidate: abs(candidate - now), default=None)


def _is_leap(year: int) -> bool:
    return (datetime(year, 3, 1, tzinfo=UTC) - timedelta(days=1)).day == 29  # noqa: PLR2004 - that is what a leap year is


def hosts(found: Sequence[Mapping[str, str]], memory_unit: str) -> list[LsfHost]:
    """The hosts of bhosts' records; a memory without a unit is in `memory_unit`."""
    return [
        LsfHost(
            name=record["HOST_NAME"],
            status=record["STATUS"],
            slots=_number(record.get("MAX", "")),
            slots_taken=_number(record.get("NJOBS", "")) or 0,
            gpus=_number(record.get("NGPUS", "")) or 0,
            gpus_taken=_number(record.get("NGPUS_ALLOC", "")) or 0,
            memory_mb=_megabytes(record.get("TOTAL_MEM", ""), memory_unit),
            memory_mb_free=_megabytes(record.get("AVAILABLE_MEM", ""), memory_unit),
        )
        for record in found
        if record.get("HOST_NAME") and record.get("STATUS")
    ]


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _megabytes(text: str, memory_unit: str) -> int | None:
    found = _SIZE.match(text)
    return round(float(found[1]) * _MEGA[(found[2] or memory_unit[0]).upper()]) if found else None


def gpu_models(out: str) -> dict[str, tuple[str, ...]]:
    """Host → the models of its GPUs, from the table of `bhosts -gpu -w`; the host stands in the first line of each only.

    A model has no spaces in it (LSF takes them out), so that columns can be counted.

    Raises:
        NotAnAnswerError: no table with the columns HOST_NAME, GPU_ID and MODEL.
    """
    lines = [line for line in out.splitlines() if line.strip()]
    first = next((at for at, line in enumerate(lines) if line.split()[:3] == ["HOST_NAME", "GPU_ID", "MODEL"]), None)
    if first is None:
        raise NotAnAnswerError("no table of GPUs in what it printed")
    found: dict[str, tuple[str, ...]] = {}
    host = ""
    columns = len(lines[first].split())
    for line in lines[first + 1 :]:
        words = line.split()
        if len(words) == columns and not line[0].isspace():
            host, words = words[0], words[1:]
        if host and len(words) == columns - 1 and words[0].isdecimal():
            found[host] = (*found.get(host, ()), words[1])
    return found
