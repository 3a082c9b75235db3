"""What the reports that a scan found say of its phrase: affirmed, negated, uncertain, or several of these at several places.

Only reports that hold the phrase are read here, one by one, so that a phrase without options costs nothing more than its scan.
What can be kept is kept: the sentence ends of a report that was read once, and the cues of each different sentence, because
reports repeat each other's sentences. A long text without a full stop is one sentence, read once for all places in it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.corpus import Corpus, Posting
from ccds_kernel.labeling.cues import Cues
from ccds_kernel.labeling.matches import Matching
from ccds_kernel.labeling.negation import Assertion, SentenceCues, sentence_around
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.text import whole_words

_UNREAD = -1
_LONGEST_KEPT = 1_000
"""Characters; longer sentences hardly repeat."""
_MOST_KEPT = 4_000_000
"""Characters of the different sentences that are remembered: some 60 MB with what is known of them."""


class Said(IntFlag):
    """What a report says of a phrase, over all places where it stands."""

    AFFIRMED = 1
    NEGATED = 2
    UNCERTAIN = 4


_SAID = {
    Assertion.AFFIRMED: int(Said.AFFIRMED),
    Assertion.NEGATED: int(Said.NEGATED),
    Assertion.UNCERTAIN: int(Said.UNCERTAIN),
}


def sorted_out(phrase: Phrase, posting: Posting, said: npt.NDArray[np.uint8]) -> Matching:
    """Which reports of `posting`, in which `phrase` stands and of which `said` tells what they say, it matches, and how.

    A negated place of a phrase that isn't negatable counts, and is certain.
    """
    certain = Said.AFFIRMED if phrase.negatable else Said.AFFIRMED | Said.NEGATED
    counts = (said & (certain | Said.UNCERTAIN)) != 0
    uncertain = counts & ((said & certain) == 0) if phrase.uncertain_label is not None else np.zeros_like(counts)
    return Matching(posting.compress(counts), posting.compress(uncertain), posting.compress(~counts))


class ContextReader:
    """Reads `corpus` by `cues`."""

    def __init__(self, corpus: Corpus, cues: Cues) -> None:
        self._corpus = corpus
        self._cues = cues
        self._first_end = np.full(len(corpus), _UNREAD, dtype=np.int64)
        self._ends = array("I")  # per report that was read: how many ends, then the ends
        self._kept: dict[str, SentenceCues] = {}
        self._characters_kept = 0
        self._last: tuple[int, tuple[int, int], SentenceCues] | None = (
            None  # report, begin and end, what was read there
        )

    def said(self, phrase: str, posting: Posting) -> npt.NDArray[np.uint8]:
        """Per report of `posting`, all of which hold `phrase` (in normal form), the flags of `Said`."""
        found = np.zeros(len(posting), dtype=np.uint8)
        for at, (report, text) in enumerate(zip(posting.tolist(), self._corpus.normalised(posting), strict=True)):
            ends = self._sentence_ends(report)
            flags = 0
            for start in whole_words(text, phrase):
                flags |= _SAID[self._assertion(report, text, (start, start + len(phrase)), ends)]
            found[at] = flags
        return found

    def assertion(self, report: int, text: str, start: int, end: int) -> Assertion:
        """What report `report`, whose searched text is `text`, says of what stands from `start` to `end`."""
        return self._assertion(report, text, (start, end), self._sentence_ends(report))

    def _assertion(self, report: int, text: str, place: tuple[int, int], ends: Sequence[int]) -> Assertion:
        """What the sentence around `place` (start and end) says of it, with what is known of that sentence."""
        begin, end = around = sentence_around(place, ends)
        if self._last is None or self._last[:2] != (report, around):  # a long sentence isn't even sliced twice
            self._last = report, around, self._read(text[begin:end])
        return self._last[2].assertion(place[0] - begin, place[1] - begin)

    def _read(self, sentence: str) -> SentenceCues:
        """The cues of `sentence`, looked for where they aren't known."""
        known = self._kept.get(sentence)
        if known is None:
            known = SentenceCues(sentence, self._cues)
            if len(sentence) <= _LONGEST_KEPT:
                if self._characters_kept > _MOST_KEPT:
                    self._kept.clear()
                    self._characters_kept = 0
                self._kept[sentence] = known
                self._characters_kept += len(sentence)
        return known

    def _sentence_ends(self, report: int) -> Sequence[int]:
        at = int(self._first_end[report])
        if at == _UNREAD:
            at = self._first_end[report] = len(self._ends)
            ends = self._corpus.sentence_ends(report)
            self._ends.append(len(ends))
            self._ends.extend(ends)
        return self._ends[at + 1 : at + 1 + self._ends[at]]
