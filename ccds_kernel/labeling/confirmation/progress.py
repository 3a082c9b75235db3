"""Who does how much of a batch, at which pace. Pure: from the answers that count."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer


@dataclass(frozen=True)
class LabelerProgress:
    """What one labeler has done of a batch.

    Attributes:
        confirmed, corrected, flagged, skipped: how many studies; planted ones count as others do.
        held: how many they have in their hands now.
        median_seconds: of the time that a study was on their screen, skipped ones left out; None without any.
        last_at: when they last answered (UTC); None where they didn't.
    """

    confirmed: int
    corrected: int
    flagged: int
    skipped: int
    held: int
    median_seconds: float | None
    last_at: datetime | None

    @property
    def answered(self) -> int:
        """How many studies they said something about."""
        return self.confirmed + self.corrected + self.flagged


def labeler_progress(
    answers: Iterable[StoredAnswer], assigned: Iterable[str], held: Mapping[str, int]
) -> dict[str, LabelerProgress]:
    """What each labeler has done, by the `answers` of a batch that count; by name.

    Args:
        answers: those that count.
        assigned: who is assigned to the batch.
        held: labeler → how many studies they hold now.
    """
    by_labeler: dict[str, list[StoredAnswer]] = defaultdict(list)
    for stored in answers:
        by_labeler[stored.labeler].append(stored)
    return {name: _of(by_labeler[name], held.get(name, 0)) for name in sorted({*assigned, *list(by_labeler)})}


def flagged(answers: Iterable[StoredAnswer]) -> tuple[StoredAnswer, ...]:
    """Those of the `answers` that count in which a labeler asks the fellow to look; planted studies too."""
    return tuple(stored for stored in answers if stored.answer.kind is AnswerKind.FLAG)


def _of(answers: list[StoredAnswer], held: int) -> LabelerProgress:
    kinds = Counter(stored.answer.kind for stored in answers)
    seconds = [stored.answer.seconds for stored in answers if stored.answer.kind is not AnswerKind.SKIP]
    return LabelerProgress(
        kinds[AnswerKind.CONFIRM],
        kinds[AnswerKind.CORRECT],
        kinds[AnswerKind.FLAG],
        kinds[AnswerKind.SKIP],
        held,
        median(seconds) if seconds else None,
        max((stored.at for stored in answers), default=None),
    )
