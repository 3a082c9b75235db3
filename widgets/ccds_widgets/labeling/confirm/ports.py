"""What the confirming screen needs of whatever keeps batches, answers, gold labels and images.

Each method asks anew whether the person may do it, and raises a CcdsError where not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.answer import Answer
from ccds_kernel.labeling.confirmation.assigned import AssignedBatch, Outline
from ccds_kernel.labeling.confirmation.batch import BatchItem, Said
from ccds_kernel.labeling.confirmation.batch_counts import BatchCounts
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.confirming import Acknowledged, LeasedStudy, OwnWork
from ccds_kernel.labeling.confirmation.curation_rows import Word
from ccds_kernel.labeling.confirmation.feedback import GoldFeedback
from ccds_kernel.labeling.confirmation.soft import SoftStudies
from ccds_kernel.labeling.rows import StoredPhrase
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry


class Work(Protocol):
    """One person's work on one batch; `ccds_kernel.labeling.confirmation` has its parts."""

    def outline(self) -> Outline:
        """What the batch asks, and how it is grouped."""

    def take(self, ahead: int) -> Sequence[LeasedStudy]:
        """Sees to it that the person holds `ahead` studies; what they hold, in the order in which it is shown."""

    def give_back(self, leases: Iterable[int]) -> None:
        """Leaves these to others, but for those that another page of the person took or renewed."""

    def answer(self, answers: Sequence[Answer]) -> Sequence[Acknowledged]:
        """Keeps answers, each once whatever how often it comes."""

    def open(self) -> int:
        """How many more studies the person can be given, those that they hold among them."""

    def own_work(self) -> OwnWork:
        """What the person has done so far."""

    def tags(self, study_keys: Collection[str]) -> Mapping[str, Said]:
        """Study key → the strata tags that the person gave it."""

    def tag(self, lease: int, study_key: str, tags: Iterable[str]) -> CcdsError | None:
        """Gives a study these tags, in the place of the person's own; returns why they never can be kept."""

    def feedback(self) -> Sequence[GoldFeedback]:
        """How the person did; ends the batch for them."""


class Desk(Protocol):
    """The batches of one task that a person is assigned to."""

    @property
    def person(self) -> str:
        """Who."""

    def batches(self) -> Sequence[AssignedBatch]:
        """The oldest first."""

    def labels(self) -> Sequence[str]:
        """The task's, in the order of their keys, as it is now."""

    def at_work(self, batch_id: int) -> Work:
        """Their work on one of them, or on another batch of the project: what was said there may still be on its way."""


class Curation(Protocol):
    """What a fellow does beside confirming, in one task."""

    def batches(self) -> Sequence[StoredBatch]:
        """The oldest first."""

    def counts(self) -> Mapping[int, BatchCounts]:
        """How far each is."""

    def labelers(self) -> Sequence[str]:
        """Who on the roster may confirm, by name."""

    def phrases(self) -> Sequence[StoredPhrase]:
        """The task's phrases, the highest priority first."""

    def soft_studies(self) -> SoftStudies | None:
        """Every study as the phrases label it now; None as long as that is worked out in a thread beside, which this begins."""

    def uses_of_studies(self) -> Mapping[str, int]:
        """Study key → in how many batches it is."""

    def gold(self) -> Mapping[str, Said]:
        """Study key → its gold label."""

    def gold_word(self, study_key: str) -> Word:
        """The gold label of a study and its note."""

    def set_gold(self, study_key: str, labels: Iterable[str] | None, note: str, *, seen: Word) -> None:
        """Takes a study into the gold set with these labels; None takes it out; refused where another word than `seen` stands."""

    def make_batch(
        self, name: str, items: Sequence[BatchItem], *, overlap: int, labelers: Collection[str]
    ) -> StoredBatch:
        """Puts studies that are in no other batch before labelers."""

    def assign(self, batch_id: int, labeler: str) -> None:
        """Lets somebody take studies of a batch."""

    def withdraw(self, batch_id: int, labeler: str) -> None:
        """Lets them take no more of it."""

    def remove_batch(self, batch_id: int) -> None:
        """Takes a batch away; refused where somebody has answered."""


class Images(Protocol):
    """A project's volumes."""

    def of_study(self, study_key: str) -> Sequence[VolumeEntry]:
        """Those of a study, by series; none where there are none."""

    def read(self, entry: VolumeEntry) -> Volume:
        """One of them.

        Raises:
            CcdsError: it can't be read.
        """
