"""The lists of cues by which a task's reports are read, and where a sentence holds them; what follows from it is `negation`.

A cue is a few words with a role. Decided:

- Where two cues begin at one word, the longer one is meant: "not excluded" isn't "not".
- The apostrophe of word processors is the one on the keyboard.
- One word in two lists is refused where both can't be meant, and takes both roles where they can.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Flag, auto
from functools import cached_property
from itertools import chain

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling import radiology_cues
from ccds_kernel.labeling.text import is_valid_unicode, is_word_character, normalise

LONGEST_CUE = 60
"""The longest cue in characters."""

MOST_CUES = 2_000
"""How many cues a task takes, over all lists."""


class Role(Flag):
    """What a cue does; one may do something in either direction."""

    DENIES_WHAT_FOLLOWS = auto()
    DENIES_WHAT_COMES_BEFORE = auto()
    LEAVES_OPEN_WHAT_FOLLOWS = auto()
    LEAVES_OPEN_WHAT_COMES_BEFORE = auto()
    DENIES_WHAT_IS_RIGHT_BEFORE = auto()
    LEAVES_OPEN_WHAT_IS_RIGHT_BEFORE = auto()
    AFFIRMS_WHAT_IS_RIGHT_BEFORE = auto()
    DENIES_WHAT_FOLLOWS_IF_FIRST = auto()
    NOTHING = auto()
    ENDS_SCOPE = auto()
    ENDS_SCOPE_BACKWARD = auto()


_ROLES = {
    "negation_before": Role.DENIES_WHAT_FOLLOWS,
    "negation_after": Role.DENIES_WHAT_COMES_BEFORE,
    "uncertainty_before": Role.LEAVES_OPEN_WHAT_FOLLOWS,
    "uncertainty_after": Role.LEAVES_OPEN_WHAT_COMES_BEFORE,
    "look_alikes": Role.NOTHING,
    "scope_ends": Role.ENDS_SCOPE,
    "negation_right_after": Role.DENIES_WHAT_IS_RIGHT_BEFORE,
    "uncertainty_right_after": Role.LEAVES_OPEN_WHAT_IS_RIGHT_BEFORE,
    "scope_ends_backward": Role.ENDS_SCOPE_BACKWARD,
    "affirmation_right_after": Role.AFFIRMS_WHAT_IS_RIGHT_BEFORE,
    "negation_opening": Role.DENIES_WHAT_FOLLOWS_IF_FIRST,
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
    ("negation_opening", "negation_before", "uncertainty_before", "look_alikes", "scope_ends"),
)
_TRUTH = "no, yes, on or off without quotes"
"""What a YAML file says instead of these words."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_APOSTROPHES = str.maketrans("\u2019\u02bc", "''")


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
        negation_opening: deny what follows where a sentence begins with them.

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
    negation_opening: Sequence[str] = radiology_cues.NEGATION_OPENING

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
                is_truth = isinstance(cues, list | tuple) and any(isinstance(cue, bool) for cue in cues)
                found, do = (_TRUTH, "write it in quotes") if is_truth else ("something else", "mend the list")
                raise CcdsError(expected=f"a list of words as {name}", found=found, do=do)
        return cls(**lists)

    def to_lists(self) -> dict[str, list[str]]:
        """The lists by their names, as JSON takes them."""
        return {field.name: list(getattr(self, field.name)) for field in fields(self)}

    def standing_in(self, sentence: str) -> Iterator[tuple[int, list[tuple[int, Role]]]]:
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
    def _table(self) -> dict[tuple[str, ...], list[tuple[str, Role]]]:
        """The one or two tokens with which cues begin → those cues, longer ones first."""
        roles: dict[str, Role] = {}
        for name, role in _ROLES.items():
            for cue in getattr(self, name):
                roles[cue] = roles.get(cue, role) | role
        table: dict[tuple[str, ...], list[tuple[str, Role]]] = {}
        for cue in sorted(roles, key=len, reverse=True):
            table.setdefault(tuple(_TOKEN.findall(cue)[:2]), []).append((cue, roles[cue]))
        return table


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
