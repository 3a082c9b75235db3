"""Whether a report affirms, denies or leaves open what a phrase stands for, by the cues in the phrase's sentence.

The rule is that of NegEx (Chapman et al., J Biomed Inform 2001;34:301-310) and ConText (Harkema et al., J Biomed Inform
2009;42:839-851): a *cue* before the place ("no", "possible") reaches forward, one after it ("is excluded") backward, both to the
end of the sentence or to a word that ends their *scope* ("but", "unchanged"); a *look-alike* ("not only") holds the words of a
cue and is none. Decided otherwise than there:

- The whole sentence is in reach forward, as in ConText, not NegEx's five words: radiologists deny long lists in one sentence.
  Backward a comma ends it: "effusion, pneumothorax is not seen".
- A word that is said of what follows as readily as of what comes before ("effusion resolved", "with resolved pneumothorax")
  reaches only what stands *right before* it. So does one that is said of a finding that is there: "no pneumothorax, effusion
  unchanged" denies no effusion.
- One answer, not one each for negation and certainty: of several cues that reach a place the nearest one decides ("no
  pneumothorax, possible effusion"), and of two as near the negation.
- A cue never overlaps the place: "no effusion" is affirmed where the phrase says so itself.
- Where two cues begin at one word, the longer one is meant: "not excluded" isn't "not".
- The apostrophe of word processors is the one on the keyboard.

A parser that knows which noun a "no" belongs to was left out: it is slow, and a person can neither predict nor edit it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum, Flag, auto
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling import radiology_cues
from ccds_kernel.labeling.text import is_valid_unicode, is_word_character, normalise

LONGEST_CUE = 60
"""The longest cue in characters."""

MOST_CUES = 2_000
"""How many cues a task takes, over all lists."""


LONGEST_REACH = 1_000
"""How far a cue reaches at most, in characters: a longer text without a full stop is no sentence."""


class Assertion(Enum):
    """What a report says of a phrase at one place."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    UNCERTAIN = "uncertain"


class _Role(Flag):
    """What a cue does; one may do something in either direction."""

    DENIES_WHAT_FOLLOWS = auto()
    DENIES_WHAT_COMES_BEFORE = auto()
    LEAVES_OPEN_WHAT_FOLLOWS = auto()
    LEAVES_OPEN_WHAT_COMES_BEFORE = auto()
    DENIES_WHAT_IS_RIGHT_BEFORE = auto()
    LEAVES_OPEN_WHAT_IS_RIGHT_BEFORE = auto()
    AFFIRMS_WHAT_IS_RIGHT_BEFORE = auto()
    NOTHING = auto()
    ENDS_SCOPE = auto()
    ENDS_SCOPE_BACKWARD = auto()


_ROLES = {
    "negation_before": _Role.DENIES_WHAT_FOLLOWS,
    "negation_after": _Role.DENIES_WHAT_COMES_BEFORE,
    "uncertainty_before": _Role.LEAVES_OPEN_WHAT_FOLLOWS,
    "uncertainty_after": _Role.LEAVES_OPEN_WHAT_COMES_BEFORE,
    "look_alikes": _Role.NOTHING,
    "scope_ends": _Role.ENDS_SCOPE,
    "negation_right_after": _Role.DENIES_WHAT_IS_RIGHT_BEFORE,
    "uncertainty_right_after": _Role.LEAVES_OPEN_WHAT_IS_RIGHT_BEFORE,
    "scope_ends_backward": _Role.ENDS_SCOPE_BACKWARD,
    "affirmation_right_after": _Role.AFFIRMS_WHAT_IS_RIGHT_BEFORE,
}
_EXCLUDE_EACH_OTHER = (
    ("negation_before", "uncertainty_before", "look_alikes", "scope_ends"),
    ("negation_after", "uncertainty_after", "look_alikes", "scope_ends", "scope_ends_backward"),
    ("negation_right_after", "uncertainty_right_after", "look_alikes", "scope_ends", "scope_ends_backward"),
    ("negation_after", "uncertainty_right_after"),
    ("uncertainty_after", "negation_right_after"),
    ("affirmation_right_after", "negation_after"),
    ("affirmation_right_after", "uncertainty_after"),
    ("affirmation_right_after", "negation_right_after", "uncertainty_right_after"),
)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_APOSTROPHES = str.maketrans("\u2019\u02bc", "''")
_RIGHT_BEFORE = 3
"""How many characters, none of a word, may lie between a place and a cue that stands right after it: " (", ": ", " - "."""


