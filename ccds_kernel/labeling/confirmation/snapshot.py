"""A label snapshot: every study with its label and where that comes from, as one table that never changes. Pure.

Whose word counts is told question by question by `decided.verdict`; where nobody spoke it is the phrases' (`soft`). Where what
people said decides nothing (`disputed`, `flagged`), and where no phrase matches (`none`), there is no label: a training that
takes what it is given would otherwise learn from what people couldn't agree on. The soft label stands beside it in any case.

With each soft label stands how often its phrase is wrong, by the studies of that phrase that *test* it: the share, its 95 %
interval (`assessment.soft_label_error`), and how many they are. A study tests the phrase where people decided it and it came to
them in a batch as any other. Gold studies don't, whoever has the final word: somebody chose them. In a task of kind `several` a
phrase's word for the uncertain is left out, of the studies that are captured too: people answer present or absent, and neither
makes that word wrong; what they answer is counted by itself (`shares_present`). Disputed studies count once the fellow decides;
until then just those that are hard are missing.

A snapshot is of its task as it was then: the task's number and how it was asked (`Basis`) are hashed before the rows, so that two
tasks whose labels are alike, or one under other cues, never share a snapshot.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace

import numpy as np

from ccds_kernel.labeling.assessment.soft_label_error import (
    PhraseError,
    SoftLabelErrors,
    count_phrases,
    soft_label_errors,
)
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.batch import Planted
from ccds_kernel.labeling.confirmation.curation_rows import Curation
from ccds_kernel.labeling.confirmation.decided import Verdict, by_study, verdict
from ccds_kernel.labeling.confirmation.soft import SoftLabel
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.outcome import ABSENT, PRESENT
from ccds_kernel.labeling.tasks.task import Task, TaskKind
from ccds_kernel.rate import Rate, rate

ID_LENGTH = 12
"""Hexadecimal digits of the digest that name a snapshot."""


@dataclass(frozen=True)
class LabelRow:
    """One study's answer to one question of the task.

    Attributes:
        study_key: the study.
        question: the task's name, or in a task of kind `several` a label.
        value: the label, or present, absent or a phrase's word for the uncertain; None where there is none.
        source: where that comes from.
        people: who said it, by name; empty for a soft label.
        soft_value: what the phrases say; None where none matches.
        phrase_id: the phrase that decides; None where none matches.
        phrase: its words; empty where none matches.
        tests: whether people decided the study, and it came to them in a batch as any other.
        error: the share of wrong soft labels among the studies that test that phrase; None where there are none.
        error_low, error_high: its 95 % interval.
        error_studies: how many these are.
    """

    study_key: str
    question: str
    value: str | None
    source: Source
    people: tuple[str, ...]
    soft_value: str | None
    phrase_id: int | None
    phrase: str
    tests: bool = False
    error: float | None = None
    error_low: float | None = None
    error_high: float | None = None
    error_studies: int = 0


COLUMNS = tuple(field.name for field in fields(LabelRow))


@dataclass(frozen=True)
class Basis:
    """What the labels of a snapshot are about: its task's number, and as JSON with sorted keys how the task was asked then."""

    task_id: int
    asked: str

    @property
    def kind(self) -> TaskKind:
        """How the task's labels go together."""
        return TaskKind(json.loads(self.asked)["kind"])

    @classmethod
    def of(cls, task_id: int, task: Task) -> Basis:
        """That of a task. Its cues are named one by one: the default ones are others in another version of ccds."""
        asked: dict[str, object] = {
            "name": task.name,
            "kind": task.kind.value,
            "labels": task.words,
            "left_out": sorted(task.left_out),
            "cues": task.cues.to_lists(),
        }
        if task.cohort is not None:  # those of tasks that are kept to none stay what they are
            asked["cohort"] = task.cohort
        return cls(task_id, json.dumps(asked, sort_keys=True))


@dataclass(frozen=True)
class LabelSnapshot:
    """What a snapshot is of, its rows, by study and question, and the SHA-256 of both."""

    basis: Basis
    rows: tuple[LabelRow, ...]
    digest: str

    @property
    def id(self) -> str:
        """Its name."""
        return self.digest[:ID_LENGTH]

    @property
    def studies(self) -> int:
        """How many studies there are."""
        return len({row.study_key for row in self.rows})

    @property
    def by_source(self) -> Mapping[Source, int]:
        """Source → how many rows come from it."""
        counts = dict.fromkeys(Source, 0)
        for row in self.rows:
            counts[row.source] += 1
        return counts


