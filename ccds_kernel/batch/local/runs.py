"""Starting one run of a job: its folder, its environment, its wrapper process."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from ccds_kernel.batch import wrapper
from ccds_kernel.batch.exits import Claim
from ccds_kernel.batch.local import doorbell
from ccds_kernel.batch.local.process import RUN_VARIABLE
from ccds_kernel.batch.local.table import Row

_OWN = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ")


def run_dir(folder: Path, row: Row) -> Path:
    """Where the present run of this job has its files."""
    return folder / "jobs" / str(row.id) / str(row.raw["attempt"])


def own_environment() -> dict[str, str]:
    """What our own daemon and wrappers get of the environment of who starts them: enough to run Python, no secrets."""
    return {key: os.environ[key] for key in _OWN if key in os.environ}


def child_environment(row: Row, run: Path) -> dict[str, str]:
    """The command's whole environment: what the spec says, and what the scheduler decides."""
    return {
        **json.loads(row.raw["env"]),
        "CCDS_JOB_ID": str(row.id),
        "CUDA_VISIBLE_DEVICES": ",".join(row.slots),
        RUN_VARIABLE: str(run),
    }


def begin(folder: Path, row: Row, grace_s: float) -> Claim:
    """Starts the wrapper of this job's present run; returns the process.

    Raises:
        OSError: no process or folder can be made.
    """
    run = run_dir(folder, row)
    for level in (run.parent.parent, run.parent, run):
        level.mkdir(mode=0o700, exist_ok=True)
    order = {
        "command": json.loads(row.raw["command"]),
        "env": child_environment(row, run),
        "cwd": row.raw["cwd"],
        "log": row.raw["log"],
        "grace_s": grace_s,
        "wake": str(doorbell.path_of(folder)),
    }
    wrapper.write_json(run / "run.json", order).rename(run / "run.json")
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-S", "-I", "-X", "utf8", str(Path(wrapper.__file__)), str(run)],
        own_environment(),
        file_actions=[(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)],
        setsid=True,  # outlives us, and no terminal's Ctrl-C reaches it
        setsigmask=[signal.SIGTERM],  # held back until the wrapper can note it
    )
    return Claim(pid, wrapper.started_of(pid), wrapper.boot_id())


def forget_secrets(run: Path) -> None:
    """Removes what may hold tokens once the run is over; claim and exit file stay."""
    (run / "run.json").unlink(missing_ok=True)
