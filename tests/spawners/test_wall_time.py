"""A session's hours: who is told of their end, and how far they reach."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.batch.scheduler import JobRefusedError
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.cluster.records import Records
from ccds_kernel.session.name import SessionName
from ccds_kernel.session.notice import read_notice
from ccds_spawners.chronicle import Chronicle
from ccds_spawners.home import server_folder
from ccds_spawners.hours import Hours
from ccds_spawners.wall_time import ExtensionError, check_extension, wall_notice
from support.site import site_settings

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
LAB = SessionName.parse("chest-1-lab")


def running(ends: datetime | None, state: JobState = JobState.RUNNING, hours: float = 8) -> JobStatus:
    """A job of so many hours that ends then."""
    started = ends - timedelta(hours=hours) if ends else NOW
    return JobStatus(id=JobId("7"), state=state, node="gpu7", started=started, wall_ends=ends)


@pytest.mark.parametrize(
    ("left", "told"),
    [(120, None), (30.1, None), (30, 30), (5.1, 30), (5, 5), (0.5, 5), (-1, 5)],
)
def test_people_are_told_half_an_hour_and_five_minutes_before(left: float, told: int | None) -> None:
    """Not before, and in the words of the nearer one."""
    notice = wall_notice(running(NOW + timedelta(minutes=left)), NOW, 72)

    assert (notice.left if notice else None) == (timedelta(minutes=told) if told else None)
    assert notice is None or f"in less than {told} minutes" in notice.words(NOW)


@pytest.mark.parametrize("state", [JobState.PENDING, JobState.UNKNOWN, JobState.FAILED])
def test_nobody_is_told_of_an_end_that_is_not_known(state: JobState) -> None:
    """Neither without a wall time nor in any other state."""
    assert wall_notice(running(None), NOW, 72) is None
    assert wall_notice(running(NOW, state), NOW, 72) is None


@pytest.mark.parametrize(
    ("longest", "offer"),
    [
        (9, "Save your work, or extend the session on the hub's home page: by 1 h 0 min at most."),
        (8, "Save your work."),
        (0, "Save your work."),
    ],
    ids=["an hour is left", "no hour is left", "it never can"],
)
def test_an_extension_is_offered_only_where_there_is_one(longest: int, offer: str) -> None:
    """Whoever can't extend the session reads nothing of it."""
    notice = wall_notice(running(NOW + timedelta(minutes=4)), NOW, longest)

    assert notice
    assert notice.words(NOW).endswith(f"its hours are over then. {offer}")


def test_what_can_not_be_extended_is_refused_by_name() -> None:
    """An app session, or one on a person's own machine."""
    with pytest.raises(ExtensionError, match="expected a lab session on the cluster"):
        check_extension(running(NOW + timedelta(hours=1)), NOW + timedelta(hours=1), 30, 0)


class Extending:
    """A scheduler that takes extensions, or refuses them."""

    def __init__(self) -> None:
        self.asked, self.refuses = [], False

    def extend(self, job: JobId, minutes: float) -> None:
        """Keeps what was asked for."""
        if self.refuses:
            raise JobRefusedError(expected="an extension", found="Access denied", do="ask an administrator")
        self.asked.append((job, minutes))


@pytest.fixture
def hours(tmp_path: Path) -> Hours:
    """The hours of ann's session, on a site that gives 10 in all."""
    settings = site_settings(tmp_path)
    settings.paths.state.mkdir()
    chronicle = Chronicle(LAB, "ann", settings, Records(settings.paths.state), logging.getLogger("test"))
    return Hours(chronicle, longest_hours=10)


def shown(tmp_path: Path) -> str:
    """What the session's pages show."""
    return read_notice(server_folder(LAB, "ann", site_settings(tmp_path)), datetime.now(UTC))


def test_the_notice_comes_and_goes(hours: Hours, tmp_path: Path) -> None:
    """It stands in the session's pages until its end is put off."""
    now = datetime.now(UTC)

    async def go() -> list[str]:
        said = []
        for minutes in (90, 20, 3, 120):
            await hours.tell(running(now + timedelta(minutes=minutes)))
            said.append(shown(tmp_path))
        return said

    before, half, five, put_off = asyncio.run(go())

    assert (before, put_off) == ("", "")
    assert "in less than 30 minutes" in half
    assert "in less than 5 minutes" in five


def test_a_notice_is_told_once(hours: Hours, tmp_path: Path) -> None:
    """What somebody else tells afterwards isn't written over at each look."""
    job = running(datetime.now(UTC) + timedelta(minutes=20))
    notice = server_folder(LAB, "ann", site_settings(tmp_path)) / "notice.json"

    asyncio.run(hours.tell(job))
    notice.unlink()
    asyncio.run(hours.tell(job))

    assert not notice.exists()


def test_an_extension_up_to_the_sites_most(hours: Hours) -> None:
    """Two quick ones count together, before the scheduler's answer shows the first."""
    scheduler, job = Extending(), running(NOW + timedelta(hours=1))

    ends = asyncio.run(hours.extend(job, 90, scheduler))
    with pytest.raises(ExtensionError, match="at most 10 hours in all, which leaves 30 minutes; found 31 minutes"):
        asyncio.run(hours.extend(job, 31, scheduler))
    last = asyncio.run(hours.extend(job, 30, scheduler))

    assert scheduler.asked == [("7", 90.0), ("7", 30.0)]
    assert (ends, last) == (NOW + timedelta(hours=2.5), NOW + timedelta(hours=3))


def test_what_the_scheduler_refuses_is_not_counted(hours: Hours) -> None:
    """Its own words come back, and the hours are as before."""
    scheduler, job = Extending(), running(NOW + timedelta(hours=1))
    scheduler.refuses = True

    with pytest.raises(JobRefusedError, match="Access denied"):
        asyncio.run(hours.extend(job, 120, scheduler))
    scheduler.refuses = False

    assert asyncio.run(hours.extend(job, 120, scheduler)) == NOW + timedelta(hours=3)


@pytest.mark.parametrize("minutes", [None, 0, -5, True, 1.5, "30", [30], {}, 10**9, float("nan")])
def test_junk_extends_nothing(minutes: object) -> None:
    """Only whole minutes above 0."""
    with pytest.raises(ExtensionError, match="a whole number of minutes above 0"):
        check_extension(running(NOW), NOW, minutes, 72)


@pytest.mark.parametrize("state", [JobState.PENDING, JobState.UNKNOWN])
def test_only_hours_that_have_begun_are_extended(state: JobState) -> None:
    """Who waits has all of theirs before them."""
    with pytest.raises(ExtensionError, match="one that is"):
        check_extension(running(None, state), None, 30, 72)


@given(st.integers(1, 10**6), st.integers(1, 24 * 365), st.floats(0.1, 500))
def test_no_extension_reaches_beyond_the_sites_most(minutes: int, longest: int, hours: float) -> None:
    """Whatever is asked for, and however far it is already."""
    job = running(NOW, hours=hours)
    try:
        _, ends = check_extension(job, NOW, minutes, longest)
    except ExtensionError:
        return

    assert ends - job.started <= timedelta(hours=longest)