def snapshot_of(
    task_id: int,
    task: Task,
    soft: Sequence[SoftLabel],
    *,
    final: Mapping[str, Curation],
    gold: Mapping[str, Curation],
    answers: Iterable[StoredAnswer],
) -> LabelSnapshot:
    """The labels of every study.

    Args:
        task_id: the task's number.
        task: the task.
        soft: what the phrases say, one for each study and question.
        final: study key → the fellow's final word.
        gold: study key → its gold label.
        answers: the labelers' answers that count.
    """
    said = by_study(answers)
    rows = [_row(task, one, final, gold, said.get(one.study_key, ())) for one in soft]
    return sealed(Basis.of(task_id, task), _with_errors(task.kind, rows))


def sealed(basis: Basis, rows: Iterable[LabelRow]) -> LabelSnapshot:
    """The snapshot of these rows, in whatever order they come."""
    ordered = tuple(sorted(rows, key=lambda row: (row.study_key, row.question)))
    digest = hashlib.sha256(json.dumps(astuple(basis)).encode() + b"\n")
    for row in ordered:
        digest.update(json.dumps(astuple(row)).encode() + b"\n")
    return LabelSnapshot(basis, ordered, digest.hexdigest())


def _row(
    task: Task,
    soft: SoftLabel,
    final: Mapping[str, Curation],
    gold: Mapping[str, Curation],
    answers: Sequence[StoredAnswer],
) -> LabelRow:
    decided = verdict(
        task, soft.question, final=final.get(soft.study_key), gold=gold.get(soft.study_key), answers=answers
    ) or Verdict(soft.value, Source.NONE if soft.value is None else Source.SOFT, ())
    tests = (
        soft.phrase_id is not None
        and decided.source in {Source.ADJUDICATED, Source.CONFIRMED}
        and soft.study_key not in gold
        and any(stored.planted is Planted.NO for stored in answers)
    )
    return LabelRow(
        soft.study_key,
        soft.question,
        decided.value,
        decided.source,
        decided.people,
        soft.value,
        soft.phrase_id,
        soft.phrase,
        tests,
    )


def phrase_errors(kind: TaskKind, rows: Sequence[LabelRow]) -> tuple[tuple[int, ...], SoftLabelErrors]:
    """The numbers of the phrases that decide about a study of a task of that kind, and how often the soft labels of each, in that
    order, are wrong.
    """
    certain = [row for row in rows if row.phrase_id is not None and _is_certain(kind, row.soft_value)]
    ids = sorted({row.phrase_id for row in certain if row.phrase_id is not None})
    place = {phrase_id: number for number, phrase_id in enumerate(ids)}
    tests = np.array([row.tests for row in certain], dtype=bool)
    wrong = np.array([row.value != row.soft_value for row in certain], dtype=bool)
    settled = np.array([row.source is not Source.SOFT for row in certain], dtype=bool)
    holders = np.array([place[row.phrase_id or 0] for row in certain], dtype=np.int64)
    return tuple(ids), soft_label_errors(count_phrases(holders, tests, wrong & tests, settled, len(ids)))


def shares_present(kind: TaskKind, rows: Sequence[LabelRow]) -> dict[int, Rate]:
    """Phrase → of the studies of which it says its word for the uncertain and that people decided, the share that has its label.

    In a task of kind `one` there are none: there the word is a label, which is right or wrong.
    """
    answers: dict[int, list[bool]] = defaultdict(list)
    for row in rows:
        if row.tests and row.phrase_id is not None and not _is_certain(kind, row.soft_value):
            answers[row.phrase_id].append(row.value == PRESENT)
    return {phrase_id: rate(sum(present), len(present)) for phrase_id, present in sorted(answers.items())}


def _is_certain(kind: TaskKind, soft_value: str | None) -> bool:
    """Whether what people say can be held against what the phrases say."""
    return kind is TaskKind.ONE or soft_value in {PRESENT, ABSENT}


def _with_errors(kind: TaskKind, rows: Sequence[LabelRow]) -> list[LabelRow]:
    """The rows with how often the phrase of each is wrong."""
    ids, errors = phrase_errors(kind, rows)
    of_phrase = dict(zip(ids, errors.phrases, strict=True))
    return [
        _with_error(row, of_phrase[row.phrase_id])
        if row.phrase_id is not None and _is_certain(kind, row.soft_value)
        else row
        for row in rows
    ]


def _with_error(row: LabelRow, error: PhraseError) -> LabelRow:
    if error.rate is None:
        return row
    found = error.rate
    return replace(
        row, error=found.value, error_low=found.low, error_high=found.high, error_studies=error.counts.confirmed
    )
