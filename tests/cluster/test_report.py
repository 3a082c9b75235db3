"""What the report makes of sessions and trainings: figures worked out by hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.cluster.period import Grain
from ccds_kernel.cluster.record import HowEnded, SessionRecord
from ccds_kernel.cluster.report import ClusterReport, Idle, Reported, by, compute
from ccds_kernel.cluster.use import Training, Use
from ccds_kernel.cluster.waits import Waits
from ccds_kernel.cluster.wording import name_of
from ccds_kernel.training.record import Outcome

FIRST, SECOND, BATCH, APP = PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH, PriorityClass.APP
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def at(day: int, hour: float, month: int = 11) -> datetime:
    """An hour of a day of 2026."""
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour)


def session(
    submitted: datetime,
    started: datetime | None = None,
    ended: datetime | None = None,
    *,
    person: str = "sam",
    project: str = "CHEST-1",
    gpus: int = 2,
    classes: Sequence[tuple[datetime, PriorityClass]] = (),
    how: HowEnded | None = None,
    idle_s: float | None = None,
    gpus_measured: bool = True,
) -> SessionRecord:
    """A session of two GPUs, someone's first node where `classes` says nothing else."""
    return SessionRecord(
        person=person,
        project=project,
        session="lab",
        job=JobId("1"),
        submitted=submitted,
        classes=tuple(classes) or ((submitted, FIRST),),
        gpus=gpus,
        started=started,
        ended=ended,
        how=how or (HowEnded.STOPPED if ended else None),
        idle_s=idle_s,
        gpus_measured=gpus_measured,
    )


def training(
    *held: tuple[datetime, datetime], outcome: Outcome | None = None, person: str = "eli", project: str = "HEAD-1"
) -> Training:
    """A training of one GPU that ran at these times."""
    uses = tuple(
        Use(project=project, person=person, priority_class=BATCH, gpus=1, begin=begin, end=end) for begin, end in held
    )
    return Training(project=project, person=person, uses=uses, seen=held[-1][1], outcome=outcome)


def period(report: ClusterReport, name: str) -> Reported:
    """The period of that name."""
    (found,) = (one for one in report.periods if one.name == name)
    return found


def held(reported: Reported) -> dict[tuple[str, str, str], float]:
    """GPU-hours by project, person and class."""
    return {(one.project, one.person, one.priority_class): one.gpu_hours for one in reported.held}


def test_gpu_hours_are_split_at_midnight_and_at_a_promotion() -> None:
    """2 GPUs, a further node from 20:00, first from 23:00, until 02:00 the next day: 6 and 2 on one day, 4 on the other."""
    asked = at(9, 19)
    node = session(asked, at(9, 20), at(10, 2), classes=[(asked, SECOND), (at(9, 23), FIRST)])

    report = compute([node], [], NOW)

    key = ("CHEST-1", "sam")
    assert held(period(report, "2026-11-09")) == {(*key, "second"): 6, (*key, "first"): 2}
    assert held(period(report, "2026-11-10")) == {(*key, "first"): 4}
    assert held(period(report, "2026-W46")) == {(*key, "second"): 6, (*key, "first"): 6}
    assert period(report, "2026-11").gpu_hours(FIRST) == 6


def test_a_promotion_while_it_waits_leaves_no_hours_in_the_class_before() -> None:
    """All of it is held as a first node; its wait is that of the further node that was asked for."""
    asked = at(9, 8)
    node = session(asked, at(9, 11), at(9, 12), classes=[(asked, SECOND), (at(9, 10), FIRST)])

    day = period(compute([node], [], NOW), "2026-11-09")

    assert held(day) == {("CHEST-1", "sam", "first"): 2}
    assert day.waits == {FIRST: Waits(), SECOND: Waits(came=1, median_s=10800, longest_s=10800)}


def test_a_person_stands_once_split_over_classes() -> None:
    """In two projects and three classes; who held most comes first, equal ones by name."""
    asked = at(9, 8)
    sessions = [
        session(asked, at(9, 8), at(9, 9)),
        session(asked, at(9, 8), at(9, 10), project="HEAD-1", classes=[(asked, SECOND)]),
        session(asked, at(9, 8), at(9, 9), person="ann", gpus=3),
    ]

    day = period(compute(sessions, [training((at(9, 8), at(9, 8.5)), person="sam")], NOW), "2026-11-09")

    assert by(day.held, "person") == {
        "sam": {FIRST: 2, SECOND: 4, BATCH: 0.5},
        "ann": {FIRST: 3, SECOND: 0, BATCH: 0},
    }
    assert list(by(day.held, "project")) == ["CHEST-1", "HEAD-1"]