class Reach(NamedTuple):
    """A cue that reaches a place: how many characters lie between, and what it says of it."""

    distance: int
    says: Assertion


class _Decided(NamedTuple):
    """The cue that decides: at which of its edges a reach begins, and what it says."""

    edge: int
    says: Assertion


@dataclass(frozen=True)
class Cues:
    """The lists of cues by which a task's reports are read. Case and white space don't count.

    Args:
        negation_before: deny what follows.
        negation_after: deny what comes before.
        uncertainty_before: leave open what follows.
        uncertainty_after: leave open what comes before.
        look_alikes: hold a cue's words and are none.
        scope_ends: end the reach of every cue.
        negation_right_after: deny what stands right before them, nothing else.
        uncertainty_right_after: leave open what stands right before them, nothing else.
        scope_ends_backward: end the reach of a cue to what comes before.
        affirmation_right_after: say of what stands right before them that it is there, whatever is said before that.

    Each takes any sequence of strings and keeps a tuple of their normal forms; an empty one is allowed.

    Raises:
        CcdsError: a cue is blank, too long, no valid Unicode, twice in a list, or in two lists that can't both be meant; or there
            are too many.
    """

    negation_before: Sequence[str] = radiology_cues.NEGATION_BEFORE
    negation_after: Sequence[str] = radiology_cues.NEGATION_AFTER
    uncertainty_before: Sequence[str] = radiology_cues.UNCERTAINTY_BEFORE
    uncertainty_after: Sequence[str] = radiology_cues.UNCERTAINTY_AFTER
    look_alikes: Sequence[str] = radiology_cues.LOOK_ALIKES
    scope_ends: Sequence[str] = radiology_cues.SCOPE_ENDS
    negation_right_after: Sequence[str] = radiology_cues.NEGATION_RIGHT_AFTER
    uncertainty_right_after: Sequence[str] = radiology_cues.UNCERTAINTY_RIGHT_AFTER
    scope_ends_backward: Sequence[str] = radiology_cues.SCOPE_ENDS_BACKWARD
    affirmation_right_after: Sequence[str] = radiology_cues.AFFIRMATION_RIGHT_AFTER

    def __post_init__(self) -> None:
        for name in _ROLES:
            object.__setattr__(self, name, tuple(_checked(name, cue) for cue in getattr(self, name)))
        for names in (*((name,) for name in _ROLES), *_EXCLUDE_EACH_OTHER):
            times = Counter(chain.from_iterable(getattr(self, name) for name in names))
            if twice := [cue for cue, count in times.items() if count > 1]:
                raise CcdsError(
                    expected=f"each cue once in {' and '.join(name.replace('_', ' ') for name in names)}",
                    found=f"'{twice[0]}' again (case and white space don't count)",
                    do="remove it from one",
                )
        if (count := sum(len(getattr(self, name)) for name in _ROLES)) > MOST_CUES:
            raise CcdsError(
                expected=f"at most {MOST_CUES} cues", found=str(count), do="leave out those that never occur"
            )

    @classmethod
    def from_lists(cls, lists: Mapping[str, Sequence[str]]) -> Cues:
        """The cues of `to_lists`; a list that isn't named is the default one.

        Raises:
            CcdsError: a list of another name, or a value that is no list of strings, or see the class.
        """
        if unknown := set(lists) - set(_ROLES):
            raise CcdsError(
                expected=f"lists of cues named {', '.join(_ROLES)}",
                found=f"{len(unknown)} of another name",
                do="rename them",
            )
        for name, cues in lists.items():
            if not isinstance(cues, list | tuple) or not all(isinstance(cue, str) for cue in cues):
                raise CcdsError(expected=f"a list of words as {name}", found="something else", do="mend the list")
        return cls(**lists)

    def to_lists(self) -> dict[str, list[str]]:
        """The lists by their names, as JSON takes them."""
        return {field.name: list(getattr(self, field.name)) for field in fields(self)}

    def assertion(self, text: str, place: tuple[int, int], ends: Sequence[int]) -> Assertion:
        """What `text` says of what stands at `place`.

        Args:
            text: in normal form.
            place: start and end of a phrase that stands there as whole words (`text.whole_words`).
            ends: where the sentences of the text end (`sentences.sentence_ends`). A phrase that spans two reaches from the begin
                of its first to the end of its last.
        """
        begin, end = sentence_around(place, ends)
        return SentenceCues(text[begin:end], self).assertion(place[0] - begin, place[1] - begin)

    def standing_in(self, sentence: str) -> Iterator[tuple[int, list[tuple[int, _Role]]]]:
        """Where cues begin in `sentence` (in normal form), ascending: the offset, then length and role of each, longest first."""
        sentence = sentence if sentence.isascii() else sentence.translate(_APOSTROPHES)
        tokens = [(token.group(), token.start()) for token in _TOKEN.finditer(sentence)]
        for (word, start), (following, _) in zip(tokens, [*tokens[1:], ("", 0)], strict=True):
            candidates = [*self._table.get((word, following), ()), *self._table.get((word,), ())]
            found = [
                (len(cue), role)
                for cue, role in candidates
                if sentence.startswith(cue, start) and _stands_alone(sentence, start, len(cue))
            ]
            if found:
                yield start, found

    @cached_property
    def _table(self) -> dict[tuple[str, ...], list[tuple[str, _Role]]]:
        """The one or two tokens with which cues begin → those cues, longer ones first."""
        roles: dict[str, _Role] = {}
        for name, role in _ROLES.items():
            for cue in getattr(self, name):
                roles[cue] = roles.get(cue, role) | role
        table: dict[tuple[str, ...], list[tuple[str, _Role]]] = {}
        for cue in sorted(roles, key=len, reverse=True):
            table.setdefault(tuple(_TOKEN.findall(cue)[:2]), []).append((cue, roles[cue]))
        return table


