"""From session records and trainings to the report on the cluster: a pure function, and the report as it is published.

Only what is known is counted, and each number has its n beside it. A period in which nothing was recorded yet isn't in the report
at all: it would read as an empty cluster.

What belongs to which period: GPU-hours by when they were held, split at midnight (UTC); waits by when the node was asked for;
how something ended, and how long it was idle, by when it ended.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.cluster.period import Grain, Period, periods
from ccds_kernel.cluster.record import HowEnded, SessionRecord
from ccds_kernel.cluster.use import HOUR_S, Training, Use, uses_of
from ccds_kernel.cluster.waits import Waits, waits_of
from ccds_kernel.training.record import Outcome

NODES = (PriorityClass.FIRST, PriorityClass.SECOND)
CLASSES = (*NODES, PriorityClass.BATCH)
"""The classes that hold GPUs."""

SILENT = timedelta(minutes=5)
"""A training that hasn't said for so long that it runs has ended, or waits to begin anew."""

_DIGITS = 6

Name = Annotated[str, Field(max_length=128)]
Hours = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Held(_Part):
    """GPU-hours that one person held in one project and class."""

    project: Name
    person: Name
    priority_class: PriorityClass
    gpu_hours: Hours


class Idle(_Part):
    """How much of their GPU-hours the sessions that ended were idle: nobody worked in them, no code ran, no GPU worked.

    Attributes:
        sessions: of how many sessions this was measured.
        gpu_hours: what these held.
        idle_gpu_hours: of it, idle.
        unmeasured: of how many sessions it wasn't; they are in nothing above.
        unmeasured_gpu_hours: what those held.
    """

    sessions: Count
    gpu_hours: Hours
    idle_gpu_hours: Hours
    unmeasured: Count
    unmeasured_gpu_hours: Hours

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where nothing was measured."""
        return self.idle_gpu_hours / self.gpu_hours if self.gpu_hours else None


class Reported(_Part):
    """One period.

    Attributes:
        grain: how long it is.
        name: its name.
        first: its first day; where nothing was recorded until later, that day.
        last: its last day.
        whole: whether it was recorded from its own first day on.
        over: whether it was over when the report was made; else all of it is so far.
        held: GPU-hours, by project, person and class.
        waits: of first and of further nodes.
        idle: of the sessions that ended.
        sessions: how many sessions on nodes ended, and how.
        trainings: how many trainings ended by their own account, and how.
        trainings_silent: how many fell silent: cancelled or killed, or waiting to begin anew; no file of a run tells which.
    """

    grain: Grain
    name: str
    first: date
    last: date
    whole: bool
    over: bool
    held: tuple[Held, ...]
    waits: dict[PriorityClass, Waits]
    idle: Idle
    sessions: dict[HowEnded, Count]
    trainings: dict[Outcome, Count]
    trainings_silent: Count

    def gpu_hours(self, priority_class: PriorityClass) -> float:
        """GPU-hours in that class."""
        return sum(one.gpu_hours for one in self.held if one.priority_class is priority_class)


class ClusterReport(_Part):
    """The whole report.

    Attributes:
        schema_version: of the file's form.
        pretended: whether the figures are made up, as a demo's are.
        published_at: when it was made, UTC.
        sessions: how many sessions on nodes it comes from.
        trainings: how many trainings.
        unread: in how many projects the trainings couldn't be read; their GPU-hours are missing.
        damaged: how many files of trainings couldn't be understood; likewise.
        periods: months, weeks and days, of each the earliest first.
    """

    schema_version: Literal[1] = Field(1, alias="schema")
    pretended: bool
    published_at: AwareDatetime
    sessions: Count
    trainings: Count
    unread: Count
    damaged: Count
    periods: tuple[Reported, ...]

    def of(self, grain: Grain) -> tuple[Reported, ...]:
        """The periods of that length, the earliest first."""
        return tuple(one for one in self.periods if one.grain is grain)

    def to_json(self) -> str:
        """The file's text."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"


