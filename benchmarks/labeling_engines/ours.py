"""Ours in `benchmarks/labeling.py`: the index of the labelling screens, asked what its peers are asked, and what only it does."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from labeling_engines.peers import Firsts, texts_of, timed

from ccds_kernel.labeling.corpus import Corpus
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase import Phrase

MOVES, CHANGED = 200, 20


class Ours:
    """The index of the labelling screens."""

    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, folder: Path, phrases: Sequence[str]) -> None:
        self.version = f"polars {version('polars')}"
        self._texts, self._phrases = texts_of(folder), phrases

    def labels(self) -> Firsts:
        """Normal forms, a scan per phrase, first matches."""
        self._index = PhraseIndex([(text,) for text in self._texts])
        for position, text in enumerate(self._phrases):
            self._index.insert(self._phrase(text), position)
        return self._index.first

    def add(self, phrase: str) -> int:
        """One scan."""
        self._index.insert(self._phrase(phrase), 0)
        counts = self._index.counts[0]
        return counts.raw + counts.negated

    def move(self, old: int, new: int) -> None:
        """No scan."""
        self._index.move(old, new)

    def more(self, _further: Sequence[str]) -> list[str]:
        """What only ours does: changes of a list."""
        chance, last = random.Random(1), len(self._phrases) - 1  # noqa: S311 - draws places, nothing secret
        kinds: dict[str, list[Callable[[], object]]] = {
            "other words for one (one scan)": [
                partial(self._index.replace, chance.randrange(last), self._phrase(words)) for words in self._shorter()
            ],
            "another label for one": [
                partial(self._relabel, chance.randrange(last)) for _ in range(MOVES)
            ],
            "move one place up or down": [
                partial(self._index.move, *pair) for at in range(last) for pair in ((at, at + 1), (at + 1, at))
            ],
            "move the last to the top, and back": [
                partial(self._index.move, *pair) for _ in range(MOVES) for pair in ((last, 0), (0, last))
            ],
            "move any to anywhere": [partial(self._index.move, *chance.sample(range(last + 1), 2)) for _ in range(MOVES)],
            "read all counts": [lambda: self._index.counts] * 3,
            "remove one": [partial(self._index.remove, chance.randrange(last // 2)) for _ in range(last // 4)],
        }  # fmt: skip
        found = []
        for what, actions in kinds.items():
            wall, spent = np.array([timed(action)[0] for action in actions]).T * 1e3
            found.append(
                f"{what:36} median {np.median(wall):8.2f} ms ({np.median(spent):.2f}), "
                f"p95 {np.quantile(wall, 0.95):8.2f} ms ({np.quantile(spent, 0.95):.2f}); n = {len(wall)}"
            )
        return found

    def _phrase(self, text: str, label: str = "x") -> Phrase:
        return Phrase(text, label, **self.options)

    def _shorter(self) -> list[str]:
        """Some phrases that aren't in the list: those that are, less a word."""
        shorter = dict.fromkeys(phrase.rpartition(" ")[0] for phrase in self._phrases)
        return [words for words in shorter if words and words not in {one.text for one in self._index.phrases}][
            :CHANGED
        ]

    def _relabel(self, position: int) -> None:
        self._index.replace(position, self._phrase(self._index.phrases[position].text, "y"))


class OursWithOptions(Ours):
    """The same, each phrase with "not if negated" and a label for where it is uncertain: other labels, on purpose."""

    options: ClassVar[dict[str, Any]] = {"negatable": True, "uncertain_label": "y"}

    def more(self, further: Sequence[str]) -> list[str]:
        """What the first phrase with options costs an index that has read no report yet, and one without."""
        corpus, found = Corpus([(text,) for text in self._texts]), []
        by_count = sorted(further, key=lambda words: len(corpus.reports_with(words)))
        for words in (by_count[0], by_count[len(by_count) // 2], by_count[-1]):
            plain, _ = timed(partial(PhraseIndex(corpus).insert, Phrase(words, "x"), 0))
            first = PhraseIndex(corpus)
            took, _ = timed(partial(first.insert, self._phrase(words), 0))
            counts = first.counts[0]
            found.append(
                f"the first, in {counts.raw + counts.negated:7,} reports: {took[0]:7.2f} s ({took[1]:.2f}); without "
                f"options {plain[0] * 1e3:.1f} ms; negated in {counts.negated:,}, uncertain in {counts.uncertain:,}"
            )
        return found
