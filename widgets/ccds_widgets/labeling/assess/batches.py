"""Who is assigned what and how far they are, as the page shows it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.batch_counts import BatchCounts
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.progress import LabelerProgress, labeler_progress
from ccds_kernel.labeling.wording import counted
from ccds_widgets.labeling.assess.words import Shown, moment, percent, seconds


def batches_shown(
    batches: Sequence[StoredBatch], counts: Mapping[int, BatchCounts], answers: Iterable[StoredAnswer]
) -> list[Shown]:
    """The batches, the newest first.

    Args:
        batches: those of the task, the oldest first.
        counts: how far each is; one that has been taken away since the batches were read is left out.
        answers: the task's that count.
    """
    of_batch: dict[int, list[StoredAnswer]] = defaultdict(list)
    for stored in answers:
        of_batch[stored.batch_id].append(stored)
    return [_batch(one, counts[one.id], of_batch[one.id]) for one in reversed(batches) if one.id in counts]


def _batch(batch: StoredBatch, counts: BatchCounts, answers: list[StoredAnswer]) -> Shown:
    share = counts.done / counts.studies if counts.studies else 1.0
    labelers = labeler_progress(answers, batch.labelers, counts.held)
    done = f"{counts.done:,} of {counted(counts.studies, 'study', 'studies')} done ({percent(share)})"
    if skipped := len({one.answer.study_key for one in answers if one.answer.kind is AnswerKind.SKIP}):
        done += f"; {skipped:,} skipped"
    if counts.stuck:
        done += f"; {counts.stuck:,} that everybody assigned has answered or skipped: assign somebody else"
    return {
        "id": batch.id,
        "name": batch.name,
        "made": f"by {batch.created_by}, {moment(batch.created_at)}",
        "overlap": "each study by one labeler" if batch.overlap == 1 else f"each study by {batch.overlap} labelers",
        "share": share,
        "done": done,
        "labelers": [_labeler(name, one, name in batch.labelers) for name, one in labelers.items()],
    }


def _labeler(name: str, done: LabelerProgress, assigned: bool) -> Shown:
    return {
        "name": name,
        "assigned": assigned,
        "answered": done.answered,
        "confirmed": done.confirmed,
        "corrected": done.corrected,
        "flagged": done.flagged,
        "skipped": done.skipped,
        "held": done.held,
        "median": "–" if done.median_seconds is None else seconds(done.median_seconds),
        "last": "–" if done.last_at is None else moment(done.last_at),
    }
