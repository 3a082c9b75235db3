"""Which phrases a fellow might add next: n-grams that settle unlabelled reports, or that take false positives away.

Both lists are n-grams of 1 to 5 words from the reports in question, each with what would happen if it were accepted, counted
over all reports. They stand in the order of their gain (`gain`): how many more reports would be right than wrong, by a cautious
estimate from the confirmed ones,

    gain = changes x (p - cost x (1 - p))

with p a lower bound of the share of changes that are right. When settling, a wrong change costs 1: more must be right than
wrong. When correcting it costs b / (1 - b), at least 1, where b is the share of false positives among the reports in question:
where nine of ten are false, a right one lost weighs nine. By that an n-gram that takes right and wrong ones alike has no gain,
however frequent it is. What has no gain comes after.

Without anything confirmed nothing is known of a gain, and the most frequent words of the reports are "normal" and "chest": then
only n-grams are suggested that share a word with the label or one of its phrases, the most frequent first. A label that is a
verdict ("present") names no finding: near it are the words of its phrases alone.

A correcting n-gram must hold one of the phrases that labelled wrongly ("no pleural effusion" where "effusion" did): it
says why that phrase was wrong there, and does nothing in reports of another topic. A settling n-gram need not, once any report
is confirmed.

Decided by the fellow of `benchmarks/labeling_fellow.py` on 400 real reports, of which 16 have an effusion: F1 on the half that
the fellow didn't see, after ten steps. The choice, medians of 20 halves: from .15 to .43; from the bare names .10 to .35; where
only 20 reports more are read before each step .42. Cardiomegaly begins at .90 and stays there: hardly anything has a gain.
The option "not if negated" does more than ten suggestions (.80), and leaves them little to add: offer it first.
Rejected, each in place of what was chosen, pooled over 4 to 8 halves of the same kind (the choice: .43, .32, .41):

- any n-gram when correcting: .53, but by "no" alone, then "acute", "spine", "findings" in place of "no pleural effusion":
  rules of this half that nobody would sign. In the same sentence only, without "no": .43 by "consolidation" and "acute".
- cost 1 when correcting: .42, but .08 from the bare names: most of the "pleural effusion" are negated, so all were taken away.
  Fixed costs of 4, 9 and 19: .37, .24 and .21; what is a fair cost falls as the list becomes better.
- a lower bound of one standard error: .23, it stops too early; none at all: .43, but .02 from the bare names with few confirmed.
- the gain in F1: .42, but .29 with few confirmed, and cardiomegaly falls to .80: it needs the number of missed reports.
- the z-score of the log odds [Monroe, Colaresi and Quinn 2008, Political Analysis 16:372-403]: .12, cardiomegaly .60.
- lower bound x coverage: .42, but cardiomegaly .36: coverage outweighs precision.
- soft labels as weak evidence beside the confirmed ones: cardiomegaly .48 to .82; they repeat what the list says already.
- a head start for n-grams that share a word with the label: cardiomegaly .72 with few confirmed ("cardiomediastinal").

Weak where a list is a bare name and few reports are confirmed (.12): no true positive is known then that would show the cost.
An n-gram is looked for in at most `_SAMPLE` of the reports in question, the confirmed ones first; only those that promise most
are then found in all reports. Pure; the list is asked and not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.corpus import Posting
from ccds_kernel.labeling.gain import Gain
from ccds_kernel.labeling.matches import SoftLabels
from ccds_kernel.labeling.outcome import OutcomeOf, one_label
from ccds_kernel.labeling.phrase import LONGEST, Phrase
from ccds_kernel.labeling.text import normalise, whole_words
from ccds_kernel.labeling.vocabulary import Flags, Numbers, Vocabulary

_ANY = "any"
"""Stands for the text of a phrase of which only the label matters."""
_AT_LEAST = 2
_SAMPLE = 2_000
_COUNTED_IN_ALL = 4
"""How many n-grams are counted in all reports, per suggestion that is wanted."""


_VERDICTS = frozenset({"present", "absent", "yes", "no", "positive", "negative", "none", "normal", "abnormal"})
"""Labels, in normal form, that say something of a finding and don't name it."""


class PhraseList(Protocol):
    """What is asked of a list of phrases: `matching.PhraseIndex` is one."""

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """The phrases, highest priority first."""

    @property
    def first(self) -> npt.NDArray[np.int16]:
        """Per report, shape (n_reports,), the position of the phrase that captures it, or -1."""

    def soft_labels(self) -> SoftLabels:
        """The soft label of each report."""


