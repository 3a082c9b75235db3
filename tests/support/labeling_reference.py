"""What a task's phrases do to its reports, the slow and obvious way: every question is answered from nothing, place by place.

A report is given as sections of sentences, so that nobody has to find out where a sentence ends. What a character, a word or a
cue is, is `text`'s and `Cues`' word; everything else is done here once more, without postings, caches or arrays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ccds_kernel.labeling.cues import Cues
from ccds_kernel.labeling.negation import Assertion
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.text import is_word_character, normalise

NO, NEGATED, CERTAIN, UNCERTAIN = "no match", "negated", "certain", "uncertain"


@dataclass(frozen=True)
class WrittenSection:
    """A section: its name, and its sentences, each with what ends it."""

    name: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it is written."""
        return "".join(self.sentences)

    @property
    def normal_sentences(self) -> list[str]:
        """In normal form; white space stands between any two."""
        return [normalise(sentence) for sentence in self.sentences]


def stands_at(text: str, words: str, start: int) -> bool:
    """Whether `words` stand in `text` at `start` with no word character on either side."""
    end = start + len(words)
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return text[start:end] == words and not any(is_word_character(one) for one in (before, after) if one)


def cue_stands_at(text: str, cue: str, start: int) -> bool:
    """Whether `cue` stands in `text` at `start` and no word goes on over its edges."""
    end = start + len(cue)
    if text[start:end] != cue:
        return False
    torn_before = start > 0 and is_word_character(cue[0]) and is_word_character(text[start - 1])
    torn_after = end < len(text) and is_word_character(cue[-1]) and is_word_character(text[end])
    return not torn_before and not torn_after


def cues_in(part: str, cues: Cues) -> list[tuple[int, int, str]]:
    """Start, end and words of the cues in `part`: from the left, the longest at each place, none overlapping another."""
    part = part.replace("\u2019", "'").replace("\u02bc", "'")
    known = {cue for cues_of_a_list in cues.to_lists().values() for cue in cues_of_a_list}
    found, at = [], 0
    while at < len(part):
        standing = [cue for cue in known if cue_stands_at(part, cue, at)]
        if standing:
            longest = max(standing, key=len)
            found.append((at, at + len(longest), longest))
            at += len(longest)
        else:
            at += 1
    return found


def is_answer(part: str, start: int, end: int, *, ends_here: bool = True) -> bool:
    """Whether what stands in `part` answers what was asked before it; `ends_here`: whether the sentence ends with `part`."""
    ended = part[end] in ",.;!" if end < len(part) else ends_here
    return ended and part[:start].endswith((":", ": ", " - "))


Reaching = list[tuple[int, int, Assertion]]
"""The cues that reach a place: how far away, 0 for a negation and 1 for another one, what it says."""


def reaching_forward(before: str, cues: Cues) -> Reaching:
    """The cues that reach what stands behind `before`."""
    reaching: Reaching = []
    for start, end, cue in reversed(cues_in(before, cues)):
        if cue in cues.scope_ends:
            break
        opens = cue in cues.negation_opening and not any(map(str.isalpha, before[:start]))
        if opens or (cue in cues.negation_before and not is_answer(before, start, end, ends_here=False)):
            reaching.append((len(before) - end, 0, Assertion.NEGATED))
        if cue in cues.uncertainty_before:
            reaching.append((len(before) - end, 1, Assertion.UNCERTAIN))
    return reaching


def reaching_backward(after: str, cues: Cues) -> Reaching:
    """The cues that reach what stands before `after`."""
    reaching: Reaching = []
    for number, (start, end, cue) in enumerate(cues_in(after, cues)):
        stands_beside = number == 0 and start <= len(" - ") and not any(map(is_word_character, after[:start]))
        if stands_beside and cue in cues.affirmation_right_after:
            return [(start, 1, Assertion.AFFIRMED)]
        if cue in cues.scope_ends or cue in cues.scope_ends_backward:
            break
        answers = cue in cues.negation_before and is_answer(after, start, end)
        if cue in cues.negation_after or (stands_beside and (answers or cue in cues.negation_right_after)):
            reaching.append((start, 0, Assertion.NEGATED))
        if cue in cues.uncertainty_after or (stands_beside and cue in cues.uncertainty_right_after):
            reaching.append((start, 1, Assertion.UNCERTAIN))
    return reaching


