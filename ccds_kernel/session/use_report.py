"""Tells the hub how a lab session is used: a task of its server, which sees kernels, pages and GPUs, with the server's own token.

The hub's own record of activity can't say it: the proxy counts every request of an open page, which asks for kernels and notices
all day whether anybody sits there or not. Use is what somebody does: code that runs or prints, a terminal, and every request of
the page that changes something, such as a save; one that was refused, or came without a login, is nobody's use.

A report that doesn't arrive is no report: the hub then knows nothing, and ends nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
import urllib.request
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

from jupyterhub.log import log_request
from tornado.web import RequestHandler

from ccds_kernel.session.gpu_use import GpuMeter, meter_of
from ccds_kernel.session.idle import Limits, Use
from ccds_kernel.settings import Settings

USE_PATH = "/ccds/session-use"
"""Where the hub takes reports, under its API's address."""

SAMPLE_SECONDS = 5.0
"""Between two looks at the GPUs: training that pauses for some seconds at each step works."""

_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED = 400

_log = logging.getLogger("ccds.session.use")


class PageClock:
    """When the session's page last changed something.

    Args:
        clock: a monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = clock()

    def saw(self, method: str) -> None:
        """A request of that HTTP method came."""
        if method not in _LOOKS:
            self._at = self._clock()

    @property
    def age_s(self) -> float:
        """Seconds since then, or since the server's start."""
        return self._clock() - self._at


def use_of(
    page_age_s: float, kernels: list[dict[str, Any]], terminals: list[dict[str, Any]], gpu: int | None, now: datetime
) -> Use:
    """What is reported now.

    Args:
        page_age_s: seconds since the page changed something.
        kernels: the server's kernels, as Jupyter lists them.
        terminals: likewise.
        gpu: the most percent of the busiest GPU; None where it isn't known.
        now: an aware time.
    """
    times = [datetime.fromisoformat(one["last_activity"]) for one in (*kernels, *terminals)]
    ages = [(now - at).total_seconds() for at in times]
    busy = any(one["execution_state"] == "busy" for one in kernels)
    return Use(unused_s=max(0.0, min([page_age_s, *ages])), busy=busy, gpu=gpu)


class UseLog:
    """Tornado's `log_function`, which sees each request with its answer: tells the clock of use, then logs as JupyterHub does.

    Args:
        page: the clock.
    """

    def __init__(self, page: PageClock) -> None:
        self.page = page

    def __call__(self, handler: RequestHandler) -> None:
        """A request was answered; it counts where somebody was logged in, and it wasn't refused."""
        if handler.get_status() < _REFUSED and handler.current_user:
            self.page.saw(handler.request.method or "")
        log_request(handler)


class UseReporter:
    """Samples the GPUs and reports, for as long as the server runs.

    Args:
        use: gives what there is to report, from the GPUs' most percent since the report before.
        meter: of the session's GPUs.
        send: hands a report to the hub; it may block, and raise OSError.
        report_s: seconds between two reports.
        pause: sleeps that many seconds.
    """

    def __init__(
        self,
        use: Callable[[int | None], Use],
        meter: GpuMeter,
        send: Callable[[Use], None],
        *,
        report_s: float,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._use = use
        self._meter = meter
        self._send = send
        self._samples = max(1, round(report_s / SAMPLE_SECONDS))
        self._between_s = report_s / self._samples
        self._pause = pause

    async def run(self) -> None:
        """Reports again and again; one that fails is left out."""
        while True:
            try:
                await self._report()
            except (OSError, ValueError, HTTPException):  # the hub restarts, or answers nonsense
                continue
            except Exception as error:  # noqa: BLE001 - without reports the hub would never end the session
                _log.warning("a report of this session's use failed: %s", type(error).__name__)

    async def _report(self) -> None:
        seen = []
        for _ in range(self._samples):
            await self._pause(self._between_s)
            seen.append(await asyncio.to_thread(self._meter.busiest))
        known = [percent for percent in seen if percent is not None]
        await asyncio.to_thread(self._send, self._use(max(known, default=None)))


def report_use(server_app: Any, settings: Settings) -> None:  # noqa: ANN401 - jupyter_server has no type hints
    """Begins to report the use of `server_app`, the ServerApp of a lab session; one that no hub started has nobody to tell.

    Its setting `log_function` is a `UseLog`.
    """
    hub = getattr(server_app.identity_provider, "hub_auth", None)
    if hub is None:
        return
    page = server_app.web_app.settings["log_function"].page

    def use(gpu: int | None) -> Use:
        terminals = server_app.web_app.settings.get("terminal_manager")
        return use_of(
            page.age_s,
            server_app.kernel_manager.list_kernels(),
            terminals.list() if terminals else [],
            gpu,
            datetime.now(UTC),
        )

    limits = Limits.of(
        idle_minutes=settings.sessions.idle_minutes,
        gpu_idle_minutes=settings.sessions.gpu_idle_minutes,
        notice_minutes=settings.sessions.idle_notice_minutes,
    )
    reporter = UseReporter(
        use, meter_of(os.environ), _sender(hub.api_url + USE_PATH, hub.api_token), report_s=limits.report_s
    )
    # The server keeps the task: a loop alone may forget it.
    server_app.web_app.settings["ccds_use_report"] = server_app.io_loop.asyncio_loop.create_task(reporter.run())


def _sender(url: str, token: str) -> Callable[[Use], None]:
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}

    def send(use: Use) -> None:
        said = json.dumps({"unused_s": round(use.unused_s, 1), "busy": use.busy, "gpu": use.gpu}).encode()
        request = urllib.request.Request(url, method="POST", data=said, headers=headers)  # noqa: S310 - the hub's own address
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above
            pass

    return send
