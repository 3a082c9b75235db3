"""Where a task's labels and strata tags are in use: by phrases, and by what people said about studies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection

from ccds_kernel.labeling.confirmation import answer_rows, curation_rows
from ccds_kernel.labeling.confirmation.curation_rows import CurationKind
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.task import Uses


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
    for kind in CurationKind:
        for key, one in curation_rows.standing(connection, task_id, kind).items():
            for word in one.said or ():
                studies[word].add(key)
    phrases = task_rows.phrases_by_word(connection, task_id)
    return {word: Uses(phrases[word], len(studies.get(word, ()))) for word in {*phrases, *studies}}
