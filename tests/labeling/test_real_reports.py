"""The match on real chest reports, against a matcher that shares nothing with it."""

import csv
import json
import re
from pathlib import Path

import pytest

from ccds_kernel.cli import main
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase import Phrase
from support.shared_data import shared_data

PHRASES = Path(__file__).with_name("phrases-chest.csv")
COLUMNS = ("findings", "impression")


def test_every_row_is_what_a_plain_regular_expression_says(tmp_path):
    """For 400 real reports: phrase, label and all phrases of each row, by `re` on the original text, column by column."""
    source = shared_data("openi-sample-400.csv")
    with source.open(encoding="utf-8", newline="") as lines:
        reports = list(csv.DictReader(lines))
    with PHRASES.open(encoding="utf-8", newline="") as lines:
        phrases = [
            (row["phrase"], row["label"], re.compile(rf"(?<!\w){_spaced(row['phrase'])}(?!\w)", re.IGNORECASE))
            for row in csv.DictReader(lines)
        ]
    named = [word for column in COLUMNS for word in ("--text-column", column)]
    out = tmp_path / "out.csv"

    status = main(["labeling", "match", "--reports", str(source), *named, "--phrases", str(PHRASES), "--out", str(out)])

    expected = []
    for report in reports:
        found = [(text, label) for text, label, words in phrases if any(words.search(report[name]) for name in COLUMNS)]
        first = found[0] if found else ("", "")
        expected.append([report["accession"], *first, [text for text, _ in found]])
    with out.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    assert status == 0
    assert rows[0] == ["accession", "phrase", "label", "all_phrases"]
    assert [[*row[:3], json.loads(row[3])] for row in rows[1:]] == expected
    assert sum(len(row[3]) for row in expected) > 1000


@pytest.mark.parametrize(
    ("finding", "words", "most", "least"),
    [
        ("Effusion", ["effusion", "effusions"], 30, 16),
        ("Pneumothorax", ["pneumothorax"], 5, 2),
        ("Edema", ["edema"], 12, 6),
    ],
)
def test_a_negatable_phrase_is_right_where_the_bare_word_is_mostly_wrong(finding, words, most, least):
    """Of the reports that hold the word few are captured, and every one that people coded as positive is among them."""
    with shared_data("openi-sample-400.csv").open(encoding="utf-8", newline="") as lines:
        reports = list(csv.DictReader(lines))
    index = PhraseIndex([[report[name] for name in COLUMNS] for report in reports])
    for position, word in enumerate(words):
        index.insert(Phrase(word, "present", negatable=True), position)

    captured = {report["accession"] for report, first in zip(reports, index.first, strict=True) if first >= 0}

    positive = {report["accession"] for report in reports if report[finding] == "1"}
    assert len(positive) == least
    assert positive <= captured
    assert len(captured) <= most < sum(counts.raw + counts.negated for counts in index.counts)


def _spaced(phrase: str) -> str:
    return r"\s+".join(re.escape(word) for word in phrase.split())
