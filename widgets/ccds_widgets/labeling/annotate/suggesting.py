"""What the suggestions panel shows: phrases that would settle or correct reports, and where "not if negated" comes first.

The words of all reports are numbered once, in a thread: with a million reports that takes a while, and labelling goes on.
A name alone labels what is only denied, so that each name is weighed against the same with "not if negated", which is offered
first where it is better by what people decided (`ccds_kernel.labeling.suggestions` has the figures); where nobody decided
anything yet, wherever it makes a difference; the panel then says what to do first, new words are near the label's only, and
nothing is known to be false, so that nothing corrects it.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.corpus import Corpus
from ccds_kernel.labeling.matches import SoftLabels
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.outcome import label_by_itself, one_label
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.suggestions import Suggestion, correcting, settling
from ccds_kernel.labeling.tasks.task import TaskKind
from ccds_kernel.labeling.trial import difference, inserted, replaced
from ccds_kernel.labeling.vocabulary import Vocabulary
from ccds_widgets.labeling.desk import Desk
from ccds_widgets.labeling.known import Record

Answer = dict[str, Any]


class Suggester:
    """Suggests phrases of a desk's task.

    Args:
        desk: the desk.
        record: what people said in that task.
    """

    def __init__(self, desk: Desk, record: Record) -> None:
        self._desk = desk
        self._record = record
        self._number = {stored.study_key: number for number, stored in enumerate(desk.reports)}
        self._reading: _Reading | None = None

    def suggest(self, label: str, instead: str | None) -> Answer:
        """The suggestions for `label`, or which share of the reports' words is read.

        Raises:
            CcdsError: the task has no such label, or `instead` isn't another one of them.
        """
        task = self._desk.phrases.task
        for word in (label, instead):
            if word is not None and word not in task.words:
                raise CcdsError(expected="a label of the task", found="another word", do="choose one of its labels")
        reading = self._words()
        if not reading.is_done:
            return {"reading": reading.share}
        vocabulary = reading.vocabulary
        several = task.kind is TaskKind.SEVERAL
        confirmed = self._confirmed(label)
        index = self._list(label)
        outcome_of = label_by_itself if several else one_label
        corrects = (
            correcting(vocabulary, index, label, confirmed, instead=None if several else instead, outcome_of=outcome_of)
            if confirmed and (several or instead is not None)
            else []
        )
        return {
            "label": label,
            "instead": instead,
            "decided": len(confirmed),
            "settles": self._shown(label, settling(vocabulary, index, label, confirmed, outcome_of=outcome_of)),
            "corrects": self._shown(label, corrects),
        }

    def weigh(self, text: str, label: str, position: int) -> Answer:
        """What the option changes of a suggested phrase at `position`."""
        index = self._list(label)
        position = min(position, len(index))
        plain = Phrase(text, label)
        with inserted(index, plain, position):
            before = index.soft_labels()
        with inserted(index, replace(plain, negatable=True), position):
            return self._weighed(label, index, position, before)

    def weigh_listed(self, phrase_id: int) -> Answer:
        """What the option changes of a phrase that is on the list."""
        name, position = self._desk.phrases.place(phrase_id)
        index = self._desk.phrases.index_of(name)
        phrase = index.phrases[position]
        before = index.soft_labels()
        with replaced(index, position, replace(phrase, negatable=True)):
            return self._weighed(phrase.label, index, position, before)

    def _weighed(self, label: str, index: PhraseIndex, position: int, before: SoftLabels) -> Answer:
        found = difference(before, index.soft_labels(), self._confirmed(label))
        counts = index.counts[position]
        return {
            "captured": counts.captured,
            "negated": counts.negated,
            "changes": found.changes,
            "mended": found.mended,
            "spoiled": found.spoiled,
            "better": found.is_better and counts.captured > 0,
        }

    def _shown(self, label: str, suggestions: list[Suggestion]) -> list[Answer]:
        ids = self._desk.phrases.ids.get(self._desk.phrases.index.list_of(Phrase("-", label)), [])
        return [
            {
                "text": one.phrase.text,
                "label": one.phrase.label,
                "excludes": one.phrase.excludes,
                "position": one.position,
                "matched": one.raw,
                "captures": one.captures,
                "changes": one.changes,
                "right": one.right,
                "wrong": one.wrong,
                "takes_from": [{"phrase": ids[at], "reports": n} for at, n in sorted(one.takes_from.items())],
                "gains": one.gain > 0,
            }
            for one in suggestions
        ]

    def _confirmed(self, label: str) -> dict[int, str]:
        """Number of a report → what people decided, in the words of the list of `label`."""
        task = self._desk.phrases.task
        decided = self._record.follow(task).values(label if task.kind is TaskKind.SEVERAL else task.name)
        return {self._number[key]: value for key, value in decided.items() if key in self._number}

    def _list(self, label: str) -> PhraseIndex:
        return self._desk.phrases.index.list_for(Phrase("-", label))

    def _words(self) -> _Reading:
        corpus = self._desk.phrases.index.corpus
        if self._reading is None or self._reading.corpus is not corpus:
            self._reading = _Reading(corpus)
        return self._reading


class _Reading:
    """The vocabulary of `corpus`, which is read in a thread."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.share = 0.0
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vocabulary")
        self._result: Future[Vocabulary] = pool.submit(Vocabulary, corpus, progress=self._note)
        pool.shutdown(wait=False)

    @property
    def is_done(self) -> bool:
        """Whether `vocabulary` is there at once."""
        return self._result.done()

    @property
    def vocabulary(self) -> Vocabulary:
        """The words; waits until they are read."""
        return self._result.result()

    def _note(self, share: float) -> None:
        self.share = share
