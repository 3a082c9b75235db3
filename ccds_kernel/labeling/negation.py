"""Whether a report affirms, denies or leaves open what a phrase stands for, by the cues in the phrase's sentence.

The rule is that of NegEx (Chapman et al., J Biomed Inform 2001;34:301-310) and ConText (Harkema et al., J Biomed Inform
2009;42:839-851): a *cue* before the place ("no", "possible") reaches forward, one after it ("is excluded") backward, both to the
end of the sentence or to a word that ends their *scope* ("but"); a *look-alike* ("no change") holds the words of a cue and is
none. Decided otherwise than there:

- The whole sentence is in reach, as in ConText, not NegEx's five words: radiologists deny long lists in one sentence.
- One answer, not one each for negation and certainty: of several cues that reach a place the nearest one decides ("no
  pneumothorax, possible effusion"), and of two as near the negation.
- A cue never overlaps the place: "no effusion" is affirmed where the phrase says so itself.
- Where two cues begin at one word, the longer one is meant: "cannot be excluded" isn't "excluded".

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
    NOTHING = auto()
    ENDS_SCOPE = auto()


_ROLES = {
    "negation_before": _Role.DENIES_WHAT_FOLLOWS,
    "negation_after": _Role.DENIES_WHAT_COMES_BEFORE,
    "uncertainty_before": _Role.LEAVES_OPEN_WHAT_FOLLOWS,
    "uncertainty_after": _Role.LEAVES_OPEN_WHAT_COMES_BEFORE,
    "look_alikes": _Role.NOTHING,
    "scope_ends": _Role.ENDS_SCOPE,
}
_EXCLUDE_EACH_OTHER = (
    ("negation_before", "uncertainty_before", "look_alikes", "scope_ends"),
    ("negation_after", "uncertainty_after", "look_alikes", "scope_ends"),
)
_TOKEN = re.compile(r"\w+|[^\w\s]")


class Reach(NamedTuple):
    """A cue that reaches a place: how many characters lie between, and what it says of it."""

    distance: int
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
        return self.judge(text[begin : place[0]], text[place[1] : end])

    def judge(self, before: str, after: str) -> Assertion:
        """What a sentence says of what stands between its parts `before` and `after`, both in normal form."""
        return nearer(self.reach_forward(before), self.reach_backward(after))

    def reach_forward(self, before: str) -> Reach | None:
        """The cue in `before` that reaches its end: the last one after which no scope ends."""
        reach = None
        for start, length, role in self._found(before):
            end = start + length
            if _Role.ENDS_SCOPE in role:
                reach = None
            elif _Role.DENIES_WHAT_FOLLOWS in role:
                reach = Reach(len(before) - end, Assertion.NEGATED)
            elif _Role.LEAVES_OPEN_WHAT_FOLLOWS in role:
                reach = Reach(len(before) - end, Assertion.UNCERTAIN)
        return reach

    def reach_backward(self, after: str) -> Reach | None:
        """The cue in `after` that reaches its begin: the first one before which no scope ends."""
        for start, _, role in self._found(after):
            if _Role.ENDS_SCOPE in role:
                return None
            if _Role.DENIES_WHAT_COMES_BEFORE in role:
                return Reach(start, Assertion.NEGATED)
            if _Role.LEAVES_OPEN_WHAT_COMES_BEFORE in role:
                return Reach(start, Assertion.UNCERTAIN)
        return None

    def _found(self, part: str) -> Iterator[tuple[int, int, _Role]]:
        """The cues in a part of a sentence, none overlapping another: start, length, what it does."""
        free_from = 0
        for token in _TOKEN.finditer(part):
            start = token.start()
            if start < free_from:
                continue
            for cue, role in self._by_first_token.get(token.group(), ()):
                if part.startswith(cue, start) and _stands_alone(part, start, len(cue)):
                    yield start, len(cue), role
                    free_from = start + len(cue)
                    break

    @cached_property
    def _by_first_token(self) -> dict[str, list[tuple[str, _Role]]]:
        """First token → the cues that begin with it, longer ones first."""
        roles: dict[str, _Role] = {}
        for name, role in _ROLES.items():
            for cue in getattr(self, name):
                roles[cue] = roles.get(cue, role) | role
        table: dict[str, list[tuple[str, _Role]]] = {}
        for cue in sorted(roles, key=len, reverse=True):
            table.setdefault(_TOKEN.findall(cue)[0], []).append((cue, roles[cue]))
        return table


def nearer(forward: Reach | None, backward: Reach | None) -> Assertion:
    """What the nearer of the two cues says; the negation where both are as near."""
    reaches = [reach for reach in (forward, backward) if reach]
    return (
        min(reaches, key=lambda reach: (reach.distance, reach.says is Assertion.UNCERTAIN)).says
        if reaches
        else Assertion.AFFIRMED
    )


def sentence_around(place: tuple[int, int], ends: Sequence[int]) -> tuple[int, int]:
    """Begin and end of the sentence, or sentences, in which `place` (start and end, not empty) lies."""
    start, end = place
    first = bisect_right(ends, start)
    return ends[first - 1] if first else 0, ends[bisect_left(ends, end)]


def _checked(name: str, cue: str) -> str:
    normalised = normalise(cue)
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