@dataclass(frozen=True)
class Suggestion:
    """A phrase that isn't on the list, and what inserting it at `position` would do.

    Attributes:
        phrase: the n-gram with its label.
        position: where it would stand.
        raw: how many reports it matches.
        captures: how many it would capture.
        changes: how many of these would be settled, or corrected.
        right: how many of the captured ones are confirmed and have its label.
        wrong: how many of the captured ones are confirmed and have another.
        takes_from: position of a phrase → how many of the captured ones that phrase captures now.
        gain: how many more of the changed ones would be right than wrong, cautiously; at most 0 where that isn't likely.
    """

    phrase: Phrase
    position: int
    raw: int
    captures: int
    changes: int
    right: int
    wrong: int
    takes_from: Mapping[int, int]
    gain: float


def settling(
    vocabulary: Vocabulary,
    index: PhraseList,
    label: str,
    confirmed: Mapping[int, str],
    *,
    outcome_of: OutcomeOf = one_label,
    most: int = 10,
) -> list[Suggestion]:
    """Phrases of `label` for the end of the list, that would settle unlabelled reports; the best first.

    Args:
        vocabulary: the words of the n reports.
        index: the list as it is, over the same reports.
        label: the label of the phrases.
        confirmed: index of a report → its confirmed label, in the words of `outcome_of`.
        outcome_of: what a phrase says of its reports, the same as in `index`.
        most: how many at most.
    """
    outcome = outcome_of(Phrase(_ANY, label)).certain
    names = {normalise(label)} - _VERDICTS
    told = [*names, *(phrase.normalised for phrase in index.phrases if outcome in outcome_of(phrase))]
    near = None if confirmed else sorted({word for text in told for word in vocabulary.telling(text)})
    sought = _Sought(lambda text: Phrase(text, label), outcome, explained=near)
    return _Search(vocabulary, index, sought, confirmed, most).best()


def correcting(
    vocabulary: Vocabulary,
    index: PhraseList,
    label: str,
    confirmed: Mapping[int, str],
    *,
    instead: str | None = None,
    outcome_of: OutcomeOf = one_label,
    most: int = 10,
) -> list[Suggestion]:
    """Phrases to be placed above those of `label` that would take its false positives away; the best first.

    Args:
        vocabulary: the words of the n reports.
        index: the list as it is, over the same reports.
        label: the label that some reports have wrongly.
        confirmed: index of a report → its confirmed label, in the words of `outcome_of`.
        instead: the "not" label of the phrases; None where a label is decided by itself: then they exclude `label`.
        outcome_of: what a phrase says of its reports, the same as in `index`.
        most: how many at most.

    Raises:
        CcdsError: the phrases would say what they are to correct, or exclude a label where labels exclude each other.
    """

    def phrase_of(text: str) -> Phrase:
        return Phrase(text, label, excludes=True) if instead is None else Phrase(text, instead)

    wrong, right = (outcome_of(phrase).certain for phrase in (Phrase(_ANY, label), phrase_of(_ANY)))
    if wrong == right:
        raise CcdsError(expected="two labels", found="the same one twice", do="choose what it is instead")
    explained = [phrase.normalised for phrase in index.phrases if wrong in outcome_of(phrase)]
    return _Search(vocabulary, index, _Sought(phrase_of, right, wrong, _shortest(explained)), confirmed, most).best()


@dataclass(frozen=True)
class _Sought:
    """What is sought.

    Attributes:
        phrase_of: the phrase that is made of an n-gram.
        outcome: what it says of a report.
        corrects: the outcome that it corrects; None where it settles unlabelled ones.
        explained: the phrases or words, in normal form, of which it must hold one; None where it needn't.
    """

    phrase_of: Callable[[str], Phrase]
    outcome: str
    corrects: str | None = None
    explained: Collection[str] | None = None