class SentenceCues:
    """The cues of one sentence, looked for once; what they say of a place is then found by bisection.

    Args:
        sentence: in normal form; of several, if a phrase spans them, from the begin of the first to the end of the last.
        cues: the cues.
    """

    __slots__ = ("_decided", "_decided_from", "_ends", "_sentence", "_standing", "_starts")  # many are kept

    def __init__(self, sentence: str, cues: Cues) -> None:
        self._sentence = sentence
        self._standing = list(cues.standing_in(sentence))
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
            if role & (_Role.ENDS_SCOPE | _Role.ENDS_SCOPE_BACKWARD):
                continue
            if _Role.DENIES_WHAT_COMES_BEFORE in role:
                self._decided_from[at] = _Decided(start, Assertion.NEGATED)
            elif _Role.LEAVES_OPEN_WHAT_COMES_BEFORE in role:
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
                if _Role.DENIES_WHAT_IS_RIGHT_BEFORE in role:
                    return Reach(distance, Assertion.NEGATED)
                if _Role.LEAVES_OPEN_WHAT_IS_RIGHT_BEFORE in role:
                    return Reach(distance, Assertion.UNCERTAIN)
                if _Role.AFFIRMS_WHAT_IS_RIGHT_BEFORE in role:
                    return Reach(distance, Assertion.AFFIRMED)
        decided = self._decided_from[at]
        return Reach(decided.edge - end, decided.says) if decided else None


def _decided_after(before: _Decided | None, role: _Role, end: int) -> _Decided | None:
    """What decides for what follows a cue that ends at `end`, if `before` did until then."""
    if _Role.ENDS_SCOPE in role:
        return None
    if _Role.DENIES_WHAT_FOLLOWS in role:
        return _Decided(end, Assertion.NEGATED)
    if _Role.LEAVES_OPEN_WHAT_FOLLOWS in role:
        return _Decided(end, Assertion.UNCERTAIN)
    return before


def sentence_around(place: tuple[int, int], ends: Sequence[int]) -> tuple[int, int]:
    """Begin and end of the sentence, or sentences, in which `place` (start and end, not empty) lies."""
    start, end = place
    first = bisect_right(ends, start)
    return ends[first - 1] if first else 0, ends[bisect_left(ends, end)]


def _checked(name: str, cue: str) -> str:
    normalised = normalise(cue).translate(_APOSTROPHES)
    if not normalised or len(normalised) > LONGEST_CUE or not is_valid_unicode(cue) or not _TOKEN.search(normalised):
        raise CcdsError(
            expected=f"cues of 1 to {LONGEST_CUE} characters in {name.replace('_', ' ')}",
            found="a blank one, a longer one, or one in half characters",
            do="mend the list",
        )
    return normalised


def _stands_alone(part: str, start: int, length: int) -> bool:
    """Whether no word goes on over either edge of the cue at `start`; a cue that ends in a mark, as "?", ends no word."""
    end = start + length
    if start and is_word_character(part[start]) and is_word_character(part[start - 1]):
        return False
    return end == len(part) or not is_word_character(part[end - 1]) or not is_word_character(part[end])


RADIOLOGY = Cues()
"""The cues with which every task begins."""
