"""Whether a report affirms, denies or leaves open what a phrase stands for, by the cues (`cues`) in the phrase's sentence.

The rule is that of NegEx (Chapman et al., J Biomed Inform 2001;34:301-310) and ConText (Harkema et al., J Biomed Inform
2009;42:839-851): a *cue* before the place ("no", "possible") reaches forward, one after it ("is excluded") backward, both to the
end of the sentence or to a word that ends their *scope* ("but", "unchanged"); a *look-alike* ("not only") holds the words of a
cue and is none. Decided otherwise than there:

- The whole sentence is in reach forward, as in ConText, not NegEx's five words: radiologists deny long lists in one sentence.
  Backward a comma ends it: "effusion, pneumothorax is not seen".
- A word that is said of what follows as readily as of what comes before ("effusion resolved", "with resolved pneumothorax")
  reaches only what stands *right before* it. So does one that is said of a finding that is there: "no pneumothorax, effusion
  unchanged" denies no effusion. Where a sentence begins with "resolved", it reaches forward.
- A negation between a colon or dash and the end of a sentence, or a comma, answers: "effusion: no, mass: yes".
- One answer, not one each for negation and certainty: of several cues that reach a place the nearest one decides ("no
  pneumothorax, possible effusion"), and of two as near the negation.
- A cue never overlaps the place: "no effusion" is affirmed where the phrase says so itself.

A parser that knows which noun a "no" belongs to was left out: it is slow, and a person can neither predict nor edit it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from ccds_kernel.labeling.cues import Cues, Role
from ccds_kernel.labeling.incoming.headings import name_of
from ccds_kernel.labeling.text import is_word_character

LONGEST_REACH = 1_000
"""How far a cue reaches at most, in characters: a longer text without a full stop is no sentence."""

_RIGHT_BEFORE = 3
"""How many characters, none of a word, may lie between a place and a cue that stands right after it: " (", ": ", " - "."""

_ASKS = (":", ": ", " - ")
_ENDS_ANSWER = ("", ",", ".", ";", "!")
_LONGEST_OPENING = 40
"""How many characters may lie before a cue with which a sentence begins: a heading or the number of a list."""
_MARKS = " :*_#-"


class Assertion(Enum):
    """What a report says of a phrase at one place."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    UNCERTAIN = "uncertain"


class Reach(NamedTuple):
    """A cue that reaches a place: how many characters lie between, and what it says of it."""

    distance: int
    says: Assertion


class _Decided(NamedTuple):
    """The cue that decides: at which of its edges a reach begins, and what it says."""

    edge: int
    says: Assertion


