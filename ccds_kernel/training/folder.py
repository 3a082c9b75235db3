"""The layout of `<project>/runs/<run id>/`, and reading and writing it.

```
run.json            what the run is; never changed
starts/1.json       each start with its job; 1.exit.json is what the training of that start left
attempts/           when jobs of the run held their GPUs, see `attempt`
bundle/             the MONAI bundle that runs
overrides.json      what the launcher sets in the bundle's configuration
datalist.json       the volumes, paths relative to the project's folder
metrics.jsonl       see `metrics`
checkpoints/        epoch-00003.pt …, the last ones
log.txt             standard output and error of all starts
```

Starts have a file each instead of a list in `run.json`: a start is noted before the scheduler is asked, so that a crash in
between loses no job, and `run.json` stays as it was when the run was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.training.record import Exit, RunRecord, Start, read_record

_RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_PRIVATE = 0o640


@dataclass(frozen=True)
class RunFolder:
    """One run's folder."""

    path: Path

    @property
    def record(self) -> RunRecord:
        """What the run is.

        Raises:
            CcdsError: there is no such run, or its record is damaged.
        """
        record = read_record(RunRecord, self.path / "run.json")
        if record is None:
            raise CcdsError(
                expected="the id of a run of this project",
                found=repr(self.path.name),
                do="see 'ccds training show' for the project's runs",
            )
        return record

    def starts(self) -> list[Start]:
        """Every start, the first one first; at least one."""
        return list(self._starts()) or [self._never_started()]

    def _starts(self) -> Iterator[Start]:
        number = 1
        while start := read_record(Start, self.start_file(number)):
            yield start
            number += 1

    def _never_started(self) -> Start:
        raise CcdsError(
            expected=f"a start of the run {self.path.name}", found="none", do="restore its folder, or train anew"
        )

    def start_file(self, number: int) -> Path:
        """Where start `number` is noted."""
        return self.path / "starts" / f"{number}.json"

    def note(self, start: Start) -> None:
        """Writes a start, whole."""
        write_whole(self.start_file(start.number), start.to_text(), _PRIVATE)

    def exit_file(self, number: int) -> Path:
        """Where the training of start `number` says how it ended."""
        return self.path / "starts" / f"{number}.exit.json"

    def exit_of(self, number: int) -> Exit | None:
        """How the training of start `number` ended by its own account; None when it left nothing."""
        return read_record(Exit, self.exit_file(number))

    def leave_exit(self, number: int, left: Exit) -> None:
        """Writes that account, whole."""
        write_whole(self.exit_file(number), left.to_text(), _PRIVATE)

    @property
    def attempts(self) -> Path:
        """The folder in which it stands when its jobs ran."""
        return self.path / "attempts"

    @property
    def bundle(self) -> Path:
        """The bundle's folder."""
        return self.path / "bundle"

    @property
    def metrics(self) -> Path:
        """The file of metrics."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def log(self) -> Path:
        """What the job printed."""
        return self.path / "log.txt"


def run_folder(project_folder: Path, run_id: str) -> RunFolder:
    """The folder of run `run_id`; whether there is one, `RunFolder.record` says.

    Raises:
        CcdsError: `run_id` isn't a run's id.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise CcdsError(
            expected="a run's id such as 20260131-142301-0a1b2c",
            found=repr(run_id),
            do="see 'ccds training show' for the project's runs",
        )
    return RunFolder(project_folder / "runs" / run_id)


def run_folders(project_folder: Path) -> list[RunFolder]:
    """Every run of a project, the latest first."""
    found = (project_folder / "runs").glob("*/run.json")
    return [RunFolder(path.parent) for path in sorted(found, reverse=True) if _RUN_ID.fullmatch(path.parent.name)]
