"""What people decided about each study, question by question, whatever the phrases say. Pure.

One rule serves label snapshots and the evidence by which phrases are judged. Whose word counts, the highest first: the fellow's
final word (`adjudicated`), the gold set (`gold`), what labelers say where they agree (`confirmed`). Where labelers disagree and
the fellow hasn't spoken (`disputed`), and where one of them flagged the study for the fellow, whatever the others say of it
(`flagged`), nothing is decided.

Who differs about one question of a study may agree about another: in a task of kind `several` each label is asked by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.curation_rows import Curation
from ccds_kernel.labeling.confirmation.soft import value_of
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.tasks.task import Task


@dataclass(frozen=True)
class Verdict:
    """What became of a question about a study that somebody spoke about.

    Attributes:
        value: the answer; None where it isn't decided.
        source: whose word it is, or why it isn't decided.
        people: who said it, or who differ, or who flagged the study; by name.
    """

    value: str | None
    source: Source
    people: tuple[str, ...]


def verdict(
    task: Task, question: str, *, final: Curation | None, gold: Curation | None, answers: Iterable[StoredAnswer]
) -> Verdict | None:
    """What became of one question about one study; None where nobody spoke about it.

    Args:
        task: the task.
        question: one of those that it asks (`soft.questions_of`).
        final: the fellow's final word; one that was taken back is none.
        gold: the study's gold label; likewise.
        answers: the labelers' answers about it that count, the oldest first.
    """
    for word, source in ((final, Source.ADJUDICATED), (gold, Source.GOLD)):
        if word is not None and word.said is not None:
            return Verdict(value_of(task, question, word.said), source, (word.person,))
    words = newest_words(answers)
    saying = {labeler: stored.said for labeler, stored in words.items() if stored.said is not None}
    values = {value_of(task, question, said) for said in saying.values()}
    if len(values) > 1:
        return Verdict(None, Source.DISPUTED, tuple(sorted(saying)))
    if flagging := words.keys() - saying.keys():
        return Verdict(None, Source.FLAGGED, tuple(sorted(flagging)))
    return Verdict(values.pop(), Source.CONFIRMED, tuple(sorted(saying))) if values else None


def decided_values(
    task: Task,
    question: str,
    *,
    final: Mapping[str, Curation],
    gold: Mapping[str, Curation],
    answers: Mapping[str, Sequence[StoredAnswer]],
) -> dict[str, str]:
    """Study key → the answer to one question; studies of which it isn't decided are left out.

    Args:
        task: the task.
        question: one of those that it asks.
        final: study key → the fellow's final word.
        gold: study key → its gold label.
        answers: as `by_study` gives them.
    """
    verdicts = (
        (key, verdict(task, question, final=final.get(key), gold=gold.get(key), answers=answers.get(key, ())))
        for key in answers.keys() | gold.keys() | final.keys()
    )
    return {key: one.value for key, one in verdicts if one is not None and one.value is not None}


def by_study(answers: Iterable[StoredAnswer]) -> dict[str, list[StoredAnswer]]:
    """Study key → those of `answers` (that count, the oldest first) about it."""
    found: dict[str, list[StoredAnswer]] = defaultdict(list)
    for stored in answers:
        found[stored.answer.study_key].append(stored)
    return found


def newest_words(answers: Iterable[StoredAnswer]) -> dict[str, StoredAnswer]:
    """Who spoke about a study → what they said last, a flag too; skips left out.

    Of several answers of one person, in several batches, the newest counts, as it does where labelers are assessed.

    Args:
        answers: those about the study that count, the oldest first.
    """
    return {stored.labeler: stored for stored in answers if stored.answer.kind is not AnswerKind.SKIP}
