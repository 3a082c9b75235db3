"""Reports in a file × phrases in a file → soft labels in a file: `ccds labeling match`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.csv_files import check_out, write_rows
from ccds_kernel.labeling.matching import Counts, PhraseIndex
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.report_file import ReportTexts, read_texts

_ADDED = ("phrase", "label", "all_phrases")

Progress = Callable[[Iterable[Phrase]], Iterable[Phrase]]


@dataclass(frozen=True)
class Matched:
    """What a match found: `reports` rows, and per phrase, in priority order, its counts."""

    reports: int
    phrases: tuple[Phrase, ...]
    counts: tuple[Counts, ...]

    @property
    def labelled(self) -> int:
        """How many reports have a label."""
        return sum(counts.captured for counts in self.counts)

    @property
    def by_label(self) -> dict[str, int]:
        """Label → how many reports have it, in the order in which the phrases bring the labels up."""
        totals = dict.fromkeys((phrase.label for phrase in self.phrases), 0)
        for phrase, counts in zip(self.phrases, self.counts, strict=True):
            totals[phrase.label] += counts.captured
        return totals


def match_file(
    reports: Path, text_columns: Sequence[str], phrases: Path, out: Path, *, progress: Progress = iter
) -> Matched:
    """Labels every row of `reports` by the first phrase that matches it, into `out`.

    Args:
        reports: a CSV file; its first column names the rows in `out`.
        text_columns: where the texts are; a phrase never matches across two.
        phrases: a phrases file.
        out: columns: the first of `reports`, `phrase`, `label` (both empty where nothing matched), `all_phrases` (JSON list of
            every phrase that matched, in priority order); one row per report, in their order. Replaced if it is there.
        progress: wraps the phrases while they are matched, for a progress bar.

    Raises:
        CcdsError: a file can't be read or written, or is not what it should be; `out` is as before.
    """
    check_out(out, [reports, phrases])
    listed = read_phrases(phrases)
    table = read_texts(reports, text_columns)
    if table.key_name.strip().lower() in _ADDED:
        raise CcdsError(
            expected=f"a first column of {reports} that names the reports",
            found=f"'{table.key_name.strip()}', which the output has, too",
            do="put the column of the accession number first, or rename this one",
        )
    index = PhraseIndex(table.texts)
    for phrase in progress(listed):
        index.insert(phrase, len(index))
    write_rows(out, (table.key_name, *_ADDED), _labelled_rows(table, index))
    return Matched(len(table.keys), listed, index.counts)


def _labelled_rows(table: ReportTexts, index: PhraseIndex) -> Iterator[tuple[str, str, str, str]]:
    phrases = index.phrases
    matching: list[list[str]] = [[] for _ in table.keys]
    for position, phrase in enumerate(phrases):
        for report in index.reports_of(position).tolist():
            matching[report].append(phrase.text)
    for key, first, texts in zip(table.keys, index.first.tolist(), matching, strict=True):
        captured_by, label = (phrases[first].text, phrases[first].label) if first >= 0 else ("", "")
        yield key, captured_by, label, json.dumps(texts, ensure_ascii=False)
