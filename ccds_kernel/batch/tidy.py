"""Removes the folders of runs that ended long ago; a cluster's scheduler and its nodes never do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

_KEEP_S = 30 * 24 * 3600.0
"""How long an ended job can still be asked about."""
_DAY_S = 24 * 3600.0


def forget_old(folder: Path, live: Container[str], now: float) -> None:
    """Once a day: drops each run submitted more than `_KEEP_S` ago that isn't alive, and what points to it.

    Args:
        folder: the scheduler's, as `run_folders` has it.
        live: the nonces of the runs that the scheduler knows as jobs; the whole list, just asked for.
        now: UTC seconds since 1970.
    """
    stamp = folder / "tidied"
    with suppress(OSError):
        if stamp.exists() and now - stamp.stat().st_mtime < _DAY_S:
            return
        stamp.touch(mode=0o600)
        for run in (folder / "jobs").iterdir():
            if run.name.rpartition("-")[2] not in live and now - _submitted(run) > _KEEP_S:
                shutil.rmtree(run, ignore_errors=True)
        for link in (folder / "ids").iterdir():
            if not link.exists():
                link.unlink(missing_ok=True)


def _submitted(run: Path) -> float:
    """When a run was submitted; when its folder was made, where its note is lost."""
    try:
        return float(json.loads((run / "note.json").read_text(encoding="utf-8"))["submitted"])
    except (OSError, ValueError, TypeError, KeyError):
        return run.stat().st_mtime
