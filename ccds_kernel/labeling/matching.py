"""Which phrase captures which report: an index in memory that a new phrase or a new order changes in milliseconds.

A report is *captured* by the first phrase, in priority order, that matches it; a phrase's *raw* reports are all that it
matches, and those that an earlier phrase captured are *shadowed*. The index keeps each phrase's posting (the reports that
it matches) and, per report, the slot of the phrase that captured it. A slot stays with its phrase when the order changes, so that
a move touches only the reports in question and never renumbers the others. Pure: no files, no database, one thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.corpus import Corpus, Posting
from ccds_kernel.labeling.phrase import Phrase, check_count
from ccds_kernel.labeling.text import normalise_with_offsets, whole_words

_NOBODY = -1
_AFTER_ALL = np.iinfo(np.int16).max
_SCANS_KEPT = 8


class Counts(NamedTuple):
    """How many reports a phrase captures, matches (`raw`), and matches in vain (`shadowed`): captured + shadowed = raw."""

    captured: int
    raw: int
    shadowed: int


class Span(NamedTuple):
    """One place where a phrase stands: `sections[section][start:end]` in code points, `position` the phrase's."""

    section: int
    start: int
    end: int
    position: int


@dataclass(frozen=True)
class Preview:
    """What a phrase that isn't in the index would do.

    Attributes:
        raw: how many reports it matches.
        captured_if_last: how many it would capture with the lowest priority.
        captured_if_first: how many it would capture with the highest.
        takes_from: position of a phrase → how many of the reports that it captures the new one would take if it came first.
    """

    raw: int
    captured_if_last: int
    captured_if_first: int
    takes_from: Mapping[int, int]


