"""Since when a session is idle, and when it ends for that; how its use is measured and reported."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import BadStatusLine
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from ccds_kernel.session.gpu_use import NoMeter, NvmlMeter, meter_of, visible_gpus
from ccds_kernel.session.idle import REPORT_SECONDS, IdleClock, IdleEnd, Limits, Use, after, idle_end
from ccds_kernel.session.use_report import PageClock, UseLog, UseReporter, use_of

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LIMITS = Limits.of(idle_minutes=60, gpu_idle_minutes=240, notice_minutes=10)
IDLE, WORKS = Use(unused_s=600, busy=False, gpu=0), Use(unused_s=0, busy=True, gpu=90)
RUNS_ON_CPU = Use(unused_s=600, busy=True, gpu=1)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def clock_after(*reports: tuple[float, Use]) -> IdleClock:
    """The clock after these reports, each with its minute."""
    clock = None
    for minute, use in reports:
        clock = after(clock, use, at(minute))
    assert clock
    return clock


def test_the_first_report_knows_since_when_nobody_was_there():
    """Also of a session that was idle before this hub began; of its GPUs only from now on."""
    clock = clock_after((0, IDLE))

    assert clock == IdleClock(at=at(0), used=at(-10), gpu_used=at(0))


@pytest.mark.parametrize(
    "use",
    [Use(unused_s=0, busy=False), Use(unused_s=600, busy=True), Use(unused_s=600, busy=False, gpu=5)],
    ids=["the page", "a kernel that runs code", "a GPU that works"],
)
def test_what_counts_as_use(use):
    """Each by itself."""
    assert clock_after((0, IDLE), (30, use)).used == at(30)


def test_code_that_runs_beside_idle_gpus_uses_the_session_but_not_its_gpus():
    """The session goes on; the longer clock of its GPUs isn't set back."""
    clock = clock_after((0, WORKS), (60, RUNS_ON_CPU), (230, RUNS_ON_CPU))

    assert (clock.used, clock.gpu_used) == (at(230), at(0))
    assert idle_end(clock, LIMITS, at(230)) == IdleEnd(at(240), at(0), gpu=True)


def test_gpus_that_cannot_be_measured_are_never_idle():
    """Neither where nothing is known at all, nor for a while: then their clock begins anew."""
    unknown = Use(unused_s=0, busy=True, gpu=None)

    never = clock_after((0, unknown), (500, unknown))
    once = clock_after((0, RUNS_ON_CPU), (200, unknown), (201, RUNS_ON_CPU))

    assert idle_end(never, LIMITS, at(500)) == IdleEnd(at(560), at(500), gpu=False)
    assert once.gpu_used == at(201)


def test_the_earlier_end_counts():
    """Unused for an hour, before GPUs idle for four."""
    assert idle_end(clock_after((0, WORKS), (1, IDLE)), LIMITS, at(1)) == IdleEnd(at(60), at(0), gpu=False)


def test_zero_is_never():
    """Either limit, or both."""
    clock = clock_after((0, IDLE))

    assert idle_end(clock, Limits.of(idle_minutes=0, gpu_idle_minutes=0, notice_minutes=10), at(0)) is None
    assert idle_end(clock, Limits.of(idle_minutes=0, gpu_idle_minutes=9, notice_minutes=1), at(0)).gpu


def test_a_session_that_does_not_report_does_not_end():
    """Nothing is known of it, however long it was idle before."""
    clock = clock_after((0, Use(unused_s=86400, busy=False)))

    assert idle_end(clock, LIMITS, at(1)).at < at(0)
    assert idle_end(clock, LIMITS, at(3)) is None
    assert idle_end(None, LIMITS, at(0)) is None


def test_a_short_limit_is_looked_at_often():
    """And no report comes later than half a minute after the one before."""
    short = Limits.of(idle_minutes=0.1, gpu_idle_minutes=0, notice_minutes=0)

    assert short.report_s == pytest.approx(1.5)
    assert LIMITS.report_s == REPORT_SECONDS


def test_idle_seconds_are_those_without_any_use_between_two_reports():
    """Half an hour idle, use, ten minutes idle."""
    unused = [(minute, Use(unused_s=60 * minute, busy=False)) for minute in (10, 20, 30)]
    clock = clock_after((0, WORKS), *unused, (40, WORKS), (50, Use(unused_s=600, busy=False)))

    assert clock.idle_s == 40 * 60


reports = st.builds(
    Use,
    unused_s=st.floats(0, 10**6),
    busy=st.booleans(),
    gpu=st.none() | st.integers(0, 100),
)


@given(st.lists(st.tuples(st.floats(0.01, 100), reports), min_size=1))
def test_clocks_never_go_back_nor_ahead(steps):
    """Whatever is reported: last use lies in the past and never gets earlier; idle time is at most the time that passed."""
    clock, now, begin = None, NOON, None
    for minutes, use in steps:
        now += timedelta(minutes=minutes)
        before, clock = clock, after(clock, use, now)
        begin = begin or now
        assert clock.used <= now
        assert before is None or clock.used >= before.used
        assert clock.gpu_used is None or clock.gpu_used <= now
        assert 0 <= clock.idle_s <= (now - begin).total_seconds() + 1e-3


