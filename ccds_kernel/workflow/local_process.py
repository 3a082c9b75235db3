"""The process of the local engine: Dask's scheduler, and a crew of workers that are replaced when they die.

Decided against: Dask's `LocalCluster`. Its nannies don't start a worker again that died before it had told them that it is
up, which is what a volume that kills workers does; a run would wait for workers that never come.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import dask
import psutil
from distributed import Scheduler, Worker
from distributed.security import Security

from ccds_kernel.workflow.quiet_dask import quiet_dask

_CONFIGURATION = {
    # A volume is in one process: nothing to spill, and a worker that pauses would only stand still.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,  # the crew's affair
    "distributed.scheduler.allowed-failures": 0,  # the run decides what is tried again
    "distributed.scheduler.work-stealing": False,  # no worker has more than it does
    "distributed.scheduler.http.routes": [],  # its pages know no key: they stay empty
    "distributed.worker.http.routes": [],
    "distributed.admin.tick.limit": "1h",  # a worker that computes doesn't answer, which is nothing to warn of
}
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"), "1"
)
_LOOK_S = 0.2
_GRACE_S = 3.0
_MOST_STILLBORN = 5
"""So many workers in a row may die before they are up."""


def serve(connection: Connection, workers: int, memory: int, security: Security) -> None:
    """Serves until the other end of `connection` is closed, by its process or with it; or workers don't come up any more.

    Args:
        connection: is sent the scheduler's address.
        workers: how many.
        memory: bytes that the process of one worker may take.
        security: the run's key.
    """
    _begin_process()
    os.environ.update(_ONE_THREAD)
    with quiet_dask():
        asyncio.run(_serve(connection, workers, memory, security))


async def _serve(connection: Connection, workers: int, memory: int, security: Security) -> None:
    async with Scheduler(
        host="127.0.0.1", port=0, protocol="tls", security=security, dashboard=False, dashboard_address="127.0.0.1:0"
    ) as scheduler:
        crew = _Crew(workers, memory, scheduler.address, security)
        connection.send(scheduler.address)
        over = asyncio.Event()
        asyncio.get_running_loop().add_reader(connection.fileno(), over.set)
        try:
            while not over.is_set() and crew.look(lambda name: name in scheduler.aliases):
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), _LOOK_S)
        finally:
            await scheduler.close()  # by which its workers end
            await asyncio.to_thread(crew.end)


@dataclass
class _Crew:
    """As many workers as wanted, each a process."""

    wanted: int
    memory: int
    address: str
    security: Security
    _living: dict[str, BaseProcess] = field(default_factory=dict)
    _up: set[str] = field(default_factory=set)
    _hired: int = 0
    _stillborn: int = 0

    def look(self, is_up: Callable[[str], bool]) -> bool:
        """Ends who takes too much memory, and replaces who died; False where they die before they are up, again and again."""
        for name, process in list(self._living.items()):
            if is_up(name):
                self._up.add(name)
                self._stillborn = 0
            if not process.is_alive():
                self._stillborn += name not in self._up
                self._up.discard(name)
                del self._living[name]
                process.close()
            elif _memory_of(process) > self.memory:
                process.kill()  # before the kernel of this machine ends something else
        while len(self._living) < self.wanted:
            self._hire()
        return self._stillborn < _MOST_STILLBORN + self.wanted

    def end(self) -> None:
        """Waits a moment for those that are up to end, then ends all."""
        until = time.monotonic() + _GRACE_S
        for name, process in self._living.items():
            process.join(max(0.0, until - time.monotonic()) if name in self._up else 0)
            process.kill()
            process.join()
            process.close()

    def _hire(self) -> None:
        self._hired += 1
        name = f"worker-{self._hired}"
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_work, args=(self.address, name, self.security), name=name)
        process.start()
        self._living[name] = process


def _work(address: str, name: str, security: Security) -> None:
    """Works until the scheduler ends, or the process that has it."""
    _begin_process()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    with quiet_dask(), suppress(OSError, TimeoutError):  # the scheduler is gone already
        asyncio.run(_work_for(address, name, security))


async def _work_for(address: str, name: str, security: Security) -> None:
    async with Worker(
        address, name=name, nthreads=1, security=security, host="127.0.0.1", memory_limit=0, dashboard=False
    ) as worker:
        await worker.finished()


def _begin_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for whoever opened the engine, who ends all of it
    dask.config.set(_CONFIGURATION)


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _memory_of(process: BaseProcess) -> int:
    try:
        return int(psutil.Process(process.pid).memory_info().rss)
    except psutil.Error:
        return 0
