"""Reports as they come: markup, emoji, line feeds of every kind, right to left, very long, empty; matched and marked in place."""

import csv
import tracemalloc

import pytest

from ccds_kernel.labeling.matching import Counts, PhraseIndex
from ccds_kernel.labeling.negation import Assertion
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.phrase_file import read_phrases, write_phrases
from ccds_kernel.labeling.report_file import ReportColumns, read_reports

LONG = "Heart size is normal. " * 9_000 + "No mass. Left effusion. " + "Lungs are clear. " * 200


@pytest.mark.parametrize(
    ("text", "phrase", "marked"),
    [
        ("<b>No</b> <script>effusion</script> &amp; mass", "effusion", ["effusion"]),
        ("<b>No</b> <script>effusion</script> &amp; mass", "<script>effusion", ["<script>effusion"]),
        ("<b>No</b> <script>effusion</script> &amp; mass", "&amp; mass", ["&amp; mass"]),
        ("🫁 effusion 👩🏽‍⚕️ no\u200d effusion🫀", "effusion", ["effusion", "effusion"]),
        ("🫁 effusion", "🫁 effusion", ["🫁 effusion"]),
        ("Mass\r\n\r\nleft\rmass\u2028left", "mass left", ["Mass\r\n\r\nleft", "mass\u2028left"]),
        ("\u200fلا يوجد انصباب جنبي\u200f, effusion", "انصباب جنبي", ["انصباب جنبي"]),  # noqa: RUF001 - Arabic
        ("אין \u200fאפוסיה\u200e effusion", "אפוסיה effusion", ["אפוסיה\u200e effusion"]),  # noqa: RUF001 - Hebrew
        ("effu\u200bsion \u202beffusion\u202c", "effusion", ["effu\u200bsion", "effusion"]),  # \u202b is no word character
        ("PLEURAL\u3000EFFUSION", "pleural effusion", ["PLEURAL\u3000EFFUSION"]),
        ("İmaging: ERGUẞ, ﬂuid", "erguss, fluid", ["ERGUẞ, ﬂuid"]),
        ("", "effusion", []),
        (" \r\n\t\u00a0\u200b", "effusion", []),
    ],
)  # fmt: skip
def test_what_is_marked_is_what_was_written(text, phrase, marked):
    """The places are offsets into the original; beside other reports, and with and without options, the same ones count."""
    texts = [["", text], ["nothing"], [], [text]]
    index = PhraseIndex(texts)
    index.insert(Phrase(phrase, "x"), 0)
    opted = PhraseIndex(texts)
    opted.insert(Phrase(phrase, "x", uncertain_label="y"), 0)

    spans = index.spans(0)

    assert [texts[0][span.section][span.start : span.end] for span in spans] == marked
    assert [span[:4] for span in opted.spans(0)] == [span[:4] for span in spans]
    assert index.counts == (Counts(2, 2, 0),) if marked else (Counts(0, 0, 0),)
    assert index.first.tolist() == ([0, -1, -1, 0] if marked else [-1] * 4)


def test_a_report_of_200_kilobytes_is_matched_like_any_other():
    """Its last sentences count as those of a short one."""
    index = PhraseIndex([[LONG], ["short"]])
    index.insert(Phrase("effusion", "present", negatable=True), 0)
    index.insert(Phrase("mass", "mass", negatable=True), 1)

    (span,) = index.spans(0)

    assert len(LONG) > 200_000
    assert LONG[span.start : span.end] == "effusion"
    assert index.soft_labels().to_list() == ["present", None]
    assert index.counts == (Counts(1, 1, 0), Counts(0, 0, 0, negated=1))
    assert [one.assertion for one in index.spans(0, with_negated=True)] == [Assertion.NEGATED, Assertion.AFFIRMED]


def test_200_kilobytes_without_a_full_stop_are_read_once():
    """Dictated or damaged texts: the sentence is read once for all places in it, and not kept for each."""
    text = "no mass but fluid seen; mass and fluid " * 5_000
    index = PhraseIndex([[text]])

    tracemalloc.start()
    index.insert(Phrase("fluid", "fluid", negatable=True), 0)
    index.insert(Phrase("mass", "mass", negatable=True, uncertain_label="perhaps"), 1)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    spans = index.spans(0, with_negated=True)
    assert len(text) == 195_000
    assert [one.assertion for one in spans[:4]] == [
        Assertion.NEGATED,
        Assertion.AFFIRMED,
        Assertion.AFFIRMED,
        Assertion.AFFIRMED,
    ]
    assert len(spans) == 20_000
    assert most < 32 * 2**20


def test_negated_places_are_shown_where_they_are_asked_for():
    """Each place with what its sentence says; those that don't count only on demand."""
    text = "No <i>effusion</i>.\r\n\r\nEffusion?\r\nPossible eﬀusion."
    index = PhraseIndex([[text]])
    index.insert(Phrase("effusion", "present", negatable=True, uncertain_label="perhaps"), 0)

    counting, every = index.spans(0), index.spans(0, with_negated=True)

    assert [(text[one.start : one.end], one.assertion) for one in every] == [
        ("effusion", Assertion.NEGATED),
        ("Effusion", Assertion.AFFIRMED),
        ("eﬀusion", Assertion.UNCERTAIN),
    ]
    assert counting == every[1:]


def test_markup_stays_text_on_its_way_through_files(tmp_path):
    """Nothing is taken for a tag, an entity or an escape: in a file of reports, in one of phrases, in matching."""
    text = '<img src=x onerror="alert(1)"> &lt;b&gt; \\u0041, =1+1'
    with (tmp_path / "reports.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["accession", "findings"], ["A1", text]])
    write_phrases(tmp_path / "phrases.csv", [Phrase(text, "<i>&amp;</i>")])

    (report,) = read_reports(tmp_path / "reports.csv", ReportColumns("accession", ("findings",)))
    (phrase,) = read_phrases(tmp_path / "phrases.csv")

    assert report.texts == (text,)
    assert phrase == Phrase(text, "<i>&amp;</i>")
    index = PhraseIndex([report.texts])
    index.insert(phrase, 0)
    assert index.soft_labels().to_list() == ["<i>&amp;</i>"]
