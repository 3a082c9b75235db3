"""Workers on this machine, as many as its processors and the memory that this session may use allow.

One process of its own has Dask's scheduler and looks after the workers; they speak with each other on loopback only, by a key
made for this run that is in no file. All of them end when whoever opened the engine does, however that ends. Decided against:
threads (NumPy and ITK hold the interpreter's lock too much, and one bad volume would take all down), a scheduler in the
caller's own process (a notebook's kernel, busy with other things).
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

import dask
import psutil
from dask.system import CPU_COUNT
from distributed import Client
from distributed.security import Security
from distributed.system import MEMORY_LIMIT

from ccds_kernel.errors import CcdsError
from ccds_kernel.spawning import without_this_folder
from ccds_kernel.workflow.engine import Workers
from ccds_kernel.workflow.local_process import serve
from ccds_kernel.workflow.quiet_dask import quiet_dask

MOST_WORKERS = 256
_START_S = 120
_CONNECT_S = 10
_GOODBYE_S = 3
_END_S = 30

_SHARE = 0.8
"""Of the free memory that is taken: what else runs in the session needs some, too."""

_OF_A_WORKER = 200 << 20
"""Bytes that a worker has before it does anything: Python and the libraries."""


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """This machine.

    Args:
        workers: how many; None: as many as it has processors for, and memory.
        memory: bytes that this session may use; None: what this machine has.

    Raises:
        CcdsError: fewer than one, or far too many.
    """

    workers: int | None = None
    memory: int | None = None
    name: str = "local"

    def __post_init__(self) -> None:
        if self.workers is not None and not 1 <= self.workers <= MOST_WORKERS:
            raise CcdsError(
                expected=f"1 to {MOST_WORKERS} workers", found=f"{self.workers}", do="take a number of these"
            )

    def most_memory(self) -> int:
        """See `Engine`: what one worker has alone, where nothing else takes memory."""
        return max(0, int(_SHARE * (self.memory or MEMORY_LIMIT)) - _OF_A_WORKER)

    @contextmanager
    def open(self, largest: int, items: int | None = None) -> Iterator[Workers]:
        """See `Engine`."""
        memory = int(_SHARE * min(psutil.virtual_memory().available, self.memory or MEMORY_LIMIT))
        wanted = self.workers or min(CPU_COUNT, memory // (_OF_A_WORKER + largest), MOST_WORKERS)
        # The largest item has to fit beside what all of them have before they do anything.
        beside = (memory - largest) // _OF_A_WORKER
        workers = max(1, min(wanted, beside, wanted if items is None else items))
        for_items = max(0, memory - workers * _OF_A_WORKER)
        security = Security.temporary()
        with quiet_dask(), _served(workers, memory, security) as address, _client(address, security) as client:
            yield Workers(client, memory_each=for_items, memory_together=for_items)


@contextmanager
def _served(workers: int, memory: int, security: Security) -> Iterator[str]:
    """Starts the process; the scheduler's address."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, workers, memory, security), name="ccds local engine")
    with without_this_folder():
        process.start()
    theirs.close()
    try:
        yield _address(ours)
    finally:
        ours.close()  # it ends by that
        process.join(_END_S)
        if process.is_alive():
            process.kill()  # its workers end with it
            process.join()
        process.close()


def _address(connection: Connection) -> str:
    if connection.poll(_START_S):
        with suppress(EOFError):
            return str(connection.recv())
    raise CcdsError(
        expected="workers on this machine",
        found="a process that doesn't start",
        do="close what takes memory and try again, or ask the administrators of this site",
    )


@contextmanager
def _client(address: str, security: Security) -> Iterator[Client]:
    with dask.config.set({"distributed.comm.timeouts.connect": f"{_CONNECT_S}s"}):
        client = Client(address, security=security, set_as_default=False, name="ccds")
        try:
            yield client
        finally:
            # A scheduler that died answers no goodbye.
            with suppress(OSError, TimeoutError):
                client.close(timeout=_GOODBYE_S)
