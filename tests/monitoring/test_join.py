"""Each prediction beside its final report."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.monitoring.join import Joined, Outcome, join
from ccds_kernel.monitoring.prediction import FinalReport, Prediction
from support.monitoring import PHRASES

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def predicted(accession: str, score: float) -> Prediction:
    """A prediction at noon."""
    return Prediction(accession, NOON, score, "CT1", "1.0")


def reported(accession: str, *texts: str) -> FinalReport:
    """A report of these sections, an hour later."""
    sections = tuple(Section(f"section {number}", text) for number, text in enumerate(texts))
    return FinalReport(Report(accession, sections), NOON + timedelta(hours=1))


def test_every_outcome():
    """Alert or none against positive, negative, no matching phrase and no report; the threshold itself is an alert."""
    predictions = [
        predicted(name, score) for name, score in zip("abcdefg", (0.5, 0.9, 0.49, 0.1, 0.9, 0.9, 0.9), strict=True)
    ]
    reports = [
        reported("a", "Acute hemorrhage."),
        reported("b", "No acute hemorrhage."),
        reported("c", "ACUTE\n hemorrhage."),
        reported("d", "No acute hemorrhage."),
        reported("e", "Nothing to match."),
        reported("g", "Hemorrhage cannot be excluded."),
        reported("of another study", "Acute hemorrhage."),
    ]

    found = join(predictions, reports, PHRASES, positive="present", threshold=0.5)

    assert "".join(f"{one.outcome} " for one in found) == "tp fp fn tn unmatched awaiting fp "
    assert found[0] == Joined(NOON, NOON + timedelta(hours=1), "CT1", "1.0", Outcome.TP)
    assert found[5].reported_at is None


def test_the_first_phrase_that_matches_decides():
    """By priority, not by place in the text; a phrase doesn't match across two sections."""
    reports = [
        reported("a", "acute hemorrhage, no", "acute hemorrhage"),
        reported("b", "acute hemorrhage; no acute hemorrhage"),
    ]

    found = join([predicted("a", 1), predicted("b", 1)], reports, PHRASES, positive="present", threshold=0.5)

    assert [one.outcome for one in found] == [Outcome.TP, Outcome.FP]


WORDS = st.sampled_from(["no", "acute", "old", "bleed"])
PHRASE = st.lists(WORDS, min_size=1, max_size=2).map(" ".join)
LABELS = st.sampled_from(["present", "absent", "uncertain"])
STUDIES = st.lists(
    st.tuples(st.floats(0, 1), st.none() | st.lists(st.lists(WORDS, max_size=5).map(" ".join), min_size=1, max_size=2)),
    max_size=12,
)


@given(STUDIES, st.lists(st.tuples(PHRASE, LABELS), max_size=5, unique_by=lambda one: one[0]), st.floats(0, 1))
def test_the_join_is_what_a_slow_reader_would_do(studies, listed, threshold):
    """Report by report, phrase by phrase, by a plain regular expression."""
    phrases = [Phrase(text, label) for text, label in listed]
    predictions = [predicted(f"A{number}", score) for number, (score, _) in enumerate(studies)]
    reports = [reported(f"A{number}", *texts) for number, (_, texts) in enumerate(studies) if texts is not None]

    found = join(predictions, reversed(reports), phrases, positive="present", threshold=threshold)

    expected = []
    for score, texts in studies:
        if texts is None:
            expected.append("awaiting")
            continue
        labels = [label for text, label in listed if any(re.search(rf"\b{text}\b", section) for section in texts)]
        if not labels:
            expected.append("unmatched")
        else:
            alert, positive = score >= threshold, labels[0] == "present"
            expected.append({(1, 1): "tp", (1, 0): "fp", (0, 1): "fn", (0, 0): "tn"}[alert, positive])
    assert [one.outcome.value for one in found] == expected
