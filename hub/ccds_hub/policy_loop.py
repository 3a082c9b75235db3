"""Keeps each person's first node, and no other, in the class of first nodes: `ccds_kernel.batch.policy`, tick by tick.

It runs in the hub's own process, beside the sessions' spawners, and reads their jobs' states from the watch that they share: a
look costs the scheduler no further question. A change costs one, and its order: whoever carries it out asks once more, since the
job may have ended meanwhile or its person have got another node past the hub. Rejected: a service of its own, which would ask
the scheduler a second time at each look and the hub who has which session.

Whatever goes wrong in a look is logged, once for as long as it stays the same, and tried again at the next; a change that the
scheduler refuses, which is its decision, after a minute. Nothing is remembered that a look couldn't do without: only the class in
which it left each job, so that a move by hand is told from a promotion, and what was refused.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from ccds_kernel.audit.events.cluster import NodeMovedBack
from ccds_kernel.batch.policy import Change, NodeSession, reconcile
from ccds_kernel.batch.scheduler import JobRefusedError, Scheduler, UnknownJobError
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobId
from ccds_kernel.errors import CcdsError
from ccds_spawners.nodes import LiveNodes, node_of
from ccds_spawners.watch import JobWatch

EVENT_SECONDS = 60.0
"""Between two audit events about one job: whoever moves it in a loop doesn't fill the log."""

REFUSED_SECONDS = 60.0
"""Before a change that the scheduler refused is asked for again: its reasons may pass, and its owner's doings."""

_OURS = ("look", "audit")
"""What may be in trouble beside single jobs."""

_log = logging.getLogger("ccds.hub.policy")


@dataclass
class _Tally:
    """Moves by hand of one job that were taken back and aren't in the audit log yet."""

    change: Change
    times: int = 0
    written: float = float("-inf")


class PolicyLoop:
    """One look after the other; for one event loop.

    Args:
        scheduler: carries out the changes.
        watch: the one that asks the scheduler about jobs.
        nodes: where everybody's nodes are kept for those who show them.
        audit: writes what was moved back into the audit log; it may block, and raise CcdsError.
        tick: seconds between two looks.
        clock: a monotonic clock in seconds.
        pause: sleeps that many seconds of that clock.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        watch: JobWatch,
        nodes: LiveNodes,
        audit: Callable[[NodeMovedBack], None],
        *,
        tick: float,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._scheduler = scheduler
        self._watch = watch
        self._nodes = nodes
        self._audit = audit
        self._tick = tick
        self._clock = clock
        self._pause = pause
        self._left: dict[JobId, PriorityClass] = {}
        self._tallies: dict[JobId, _Tally] = {}
        self._refused: dict[JobId, tuple[Change, float]] = {}
        self._trouble: dict[str, str] = {}

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies what a configuration holds, and this one looks alone."""
        return self

    async def run(self, spawners: Callable[[], Iterable[Any]]) -> None:
        """Looks for as long as the hub runs.

        Args:
            spawners: gives every spawner that the hub has, at each look.
        """
        while True:
            try:
                await self.look(spawners())
            except Exception as error:  # noqa: BLE001 - the rule must outlive every look that fails
                self._say("look", f"a look at the nodes failed: {type(error).__name__}")
            else:
                self._well("look")
            await self._pause(self._tick)

    async def look(self, spawners: Iterable[Any]) -> None:
        """One look: asks where the nodes stand, and carries out what has to change."""
        live = await self._live(list(spawners))
        self._nodes.live = live
        changes = {change.job: change for change in reconcile(live)}
        for node in live:
            if node.job is not None and node.priority_class is not None and node.job not in changes:
                self._left[node.job] = node.priority_class
        for change in changes.values():
            await self._carry_out(change)
        jobs = {node.job for node in live}
        self._left = {job: left for job, left in self._left.items() if job in jobs}
        self._refused = {job: refused for job, refused in self._refused.items() if job in jobs}
        self._trouble = {about: said for about, said in self._trouble.items() if about in {*jobs, *_OURS}}
        await self._write_down()

    async def _live(self, spawners: list[Any]) -> tuple[NodeSession, ...]:
        """The nodes that live; a spawner whose session is none, or has ended, has none."""
        jobs = [JobId(spawner.job_id) for spawner in spawners if spawner.job_id and spawner.takes_node]
        statuses = dict(zip(jobs, await asyncio.gather(*map(self._watch.status, jobs)), strict=True))
        for job, status in statuses.items():
            if status.state.ended:
                self._watch.forget(job)  # its spawner asks again, and ends it
        found = (node_of(spawner, statuses.get(JobId(spawner.job_id))) for spawner in spawners)
        return tuple(node for node in found if node)

    async def _carry_out(self, change: Change) -> None:
        refused, at = self._refused.get(change.job, (None, 0.0))
        if refused == change and self._clock() - at < REFUSED_SECONDS:
            return
        by_hand = self._left.setdefault(change.job, change.was) is not change.was
        try:
            await asyncio.to_thread(self._scheduler.set_priority, change.job, change.to)
            self._left[change.job] = change.to
        except UnknownJobError:
            return  # it has just ended
        except CcdsError as error:
            if isinstance(error, JobRefusedError):
                self._refused[change.job] = (change, self._clock())
            self._say(change.job, f"node {change.session} of {change.person} stays {change.was}: {error}")
            return
        self._refused.pop(change.job, None)
        self._well(change.job)
        why = ", moved by hand before" if by_hand else ""
        _log.warning("node %s of %s: %s → %s%s", change.session, change.person, change.was, change.to, why)
        if by_hand:
            tally = self._tallies.setdefault(change.job, _Tally(change))
            tally.change, tally.times = change, tally.times + 1

    async def _write_down(self) -> None:
        """Writes what was moved back since the last event about each job, once a minute at most."""
        now = self._clock()
        for job, tally in list(self._tallies.items()):
            if now - tally.written < EVENT_SECONDS:
                continue
            if not tally.times:
                del self._tallies[job]
                continue
            change, times = tally.change, tally.times
            event = NodeMovedBack(
                person=change.person, session=change.session, was=change.was.value, to=change.to.value, times=times
            )
            try:
                await asyncio.to_thread(self._audit, event)
            except CcdsError as error:  # tried again at the next look
                self._say("audit", f"a move by hand isn't in the audit log yet: {error}")
                continue
            self._well("audit")
            tally.times, tally.written = 0, now

    def _say(self, about: str, what: str) -> None:
        """Logs what is wrong, once for as long as it is the same."""
        if self._trouble.get(about) != what:
            self._trouble[about] = what
            _log.warning("%s", what)

    def _well(self, about: str) -> None:
        self._trouble.pop(about, None)
