"""An idle session's people are told in time, and never not at all; what a session may report."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tornado.web import HTTPError

from ccds_kernel.batch import JobId
from ccds_kernel.session.idle import Limits, Use
from ccds_spawners.idleness import Idleness, idle_words
from ccds_spawners.use_reports import read_use

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
JOB = JobId("7")


class Told:
    """A chronicle that keeps what it's told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.idle_s: list[float] = []
        self.gpus_measured: list[bool] = []

    async def tell(self, text: str, until: datetime | None = None, *, about: str) -> None:
        """A line for the session's pages; one without an end would outlive the session."""
        assert about
        assert (until is None) == (not text)
        self.texts.append(text)

    async def idle(self, _job: JobId, idle_s: float, *, gpus_measured: bool) -> None:
        """Seconds for the record."""
        self.idle_s.append(idle_s)
        self.gpus_measured.append(gpus_measured)


class Play:
    """A session under limits of one hour and a notice of ten minutes, polled every minute."""

    def __init__(self, *, notice: float = 10) -> None:
        self.now = self.used = NOON
        self.told = Told()
        limits = Limits.of(idle_minutes=60, gpu_idle_minutes=0, notice_minutes=notice)
        self.idleness = Idleness(self.told, limits, self.clock)

    def clock(self) -> datetime:
        """Never the same time twice."""
        self.now += timedelta(microseconds=1)
        return self.now

    def minutes(self, count: int, use: Use | None = None) -> int | None:
        """So many go by; without a use the last one is ever longer ago. The minute at which the session was over, if it was."""
        begin = self.now.replace(microsecond=0)
        for minute in range(1, count + 1):
            self.now = begin + timedelta(minutes=minute)
            if use:
                self.used = self.now - timedelta(seconds=use.unused_s)
            self.idleness.take(use or Use(unused_s=(self.now - self.used).total_seconds(), busy=False))
            if asyncio.run(self.idleness.is_over()):
                return minute
        return None


USED = Use(unused_s=0, busy=False)


def test_an_idle_session_is_over_after_its_limit_and_was_told_before():
    """Ten minutes before, once; at the first look after each."""
    play = Play()

    play.minutes(1, USED)
    before = play.minutes(49)
    silent = list(play.told.texts)
    over = play.minutes(20)

    assert (before, silent) == (None, [])
    assert over == 11
    assert len(play.told.texts) == 1
    assert play.told.texts[0].startswith("This session ends at ")
    assert "nobody has used it since" in play.told.texts[0]


def test_use_takes_the_notice_back():
    """And the whole limit begins anew."""
    play = Play()
    play.minutes(1, USED)
    play.minutes(55)

    play.minutes(1, USED)
    texts = list(play.told.texts)
    over = play.minutes(100)

    assert texts[1:] == [""]
    assert over == 60


def test_a_session_that_was_idle_for_long_is_told_first():
    """The hub was away for a day: its people have the whole notice, not none."""
    play = Play()

    first = play.minutes(1, Use(unused_s=86400, busy=False))
    ends = play.idleness.end
    over = play.minutes(30)

    assert first is None
    assert ends.at.replace(microsecond=0) == NOON + timedelta(minutes=11)
    assert over == 10


def test_without_reports_nothing_is_over():
    """Not even after a notice: the session may be in use."""
    play = Play()
    play.minutes(1, USED)
    play.minutes(55)

    play.now += timedelta(hours=5)
    over = asyncio.run(play.idleness.is_over())

    assert not over
    assert (play.idleness.since, play.idleness.end) == (None, None)
    assert play.told.texts[-1] == ""


def test_a_site_without_notice_ends_at_the_limit():
    """Zero minutes of notice: at the very look."""
    play = Play(notice=0)
    play.minutes(1, USED)

    assert play.minutes(100) == 60


def test_idle_time_is_recorded_now_and_then_and_at_last():
    """Not at each poll, and not of a session that never reported."""
    play = Play()
    asyncio.run(play.idleness.note(JOB, last=True))
    nothing = list(play.told.idle_s)
    play.minutes(1, USED)
    for _ in range(12):
        play.minutes(1)
        asyncio.run(play.idleness.note(JOB))
    asyncio.run(play.idleness.note(JOB, last=True))

    assert nothing == []
    assert [round(seconds) for seconds in play.told.idle_s] == [60, 360, 660, 720]


def test_the_record_says_whether_the_gpus_were_measured():
    """Not where a report didn't know of them."""
    play = Play()
    for gpu in (0, None):
        play.minutes(1, Use(unused_s=60, busy=False, gpu=gpu))
        asyncio.run(play.idleness.note(JOB, last=True))

    assert play.told.gpus_measured == [True, False]


def test_the_notice_of_idle_gpus_says_what_to_do():
    """In the site's time, with the day where it isn't today's."""
    play = Play()
    play.idleness = Idleness(play.told, Limits.of(idle_minutes=0, gpu_idle_minutes=120, notice_minutes=10), play.clock)
    play.minutes(1, Use(unused_s=0, busy=True, gpu=0))

    words = idle_words(play.idleness.end, NOON)

    assert words == (
        "This session ends at 14:01: its GPUs have done nothing since 12:01. Use them to keep it, or save your work and go on in "
        "a session without GPUs."
    )


def test_a_report_is_read():
    """With GPUs and without."""
    assert read_use({"unused_s": 3, "busy": True, "gpu": None}) == Use(unused_s=3.0, busy=True, gpu=None)
    assert read_use({"unused_s": 0.5, "busy": False, "gpu": 100}) == Use(unused_s=0.5, busy=False, gpu=100)


@pytest.mark.parametrize(
    "body",
    [
        None, [], "idle", {}, {"unused_s": 1, "busy": 1}, {"unused_s": -1, "busy": True}, {"unused_s": True, "busy": True},
        {"unused_s": float("nan"), "busy": True}, {"unused_s": float("inf"), "busy": True}, {"unused_s": 10**400, "busy": True},
        {"unused_s": 1, "busy": True, "gpu": 101}, {"unused_s": 1, "busy": True, "gpu": -1},
        {"unused_s": 1, "busy": True, "gpu": "9"}, {"unused_s": 1, "busy": True, "gpu": True}, {"unused_s": "1", "busy": True},
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(body):
    """Whatever JSON a session sends."""
    with pytest.raises(HTTPError) as raised:
        read_use(body)

    assert raised.value.status_code == 400
