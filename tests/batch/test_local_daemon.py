"""The daemon as a process: one per folder, leaving when it is not needed, ended from the command line."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccds_kernel.batch import JobState
from ccds_kernel.batch.local import LocalScheduler, doorbell, lock
from ccds_kernel.batch.local.daemon import Daemon
from ccds_kernel.batch.local.process import is_alive
from support.scheduler_contract import HOLD, Jobs


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the daemon's command line."""
    words = [sys.executable, "-I", "-m", "ccds_kernel.batch.local.daemon", *arguments]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)


@pytest.fixture
def sigterm() -> Iterator[None]:
    """What pytest does about TERM is restored."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, before)


def test_stop_with_cancel_jobs_leaves_nothing(jobs: Jobs, folder: Path, remaining: Callable[[], list[str]]) -> None:
    """Jobs that run and wait are CANCELLED and no process of them or of the daemon is left."""
    runs = jobs.submit("runs", *HOLD, gpus=4)
    waits = jobs.submit("waits", *HOLD, gpus=4)
    jobs.until_runs(runs)

    done = command(folder, "--stop", "--cancel-jobs")
    left = remaining()
    states = [status.state for status in jobs.scheduler.status([runs, waits]).values()]

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert left == []
    assert states == [JobState.CANCELLED, JobState.CANCELLED]


def test_stop_leaves_the_jobs(jobs: Jobs, folder: Path) -> None:
    """Without --cancel-jobs only the daemon ends."""
    runs = jobs.submit("runs", *HOLD)
    jobs.until_runs(runs)
    process = lock.holder(folder)
    assert process

    done = command(folder, "--stop")

    assert done.returncode == 0
    assert not is_alive(process)
    assert jobs.status(runs).state is JobState.RUNNING


def test_stop_of_a_folder_that_is_none_is_one_line(tmp_path: Path) -> None:
    """Nothing is made there."""
    done = command(tmp_path / "none", "--stop")

    assert done.returncode == 1
    assert done.stderr.startswith("ccds: expected the state folder")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_made_is_one_line(tmp_path: Path) -> None:
    """A file is in its place."""
    (tmp_path / "state").write_text("in the way")

    done = command(tmp_path / "state")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("sigterm")
def test_an_idle_daemon_leaves_and_frees_the_place(tmp_path: Path) -> None:
    """Nobody listens any more and another one can take the lock."""
    LocalScheduler(tmp_path)
    held = lock.take(tmp_path)
    assert held is not None
    daemon = Daemon(tmp_path, held, doorbell.attend(tmp_path))

    attended = doorbell.is_attended(tmp_path)
    daemon.leave_if_idle()
    again = lock.take(tmp_path)

    assert attended
    assert not doorbell.is_attended(tmp_path)
    assert again is not None
    os.close(again)


@pytest.mark.usefixtures("sigterm")
def test_a_daemon_with_a_job_stays(jobs: Jobs, folder: Path) -> None:
    """A job that has not ended keeps it: its wall time and its end are to be seen to."""
    runs = jobs.submit("runs", *HOLD)
    jobs.until_runs(runs)
    jobs.scheduler.shutdown()
    held = lock.take(folder)
    assert held is not None
    bell = doorbell.attend(folder)

    Daemon(folder, held, bell).leave_if_idle()
    second = lock.take(folder)

    assert second is None
    os.close(bell)
    os.close(held)


def test_a_wrapper_holds_neither_lock_nor_door(jobs: Jobs, folder: Path) -> None:
    """Jobs inherit nothing: with only them left the folder is free for the next daemon."""
    runs = jobs.submit("runs", *HOLD)
    jobs.until_runs(runs)

    jobs.scheduler.shutdown()
    held = lock.take(folder)

    assert held is not None
    assert not doorbell.is_attended(folder)
    os.close(held)


@pytest.mark.usefixtures("sigterm")
def test_a_term_that_interrupts_no_wait_ends_it(jobs: Jobs, folder: Path) -> None:
    """As one does that comes just before the wait: here another thread takes it, and the daemon's own is never interrupted."""
    jobs.scheduler.shutdown()
    held = lock.take(folder)
    assert held is not None
    bell = doorbell.attend(folder)
    daemon = Daemon(folder, held, bell)
    told = threading.Timer(0.5, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
    rung = threading.Timer(15, doorbell.ring, [folder])  # else it would wait for ten minutes
    for timer in (told, rung):
        timer.start()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # in this thread
    try:
        daemon.run()
        without_a_ring = rung.is_alive()
    finally:
        rung.cancel()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        signal.set_wakeup_fd(-1)
        os.close(bell)
        os.close(held)

    assert without_a_ring