def test_what_lives_holds_its_gpus_until_now() -> None:
    """Since 09:00, reported at noon; the day isn't over."""
    today = period(compute([session(at(26, 9), at(26, 9))], [], NOW), "2026-11-26")

    assert held(today) == {("CHEST-1", "sam", "first"): 6}
    assert (today.over, today.sessions) == (False, {})


def test_an_app_session_is_no_node() -> None:
    """It has no wait, no end and no GPU-hours here."""
    report = compute([session(at(9, 8), at(9, 8), at(9, 9), gpus=0, classes=[(at(9, 8), APP)])], [], NOW)

    assert (report.sessions, report.periods) == (0, ())


def test_a_node_without_gpu_is_waited_for_and_holds_nothing() -> None:
    """It counts among the waits and the ends."""
    day = period(compute([session(at(9, 8), at(9, 9), at(9, 10), gpus=0)], [], NOW), "2026-11-09")

    assert (day.held, day.waits[FIRST].came, day.sessions) == ((), 1, {HowEnded.STOPPED: 1})
    assert (day.idle.sessions, day.idle.unmeasured) == (0, 0)


def test_waits_are_of_the_day_on_which_the_node_was_asked_for() -> None:
    """Asked for on the 9th and come on the 10th; asked for on the 25th and waited for still."""
    report = compute([session(at(9, 23), at(10, 1), at(10, 2)), session(at(25, 12))], [], NOW)

    assert period(report, "2026-11-09").waits[FIRST] == Waits(came=1, median_s=7200, longest_s=7200)
    assert period(report, "2026-11-10").waits[FIRST] == Waits()
    assert period(report, "2026-11-25").waits[FIRST] == Waits(waiting=1, waiting_s=86400)


def test_idle_is_a_share_of_what_was_measured() -> None:
    """4 GPU-hours of which 1 was idle, measured; 6 not. Never more than was held; not measured isn't zero."""
    sessions = [
        session(at(9, 8), at(9, 8), at(9, 10), idle_s=1800),
        session(at(9, 8), at(9, 8), at(9, 11)),
        session(at(10, 8), at(10, 8), at(10, 9), idle_s=1e6),
        session(at(11, 8), at(11, 8), at(11, 9), idle_s=60, gpus_measured=False),
    ]

    report = compute(sessions, [], NOW)

    assert period(report, "2026-11-09").idle == Idle(
        sessions=1, gpu_hours=4, idle_gpu_hours=1, unmeasured=1, unmeasured_gpu_hours=6
    )
    shares = [period(report, f"2026-11-{day:02d}").idle.share for day in (9, 10, 11, 12)]
    assert shares == [0.25, 1, None, None]


def test_what_ended_how_is_counted_when_it_ended() -> None:
    """Sessions by how; trainings by their own word, and those that fell silent apart; one that spoke just now runs."""
    sessions = [
        session(at(9, 8), at(9, 8), at(9, 9), how=HowEnded.IDLE),
        session(at(9, 8), None, at(9, 9), how=HowEnded.CANCELLED),
        session(at(8, 8), at(8, 8), at(9, 9), how=HowEnded.IDLE),
    ]
    trainings = [
        training((at(9, 8), at(9, 9)), outcome=Outcome.FINISHED),
        training((at(9, 8), at(9, 9))),
        training((at(26, 8), NOW - timedelta(minutes=1))),
    ]

    report = compute(sessions, trainings, NOW)

    day, today = period(report, "2026-11-09"), period(report, "2026-11-26")
    assert day.sessions == {HowEnded.IDLE: 2, HowEnded.CANCELLED: 1}
    assert (day.trainings, day.trainings_silent) == ({Outcome.FINISHED: 1}, 1)
    assert (today.trainings, today.trainings_silent) == ({}, 0)
    assert held(today) == {("HEAD-1", "eli", "batch"): pytest.approx(3 + 59 / 60, abs=1e-6)}


def test_no_period_from_before_the_first_record_is_shown() -> None:
    """It would read as an empty cluster; an empty day after it is one."""
    report = compute([session(at(24, 8), at(24, 8), at(24, 9))], [], NOW)

    assert [one.name for one in report.of(Grain.DAY)] == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert [name_of(one) for one in report.of(Grain.MONTH)] == ["2026-11 from 11-24 so far"]
    assert [(one.whole, one.first, one.last) for one in report.of(Grain.WEEK)] == [
        (False, date(2026, 11, 24), date(2026, 11, 29))
    ]
    assert period(report, "2026-11-25").held == ()
    assert compute([], [], NOW).periods == ()


def test_a_report_reads_as_it_was_written() -> None:
    """Every value, to the last digit."""
    report = compute(
        [session(at(9, 8), at(9, 8, 11), at(9, 10), idle_s=7)], [training((at(9, 8), at(9, 9.123)))], NOW, unread=2
    )

    assert ClusterReport.model_validate_json(report.to_json()) == report
