"""The reports' texts in the form in which one phrase is found in all of them in one scan.

Each report is one normalised string, its sections joined by a line feed that no phrase can hold, so that no match spans two
sections. One scan is one pass of Rust's `regex` in polars with the phrase as a literal between two characters that
are certainly none of a word: ASCII ones. Reports in which a character beyond ASCII touches the phrase are few; those are
asked again, one by one, with the same function as everywhere else (`text.whole_words`), so that Rust's Unicode tables never
decide. An Aho-Corasick automaton over all phrases was left out: it must be rebuilt for each new phrase, and the scan for one
is already bound by memory bandwidth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from ccds_kernel.labeling.sentences import sentence_ends
from ccds_kernel.labeling.text import normalise, whole_words

_TOLD_AFTER = 5_000
"""Reports that are brought into their form until it is told how many are by now."""
_NO_WORD = "[\\x00-\\x7f&&[^0-9a-z_]]"

Posting = npt.NDArray[np.uint32]
"""Report indices, ascending, each once."""


class Corpus:
    """The texts of n reports, searchable. Immutable.

    Args:
        texts: per report its sections, valid Unicode. The sequence is kept and must not change.
        progress: is told from time to time which share of the reports is brought into that form, up to 1.
    """

    def __init__(self, texts: Sequence[Sequence[str]], *, progress: Callable[[float], None] = lambda _: None) -> None:
        self.texts = texts
        reports: list[str] = []
        for number, sections in enumerate(texts, 1):
            reports.append("\n".join(map(normalise, sections)))
            if number % _TOLD_AFTER == 0 or number == len(texts):
                progress(number / len(texts))
        self._reports = pl.Series(reports, dtype=pl.String)
        beyond_ascii = self._reports.str.len_bytes() != self._reports.str.len_chars()
        self._rows_beyond_ascii = beyond_ascii.arg_true().to_numpy()
        self._reports_beyond_ascii = self._reports.filter(beyond_ascii)

    def __len__(self) -> int:
        return len(self._reports)

    def normalised(self, reports: Posting | list[int]) -> list[str]:
        """The texts of `reports` as they are searched: the sections' normal forms, joined by line feeds."""
        return self._reports.gather(reports).to_list()

    def sentence_ends(self, report: int) -> list[int]:
        """Where the sentences of report `report` end, counted in its text as it is searched; no sentence spans two sections."""
        ends: list[int] = []
        begin = 0
        for section in self.texts[report]:
            within = sentence_ends(section)
            ends.extend(begin + end for end in within)
            begin += (within[-1] if within else 0) + len("\n")
        return ends

    def reports_with(self, phrase: str) -> Posting:
        """The reports in which `phrase` (in normal form, not empty) stands as whole words within one section."""
        literal = re.escape(phrase)
        sure = self._reports.str.contains(f"(?:^|{_NO_WORD}){literal}(?:$|{_NO_WORD})").to_numpy()
        if len(self._rows_beyond_ascii):
            sure = sure.copy()
            sure[self._unsure_reports_with(phrase, literal, sure)] = True
        return np.flatnonzero(sure).astype(np.uint32)

    def reports_holding(self, text: str) -> Posting:
        """The reports in which `text` (in normal form, not empty) stands anywhere within one section, in parts of words, too."""
        return self._reports.str.contains(text, literal=True).arg_true().to_numpy().astype(np.uint32)

    def _unsure_reports_with(self, phrase: str, literal: str, sure: npt.NDArray[np.bool_]) -> list[int]:
        candidates = self._reports_beyond_ascii.str.contains(phrase, literal=True)
        candidates &= pl.Series(~sure[self._rows_beyond_ascii])
        rows = self._rows_beyond_ascii[candidates.to_numpy()]
        reports = self._reports_beyond_ascii.filter(candidates)
        touched = reports.str.contains(f"[^\\x00-\\x7f]{literal}|{literal}[^\\x00-\\x7f]")
        return [
            int(row)
            for row, report in zip(rows[touched.to_numpy()], reports.filter(touched), strict=True)
            if next(whole_words(report, phrase), None) is not None
        ]