def compute(
    records: Iterable[SessionRecord],
    trainings: Sequence[Training],
    now: datetime,
    *,
    pretended: bool = False,
    unread: int = 0,
    damaged: int = 0,
) -> ClusterReport:
    """The report on `records` and `trainings` as they are at `now`; sessions without a node (apps) don't count.

    Args:
        records: those that live or ended since the first of its periods began.
        trainings: all that are known.
        now: aware.
        pretended: whether they are made up.
        unread: see `ClusterReport`.
        damaged: likewise.
    """
    nodes = [record for record in records if record.classes[0][1] in NODES]
    uses = [use for record in nodes for use in uses_of(record, now)]
    uses += [use for training in trainings for use in training.uses]
    began = min((*(record.submitted for record in nodes), *(use.begin for use in uses)), default=now)
    return ClusterReport(
        schema=1,
        pretended=pretended,
        published_at=now,
        sessions=len(nodes),
        trainings=len(trainings),
        unread=unread,
        damaged=damaged,
        periods=tuple(
            _reported(period, nodes, trainings, uses, began=began, now=now)
            for grain in Grain
            for period in periods(grain, now)
            if (nodes or uses) and period.ends_at > began
        ),
    )


def _reported(
    period: Period,
    nodes: Sequence[SessionRecord],
    trainings: Sequence[Training],
    uses: Sequence[Use],
    *,
    began: datetime,
    now: datetime,
) -> Reported:
    first = max(period.first, began.astimezone(UTC).date())
    ended = [record for record in nodes if record.ended and record.ended in period]
    quiet = [one for one in trainings if one.seen in period and (one.outcome or now - one.seen > SILENT)]
    return Reported(
        grain=period.grain,
        name=period.name,
        first=first,
        last=period.end - timedelta(days=1),
        whole=first == period.first,
        over=period.ends_at <= now,
        held=_held(period, uses),
        waits={asked: waits_of(_asked(period, nodes, asked), now) for asked in NODES},
        idle=_idle(ended),
        sessions=dict(Counter(record.how or HowEnded.UNKNOWN for record in ended)),
        trainings=dict(Counter(one.outcome for one in quiet if one.outcome)),
        trainings_silent=sum(one.outcome is None for one in quiet),
    )


def _held(period: Period, uses: Sequence[Use]) -> tuple[Held, ...]:
    found: dict[tuple[str, str, PriorityClass], float] = defaultdict(float)
    for use in uses:
        if hours := use.gpu_hours(period.begins_at, period.ends_at):
            found[use.project, use.person, use.priority_class] += hours
    return tuple(
        Held(project=project, person=person, priority_class=held, gpu_hours=round(hours, _DIGITS))
        for (project, person, held), hours in sorted(found.items())
    )


def _asked(period: Period, nodes: Sequence[SessionRecord], asked: PriorityClass) -> list[SessionRecord]:
    return [record for record in nodes if record.classes[0][1] is asked and record.submitted in period]


def _idle(ended: Sequence[SessionRecord]) -> Idle:
    measured, unmeasured = [], []  # GPU-hours and how much of them was idle; GPU-hours
    for record in ended:
        if record.started is None or record.ended is None or not record.gpus:
            continue
        held_s = max(0.0, (record.ended - record.started).total_seconds())
        if record.idle_s is None or not record.gpus_measured:
            unmeasured.append(record.gpus * held_s / HOUR_S)
        else:
            idle_s = min(record.idle_s, held_s)
            measured.append((record.gpus * held_s / HOUR_S, record.gpus * idle_s / HOUR_S))
    return Idle(
        sessions=len(measured),
        gpu_hours=round(sum(held for held, _ in measured), _DIGITS),
        idle_gpu_hours=round(sum(idle for _, idle in measured), _DIGITS),
        unmeasured=len(unmeasured),
        unmeasured_gpu_hours=round(sum(unmeasured), _DIGITS),
    )


def by(held: Iterable[Held], key: str) -> Mapping[str, Mapping[PriorityClass, float]]:
    """GPU-hours by `project` or `person`, split by class; who held most comes first, and each once."""
    found: dict[str, dict[PriorityClass, float]] = defaultdict(lambda: dict.fromkeys(CLASSES, 0.0))
    for one in held:
        found[getattr(one, key)][one.priority_class] += one.gpu_hours
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))
