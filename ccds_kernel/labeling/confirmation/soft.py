"""What a task's phrases say of each study: the soft label behind a batch and a label snapshot.

A task of kind `one` asks one question, its own name, whose answer is a label. In one of kind `several` each label is a question
of its own, whose answer is present, absent, or the phrase's word for the uncertain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ccds_kernel.labeling.confirmation.batch import Said, SoftStudy
from ccds_kernel.labeling.outcome import ABSENT, PRESENT
from ccds_kernel.labeling.rows import StoredPhrase, StoredReport
from ccds_kernel.labeling.task_index import ONLY, TaskIndex
from ccds_kernel.labeling.tasks.task import Task, TaskKind


@dataclass(frozen=True)
class SoftLabel:
    """What the phrases say of one study to one question.

    Attributes:
        study_key: the study.
        question: the task's name, or the label that is decided by itself.
        value: the answer; None where no phrase matches.
        phrase_id: the phrase that decides; None where none matches.
        phrase: its words; empty where none matches.
    """

    study_key: str
    question: str
    value: str | None
    phrase_id: int | None = None
    phrase: str = ""


def questions_of(task: Task) -> tuple[str, ...]:
    """What a task asks of each study."""
    return (task.name,) if task.kind is TaskKind.ONE else task.words


def value_of(task: Task, question: str, said: Said) -> str:
    """What a person's labels of a study, which the task takes, answer to one of its questions."""
    if task.kind is TaskKind.ONE:
        (label,) = said
        return label
    return PRESENT if question in said else ABSENT


def soft_labels(task: Task, reports: Sequence[StoredReport], phrases: Sequence[StoredPhrase]) -> tuple[SoftLabel, ...]:
    """The soft label of each study to each question, by study in the order of `reports`.

    Args:
        task: the task.
        reports: one of each study.
        phrases: the task's, the highest priority first.
    """
    lists = _Lists(task, reports, phrases)
    answers = [lists.answers(question) for question in questions_of(task)]
    return tuple(label for of_study in zip(*answers, strict=True) for label in of_study)


def soft_studies(task: Task, reports: Sequence[StoredReport], phrases: Sequence[StoredPhrase]) -> tuple[SoftStudy, ...]:
    """The same as what a batch is composed of: per study its preselected labels, and the phrases that stand in its report."""
    lists = _Lists(task, reports, phrases)
    said: list[set[str]] = [set() for _ in reports]
    deciding: list[list[int]] = [[] for _ in reports]
    for question in questions_of(task):
        for row, label in enumerate(lists.answers(question)):
            if label.phrase_id is not None:
                deciding[row].append(label.phrase_id)
            if label.value is not None and (task.kind is TaskKind.ONE or label.value == PRESENT):
                said[row].add(label.value if task.kind is TaskKind.ONE else question)
    place = {stored.id: number for number, stored in enumerate(phrases)}
    return tuple(
        SoftStudy(
            stored.study_key,
            frozenset(said[row]),
            min(deciding[row], key=place.__getitem__, default=None),
            frozenset(standing),
        )
        for row, (stored, standing) in enumerate(zip(reports, lists.standing(), strict=True))
    )


class _Lists:
    """A task's phrases over reports, each phrase with its id."""

    def __init__(self, task: Task, reports: Sequence[StoredReport], phrases: Sequence[StoredPhrase]) -> None:
        self._kind = task.kind
        self._reports = reports
        self._ours: dict[str, list[StoredPhrase]] = defaultdict(list)
        self._index = TaskIndex.of(task, [stored.report for stored in reports])
        for stored in phrases:
            ours = self._ours[self._index.list_of(stored.phrase)]
            self._index.insert(stored.phrase, len(ours))
            ours.append(stored)

    def answers(self, question: str) -> list[SoftLabel]:
        """What is said of each report."""
        name = ONLY if self._kind is TaskKind.ONE else question
        index = self._index.lists.get(name)
        if index is None:  # a label without phrases
            return [SoftLabel(stored.study_key, question, None) for stored in self._reports]
        ours = self._ours[name]
        return [
            SoftLabel(stored.study_key, question, value, ours[first].id, ours[first].phrase.text)
            if first >= 0
            else SoftLabel(stored.study_key, question, None)
            for stored, first, value in zip(
                self._reports, index.first.tolist(), index.soft_labels().to_list(), strict=True
            )
        ]

    def standing(self) -> list[set[int]]:
        """Per report the phrases that match it."""
        found: list[set[int]] = [set() for _ in self._reports]
        for name, ours in self._ours.items():
            for position, stored in enumerate(ours):
                for row in self._index.reports_of(name, position).tolist():
                    found[row].add(stored.id)
        return found
