"""The process of the local engine: Dask's scheduler, and the nannies that start its workers and replace those that die."""

from __future__ import annotations

import logging
import signal
from contextlib import suppress
from multiprocessing.connection import Connection

import dask
from distributed import LocalCluster
from distributed.security import Security

_CONFIGURATION = {
    # A volume is in one process: nothing to spill, and a worker that pauses would only stand still. One that grows beyond all
    # memory of the session is ended before the kernel of this machine ends something else.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.scheduler.allowed-failures": 0,  # the run decides what is tried again
    "distributed.scheduler.work-stealing": False,  # no worker has more than it does
    "distributed.scheduler.http.routes": [],  # its pages know no key: they stay empty
    "distributed.worker.http.routes": [],
    "distributed.admin.tick.limit": "1h",  # a worker that computes doesn't answer, which is nothing to warn of
    "distributed.nanny.pre-spawn-environ.ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": 1,
}


def serve(connection: Connection, workers: int, memory: int, security: Security) -> None:
    """Serves until the other end of `connection` is closed, by its process or with it.

    Args:
        connection: is sent the scheduler's address.
        workers: how many.
        memory: bytes that the process of one worker may take.
        security: the run's key.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for whoever opened the engine, who ends this one
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # whatever fails, the run says so in its own words
    with (
        dask.config.set(_CONFIGURATION),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            protocol="tls",
            security=security,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=memory,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        suppress(EOFError, OSError),
    ):
        connection.send(cluster.scheduler_address)
        connection.recv()
