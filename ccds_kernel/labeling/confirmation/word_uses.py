"""Where a task is in use: its labels and strata tags by phrases and by what people said about studies, its kind by studies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection, func, select, union

from ccds_kernel.labeling.confirmation import answer_rows, curation_rows, tables
from ccds_kernel.labeling.confirmation.curation_rows import CurationKind
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.changing import Uses


def uses_of_words(connection: Connection, task_id: int) -> Mapping[str, Uses]:
    """Word → how often it is used; words that aren't used are left out.

    A study counts once for a word, however many people said it. What is shown as a prefill in a batch counts, too: somebody may
    confirm it.
    """
    studies: dict[str, set[str]] = defaultdict(set)
    for stored in answer_rows.counting(answer_rows.every(connection, task_id=task_id)):
        for word in (stored.said or frozenset()) | stored.shown:
            studies[word].add(stored.answer.study_key)
    for study_key, prefill in answer_rows.unanswered_prefills(connection, task_id):
        for word in prefill:
            studies[word].add(study_key)
    for kind in (CurationKind.GOLD, CurationKind.FINAL):
        for key, one in curation_rows.standing(connection, task_id, kind).items():
            for word in one.said or ():
                studies[word].add(key)
    for key, tags in curation_rows.standing_tags(connection, task_id).items():
        for word in tags:
            studies[word].add(key)
    phrases = task_rows.phrases_by_word(connection, task_id)
    return {word: Uses(phrases[word], len(studies.get(word, ()))) for word in {*phrases, *studies}}


def judged_studies(connection: Connection, task_id: int) -> int:
    """How many studies are in a batch of a task, or have ever had a gold label or a final word in it.

    What was undone, taken back or refused counts: it stays in its rows, which are read by the task's kind.
    """
    item, batch, curation = tables.item, tables.batch, tables.curation
    shown = select(item.c.report_id).join(batch).where(batch.c.task_id == task_id)
    said = select(curation.c.report_id).where(curation.c.task_id == task_id)
    return connection.execute(select(func.count()).select_from(union(shown, said).subquery())).scalar_one()
