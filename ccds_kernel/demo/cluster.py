"""Three months of pretended use of a cluster, so that the demo's leadership has something to read.

Only the published report is made, and says that it is pretended: nothing is written among the hub's own records, where the demo's
people would find sessions that they never had. It is made anew at each start, up to that moment, as long as nobody has published
the real one with `ccds cluster publish`.

What is to be seen: first nodes come within minutes, further nodes wait for hours and are promoted when the first one ends, and
batch work fills the nights.

Same seed and moment, same report; of a day that is over it stays the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.cluster.publication import read_report
from ccds_kernel.cluster.publish import publish
from ccds_kernel.cluster.record import HowEnded, SessionRecord
from ccds_kernel.cluster.report import compute
from ccds_kernel.cluster.use import Training, Use
from ccds_kernel.demo.chance import Draw
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings
from ccds_kernel.training.record import Outcome

DAYS = 91
PEOPLE = {
    "ann": "STROKE-2025",
    "ben": "CHEST-2026",
    "cho": "STROKE-2025",
    "eli": "HEADCT-2026",
    "gus": "KNEE-2026",
    "ivy": "CHEST-2026",
    "sam": "HEADCT-2026",
}
"""Who pretends to work in which project; some are no people of the demo."""

_STREAM = 21
_SATURDAY = 5
_ENDS = {
    HowEnded.STOPPED: 0.45,
    HowEnded.IDLE: 0.25,
    HowEnded.WALL_TIME: 0.15,
    HowEnded.BY_ITSELF: 0.12,
    HowEnded.NODE_LOST: 0.03,
}
_OUTCOMES = {Outcome.FINISHED: 0.7, Outcome.FAILED: 0.12, Outcome.STOPPED: 0.06, None: 0.12}
_PREEMPTED_FOR = timedelta(minutes=40)


def pretend_cluster(seed: int, *, person: str, settings: Settings) -> None:
    """Publishes the pretended report, unless a real one is published.

    Args:
        seed: of the demo.
        person: an administrator of the site.
        settings: the site's.

    Raises:
        CcdsError: the published folder can't be written.
    """
    if not _real_is_published(settings):
        now = datetime.now(UTC).replace(microsecond=0)
        records, trainings = pretended(seed, now)
        publish(compute(records, trainings, now, pretended=True), person=person, settings=settings)


def _real_is_published(settings: Settings) -> bool:
    """Whether a real report is published. One that can't be read, as of an older form, can be made anew."""
    try:
        report = read_report(settings.paths.published)
    except CcdsError:
        return False
    return report is not None and not report.pretended


def pretended(seed: int, now: datetime) -> tuple[list[SessionRecord], list[Training]]:
    """The sessions and trainings of the `DAYS` days up to `now`, an aware time."""
    sessions: list[SessionRecord] = []
    trainings: list[Training] = []
    for back in range(DAYS, -1, -1):
        day = now.astimezone(UTC).date() - timedelta(days=back)
        for place, person in enumerate(PEOPLE):
            draw = Draw(seed, day.toordinal() * len(PEOPLE) + place, _STREAM)
            if draw.chance(0.15 if day.weekday() >= _SATURDAY else 0.8):
                sessions += _sessions(draw, day, person)
            if draw.chance(0.4):
                trainings.append(_training(draw, day, person))
    return (
        [_until(one, now) for one in sessions if one.submitted <= now],
        [_trained(one, now) for one in trainings if one.uses[0].begin < now],
    )


def _sessions(draw: Draw, day: date, person: str) -> Iterator[SessionRecord]:
    """A first node, and on some days a further one, each with its end."""
    asked = _at(day, draw.integer(7 * 60, 11 * 60))
    first = _session(draw, person, asked, (900 if draw.chance(0.12) else 45) * draw.generator.exponential() + 4)
    yield first
    if not draw.chance(0.35):
        return
    asked += timedelta(minutes=draw.integer(20, 150))
    further = _session(draw, person, asked, 2.2 * 3600 * draw.generator.exponential() + 30)
    stood = [(asked, PriorityClass.SECOND)]
    if first.ended and further.ended and asked < first.ended < further.ended:
        stood.append((first.ended, PriorityClass.FIRST))
    further = replace(further, job=JobId(f"{further.job}-2"), session=f"{further.session}-2", classes=tuple(stood))
    yield _called_off(further) if draw.chance(0.12) else further


def _session(draw: Draw, person: str, asked: datetime, wait_s: float) -> SessionRecord:
    project = PEOPLE[person]
    started = asked + timedelta(seconds=round(wait_s))
    minutes = draw.integer(90, 9 * 60)
    how = draw.weighted(_ENDS)
    idle = draw.uniform(0, 0.9 if how is HowEnded.IDLE else 0.4)
    return SessionRecord(
        person=person,
        project=project,
        session=f"{project.lower()}-lab",
        job=JobId(f"pretended-{asked:%Y%m%d}-{person}"),
        submitted=asked,
        classes=((asked, PriorityClass.FIRST),),
        gpus=draw.one((1, 1, 2, 4)),
        started=started,
        node="pretended",
        ended=started + timedelta(minutes=minutes),
        how=how,
        idle_s=round(60 * minutes * idle),
        gpus_measured=draw.chance(0.85),
    )


def _called_off(record: SessionRecord) -> SessionRecord:
    """The session as one that its person called off after half of its wait."""
    ended = record.submitted + ((record.started or record.submitted) - record.submitted) / 2
    stood = tuple(one for one in record.classes if one[0] < ended)
    return replace(record, started=None, node=None, ended=ended, how=HowEnded.CANCELLED, idle_s=None, classes=stood)


def _training(draw: Draw, day: date, person: str) -> Training:
    """A training of the evening, which made room for interactive work now and then."""
    begin = _at(day, draw.integer(17 * 60, 22 * 60))
    uses = []
    for _ in range(draw.integer(1, 3)):
        end = begin + timedelta(minutes=draw.integer(60, 6 * 60))
        uses.append(_use(person, begin, end))
        begin = end + _PREEMPTED_FOR
    return Training(
        project=PEOPLE[person], person=person, uses=tuple(uses), seen=uses[-1].end, outcome=draw.weighted(_OUTCOMES)
    )


def _use(person: str, begin: datetime, end: datetime) -> Use:
    return Use(project=PEOPLE[person], person=person, priority_class=PriorityClass.BATCH, gpus=1, begin=begin, end=end)


def _until(record: SessionRecord, now: datetime) -> SessionRecord:
    """The session as it is known at `now`."""
    if record.ended and record.ended > now:
        stood = tuple(one for one in record.classes if one[0] <= now)
        record = replace(record, ended=None, how=None, idle_s=None, classes=stood)
    return replace(record, started=None, node=None) if record.started and record.started > now else record


def _trained(training: Training, now: datetime) -> Training:
    """The training as it is known at `now`."""
    uses = tuple(replace(use, end=min(use.end, now)) for use in training.uses if use.begin < now)
    seen = uses[-1].end
    return replace(training, uses=uses, seen=seen, outcome=training.outcome if seen == training.seen else None)


def _at(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(minutes=minute)
