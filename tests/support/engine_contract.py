"""What every Engine must do: one class of tests, run on each implementation."""

import operator
import os
from pathlib import Path

import psutil
import pytest
from distributed import Client, KilledWorker
from distributed.security import Security

from ccds_kernel.workflow.engine import Engine
from ccds_kernel.workflow.tls import credentials_in, make_credentials
from support.waiting import until

SMALL = 8 << 20
"""Bytes of the largest item."""


class EngineContract:
    """A subclass gives the fixture `engine`, with two workers."""

    def test_work_is_done_by_processes_with_one_thread_each(self, engine: Engine) -> None:
        """Work is done, elsewhere than here, by two workers with a thread each."""
        with engine.open(SMALL) as workers:
            made = workers.client.gather(workers.client.map(operator.add, range(20), [1] * 20))
            workers.client.wait_for_workers(2, timeout=60)
            processes = workers.client.run(os.getpid)
            threads = workers.client.nthreads()

        assert made == list(range(1, 21))
        assert len(set(processes.values()) - {os.getpid()}) == 2
        assert set(threads.values()) == {1}

    def test_an_item_as_large_as_said_fits(self, engine: Engine) -> None:
        """There is memory for the largest item."""
        with engine.open(SMALL) as workers:
            assert workers.memory_each >= SMALL
            assert workers.memory_together is None or workers.memory_together >= SMALL

    def test_a_worker_that_died_is_replaced(self, engine: Engine) -> None:
        """What kills a worker is told at once, without a second try; others take its place, and work goes on."""
        with engine.open(SMALL) as workers:
            with pytest.raises(KilledWorker):
                workers.client.submit(os._exit, 1).result(60)
            workers.client.wait_for_workers(2, timeout=60)

            assert workers.client.submit(operator.add, 1, 1).result(60) == 2

    def test_nobody_without_the_key_comes_in(self, engine: Engine, tmp_path: Path) -> None:
        """Neither without a certificate nor with one of another run can anybody speak with the engine."""
        make_credentials(tmp_path)
        with engine.open(SMALL) as workers:
            address = workers.client.scheduler.address

            assert address.startswith("tls://")
            for key in (Security(), credentials_in(tmp_path)):
                with pytest.raises((OSError, RuntimeError, TypeError)):
                    Client(
                        address.replace("tls:", "tcp:") if key.tls_ca_file is None else address, security=key, timeout=2
                    )

    def test_nothing_is_left_of_it(self, engine: Engine) -> None:
        """When the context has ended every process has."""
        with engine.open(SMALL) as workers:
            workers.client.wait_for_workers(2, timeout=60)
            processes = [psutil.Process(pid) for pid in workers.client.run(os.getpid).values()]

        until(lambda: not any(process.is_running() for process in processes), "the workers to be gone", 10)

    def test_it_can_be_opened_again(self, engine: Engine) -> None:
        """A second time is like the first."""
        for number in range(2):
            with engine.open(SMALL) as workers:
                assert workers.client.submit(operator.add, number, 1).result(60) == number + 1
