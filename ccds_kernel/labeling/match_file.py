"""Reports in a file × phrases in a file → soft labels in a file: `ccds labeling match`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.csv_files import check_out, write_rows
from ccds_kernel.labeling.matching import Counts, PhraseIndex, SoftLabels
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.report_file import ReportTexts, read_texts
from ccds_kernel.labeling.spreadsheets import plain

_ADDED = ("phrase", "label", "all_phrases")

Progress = Callable[[Iterable[Phrase]], Iterable[Phrase]]


@dataclass(frozen=True)
class Matched:
    """What a match found: `reports` rows, per phrase, in priority order, its counts, and per label how many reports have it.

    The labels are in the order in which the phrases bring them up. `repeated` rows have a first cell that stands in an earlier
    row, too: each is labelled by its own text.
    """

    reports: int
    phrases: tuple[Phrase, ...]
    counts: tuple[Counts, ...]
    by_label: Mapping[str, int]
    repeated: int

    @property
    def labelled(self) -> int:
        """How many reports have a label."""
        return sum(counts.captured for counts in self.counts)


def match_file(
    reports: Path, text_columns: Sequence[str], phrases: Path, out: Path, *, progress: Progress = iter
) -> Matched:
    """Labels every row of `reports` by the first phrase that matches it, into `out`; the cues are `RADIOLOGY`.

    Args:
        reports: a CSV file; its first column names the rows in `out`.
        text_columns: where the texts are; a phrase never matches across two.
        phrases: a phrases file.
        out: columns: the first of `reports`, `phrase`, `label` (both empty where nothing matched), `all_phrases` (JSON list of
            every phrase that matched, in priority order); one row per report, in their order. Replaced if it is there. A phrase
            with options matches, and labels, as they say. Phrases and labels that are formulas have an apostrophe before them
            (`spreadsheets`).
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
    labels = index.soft_labels()
    write_rows(out, (table.key_name, *_ADDED), _labelled_rows(table, index, labels))
    repeated = len(table.keys) - len({key.strip() for key in table.keys})
    return Matched(len(table.keys), listed, index.counts, labels.counts, repeated)


def _labelled_rows(table: ReportTexts, index: PhraseIndex, labels: SoftLabels) -> Iterator[tuple[str, str, str, str]]:
    phrases = index.phrases
    matching: list[list[str]] = [[] for _ in table.keys]
    for position, phrase in enumerate(phrases):
        for report in index.reports_of(position).tolist():
            matching[report].append(phrase.text)
    for key, first, label, texts in zip(table.keys, index.first.tolist(), labels.to_list(), matching, strict=True):
        captured_by = phrases[first].text if first >= 0 else ""
        yield key, plain(captured_by), plain(label or ""), json.dumps(texts, ensure_ascii=False)
