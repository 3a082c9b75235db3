"""From a label snapshot to one label per study: what people said where they said something, else the soft label."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ccds_kernel.dataset.question import chosen_question
from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.confirmation.source import Source

EVERY = frozenset(Source)
CONFIRMED = frozenset({Source.ADJUDICATED, Source.GOLD, Source.CONFIRMED})
"""What people said."""


def snapshot_labels(
    project: Project, snapshot: str, *, label: str | None = None, sources: Collection[Source] = EVERY
) -> Mapping[str, str | None]:
    """Study key → label; None where the snapshot has none: nothing matches, or people don't agree.

    Two people who train on the same snapshot train on the same labels, whatever is confirmed meanwhile.

    Args:
        project: whose snapshot.
        snapshot: its name, as `ccds labeling snapshot` says it.
        label: which label, in a task in which each is decided by itself.
        sources: where labels may come from; with `CONFIRMED` only what people said, and no soft label.

    Raises:
        ProjectAccessDenied: this person may not read labels.
        CcdsError: there is no such snapshot or label, or its file was changed.
    """
    rows = LabelSnapshots(project).read(snapshot).rows
    question = chosen_question(tuple(dict.fromkeys(row.question for row in rows)), label)
    return {row.study_key: row.value if row.source in sources else None for row in rows if row.question == question}
