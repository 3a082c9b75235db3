"""The engine of this machine, beyond what every engine promises: memory, loopback, an end whatever happens."""

import contextlib
import logging
import os
import signal
import threading

import psutil
import pytest
from distributed import KilledWorker

from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.engine import EngineLost, Workers
from ccds_kernel.workflow.local_engine import LocalEngine
from ccds_kernel.workflow.run import Run
from ccds_kernel.workflow.shift import Shift
from support.killing import gone
from support.workflow import Capitals, write_items

SMALL = 1 << 20


def _engine_process(workers: Workers) -> psutil.Process:
    """The process that has the scheduler and looks after the workers."""
    workers.client.wait_for_workers(1, timeout=60)
    (worker, *_) = workers.client.run(os.getppid).values()
    return psutil.Process(worker)


def _hold(size: int) -> None:
    """Takes memory, and doesn't end by itself."""
    held = b"\1" * size
    threading.Event().wait()
    held.hex()


def test_a_worker_that_takes_more_memory_than_there_is_is_ended():
    """Before the kernel of this machine ends something else; others work on."""
    with LocalEngine(1, memory=512 << 20).open(SMALL) as workers:
        with pytest.raises(KilledWorker):
            workers.client.submit(_hold, 512 << 20).result(120)

        assert workers.client.submit(len, "word").result(60) == 4


def test_there_are_no_more_workers_than_memory_for_them():
    """The largest item fits beside the libraries of each; at least one there is."""
    with LocalEngine(memory=4 << 30).open(3 << 30) as workers:
        workers.client.wait_for_workers(1, timeout=60)

        assert len(workers.client.nthreads()) == 1
        assert workers.memory_together < 4 << 30


def test_there_are_no_more_workers_than_items_and_fewer_where_the_largest_needs_the_room():
    """Though more were asked for: what the session could ever hold isn't kept out by workers that have nothing to do."""
    engine = LocalEngine(8, memory=2 << 30)

    with engine.open(engine.most_memory(), 3) as workers:
        workers.client.wait_for_workers(1, timeout=60)

        assert len(workers.client.nthreads()) == 1
        assert workers.memory_each >= engine.most_memory()


def test_it_listens_on_loopback_only():
    """Scheduler and workers: nobody on the network reaches them."""
    with LocalEngine(1).open(SMALL) as workers:
        process = _engine_process(workers)
        family = [process, *process.children()]

        heard = {
            one.laddr.ip for each in family for one in each.net_connections("inet") if one.status == psutil.CONN_LISTEN
        }

    assert heard == {"127.0.0.1"}


def test_an_interrupt_makes_dask_say_nothing():
    """Which it mostly does by a traceback: as long as the engine is open, and no longer."""
    loggers = [logging.getLogger(name) for name in ("distributed.client", "distributed.core", "tornado.application")]

    with LocalEngine(1).open(SMALL):
        assert not any(logger.isEnabledFor(logging.CRITICAL) for logger in loggers)
    assert all(logger.isEnabledFor(logging.ERROR) for logger in loggers)


def test_a_run_goes_on_with_a_new_engine(tmp_path, folder):
    """Its process was killed, and the workers with it: what was at work is done by the next one's."""
    items = write_items(tmp_path / "items", ["word"] * 6)
    killed = []

    def kill_once(_progress: object) -> None:
        children = [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]
        if not killed and any(one.children() for one in children):
            killed.extend([*children, *(worker for one in children for worker in one.children())])
            children[0].send_signal(signal.SIGKILL)

    progress = Run(Capitals(), folder, LocalEngine(1), "ann").over(items, kill_once)

    assert killed
    assert progress.done == 6
    gone(killed)


def test_an_engine_that_breaks_down_is_told_as_lost(tmp_path, folder):
    """The items that were at work are left."""

    class Silent:
        def settle(self, record: object) -> None: ...

        def look(self, running: int, waiting: int, workers: int, *, why: str | None = None) -> None:  # noqa: ARG002 - a Watch's
            if running:
                process.send_signal(signal.SIGKILL)

    items = write_items(tmp_path / "items", ["word"] * 3)
    with LocalEngine(1).open(SMALL) as workers:
        process = _engine_process(workers)
        shift = Shift(Capitals(), folder, items, 3, Silent())

        with pytest.raises(EngineLost):
            shift.work(workers)

    assert shift.left == 3


@pytest.mark.parametrize("workers", [0, -1, 100_000])
def test_the_number_of_workers_is_one_that_can_be(workers):
    """Said before anything is started."""
    with pytest.raises(CcdsError, match="1 to 256 workers"):
        LocalEngine(workers)


def test_nothing_is_imported_from_the_folder_that_somebody_is_in(tmp_path):
    """A library's name that anybody of a project gave a file there takes nobody's place, in no process of the engine."""
    (tmp_path / "pickle.py").write_text("open('was-run', 'w').close()\n")
    (tmp_path / "numpy.py").write_text("open('was-run', 'w').close()\n")

    with contextlib.chdir(tmp_path), LocalEngine(1).open(SMALL) as workers:
        result = workers.client.submit(sum, [1, 1]).result(60)

    assert result == 2
    assert not (tmp_path / "was-run").exists()
