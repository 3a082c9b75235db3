"""How far a run is, as one small file that whoever runs writes and everybody of the project may read.

`progress.json` of the run's folder appears whole, a few times a minute and when something changes; `Progress` are its keys. Who
reads it needs no process of the run: a notebook that is opened anew, a person on another node. Which items failed, and why,
is in the manifest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ccds_kernel.files import write_whole

FORMAT: Literal["ccds-progress-1"] = "ccds-progress-1"
SILENT = timedelta(seconds=60)
"""A run that has given no sign for so long was interrupted; it gives one every five seconds."""

_LONGEST = 1 << 20


class RunState(StrEnum):
    """How a run is.

    Members:
        WAITING: it was handed over to the site's scheduler, where its job waits.
        RUNNING: somebody is at it.
        ENDED: every item has its outcome.
        STOPPED: somebody stopped it; the same run goes on with the rest.
        BROKEN: it couldn't go on; `why` says why. The same run goes on with the rest.
        INTERRUPTED: whoever was at it is gone without a word. In no file: what a reader concludes (`Progress.now`).
    """

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    STOPPED = "stopped"
    BROKEN = "broken"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Args:
        operator: the operator's name ("normalization").
        digest: the operator's: the recipe's hash.
        engine: who does the work, as `--engine` calls it.
        person: who runs it.
        state: how it is.
        begun_at: in UTC, as all times here (ISO 8601).
        seen_at: when it gave the last sign.
        ended_at: None as long as it runs.
        total: how many items there are: done_before + done + failed + running + waiting.
        done_before: items that earlier runs did, and that are still as they were.
        done: items that this run did.
        failed: items that failed, now or before: see the manifest.
        quarantined: of these, the ones that were refused; the others are tried again by the next run.
        running: items at work.
        waiting: items that nobody has taken up yet.
        workers: how many there are.
        reasons: of the failed: step and what was expected there → how many.
        per_s: items that came to an outcome lately, per second; None before that is known.
        seconds_left: None before that is known.
        why: why it stopped or broke, or what a running one waits for, one line; else None.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    format: Literal["ccds-progress-1"] = FORMAT
    operator: str
    digest: str
    engine: str
    person: str
    state: RunState
    begun_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    total: int
    done_before: int = 0
    done: int = 0
    failed: int = 0
    quarantined: int = 0
    running: int = 0
    waiting: int = 0
    workers: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    per_s: float | None = None
    seconds_left: float | None = None
    why: str | None = None

    def now(self, moment: datetime | None = None) -> RunState:
        """How the run is at `moment` (now): a running one without signs of life was interrupted."""
        silent = (moment or datetime.now(UTC)) - self.seen_at > SILENT
        return RunState.INTERRUPTED if self.state is RunState.RUNNING and silent else self.state

    def as_json(self) -> dict[str, Any]:
        """The file's content."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }


_READER = TypeAdapter(Progress)


def write_progress(path: Path, progress: Progress) -> None:
    """Writes the file, temp-then-rename.

    Raises:
        OSError: it can't be written.
    """
    write_whole(path, json.dumps(progress.as_json(), indent=1, ensure_ascii=False) + "\n", 0o664)


def read_progress(path: Path) -> Progress | None:
    """What the file says; None where there is none that can be read."""
    try:
        with path.open("rb") as file:
            return _READER.validate_json(file.read(_LONGEST))
    except (OSError, ValidationError):
        return None
