"""What the run page needs of the project, as values and one small protocol: no files, no processes in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ccds_kernel.workflow.progress import Progress
from ccds_widgets.normalization.saved_recipes import SavedRecipe


class Where(StrEnum):
    """Who does a run: as `--engine` calls it."""

    LOCAL = "local"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Seen:
    """A recipe that was run in the project.

    Args:
        digest: its hash.
        name: what people call it.
        progress: of the newest run.
        jobs: what the scheduler says of its jobs, one line; empty where there are none that live.
        lost: how its controller's job ended, one line, where the run was cut short by that; else empty.
    """

    digest: str
    name: str
    progress: Progress
    jobs: str = ""
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A volume that a run couldn't normalize.

    Args:
        key: study key and series.
        reason: what failures are counted by.
        found: what was there instead.
        do: what a person can do about it.
        is_quarantined: whether it stays so until it or the recipe is another; the others are tried again by the next run.
    """

    key: str
    reason: str
    found: str
    do: str
    is_quarantined: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """A command that was started here and hasn't shown how far it is yet.

    Args:
        name: the recipe's.
        line: why it ended before that; empty while it lives.
    """

    name: str
    line: str = ""


class Runs(Protocol):
    """The runs of a project, for one person. What is begun goes on without this process."""

    def volumes(self) -> int:
        """How many volumes there are now.

        Raises:
            CcdsError: they can't be listed.
        """

    def recipes(self) -> Sequence[SavedRecipe]:
        """The person's saved recipes that can be read, by file."""

    def look(self) -> Sequence[Seen]:
        """Every recipe that was run here, the newest run first.

        Raises:
            CcdsError: they can't be listed.
        """

    def begun(self) -> dict[str, Begun]:
        """Recipe's hash → what was started here and hasn't shown how far it is."""

    def failed(self, digest: str, most: int) -> Sequence[Failed]:
        """What failed of a run, by key; so many at most.

        Raises:
            CcdsError: there is no such run.
        """

    def begin(self, file: str, where: Where) -> str:
        """Starts the run of a saved recipe; its hash.

        Raises:
            CcdsError: there is no such recipe, or the command can't be started.
        """

    def go_on(self, digest: str, where: Where, *, again: bool) -> None:
        """Starts a run anew: it does the rest; with `again` volumes in quarantine, too.

        Raises:
            CcdsError: there is no such run, or the command can't be started.
        """

    def stop(self, digest: str) -> None:
        """Asks whoever is at a run to stop.

        Raises:
            CcdsError: nobody is at it.
        """
