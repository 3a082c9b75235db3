"""What the verbs that run a workflow have in common: bar, following, what is said of progress and jobs, an end in order."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ccds_kernel.workflow.cluster_run import JobsNow
    from ccds_kernel.workflow.progress import Progress

_LOOK_S = 1.0


@contextmanager
def bar(at: list[Progress], *, doing: str = "normalizing", unit: str = "volumes") -> Iterator[Any]:
    """A bar on a terminal, with the rate and the time left; `at` has how far it is, also where there is none."""
    from tqdm import tqdm

    with tqdm(desc=doing, unit=f" {unit}", disable=not sys.stderr.isatty(), leave=False) as shown:

        def tell(progress: Progress) -> None:
            if not at:
                shown.total, shown.initial = progress.total, progress.done_before + progress.failed
                shown.n = shown.last_print_n = shown.initial  # else the rate would be of those, too
            at[:] = [progress]
            failed = f"{progress.failed} failed" if progress.failed else ""
            waits = progress.why if progress.ended_at is None else None
            shown.set_postfix_str(", ".join(filter(None, [failed, waits])), refresh=waits is not None)
            shown.update(progress.done_before + progress.done + progress.failed - shown.n)

        yield tell


def follow(
    jobs: Callable[[], JobsNow | None],
    progress: Callable[[], Progress | None],
    *,
    rest: str,
    doing: str = "normalizing",
    unit: str = "volumes",
) -> Progress:
    """Shows how far a run on the cluster is until its controller's job has ended; returns its last word.

    Args:
        jobs: how its jobs are, by the scheduler's word.
        progress: how far it is; None where there is no run yet.
        rest: what the same command goes on with where the job didn't end in order, in words.
        doing: what the bar calls it.
        unit: what is counted.

    Raises:
        CcdsError: the controller's job didn't end in order.
    """
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.workflow.progress import RunState

    told = ""
    at: list[Progress] = []
    with bar(at, doing=doing, unit=unit) as tell:
        while True:
            now = jobs()
            last = progress()  # after the jobs: its last word was written before its job ended
            if last is not None and last.state is not RunState.WAITING:
                tell(last)
            elif (line := jobs_line(now)) and line != told:
                told = line
                print(line, file=sys.stderr, flush=True)
            if now is None or now.controller.ended:
                break
            time.sleep(_LOOK_S)
    if last is None or last.state in {RunState.WAITING, RunState.RUNNING, RunState.BROKEN}:
        broke = last.why if last is not None and last.state is RunState.BROKEN else None
        raise CcdsError(
            expected="the controller's job to end in order",
            found=broke or (now.reason if now else "") or "that it was ended",
            do=f"see controller.log in the run's folder; the same command goes on with {rest}",
        )
    return last


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """A job that its scheduler ends goes as one that a person interrupts: in order.

    Whoever says so again is heard no more, until the process has ended: it is about to, and would end in the midst of that.
    """
    is_told = False

    def interrupted(_number: int, _frame: object) -> None:
        nonlocal is_told
        is_told = True
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    told_by = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background by a shell
        told_by.remove(signal.SIGINT)
    before = {number: signal.getsignal(number) for number in told_by}
    for number in before:
        signal.signal(number, interrupted)
    try:
        yield
    finally:
        if not is_told:
            for number, handler in before.items():
                signal.signal(number, handler)


def add_cluster_options(run: argparse.ArgumentParser) -> None:
    """Adds what a verb that runs knows of the cluster."""
    run.add_argument("--follow", action="store_true", help="on the cluster: show how far it is; Ctrl-C leaves it alone")
    run.add_argument("--wall-minutes", type=float, metavar="M", help="on the cluster: of each job (a day)")


def counted(progress: Progress, unit: str = "volumes") -> str:
    """How many are done, failed and left, in words."""
    done = progress.done_before + progress.done
    before = f" ({progress.done_before} before)" if progress.done_before else ""
    parts = [f"{progress.total} {_one(unit) if progress.total == 1 else unit}: {done} done{before}"]
    if progress.quarantined:
        parts.append(f"{progress.quarantined} in quarantine")
    if others := progress.failed - progress.quarantined:
        parts.append(f"{others} failed otherwise")
    if left := progress.running + progress.waiting:
        parts.append(f"{left} left")
    return ", ".join(parts)


def pace(progress: Progress, unit: str = "volumes") -> str:
    """Workers, rate and time left of a run that is at work, in words."""
    from datetime import timedelta

    told = f"{progress.workers} worker{'s' if progress.workers != 1 else ''}"
    if progress.per_s:
        told += f", {progress.per_s * 3600:.0f} {unit} an hour"
    if progress.seconds_left is not None:
        told += f", {timedelta(seconds=round(progress.seconds_left))} left"
    if progress.why:
        told += f"; {progress.why}"
    return told


def jobs_line(jobs: JobsNow | None) -> str:
    """What is said of the jobs of a run, by the scheduler's word; nothing where there are none that live."""
    if jobs is None or jobs.controller.ended:
        return ""
    line = f"controller {jobs.controller}" + (f": {jobs.reason}" if jobs.reason else "")
    if jobs.running is not None:
        line += f"; workers: {jobs.running} running, {jobs.waiting} waiting"
    return line


def jobs_as_json(jobs: JobsNow | None) -> dict[str, object] | None:
    """The same for scripts; None where the run was never handed over to a scheduler."""
    if jobs is None:
        return None
    return {
        "controller": jobs.controller.value,
        "reason": jobs.reason,
        "workers_running": jobs.running,
        "workers_waiting": jobs.waiting,
    }


def _one(unit: str) -> str:
    return {"studies": "study"}.get(unit, unit.removesuffix("s"))