def test_what_is_reported_of_kernels_terminals_and_the_page():
    """The youngest use of any; a kernel that runs code is busy."""
    kernels = [
        {"last_activity": "2026-11-26T11:00:00.000000Z", "execution_state": "idle"},
        {"last_activity": "2026-11-26T11:30:00.000000Z", "execution_state": "busy"},
    ]
    terminals = [{"name": "1", "last_activity": "2026-11-26T11:59:00.000000Z"}]

    assert use_of(7200, kernels, terminals, 40, NOON) == Use(unused_s=60, busy=True, gpu=40)
    assert use_of(30, kernels[:1], [], None, NOON) == Use(unused_s=30, busy=False, gpu=None)
    assert use_of(30, [], [], None, NOON) == Use(unused_s=30, busy=False, gpu=None)


def test_a_page_that_only_looks_uses_nothing():
    """JupyterLab asks for kernels and notices all day; saving is work."""
    time = [100.0]
    page = PageClock(lambda: time[0])
    time[0] = 160.0

    page.saw("GET")
    looked = page.age_s
    page.saw("PUT")

    assert (looked, page.age_s) == (60, 0)


class Door(RequestHandler):
    """Knows whoever says who they are, and lets them save."""

    def get_current_user(self) -> str | None:
        """As they say."""
        return self.request.headers.get("Who")

    def post(self, answer: str) -> None:
        """Answers what was asked for."""
        self.set_status(int(answer))


@pytest.mark.parametrize(
    ("headers", "answer", "age"),
    [({"Who": "sam"}, 201, 0), ({"Who": "sam"}, 403, 60), ({}, 201, 60), ({}, 403, 60)],
    ids=["sam saves", "sam is refused", "a stranger", "a stranger is refused"],
)
def test_only_what_a_person_was_let_do_is_use(headers, answer, age):
    """A page of a stranger that posts all day keeps no session."""
    time = [100.0]
    page = PageClock(lambda: time[0])
    time[0] = 160.0

    async def ask() -> int:
        server = HTTPServer(Application([("/(.*)", Door)], log_function=UseLog(page)))
        socket, port = bind_unused_port()
        server.add_socket(socket)
        url = f"http://127.0.0.1:{port}/{answer}"
        got = await AsyncHTTPClient().fetch(url, method="POST", body="", headers=headers, raise_error=False)
        server.stop()
        await server.close_all_connections()
        return got.code

    assert asyncio.run(ask()) == answer
    assert page.age_s == age


class Falling:
    """A meter that says these, in turn."""

    def __init__(self, *percents: int | None) -> None:
        self.left: Iterator[int | None] = iter(percents)

    def busiest(self) -> int | None:
        """The next one."""
        return next(self.left)


def test_the_most_that_a_gpu_worked_between_two_reports_is_reported():
    """Looked at every 5 s; a look that fails is left out, and a report that fails, for whatever reason, ends nothing."""
    sent: list[int | None] = []
    meter = Falling(*(0, 80, None, 3, 0, 0), *[None] * 6, *(0, 0, 0, 0, 0, 7), *[1] * 6, *[2] * 6)
    failures = [OSError("the hub is away"), BadStatusLine("no HTTP"), KeyError("a kernel that is just going")]

    def send(use: Use) -> None:
        if len(sent) == 4:
            raise asyncio.CancelledError  # the server ends
        sent.append(use.gpu)
        if failures:
            raise failures.pop(0)

    async def pause(_seconds: float) -> None:
        """No time passes."""

    reporter = UseReporter(
        lambda gpu: Use(unused_s=0, busy=False, gpu=gpu), meter, send, report_s=REPORT_SECONDS, pause=pause
    )

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(reporter.run())

    assert sent == [80, None, 7, 1]
    assert next(meter.left, "all looks are done") == "all looks are done"


class Nvml:
    """Two GPUs as NVML tells of them, one of which may fall silent."""

    class NVMLError(Exception):
        """As the library's."""

    def __init__(self, *percents: int | None) -> None:
        self.percents = percents

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> SimpleNamespace:  # noqa: N802 - the library's name
        """How busy one is."""
        percent = self.percents[handle]
        if percent is None:
            raise self.NVMLError
        return SimpleNamespace(gpu=percent, memory=0)


def test_the_busiest_gpu_counts_and_one_that_is_silent_makes_all_unknown():
    """An idle GPU beside one of which nothing is known may not end a session."""
    assert NvmlMeter(Nvml(3, 71), [0, 1]).busiest() == 71
    assert NvmlMeter(Nvml(3, None), [0, 1]).busiest() is None


def test_a_session_without_gpus_or_with_pretended_ones_is_not_measured():
    """CUDA_VISIBLE_DEVICES says which GPUs are the session's; where this machine has no such one nothing is known."""
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "0, GPU-7,"}) == ["0", "GPU-7"]
    assert isinstance(meter_of({}), NoMeter)
    assert meter_of({"CUDA_VISIBLE_DEVICES": "GPU-00000000-not-there"}).busiest() is None
