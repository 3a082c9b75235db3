"""What the scheduler says about the cluster as a whole, asked for all people at once: what is free, and when a node would start.

The pages of everybody who looks ask every few seconds: the scheduler gets one question in that time about what is free. About
when a node would start each person has one question under way, and everybody together so many in that time, whatever they choose
and however often; beyond that it is unknown. Each answer is good for as long, a refusal too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Self
from weakref import WeakValueDictionary

from ccds_kernel.batch.scheduler import Answers, JobRefusedError
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import Explanation, Node
from ccds_kernel.errors import CcdsError

FRESH_S = 4.0
PATIENCE_S = 1.5
AT_ONCE = 4
MOST_OF_ALL, MOST_OF_ONE = 40, 8
"""Questions about starts in the seconds that an answer is good for: of everybody together, and of one person."""

_MOST_KEPT = 500

Need = tuple[object, ...]


class Capacities:
    """Shares the scheduler's answers between all pages of one hub; for one event loop.

    Args:
        scheduler: the scheduler to ask.
        fresh: seconds that an answer is good for.
        clock: a monotonic clock in seconds.
        patience: seconds that a page waits for earlier questions about starts before it is told that nothing is known.
    """

    def __init__(
        self,
        scheduler: Answers,
        fresh: float = FRESH_S,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE_S,
    ) -> None:
        self._scheduler = scheduler
        self._fresh = fresh
        self._clock = clock
        self._nodes: tuple[float, tuple[Node, ...] | None] = (float("-inf"), None)
        self._patience = patience
        self._outlooks: dict[Need, tuple[float, Explanation | JobRefusedError | None]] = {}
        self._asking_nodes = asyncio.Lock()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._since, self._asked = float("-inf"), dict[str, int]()

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies for each spawner what a configuration holds, and this one is shared by all."""
        return self

    async def nodes(self) -> tuple[Node, ...] | None:
        """Every node and what is free on it; None where the scheduler doesn't say."""
        async with self._asking_nodes:
            at, nodes = self._nodes
            if self._clock() - at >= self._fresh:
                try:
                    nodes = tuple(await asyncio.to_thread(self._scheduler.capacity))
                except CcdsError:
                    nodes = None
                self._nodes = (self._clock(), nodes)
        return nodes

    def forget_free(self) -> None:
        """Something was just submitted: whoever asks next what is free asks the scheduler."""
        self._nodes = (float("-inf"), self._nodes[1])

    async def outlook(self, spec: JobSpec) -> Explanation | None:
        """When such a job would start, as the scheduler says; None where it doesn't answer, or was asked too much already.

        Raises:
            JobRefusedError: it would never start.
        """
        mine = self._asking.setdefault(spec.owner, asyncio.Lock())
        if not await self._may_go_on(mine):
            return None
        try:
            outlook = await self._outlook(spec)
        finally:
            mine.release()
        if isinstance(outlook, JobRefusedError):
            raise outlook.with_traceback(None)
        return outlook

    async def _outlook(self, spec: JobSpec) -> Explanation | JobRefusedError | None:
        need = _need(spec)
        at, outlook = self._outlooks.get(need, (float("-inf"), None))
        if self._clock() - at < self._fresh:
            return outlook
        if not await self._may_go_on(self._at_once):
            return None
        try:
            if not self._may_ask(spec.owner):
                return None
            outlook = await asyncio.to_thread(self._estimate, spec)
        finally:
            self._at_once.release()
        self._keep(need, outlook)
        return outlook

    def _estimate(self, spec: JobSpec) -> Explanation | JobRefusedError | None:
        try:
            return self._scheduler.estimate(spec)
        except JobRefusedError as refused:
            return refused
        except CcdsError:
            return None

    async def _may_go_on(self, turn: asyncio.Lock | asyncio.Semaphore) -> bool:
        """Takes its turn; False where those before take too long."""
        try:
            async with asyncio.timeout(self._patience):
                await turn.acquire()
        except TimeoutError:
            return False
        return True

    def _may_ask(self, owner: str) -> bool:
        """Counts a question of `owner`; False where theirs, or those of all, are used up for now."""
        now = self._clock()
        if now - self._since >= self._fresh:
            self._since, self._asked = now, {}
        asked = self._asked.get(owner, 0)
        if asked >= MOST_OF_ONE or sum(self._asked.values()) >= MOST_OF_ALL:
            return False
        self._asked[owner] = asked + 1
        return True

    def _keep(self, need: Need, outlook: Explanation | JobRefusedError | None) -> None:
        now = self._clock()
        if len(self._outlooks) >= _MOST_KEPT:
            self._outlooks = {one: kept for one, kept in self._outlooks.items() if now - kept[0] < self._fresh}
        self._outlooks[need] = (now, outlook)


def _need(spec: JobSpec) -> Need:
    """What of a job makes a difference to its start."""
    return (spec.owner, spec.priority_class, spec.cpus, spec.memory_mb, spec.gpus, spec.gpu_model, spec.wall_minutes)
