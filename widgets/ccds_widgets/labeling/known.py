"""What people said in a task: read once, and then only what came since.

Nothing that was said is ever rewritten. So each answer is read once, and what was worked out from them holds as long as nobody
says anything: 50,000 answers cost a second when the screen is opened, and nothing when its next part is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from ccds_kernel.labeling.assessment.disagreement import Disagreement, disagreements
from ccds_kernel.labeling.assessment.rating import Question, Rating, RatingTable, questions
from ccds_kernel.labeling.confirmation import answer_rows
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.batch import Planted, Said
from ccds_kernel.labeling.confirmation.curating import Newest
from ccds_kernel.labeling.confirmation.curation_rows import Curation
from ccds_kernel.labeling.confirmation.decided import by_study, decided_values
from ccds_kernel.labeling.confirmation.progress import flagged
from ccds_kernel.labeling.tasks.task import Task, TaskKind


class KeepsWords(Protocol):
    """What people said in one task; `ccds_kernel.labeling.confirmation.curating.Curating` is one.

    Each method asks anew whether the person may read it, and raises a CcdsError where not.
    """

    def newest(self) -> Newest:
        """What is newest; unchanged as long as nobody said anything and the task reads the same studies."""

    def every_answer(self, after: int = 0) -> Sequence[StoredAnswer]:
        """The answers with a number above `after`, as they came."""

    def gold(self) -> Mapping[str, Curation]:
        """Study key → its gold label."""

    def final_words(self) -> Mapping[str, Curation]:
        """Study key → the fellow's final word."""


class Answered:
    """What labelers said.

    Args:
        task: the task.
        every: its answers, as they came.
    """

    def __init__(self, task: Task, every: Sequence[StoredAnswer]) -> None:
        self.task = task
        self.refused = tuple(stored for stored in every if stored.refused is not None)
        self.counting = answer_rows.counting(every)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What the task asks: of a study, or of each label."""
        return questions(self.task.words, exclusive=self.task.kind is TaskKind.ONE)

    @cached_property
    def table(self) -> RatingTable:
        """Every rating."""
        return RatingTable(self._ratings(self.counting))

    @cached_property
    def between(self) -> RatingTable:
        """The ratings from which it is told how labelers agree: without those of a study whose prefill was made wrong.

        Who takes over the same wrong prefill agrees with nobody but the trap. `Assessment.anchoring` counts them.
        """
        return RatingTable(self._ratings(stored for stored in self.counting if stored.planted is not Planted.WRONG))

    @cached_property
    def by_study(self) -> Mapping[str, Sequence[StoredAnswer]]:
        """Study key → the answers that count, as they came; skips left out."""
        return by_study(stored for stored in self.counting if stored.answer.kind is not AnswerKind.SKIP)

    @cached_property
    def skips(self) -> Mapping[str, Sequence[StoredAnswer]]:
        """Study key → the skips that count, as they came."""
        return by_study(stored for stored in self.counting if stored.answer.kind is AnswerKind.SKIP)

    @cached_property
    def disputed(self) -> tuple[Disagreement, ...]:
        """The studies on which labelers differ, decided or not, first what is most disputed."""
        return disagreements(self.table, self.questions)

    @cached_property
    def flagged(self) -> tuple[str, ...]:
        """The studies at which a labeler asks the fellow to look, decided or not, as they came."""
        return tuple(dict.fromkeys(stored.answer.study_key for stored in flagged(self.counting)))

    def _ratings(self, answers: Iterable[StoredAnswer]) -> Iterator[Rating]:
        exclusive = self.task.kind is TaskKind.ONE
        for stored in answers:
            if stored.said is not None:
                shown = None if exclusive and not stored.shown else stored.shown
                yield Rating(
                    stored.answer.study_key, stored.labeler, stored.said, stored.at, shown, stored.answer.seconds
                )


@dataclass(frozen=True)
class Known:
    """What is known of a task at one moment.

    Attributes:
        answered: what labelers said.
        gold: study key → its gold label.
        final: study key → the fellow's final word.
    """

    answered: Answered
    gold: Mapping[str, Curation]
    final: Mapping[str, Curation]

    @property
    def task(self) -> Task:
        """The task."""
        return self.answered.task

    def gold_for(self, labeler: str) -> Mapping[str, Said]:
        """Study key → its gold label, of those that somebody else set: nobody is measured against their own word."""
        return {key: one.said for key, one in self.gold.items() if one.said is not None and one.person != labeler}

    @cached_property
    def disputed(self) -> tuple[Disagreement, ...]:
        """The studies on which labelers differ and which nobody has decided."""
        return tuple(
            one for one in self.answered.disputed if one.study not in self.gold and one.study not in self.final
        )

    @cached_property
    def flagged(self) -> tuple[str, ...]:
        """The studies at which a labeler asks the fellow to look and which nobody has decided."""
        return tuple(key for key in self.answered.flagged if key not in self.final)

    @cached_property
    def skipped(self) -> tuple[str, ...]:
        """The studies that a labeler skipped and about which nobody has said anything else, in the order of their first skip."""
        words = (self.answered.by_study, self.gold, self.final)
        return tuple(key for key in self.answered.skips if all(key not in said for said in words))

    @cached_property
    def decided(self) -> tuple[Curation, ...]:
        """The final words, the newest first."""
        return tuple(sorted(self.final.values(), key=lambda one: one.at, reverse=True))

    def values(self, question: str) -> Mapping[str, str]:
        """Study key → what people decided about one of the task's questions (`decided_values`)."""
        if question not in self._values:
            self._values[question] = decided_values(
                self.task, question, final=self.final, gold=self.gold, answers=self.answered.by_study
            )
        return self._values[question]

    @cached_property
    def _values(self) -> dict[str, Mapping[str, str]]:
        return {}


class Record:
    """Keeps what was read.

    Args:
        words: where it is kept.
    """

    def __init__(self, words: KeepsWords) -> None:
        self._words = words
        self._every: list[StoredAnswer] = []
        self._newest: Newest | None = None
        self._known: Known | None = None

    def follow(self, task: Task) -> Known:
        """What is known now. What labelers said, and the gold set, are the same objects as before where they didn't change."""
        newest = self._words.newest()
        if self._newest is not None and newest.reach != self._newest.reach:
            self._every, self._newest, self._known = [], None, None  # the task reads other studies than before
        known = self._known
        is_new = self._newest is None or newest.answer != self._newest.answer
        if is_new:
            self._every += self._words.every_answer(self._every[-1].number if self._every else 0)
        answered = known.answered if known and not is_new and known.task == task else Answered(task, self._every)
        gold, final = (known.gold, known.final) if known else ({}, {})
        if self._newest is None or newest.word != self._newest.word:
            read, final = self._words.gold(), self._words.final_words()
            gold = gold if read == gold else read
        if known is None or (answered, gold, final) != (known.answered, known.gold, known.final):
            known = Known(answered, gold, final)
        self._newest, self._known = newest, known
        return known
