"""Processes that are not our children: whether they live, ending them. A reused pid never passes for the old process."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from ccds_kernel.batch.exits import Claim
from ccds_kernel.batch.wrapper import boot_id, processes, started_of

RUN_VARIABLE = "CCDS_RUN"
"""In every job's environment: its run's folder. What still carries it belongs to that run, whoever its parent is now."""


def is_alive(process: Claim) -> bool:
    """Whether this very process still runs (a zombie does not)."""
    return process.started is not None and process.boot == boot_id() and started_of(process.pid) == process.started


def tell(process: Claim, number: signal.Signals) -> None:
    """Sends a signal to this very process, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform != "linux":
            if is_alive(process):
                os.kill(process.pid, number)
            return
        with _pidfd(process.pid) as handle:  # from here on the pid can't become another process unnoticed
            if is_alive(process):
                signal.pidfd_send_signal(handle, number)


@contextlib.contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)


def members(run_dir: Path) -> list[Claim]:
    """What still runs of this run, found by its environment (Linux only; elsewhere nothing is found)."""
    mark = f"{RUN_VARIABLE}={run_dir}".encode()
    boot = boot_id()
    found = []
    for pid, (_, started) in processes().items():
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(Claim(pid, started, boot))
    return found
