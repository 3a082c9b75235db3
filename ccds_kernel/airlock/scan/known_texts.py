"""The project's own reports, in the form in which their words are found again in any text.

A text repeats a report when eight words of it, in their order, stand in both, whatever stands between them and however they are
written large or small. Each run of eight words is one 64-bit hash; a sorted array of all of them is asked for the hashes of a
text. The array is made when somebody submits or reviews, and lives in that process only: kept in a file it would be one more
copy of what the reports say, to be guarded as they are.

Rejected: an automaton over the words of the text, run over all reports (what is submitted may be larger than the reports), and
shorter runs (six words of boilerplate stand in every second notebook).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt
import polars as pl

RUN = 8
"""So many words of a report, in their order, are a part of it."""

SHORTEST_ID = 5
"""Shorter accession numbers aren't looked for: they would be found in every table of counts."""

_AT_ONCE = 5000
_WORD = r"[\p{L}\p{N}\p{M}]+"
_TOKEN = re.compile(r"[^\s,;:\"'`()\[\]{}<>|=]+")
_EDGES = "._-/#*\\"

Hashes = npt.NDArray[np.uint64]


class KnownTexts:
    """The texts and ids of n reports, searchable.

    Args:
        texts: the reports' texts.
        ids: their accession numbers and study keys.
    """

    def __init__(self, texts: Iterable[str], ids: Iterable[str]) -> None:
        coming = iter(texts)
        parts = []
        while batch := list(islice(coming, _AT_ONCE)):
            parts.append(_runs(*_words(batch)))
        self._runs: Hashes = np.concatenate(parts) if parts else np.empty(0, np.uint64)
        self._runs.sort()  # twenty times as fast as numpy's `unique`, and asked as fast
        self._ids = frozenset(name.strip().casefold() for name in ids if len(name.strip()) >= SHORTEST_ID)

    def lines_with_words(self, lines: list[str]) -> list[int]:
        """The lines (counted from 0) on which a run of a report's words begins."""
        if not len(self._runs):
            return []
        hashes, rows = _words(lines)
        runs = _runs(hashes, np.zeros_like(rows))  # a line feed hides nothing
        return sorted({int(row) for row in rows[: len(runs)][self._holds(runs)]})

    def lines_with_ids(self, lines: list[str]) -> list[int]:
        """The lines (counted from 0) on which an accession number or study key of a report stands."""
        return [number for number, line in enumerate(lines) if any(token in self._ids for token in _tokens(line))]

    def _holds(self, runs: Hashes) -> npt.NDArray[np.bool_]:
        places = np.searchsorted(self._runs, runs)
        places[places == len(self._runs)] = 0
        return np.equal(self._runs[places], runs)


def _words(texts: list[str]) -> tuple[Hashes, npt.NDArray[np.uint32]]:
    """The hash of each word, and which of `texts` it is from; both in reading order."""
    words = (
        pl.DataFrame({"text": texts}, schema={"text": pl.String})
        .with_row_index("row")
        .select(
            "row",
            pl.col("text")
            .str.normalize("NFKC")
            .str.replace_all(r"\p{Cf}", "")
            .str.to_lowercase()
            .str.extract_all(_WORD)
            .alias("word"),
        )
        .explode("word", empty_as_null=True, keep_nulls=True)
        .drop_nulls("word")
    )
    return words["word"].hash(seed=0).to_numpy(), words["row"].to_numpy()


def _runs(hashes: Hashes, texts: npt.NDArray[np.uint32]) -> Hashes:
    """One hash for each run of `RUN` words within one text."""
    count = len(hashes) - RUN + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    runs = np.zeros(count, np.uint64)
    for place in range(RUN):  # arithmetic modulo 2⁶⁴, so that the order of the words counts
        runs = runs * np.uint64(0x9E3779B97F4A7C15) + hashes[place : place + count]
    within: Hashes = runs[texts[:count] == texts[RUN - 1 :]]
    return within


def _tokens(line: str) -> Iterator[str]:
    for token in _TOKEN.findall(line.casefold()):
        yield token.strip(_EDGES)
        yield from (part for part in re.split(r"[./_\\]", token) if part != token)
