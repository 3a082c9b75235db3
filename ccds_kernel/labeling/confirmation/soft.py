"""What a task's phrases say of each study: the soft label behind a batch and a label snapshot.

A task of kind `one` asks one question, its own name, whose answer is a label. In one of kind `several` each label is a question
of its own, whose answer is present, absent, or the phrase's word for the uncertain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.confirmation.batch import Said, SoftStudy
from ccds_kernel.labeling.outcome import ABSENT, PRESENT
from ccds_kernel.labeling.rows import StoredPhrase, StoredReport
from ccds_kernel.labeling.task_index import ONLY, TaskIndex
from ccds_kernel.labeling.tasks.task import Task, TaskKind

Numbers = npt.NDArray[np.integer[Any]]
NOBODY = 0
"""Stands for no phrase; ids begin at 1."""


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


@dataclass(frozen=True, eq=False)
class SoftStudies(Sequence[SoftStudy]):
    """Every study as the phrases label it, in arrays: of a million studies an object for each would take a gigabyte.

    Attributes:
        study_keys: the studies.
        phrase_ids: shape (n,): the phrase that decides each, or `NOBODY`.
        said: each different label of a study, or labels.
        said_of: shape (n,): the place in `said` of what is said of each.
        standing: the ids of the phrases that stand in each report, one report's after the other's.
        ends: shape (n,): where in `standing` those of each end.
    """

    study_keys: Sequence[str]
    phrase_ids: Numbers
    said: Sequence[Said]
    said_of: Numbers
    standing: Numbers
    ends: Numbers

    def __len__(self) -> int:
        return len(self.study_keys)

    @overload
    def __getitem__(self, at: int) -> SoftStudy: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[SoftStudy, ...]: ...
    def __getitem__(self, at: int | slice) -> SoftStudy | tuple[SoftStudy, ...]:
        numbers = range(len(self))[at]
        return tuple(map(self._study, numbers)) if isinstance(numbers, range) else self._study(numbers)

    def _study(self, number: int) -> SoftStudy:
        begin = self.ends[number - 1] if number else 0
        return SoftStudy(
            self.study_keys[number],
            self.said[self.said_of[number]],
            int(self.phrase_ids[number]) or None,
            frozenset(self.standing[begin : self.ends[number]].tolist()),
        )


def soft_studies(task: Task, reports: Sequence[StoredReport], phrases: Sequence[StoredPhrase]) -> SoftStudies:
    """The same as what a batch is composed of: per study its preselected labels, and the phrases that stand in its report."""
    lists = _Lists(task, reports, phrases)
    said, said_of = lists.said()
    return SoftStudies(
        [stored.study_key for stored in reports], lists.deciding(phrases), said, said_of, *lists.standing()
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

    def said(self) -> tuple[list[Said], Numbers]:
        """Each different label of a report, or labels, and per report the place of what is said of it."""
        if self._kind is TaskKind.ONE:
            labels = self._index.lists[ONLY].soft_labels()
            return [*(frozenset({name}) for name in labels.names), frozenset()], labels.codes  # -1 is the last
        said: list[Said] = [frozenset()]
        said_of = np.zeros(len(self._reports), dtype=np.int32)
        for question, index in self._index.lists.items():
            labels = index.soft_labels()
            present = [name == PRESENT for name in labels.names] + [False]
            both, codes = np.unique(2 * said_of + np.array(present)[labels.codes], return_inverse=True)
            said = [said[one // 2] | ({question} if one % 2 else set()) for one in both.tolist()]
            said_of = codes.astype(np.int32)
        return said, said_of

    def deciding(self, phrases: Sequence[StoredPhrase]) -> Numbers:
        """Per report the id of the phrase that decides, in a task of kind `several` the first that does; or `NOBODY`."""
        ids = np.array([*(stored.id for stored in phrases), NOBODY], dtype=np.int32)
        place = {stored.id: number for number, stored in enumerate(phrases)}
        first = np.full(len(self._reports), len(phrases), dtype=np.int32)
        for name, index in self._index.lists.items():
            places = np.array([*(place[stored.id] for stored in self._ours[name]), len(phrases)], dtype=np.int32)
            np.minimum(first, places[index.first], out=first)  # -1, where none does, is the last
        return ids[first]

    def standing(self) -> tuple[Numbers, Numbers]:
        """The phrases that match each report, one report's after the other's, and where those of each end."""
        postings, ids = [np.zeros(0, dtype=np.uint32)], [np.zeros(0, dtype=np.int32)]
        for name, ours in self._ours.items():
            for position, stored in enumerate(ours):
                postings.append(self._index.reports_of(name, position))
                ids.append(np.full(len(postings[-1]), stored.id, dtype=np.int32))
        rows = np.concatenate(postings)
        order = np.argsort(rows, kind="stable")
        return np.concatenate(ids)[order], np.bincount(rows, minlength=len(self._reports)).cumsum()
