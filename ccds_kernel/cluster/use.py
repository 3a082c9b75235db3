"""Who held how many GPUs, from when to when: what sessions and trainings come to alike before anything is counted.

A session stood in one priority class after the other, a training ran again and again: each becomes several uses. Held is held:
a session that its scheduler suspends, or that nobody uses, keeps its GPUs from others and counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.cluster.record import SessionRecord
from ccds_kernel.training.record import Outcome

HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Use:
    """`gpus` GPUs, held from `begin` to `end`, which is not before; times are aware."""

    project: str
    person: str
    priority_class: PriorityClass
    gpus: int
    begin: datetime
    end: datetime

    def gpu_hours(self, begin: datetime, end: datetime) -> float:
        """GPU-hours of it between `begin` and `end`."""
        held = min(self.end, end) - max(self.begin, begin)
        return self.gpus * max(0.0, held.total_seconds()) / HOUR_S


@dataclass(frozen=True, kw_only=True)
class Training:
    """A training as its run's folder tells of it.

    Attributes:
        project: the id of its project.
        person: whose run it is.
        uses: when it held GPUs, the first time first.
        seen: when it was last known to run.
        outcome: how its last start ended by its own account; None where it left no word: it runs, waits, or
            was ended from outside.
    """

    project: str
    person: str
    uses: tuple[Use, ...]
    seen: datetime
    outcome: Outcome | None


def uses_of(record: SessionRecord, now: datetime) -> Iterator[Use]:
    """When the session held GPUs, and in which class; one that lives holds them until `now`."""
    if record.started is None or not record.gpus:
        return
    end = record.ended or now
    begins = [record.started, *(since for since, _ in record.classes[1:])]
    ends = [*begins[1:], end]
    for (_, held), since, until in zip(record.classes, begins, ends, strict=True):
        begin, stop = max(since, record.started), min(until, end)
        if begin < stop:
            yield Use(
                project=record.project,
                person=record.person,
                priority_class=held,
                gpus=record.gpus,
                begin=begin,
                end=stop,
            )
