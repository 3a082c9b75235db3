"""What the assess screen needs of whatever keeps answers, labels and snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ccds_kernel.labeling.confirmation.batch_counts import BatchCounts
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.curation_rows import Word
from ccds_kernel.labeling.confirmation.snapshot import LabelSnapshot
from ccds_kernel.labeling.confirmation.snapshots import Taken
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.rows import StoredPhrase, StoredReport
from ccds_kernel.labeling.tasks.rows import StoredTask
from ccds_widgets.labeling.known import KeepsWords


class Curates(KeepsWords, Protocol):
    """What people said in one task, and a fellow's word about it; `ccds_kernel.labeling.confirmation.curating.Curating` is one.

    Each method asks anew whether the person may do it, and raises a CcdsError where not.
    """

    def adjudicate(
        self, study_key: str, labels: Iterable[str] | None, note: str = "", *, seen: Word | None = None
    ) -> None:
        """Says the final word, or takes it back; refused where another one than `seen` stands there."""

    def batches(self) -> Sequence[StoredBatch]:
        """The task's batches, the oldest first."""

    def counts(self) -> Mapping[int, BatchCounts]:
        """The number of each batch → how far it is."""

    def report(self, study_key: str) -> StoredReport:
        """The report of a study."""


class Lists(Protocol):
    """The phrase list of the task; `ccds_kernel.labeling.repository.LabelingRepository` is one."""

    def phrases(self) -> Sequence[StoredPhrase]:
        """It, the highest priority first."""


class Tasks(Protocol):
    """The project's tasks; `ccds_kernel.labeling.tasks.repository.TaskRepository` is one."""

    def tasks(self) -> Sequence[StoredTask]:
        """Every task."""


class Snapshots(Protocol):
    """The project's label snapshots; `ccds_kernel.labeling.confirmation.snapshots.LabelSnapshots` is one.

    `now` and `take` match all phrases on all reports: they are called in a thread beside the page's.
    """

    def now(self, task_id: int) -> LabelSnapshot:
        """What a snapshot would say; nothing is kept."""

    def take(self, task_id: int) -> tuple[Taken, Mapping[Source, int]]:
        """Takes one, or finds the one that says the same."""

    def taken(self) -> Sequence[Taken]:
        """Every snapshot of the project, the oldest first."""
