"""Which phrase captures which report: an index in memory that a new phrase or a new order changes in milliseconds.

A report is *captured* by the first phrase, in priority order, that matches it; a phrase's *raw* reports are all that it
matches, and those that an earlier phrase captured are *shadowed*. The index keeps each phrase's posting (the reports that
it matches) and, per report, who captures it (`Captures`). Pure: no files, no database, one thread.

A phrase with options (`Phrase.negatable`, `Phrase.uncertain_label`) matches what `contexts` leaves of its scan; everything else
works on that posting, so that options cost nothing but the reading of the reports that hold the phrase.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.captures import Captures
from ccds_kernel.labeling.corpus import Corpus, Posting
from ccds_kernel.labeling.matches import Conflict, Counts, Matching, Preview, SoftLabels, Span
from ccds_kernel.labeling.negation import Assertion
from ccds_kernel.labeling.outcome import OutcomeOf, one_label
from ccds_kernel.labeling.phrase import Phrase, check_count
from ccds_kernel.labeling.scanner import Scanner
from ccds_kernel.labeling.text import normalise_with_offsets, whole_words

__all__ = ["Conflict", "Counts", "PhraseIndex", "Preview", "SoftLabels", "Span"]


class PhraseIndex:
    """An ordered list of phrases over n reports; position 0 has the highest priority.

    Args:
        texts: per report its sections, as `Corpus` takes them; or a scanner, which several indices may share.
        outcome_of: what a phrase says of the reports that it captures; raises a CcdsError for one that doesn't belong here.
    """

    def __init__(self, texts: Sequence[Sequence[str]] | Corpus | Scanner, *, outcome_of: OutcomeOf = one_label) -> None:
        self._scanner = texts if isinstance(texts, Scanner) else Scanner(texts)
        self._corpus = self._scanner.corpus
        self._outcome_of = outcome_of
        self._order: list[int] = []
        self._phrases: dict[int, Phrase] = {}
        self._matching: dict[int, Matching] = {}
        self._captures = Captures(len(self._corpus))

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
            matching = self._matching[slot]
            captured, raw = self._captures.of(slot), len(matching.counting)
            found.append(Counts(captured, raw, raw - captured, len(matching.uncertain), len(matching.negated)))
        return tuple(found)

    @property
    def first(self) -> npt.NDArray[np.int16]:
        """Per report, shape (n_reports,), the position of the phrase that captures it, or -1."""
        return self._captures.first

    def insert(self, phrase: Phrase, position: int) -> None:
        """Puts `phrase` at `position` (0 … number of phrases); those from there on move one down.

        Raises:
            CcdsError: the phrase is there already or doesn't belong here, the position isn't, or there are too many phrases.
        """
        self._check_position(position, len(self._order) + 1)
        self._check_new(phrase)
        check_count(len(self._order) + 1)
        matching = self._scanner.match(phrase)
        slot = next(number for number in range(len(self._order) + 1) if number not in self._phrases)
        self._phrases[slot] = phrase
        self._matching[slot] = matching
        self._reorder([*self._order[:position], slot, *self._order[position:]])
        self._captures.claim(slot, matching.counting)

    def remove(self, position: int) -> Phrase:
        """Takes the phrase at `position` out and returns it; the next phrases that match capture its reports.

        Raises:
            CcdsError: there is no such position.
        """
        self._check_position(position, len(self._order))
        slot = self._order[position]
        self._captures.release(slot, self._postings(self._order[position + 1 :]))
        self._captures.leave(slot, self._matching.pop(slot).counting)
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
            self._captures.release(slot, self._postings(self._order[old + 1 : new + 1]))
            self._reorder(order)
        else:
            self._reorder(order)
            self._captures.claim(slot, self._matching[slot].counting)

    def replace(self, position: int, phrase: Phrase) -> None:
        """Puts `phrase` in the place of the one at `position`. New labels alone cost nothing.

        Raises:
            CcdsError: there is no such position, or `phrase` is there already at another one, or doesn't belong here.
        """
        self._check_position(position, len(self._order))
        slot = self._order[position]
        self._check_new(phrase, instead_of=slot)
        if _matched_alike(self._phrases[slot], phrase):
            self._phrases[slot] = phrase
            return
        self._scanner.match(phrase)
        self.remove(position)
        self.insert(phrase, position)

    def reports_of(self, position: int, *, captured_only: bool = False) -> Posting:
        """The reports that the phrase at `position` matches, or only those that it captures: indices, ascending.

        Raises:
            CcdsError: there is no such position.
        """
        self._check_position(position, len(self._order))
        slot = self._order[position]
        posting = self._matching[slot].counting
        return self._captures.held(slot, posting) if captured_only else posting.copy()

    def uncertain_reports_of(self, position: int) -> Posting:
        """Those of the reports that the phrase at `position` matches that it gives its uncertain label: indices, ascending.

        Raises:
            CcdsError: there is no such position.
        """
        self._check_position(position, len(self._order))
        return self._matching[self._order[position]].uncertain.copy()

    def negated_reports_of(self, position: int) -> Posting:
        """The reports that hold the phrase at `position` negated in each place, so that it doesn't match: indices, ascending.

        Raises:
            CcdsError: there is no such position.
        """
        self._check_position(position, len(self._order))
        return self._matching[self._order[position]].negated.copy()

    def preview(self, phrase: Phrase) -> Preview:
        """What `phrase` would do if it were inserted; an `insert` right after it scans nothing again.

        Raises:
            CcdsError: the phrase is there already, or doesn't belong here.
        """
        self._check_new(phrase)
        posting, uncertain, negated = self._scanner.match(phrase)
        holders = self._captures.counted(posting)
        return Preview(
            raw=len(posting),
            captured_if_last=int(holders[0]),
            captured_if_first=len(posting),
            takes_from={
                position: int(holders[slot + 1]) for position, slot in enumerate(self._order) if holders[slot + 1]
            },
            uncertain=len(uncertain),
            negated=len(negated),
        )

    def soft_labels(self) -> SoftLabels:
        """The soft label of each report: what the phrase that captures it says of it."""
        outcomes = {slot: self._outcome_of(self._phrases[slot]) for slot in self._order}
        names = list(dict.fromkeys(name for outcome in outcomes.values() for name in outcome))
        code_of = {name: code for code, name in enumerate(names)}
        certain = np.full(self._captures.slots + 1, -1, dtype=np.int32)  # the last entry is nobody's, which is index -1
        for slot, outcome in outcomes.items():
            certain[slot] = code_of[outcome.certain]
        codes = certain.take(self._captures.slot_of_report, mode="wrap")
        for slot, outcome in outcomes.items():
            uncertain = self._matching[slot].uncertain
            codes[self._captures.held(slot, uncertain)] = code_of[outcome.uncertain]
        return SoftLabels(codes, tuple(names))

    def conflicts(self) -> tuple[Conflict, ...]:
        """Which phrase hides which other one that would give another label, in how many reports; the most reports first.

        Positives that a negative phrase hides are among them.
        """
        found: list[Conflict] = []
        for hidden, slot, posting in self._in_conflict():
            times = self._captures.counted(posting)[1:]
            found.extend(
                Conflict(position, hidden, int(times[holder]))
                for position, holder in enumerate(self._order)
                if holder != slot and times[holder]
            )
        return tuple(sorted(found, key=lambda one: (-one.reports, one.captured_by, one.hidden)))

    def reports_in_conflict(self, captured_by: int | None = None, hidden: int | None = None) -> Posting:
        """The reports in which a phrase that matches would give another label than the one that captures them: ascending.

        Args:
            captured_by: only those that the phrase at this position captures.
            hidden: only those to which the phrase at this position would give another label.

        Raises:
            CcdsError: there is no such position.
        """
        for position in (captured_by, hidden):
            if position is not None:
                self._check_position(position, len(self._order))
        marked = np.zeros(len(self._corpus), dtype=np.bool_)
        for position, _, posting in self._in_conflict():
            if hidden in (None, position):
                marked[posting] = True
        if captured_by is not None:
            marked &= self._captures.slot_of_report == self._order[captured_by]
        return np.flatnonzero(marked).astype(np.uint32)

    def spans(self, report: int, *, with_negated: bool = False) -> list[Span]:
        """Every place in report `report` where a phrase stands and counts, by section and start, longer ones first.

        Args:
            report: its index.
            with_negated: with the places, too, that don't count because a negatable phrase is negated there.

        Raises:
            CcdsError: there is no such report.
        """
        self._check_position(report, len(self._corpus), what="report")
        matching = [
            (position, self._phrases[slot])
            for position, slot in enumerate(self._order)
            if _holds(self._matching[slot].counting, report)
            or (with_negated and _holds(self._matching[slot].negated, report))
        ]
        found: list[Span] = []
        text, begin = self._corpus.normalised([report])[0], 0
        for section, original in enumerate(self._corpus.texts[report]):
            folded, starts, ends = normalise_with_offsets(original)
            for position, phrase in matching:
                for at in whole_words(folded, phrase.normalised):
                    end = at + len(phrase.normalised)
                    assertion = Assertion.AFFIRMED
                    if phrase.reads_cues:
                        assertion = self._scanner.contexts.assertion(report, text, begin + at, begin + end)
                    if with_negated or not (phrase.negatable and assertion is Assertion.NEGATED):
                        found.append(Span(section, starts[at], ends[end - 1], position, assertion))
            begin += len(folded) + len("\n")
        return sorted(found, key=lambda span: (span.section, span.start, -span.end, span.position))

    def _in_conflict(self) -> Iterator[tuple[int, int, Posting]]:
        """Per phrase its position, its slot, and the reports to which it would give another label than they have."""
        labels = self.soft_labels()
        code_of = {name: code for code, name in enumerate(labels.names)}
        for position, slot in enumerate(self._order):
            counting, uncertain, _ = self._matching[slot]
            outcome = self._outcome_of(self._phrases[slot])
            codes = np.full(len(counting), code_of[outcome.certain], dtype=np.int32)
            codes[np.searchsorted(counting, uncertain)] = code_of[outcome.uncertain]
            yield position, slot, counting.compress(labels.codes.take(counting, mode="clip") != codes)

    def _postings(self, slots: Sequence[int]) -> Iterator[tuple[int, Posting]]:
        return ((slot, self._matching[slot].counting) for slot in slots)

    def _reorder(self, order: list[int]) -> None:
        self._order = order
        self._captures.reorder(order)

    def _check_new(self, phrase: Phrase, instead_of: int | None = None) -> None:
        """Looks whether `phrase` belongs here and isn't there, other than in the slot `instead_of`."""
        self._outcome_of(phrase)
        for position, slot in enumerate(self._order):
            if self._phrases[slot].normalised == phrase.normalised and slot != instead_of:
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


def _matched_alike(one: Phrase, other: Phrase) -> bool:
    """Whether two phrases match the same reports, and the same of them as uncertain."""
    return (one.normalised, one.negatable, one.uncertain_label is None) == (
        other.normalised,
        other.negatable,
        other.uncertain_label is None,
    )


def _holds(posting: Posting, report: int) -> bool:
    at = int(np.searchsorted(posting, report))
    return at < len(posting) and int(posting[at]) == report