class PhraseIndex:
    """An ordered list of phrases over n reports; position 0 has the highest priority.

    Args:
        texts: per report its sections, valid Unicode. The sequence is kept (for `spans`) and must not change.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._texts = texts
        self._corpus = Corpus(texts)
        self._order: list[int] = []
        self._phrases: dict[int, Phrase] = {}
        self._postings: dict[int, Posting] = {}
        self._slot_of_report = np.full(len(texts), _NOBODY, dtype=np.int16)
        self._rank = np.array([_AFTER_ALL], dtype=np.int16)
        self._captured = np.array([len(texts)], dtype=np.int64)
        self._scans: dict[str, Posting] = {}

    def __len__(self) -> int:
        """How many phrases there are."""
        return len(self._order)

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """The phrases, highest priority first."""
        return tuple(self._phrases[slot] for slot in self._order)

    @property
    def counts(self) -> tuple[Counts, ...]:
        """Per phrase, in order, how many reports it captures, matches, and matches in vain."""
        found = []
        for slot in self._order:
            captured, raw = int(self._captured[slot + 1]), len(self._postings[slot])
            found.append(Counts(captured, raw, raw - captured))
        return tuple(found)

    @property
    def first(self) -> npt.NDArray[np.int16]:
        """Per report, shape (n_reports,), the position of the phrase that captures it, or -1."""
        position = self._rank.copy()
        position[_NOBODY] = -1
        return position.take(self._slot_of_report, mode="wrap")

    def insert(self, phrase: Phrase, position: int) -> None:
        """Puts `phrase` at `position` (0 … number of phrases); those from there on move one down.

        Raises:
            CcdsError: the phrase is there already, the position isn't, or there are too many phrases.
        """
        self._check_position(position, len(self._order) + 1)
        self._check_new(phrase)
        check_count(len(self._order) + 1)
        posting = self._scan(phrase)
        slot = next(number for number in range(len(self._order) + 1) if number not in self._phrases)
        self._phrases[slot] = phrase
        self._postings[slot] = posting
        if slot + 1 == len(self._captured):
            self._captured = np.append(self._captured, 0)
        self._reorder([*self._order[:position], slot, *self._order[position:]])
        self._claim(slot)

    def remove(self, position: int) -> Phrase:
        """Takes the phrase at `position` out and returns it; the next phrases that match capture its reports.

        Raises:
            CcdsError: there is no such position.
        """
        self._check_position(position, len(self._order))
        slot = self._order[position]
        self._release(slot, self._order[position + 1 :])
        left = self._held(slot)
        self._slot_of_report[left] = _NOBODY
        del self._postings[slot]
        self._captured[_NOBODY + 1] += len(left)
        self._captured[slot + 1] = 0
        self._reorder([other for other in self._order if other != slot])
        return self._phrases.pop(slot)

    def move(self, old: int, new: int) -> None:
        """Gives the phrase at position `old` the position `new`; those between move by one.

        Raises:
            CcdsError: there is no such position.
        """
        self._check_position(old, len(self._order))
        self._check_position(new, len(self._order))
        if new == old:
            return
        if new == old - 1:  # the same as the neighbour's move down, which looks for one holder only
            old, new = new, old
        slot = self._order[old]
        order = [other for other in self._order if other != slot]
        order.insert(new, slot)
        if new > old:
            self._release(slot, self._order[old + 1 : new + 1])
            self._reorder(order)
        else:
            self._reorder(order)
            self._claim(slot)

    def replace(self, position: int, phrase: Phrase) -> None:
        """Puts `phrase` in the place of the one at `position`. A new label alone costs nothing.

        Raises:
            CcdsError: there is no such position, or `phrase` is there already at another one.
        """
        self._check_position(position, len(self._order))
        slot = self._order[position]
        if self._phrases[slot].normalised == phrase.normalised:
            self._phrases[slot] = phrase
            return
        self._check_new(phrase)
        self._scan(phrase)
        self.remove(position)
        self.insert(phrase, position)

    def reports_of(self, position: int, *, captured_only: bool = False) -> Posting:
        """The reports that the phrase at `position` matches, or only those that it captures: indices, ascending.

        Raises:
            CcdsError: there is no such position.
        """
        self._check_position(position, len(self._order))
        slot = self._order[position]
        return self._held(slot) if captured_only else self._postings[slot].copy()

    def preview(self, phrase: Phrase) -> Preview:
        """What `phrase` would do if it were inserted; an `insert` right after it scans nothing again.

        Raises:
            CcdsError: the phrase is there already.
        """
        self._check_new(phrase)
        posting = self._scan(phrase)
        holders = np.bincount(self._holders(posting).astype(np.int64) + 1, minlength=len(self._captured))
        return Preview(
            raw=len(posting),
            captured_if_last=int(holders[_NOBODY + 1]),
            captured_if_first=len(posting),
            takes_from={
                position: int(holders[slot + 1]) for position, slot in enumerate(self._order) if holders[slot + 1]
            },
        )

    def spans(self, report: int) -> list[Span]:
        """Every place in report `report` where a phrase stands, by section and start, longer ones first.

        Raises:
            CcdsError: there is no such report.
        """
        self._check_position(report, len(self._texts), what="report")
        matching = [
            (position, self._phrases[slot].normalised)
            for position, slot in enumerate(self._order)
            if _holds(self._postings[slot], report)
        ]
        found: list[Span] = []
        for section, text in enumerate(self._texts[report]):
            folded, starts, ends = normalise_with_offsets(text)
            found.extend(
                Span(section, starts[at], ends[at + len(words) - 1], position)
                for position, words in matching
                for at in whole_words(folded, words)
            )
        return sorted(found, key=lambda span: (span.section, span.start, -span.end, span.position))

    # `take` and `compress` instead of brackets: several times faster, because a mask in brackets mispredicts branches.

    def _holders(self, posting: Posting) -> npt.NDArray[np.int16]:
        return self._slot_of_report.take(posting, mode="clip")

    def _held(self, slot: int) -> Posting:
        posting = self._postings[slot]
        return posting.compress(self._holders(posting) == slot)

    def _claim(self, slot: int) -> None:
        """Gives `slot` every report of its posting that a later phrase, or nobody, holds."""
        posting = self._postings[slot]
        holders = self._holders(posting)
        weaker = (self._rank > self._rank[slot]).take(holders, mode="wrap")
        lost = np.bincount(holders.compress(weaker).astype(np.int64) + 1, minlength=len(self._captured))
        self._captured -= lost
        self._slot_of_report[posting.compress(weaker)] = slot
        self._captured[slot + 1] += lost.sum()

    def _release(self, slot: int, heirs: Sequence[int]) -> None:
        """Gives the reports that `slot` holds to the first of `heirs` that matches; the others stay."""
        for heir in heirs:
            if not self._captured[slot + 1]:
                return
            posting = self._postings[heir]
            inherited = posting.compress(self._holders(posting) == slot)
            self._slot_of_report[inherited] = heir
            self._captured[heir + 1] += len(inherited)
            self._captured[slot + 1] -= len(inherited)

    def _reorder(self, order: list[int]) -> None:
        self._order = order
        # The last entry is the rank of _NOBODY, which is index -1.
        self._rank = np.full(len(self._captured), _AFTER_ALL, dtype=np.int16)
        self._rank[order] = np.arange(len(order), dtype=np.int16)

    def _scan(self, phrase: Phrase) -> Posting:
        """The posting of `phrase`; the last few are kept, for the insertion after a preview and for undoing a removal."""
        posting = self._scans.pop(phrase.normalised, None)
        if posting is None:
            posting = self._corpus.reports_with(phrase.normalised)
        self._scans[phrase.normalised] = posting
        if len(self._scans) > _SCANS_KEPT:
            del self._scans[next(iter(self._scans))]
        return posting

    def _check_new(self, phrase: Phrase) -> None:
        for position, slot in enumerate(self._order):
            if self._phrases[slot].normalised == phrase.normalised:
                raise CcdsError(
                    expected="a phrase that isn't there yet",
                    found=f"the one at place {position + 1} again (case and white space don't count)",
                    do="change that one instead",
                )

    @staticmethod
    def _check_position(position: int, end: int, what: str = "place") -> None:
        if not 0 <= position < end:
            raise CcdsError(
                expected=f"a {what} from 1 to {end}" if end else f"a {what}",
                found=f"{what} {position + 1}",
                do="look again: somebody may have changed the list",
            )


def _holds(posting: Posting, report: int) -> bool:
    at = int(np.searchsorted(posting, report))
    return at < len(posting) and int(posting[at]) == report
