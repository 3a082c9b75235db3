"""Reading what `wrapper.py` left in a run's folder; the same for every scheduler."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ExitFile:
    """How a run ended; that there is one says positively that no process of it is left.

    Attributes:
        code: of the command, minus the signal that killed it; None when it never started.
        reason: why it never started; None otherwise.
        stopped: the command was told to end while it ran (it did not end by itself).
        ended: UTC seconds since 1970.
    """

    code: int | None
    reason: str | None
    stopped: bool
    ended: float


@dataclass(frozen=True)
class Claim:
    """Which process took a run on; pid 0 when it was declared void before anyone did."""

    pid: int
    started: str | None
    boot: str


def read_exit(run_dir: Path) -> ExitFile | None:
    """The exit file of this run; None when there is none (the run is alive, or was lost)."""
    try:
        return ExitFile(**json.loads((run_dir / "exit.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        # Renamed into place when complete: something else wrote into it since. The end itself is certain.
        return ExitFile(None, "its exit file is damaged", False, (run_dir / "exit.json").stat().st_mtime)


def read_claim(run_dir: Path) -> Claim | None:
    """Who took this run on; None when nobody has, or when it can't be read (linked into place whole: the disk lost it)."""
    try:
        return Claim(**json.loads((run_dir / "claim.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