class _Search:
    """One search for n-grams in the reports whose label shall change."""

    def __init__(
        self, vocabulary: Vocabulary, index: PhraseList, sought: _Sought, confirmed: Mapping[int, str], most: int
    ) -> None:
        self._vocabulary = vocabulary
        self._sought = sought
        self._most = most
        self._end = len(index.phrases)
        self._listed = {phrase.normalised for phrase in index.phrases}
        self._first = index.first
        soft = index.soft_labels()
        code_of = {name: code for code, name in enumerate(soft.names)}
        self._in_question: Flags = soft.codes == (-1 if sought.corrects is None else code_of.get(sought.corrects, -2))
        self._right, self._wrong = (np.zeros(len(self._first), dtype=np.bool_) for _ in range(2))
        for report, outcome in confirmed.items():
            (self._right if outcome == sought.outcome else self._wrong)[report] = True
        right, wrong = (int((self._in_question & these).sum()) for these in (self._right, self._wrong))
        base = (right + 1) / (right + wrong + 2)
        cost = 1.0 if sought.corrects is None else max(1.0, base / (1 - base))
        self._gain = Gain(base, cost, len(self._first))

    def best(self) -> list[Suggestion]:
        """The suggestions, best first."""
        found: list[tuple[float, Suggestion, bytes]] = []
        for tokens in self._promising():
            posting = self._vocabulary.reports_with(tokens)
            found.append((*self._suggest(self._vocabulary.text_of(tokens), posting), posting.tobytes()))
        found.sort(key=lambda one: (-one[0], len(one[1].phrase.text), one[1].phrase.text))
        kept: list[tuple[Suggestion, bytes]] = []
        for _, suggestion, reports in found:
            words = suggestion.phrase.text
            if not any(reports == others and other.phrase.text in words for other, others in kept):
                kept.append((suggestion, reports))
        return [suggestion for suggestion, _ in kept[: self._most]]

    def _promising(self) -> list[list[int]]:
        """The n-grams that promise most by the sample, as tokens."""
        known = self._in_question & (self._right | self._wrong)
        confirmed = _thinned(np.flatnonzero(known), _SAMPLE // 2)
        others = np.flatnonzero(self._in_question & ~known)
        drawn = _thinned(others, _SAMPLE - len(confirmed))
        sample = np.concatenate((confirmed, drawn))
        stands_for = np.ones(len(sample))
        stands_for[: len(confirmed)] = known.sum() / max(1, len(confirmed))
        stands_for[len(confirmed) :] = len(others) / max(1, len(drawn))
        found: list[tuple[float, int, list[int]]] = []
        wanted = self._most * _COUNTED_IN_ALL
        for tokens, ngram, row in self._vocabulary.ngrams(sample, _AT_LEAST):
            usable = np.flatnonzero(self._usable(tokens))
            changes, right, wrong = (
                np.bincount(ngram, weights=weight[row], minlength=len(tokens))[usable].astype(np.float64)
                for weight in (stands_for, stands_for * self._right[sample], stands_for * self._wrong[sample])
            )
            rank = self._gain.rank(changes, right, wrong)
            ranked = ((-float(rank[at]), tokens[usable[at]].tolist()) for at in np.argsort(-rank, kind="stable"))
            new = (one for one in ranked if self._is_new(self._vocabulary.text_of(one[1])))
            found.extend((order, len(those), those) for order, those in islice(new, wanted))
        return [tokens for _, _, tokens in sorted(found)[:wanted]]

    def _usable(self, tokens: Numbers) -> Flags:
        usable = self._vocabulary.readable(tokens)
        if self._sought.explained is not None:
            holding = np.zeros(len(tokens), dtype=np.bool_)
            for phrase in self._sought.explained:
                holding |= self._vocabulary.holding(tokens, phrase)
            usable &= holding
        return usable

    def _is_new(self, text: str) -> bool:
        """Whether it isn't listed, and holds a phrase that it explains."""
        if text in self._listed or len(text) > LONGEST:
            return False
        return self._sought.explained is None or any(_holds(text, phrase) for phrase in self._sought.explained)

    def _suggest(self, text: str, posting: Posting) -> tuple[float, Suggestion]:
        """Its rank, and what would happen, counted over all reports."""
        holders = self._first[posting]
        changed = posting[self._in_question[posting]]
        position = self._end if self._sought.corrects is None else int(self._first[changed].min())
        captured = posting[(holders < 0) | (holders >= position)]
        losers, lost = np.unique(self._first[captured], return_counts=True)
        evidence = [
            np.array([float(len(these))])
            for these in (changed, changed[self._right[changed]], changed[self._wrong[changed]])
        ]
        suggestion = Suggestion(
            phrase=self._sought.phrase_of(text),
            position=position,
            raw=len(posting),
            captures=len(captured),
            changes=len(changed),
            right=int(self._right[captured].sum()),
            wrong=int(self._wrong[captured].sum()),
            takes_from={int(loser): int(count) for loser, count in zip(losers, lost, strict=True) if loser >= 0},
            gain=float(self._gain.of(*evidence)[0]),
        )
        return float(self._gain.rank(*evidence)[0]), suggestion


def _shortest(phrases: Sequence[str]) -> list[str]:
    """Those that hold no other one: what holds a longer one holds them, too."""
    return [one for one in phrases if not any(other != one and _holds(one, other) for other in phrases)]


def _holds(text: str, phrase: str) -> bool:
    return next(whole_words(text, phrase), None) is not None


def _thinned(reports: Numbers, most: int) -> Numbers:
    """At most `most` of them, evenly spaced."""
    if len(reports) <= most:
        return reports
    return reports[np.linspace(0, len(reports) - 1, most).astype(np.int64)]
