"""Where a run keeps what it needs to know: `.run` in the folder that everything is made in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ccds_kernel.workflow.manifest import Manifest
from ccds_kernel.workflow.progress import Progress, read_progress

NAME = ".run"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder that an operator's files are made in, and the run's own inside it.

    Args:
        into: such as a project's `normalized/<recipe hash>`.
    """

    into: Path

    @property
    def folder(self) -> Path:
        """The run's own."""
        return self.into / NAME

    @property
    def manifest(self) -> Manifest:
        """What became of every item."""
        return Manifest(self.folder / "manifest")

    @property
    def progress_file(self) -> Path:
        """How far the newest run is: see `progress`."""
        return self.folder / "progress.json"

    def progress(self) -> Progress | None:
        """How far the newest run is; None where there was none."""
        return read_progress(self.progress_file)

    def ask_to_stop(self) -> None:
        """Asks whoever runs to stop: no further item is taken up, and those at work are left. Heard within seconds.

        Raises:
            OSError: the folder can't be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._stop.touch()

    def is_to_stop(self) -> bool:
        """Whether somebody asked."""
        return self._stop.exists()

    def begin(self) -> None:
        """Forgets that an earlier run was asked to stop; by whoever holds the lease.

        Raises:
            OSError: the folder can't be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._stop.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes files that processes which were killed had begun to write; by whoever holds the lease, when nobody works.

        Raises:
            OSError: the folder can't be written.
        """
        for left in chain(self.folder.glob(".progress.json.*"), self.folder.glob("manifest/**/.*.json.*")):
            left.unlink(missing_ok=True)

    @property
    def _stop(self) -> Path:
        return self.folder / "stop"
