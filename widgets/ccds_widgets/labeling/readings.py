"""What a page shows of a report: its sections in pieces, where phrases stand and how they count, and what decides its label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ccds_kernel.labeling.matching import Span
from ccds_kernel.labeling.negation import Assertion
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.text import normalise, normalise_with_offsets
from ccds_widgets.labeling.passages import COUNTS, HIT, NEGATED, UNCERTAIN, Mark, cut
from ccds_widgets.labeling.ports import HasReport
from ccds_widgets.labeling.searching import Search
from ccds_widgets.labeling.task_phrases import TaskPhrases


class Reader:
    """Reads reports by the phrases as they are now; made anew after each change.

    Args:
        phrases: the task's phrases.
        search: what is searched, to be marked, too.
    """

    def __init__(self, phrases: TaskPhrases, search: Search | None = None) -> None:
        self._phrases = phrases
        self._search = search
        self._first = {name: index.first for name, index in phrases.index.lists.items()}

    def shown(self, number: int, stored: HasReport) -> dict[str, Any]:
        """Report `number`. `verdicts` says per list that decides: the phrase, and what it says there."""
        task = self._phrases.task
        spans = self._phrases.index.spans(number, with_negated=True)
        by_section: dict[int, list[Mark]] = defaultdict(list)
        for rank, (name, those) in enumerate(spans.items()):
            for span in those:
                by_section[span.section].append(self._mark(name, rank, span))
        left_out = {normalise(name) for name in task.left_out}
        return {
            "number": number,
            "key": stored.study_key,
            "verdicts": [*self._verdicts(number, spans)],
            "sections": [
                {
                    "name": section.name,
                    "left_out": normalise(section.name) in left_out,
                    "pieces": cut(section.text, [*by_section[order], *self._hits(section.text)]),
                }
                for order, section in enumerate(stored.report.sections)
            ],
        }

    def _mark(self, name: str, rank: int, span: Span) -> Mark:
        phrase = self._phrases.index_of(name).phrases[span.position]
        row = self._phrases.ids[name][span.position]
        return Mark(span.start, span.end, row, _how(phrase, span), rank * 100_000 + span.position)

    def _verdicts(self, number: int, spans: Mapping[str, list[Span]]) -> Iterator[dict[str, Any]]:
        for name, first in self._first.items():
            position = int(first[number])
            if position < 0:
                continue
            phrase = self._phrases.index_of(name).phrases[position]
            hows = {_how(phrase, span) for span in spans[name] if span.position == position} - {NEGATED}
            uncertain = phrase.uncertain_label if hows == {UNCERTAIN} else None
            yield {
                "phrase": self._phrases.ids[name][position],
                "label": phrase.label,
                "uncertain": uncertain,
                "excludes": phrase.excludes,
            }

    def _hits(self, text: str) -> Iterator[Mark]:
        if self._search is None:
            return
        folded, starts, ends = normalise_with_offsets(text)
        for begin in self._search.places(folded):
            yield Mark(starts[begin], ends[begin + len(self._search.normalised) - 1], 0, HIT)


def _how(phrase: Phrase, span: Span) -> str:
    if phrase.negatable and span.assertion is Assertion.NEGATED:
        return NEGATED
    return UNCERTAIN if phrase.uncertain_label is not None and span.assertion is Assertion.UNCERTAIN else COUNTS