class SentenceCues:
    """The cues of one sentence, looked for once; what they say of a place is then found by bisection.

    Args:
        sentence: in normal form; of several, if a phrase spans them, from the begin of the first to the end of the last.
        cues: the cues.
    """

    __slots__ = ("_decided", "_decided_from", "_ends", "_sentence", "_standing", "_starts")  # many are kept

    def __init__(self, sentence: str, cues: Cues) -> None:
        self._sentence = sentence
        self._standing = [(start, _meant(sentence, start, found)) for start, found in cues.standing_in(sentence)]
        self._starts = [start for start, _ in self._standing]
        self._read_forward()
        self._read_backward()

    def assertion(self, start: int, end: int) -> Assertion:
        """What the sentence says of what stands from `start` to `end` as whole words; of cues as near, the negation decides."""
        reaches = [one for one in (self._forward(start), self._backward(end)) if one and one.distance <= LONGEST_REACH]
        if not reaches:
            return Assertion.AFFIRMED
        return min(reaches, key=lambda reach: (reach.distance, reach.says is not Assertion.NEGATED)).says

    def _read_forward(self) -> None:
        """From the left, none overlapping another: where each cue ends, and what decides for all that follows."""
        self._ends: list[int] = []
        self._decided: list[_Decided | None] = [None]
        for start, found in self._standing:
            if not self._ends or start >= self._ends[-1]:
                length, role = found[0]
                self._ends.append(start + length)
                self._decided.append(_decided_after(self._decided[-1], role, start + length))

    def _read_backward(self) -> None:
        """Per place where cues begin: what decides for what comes before it, were it read from there."""
        self._decided_from: list[_Decided | None] = [None] * (len(self._starts) + 1)
        for at in reversed(range(len(self._starts))):
            start, ((length, role), *_) = self._standing[at]
            if role & (Role.ENDS_SCOPE | Role.ENDS_SCOPE_BACKWARD):
                continue
            if Role.DENIES_WHAT_COMES_BEFORE in role:
                self._decided_from[at] = _Decided(start, Assertion.NEGATED)
            elif Role.LEAVES_OPEN_WHAT_COMES_BEFORE in role:
                self._decided_from[at] = _Decided(start, Assertion.UNCERTAIN)
            else:
                self._decided_from[at] = self._decided_from[bisect_left(self._starts, start + length, at)]

    def _forward(self, start: int) -> Reach | None:
        """The cue before `start` that reaches it: the last one after which no scope ends."""
        read = bisect_right(self._ends, start)
        decided, free_from = self._decided[read], self._ends[read - 1] if read else 0
        for at in range(bisect_left(self._starts, free_from), bisect_left(self._starts, start)):
            # a cue that overlaps the place is none, and hides no shorter one beside it
            begin, found = self._standing[at]
            fitting = next(((length, role) for length, role in found if begin + length <= start), None)
            if fitting and begin >= free_from:
                free_from = begin + fitting[0]
                decided = _decided_after(decided, fitting[1], free_from)
        return Reach(start - decided.edge, decided.says) if decided else None

    def _backward(self, end: int) -> Reach | None:
        """The cue after `end` that reaches it: the first one before which no scope ends."""
        at = bisect_left(self._starts, end)
        if at < len(self._starts) and (distance := self._starts[at] - end) <= _RIGHT_BEFORE:
            _, role = self._standing[at][1][0]
            if not any(map(is_word_character, self._sentence[end : end + distance])):
                if Role.DENIES_WHAT_IS_RIGHT_BEFORE in role:
                    return Reach(distance, Assertion.NEGATED)
                if Role.LEAVES_OPEN_WHAT_IS_RIGHT_BEFORE in role:
                    return Reach(distance, Assertion.UNCERTAIN)
                if Role.AFFIRMS_WHAT_IS_RIGHT_BEFORE in role:
                    return Reach(distance, Assertion.AFFIRMED)
        decided = self._decided_from[at]
        return Reach(decided.edge - end, decided.says) if decided else None


def _meant(sentence: str, start: int, found: list[tuple[int, Role]]) -> list[tuple[int, Role]]:
    """The cues that were `found` at `start` with what they do there: one that answers, and one that opens the sentence."""
    for length, role in found:
        if Role.DENIES_WHAT_FOLLOWS in role and _is_answer(sentence, start, start + length):
            return [(length, Role.DENIES_WHAT_IS_RIGHT_BEFORE)]
    if any(Role.DENIES_WHAT_FOLLOWS_IF_FIRST in role for _, role in found) and _is_first(sentence, start):
        return [
            (length, Role.DENIES_WHAT_FOLLOWS if Role.DENIES_WHAT_FOLLOWS_IF_FIRST in role else role)
            for length, role in found
        ]
    return found


def _is_answer(sentence: str, start: int, end: int) -> bool:
    """Whether a mark that asks stands right before `start`, and nothing right behind `end` that could be denied."""
    return sentence.endswith(_ASKS, 0, start) and sentence[end : end + 1] in _ENDS_ANSWER


def _is_first(sentence: str, start: int) -> bool:
    """Whether no word comes before `start`, save the number of a list or a heading."""
    if start > _LONGEST_OPENING:
        return False
    before = sentence[:start].strip(_MARKS)
    return not any(map(str.isalpha, before)) or name_of(before) is not None


def _decided_after(before: _Decided | None, role: Role, end: int) -> _Decided | None:
    """What decides for what follows a cue that ends at `end`, if `before` did until then."""
    if Role.ENDS_SCOPE in role:
        return None
    if Role.DENIES_WHAT_FOLLOWS in role:
        return _Decided(end, Assertion.NEGATED)
    if Role.LEAVES_OPEN_WHAT_FOLLOWS in role:
        return _Decided(end, Assertion.UNCERTAIN)
    return before


def sentence_around(place: tuple[int, int], ends: Sequence[int]) -> tuple[int, int]:
    """Begin and end of the sentence, or sentences, in which `place` (start and end, not empty) lies."""
    start, end = place
    first = bisect_right(ends, start)
    return ends[first - 1] if first else 0, ends[bisect_left(ends, end)]
