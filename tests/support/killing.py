"""`ccds normalization run` in a process of its own, and the killing of any part of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.nifti import read_nifti
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_operator import SUFFIX
from support.normalizing import PROJECT
from support.site import session_of
from support.waiting import until

VICTIMS = ("worker", "scheduler", "client")


def started(config: Path, recipe: Path, *more: str) -> subprocess.Popen[bytes]:
    """The command, as eve gives it, with two workers; every warning an error."""
    environment = os.environ | {"CCDS_CONFIG": str(config), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "ccds_kernel.cli", "normalization", "run", "--project", PROJECT]
    return subprocess.Popen(
        [*command, "--recipe", str(recipe), "--workers", "2", *more],
        env=environment | session_of("eve", PROJECT, config),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def parts(run: subprocess.Popen[bytes]) -> dict[str, list[psutil.Process]]:
    """The processes of a run by what they are, those that are there now."""
    try:
        client = psutil.Process(run.pid)
        schedulers = _spawned(client)
        return {
            "client": [client],
            "scheduler": schedulers,
            "worker": [worker for scheduler in schedulers for worker in _spawned(scheduler)],
        }
    except psutil.NoSuchProcess:
        return {victim: [] for victim in VICTIMS}


def kill(run: subprocess.Popen[bytes], victim: str, choose: int = 0) -> bool:
    """Kills a part of it by SIGKILL, the one that `choose` falls on; whether there was one."""
    there = parts(run)[victim]
    if not there:
        return False
    try:
        there[choose % len(there)].send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True


def gone(processes: Iterable[psutil.Process]) -> None:
    """Waits until all of them have ended."""
    until(lambda: not any(_lives(process) for process in processes), "every process of the run to end", 30)


def everybody(run: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Every process of it, the client first."""
    return [process for there in parts(run).values() for process in there]


def undisturbed(nifti: Path, recipe: Recipe) -> dict[str, str]:
    """Study key and series → the digest of what the recipe makes of it, in this process, one after the other."""
    return {
        path.relative_to(nifti).as_posix().removesuffix(SUFFIX): apply(recipe, read_nifti(path).volume).digest()
        for path in sorted(nifti.glob(f"*/*{SUFFIX}"))
    }


def _spawned(parent: psutil.Process) -> list[psutil.Process]:
    found = []
    for child in parent.children():
        try:
            if any("spawn_main" in word for word in child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