def assertion(before: str, after: str, cues: Cues) -> Assertion:
    """What a sentence says of what stands between `before` and `after`."""
    reaching = [*reaching_forward(before, cues), *reaching_backward(after, cues)]
    return min(reaching, key=lambda one: one[:2])[2] if reaching else Assertion.AFFIRMED


def assertions(sections: Iterable[WrittenSection], words: str, cues: Cues) -> list[Assertion]:
    """What the sections say of `words` (in normal form), at every place where they stand."""
    found = []
    for section in sections:
        sentences = section.normal_sentences
        text = " ".join(sentences)
        assert text == normalise(section.text), "the reference must know its own sentences"
        # which sentence each character belongs to
        owner = [number for number, one in enumerate(sentences) for _ in one + " "][: len(text)]
        for start in range(len(text)):
            end = start + len(words)
            if stands_at(text, words, start):
                begin = owner.index(owner[start])
                last = len(owner) - owner[::-1].index(owner[end - 1])
                found.append(assertion(text[begin:start], text[end:last], cues))
    return found


class Reference:
    """The phrases of a task over `reports`, in lists by name, as plain Python lists that anybody may change.

    Args:
        reports: per report its sections.
        left_out: names of sections in which nothing is looked for.
        cues: the cues.
        several: whether each label is decided by itself.
    """

    def __init__(
        self, reports: Sequence[Sequence[WrittenSection]], left_out: Iterable[str], cues: Cues, *, several: bool
    ) -> None:
        self._reports = [[one for one in sections if one.name not in set(left_out)] for sections in reports]
        self._cues = cues
        self.several = several
        self.lists: dict[str, list[Phrase]] = {}
        self._assertions = cache(
            lambda report, words: tuple(assertions(self._reports[report], words, self._cues))
        )  # reports never change

    def list_of(self, phrase: Phrase) -> str:
        """The name of the phrase's list."""
        return phrase.label if self.several else ""

    def says(self, report: int, phrase: Phrase) -> str:
        """`NO`, `NEGATED`, `CERTAIN` or `UNCERTAIN`."""
        places = self._assertions(report, phrase.normalised)
        if not places:
            return NO
        counting = [one for one in places if not (phrase.negatable and one is Assertion.NEGATED)]
        if not counting:
            return NEGATED
        if phrase.uncertain_label is not None and all(one is Assertion.UNCERTAIN for one in counting):
            return UNCERTAIN
        return CERTAIN

    def label(self, report: int, phrase: Phrase) -> str:
        """What `phrase`, which matches, says of `report`."""
        if self.says(report, phrase) == UNCERTAIN:
            assert phrase.uncertain_label is not None
            return phrase.uncertain_label
        if self.several:
            return "absent" if phrase.excludes else "present"
        return phrase.label

    def matching(self, name: str) -> list[list[int]]:
        """Per report the positions of the phrases of list `name` that match it, ascending."""
        listed = self.lists.get(name, [])
        return [
            [at for at, phrase in enumerate(listed) if self.says(report, phrase) in (CERTAIN, UNCERTAIN)]
            for report in range(len(self._reports))
        ]

    def with_verdict(self, phrase: Phrase, *verdicts: str) -> list[int]:
        """The reports of which `phrase` says one of `verdicts`."""
        return [report for report in range(len(self._reports)) if self.says(report, phrase) in verdicts]

    def labels(self, name: str) -> list[str | None]:
        """Per report its soft label in list `name`."""
        listed = self.lists.get(name, [])
        return [
            self.label(report, listed[found[0]]) if found else None for report, found in enumerate(self.matching(name))
        ]

    def conflicts(self, name: str) -> Mapping[tuple[int, int], list[int]]:
        """Position that captures, position that would give another label → the reports."""
        listed = self.lists.get(name, [])
        found: dict[tuple[int, int], list[int]] = {}
        for report, matching in enumerate(self.matching(name)):
            for hidden in matching[1:]:
                if self.label(report, listed[hidden]) != self.label(report, listed[matching[0]]):
                    found.setdefault((matching[0], hidden), []).append(report)
        return found
