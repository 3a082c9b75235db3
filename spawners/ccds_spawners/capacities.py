"""What the scheduler says about the cluster as a whole, asked for all people at once: what is free, and when a node would start.

The pages of everybody who looks ask every few seconds: the scheduler gets one question in that time about what is free, and one
at a time about when a node would start, each answer good for as long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Self

from ccds_kernel.batch.scheduler import Answers, JobRefusedError
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import Explanation, Node
from ccds_kernel.errors import CcdsError

FRESH_S = 4.0
_MOST_KEPT = 500

Need = tuple[object, ...]


class Capacities:
    """Shares the scheduler's answers between all pages of one hub; for one event loop.

    Args:
        scheduler: the scheduler to ask.
        fresh: seconds that an answer is good for.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, scheduler: Answers, fresh: float = FRESH_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._scheduler = scheduler
        self._fresh = fresh
        self._clock = clock
        self._nodes: tuple[float, tuple[Node, ...] | None] = (float("-inf"), None)
        self._outlooks: dict[Need, tuple[float, Explanation | None]] = {}
        self._asking_nodes, self._asking_outlook = asyncio.Lock(), asyncio.Lock()

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

    async def outlook(self, spec: JobSpec) -> Explanation | None:
        """When such a job would start, as the scheduler says; None where it doesn't answer.

        Raises:
            JobRefusedError: it would never start.
        """
        need = _need(spec)
        async with self._asking_outlook:
            at, outlook = self._outlooks.get(need, (float("-inf"), None))
            if self._clock() - at >= self._fresh:
                try:
                    outlook = await asyncio.to_thread(self._scheduler.estimate, spec)
                except JobRefusedError:
                    raise
                except CcdsError:
                    outlook = None
                self._keep(need, outlook)
        return outlook

    def _keep(self, need: Need, outlook: Explanation | None) -> None:
        now = self._clock()
        if len(self._outlooks) >= _MOST_KEPT:
            self._outlooks = {one: kept for one, kept in self._outlooks.items() if now - kept[0] < self._fresh}
        self._outlooks[need] = (now, outlook)


def _need(spec: JobSpec) -> Need:
    """What of a job makes a difference to its start."""
    return (spec.owner, spec.priority_class, spec.cpus, spec.memory_mb, spec.gpus, spec.gpu_model, spec.wall_minutes)
