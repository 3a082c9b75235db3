"""What the assess screen says in words."""

from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.labeling.assessment.drift import drift
from ccds_kernel.labeling.assessment.estimate import NotDefined, Why
from ccds_kernel.labeling.confirmation.answer import Refused
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.rate import rate as rate_of
from ccds_widgets.labeling.assess.cases import REFUSED
from ccds_widgets.labeling.assess.labelers import drift_sentence
from ccds_widgets.labeling.assess.labels import SOURCES, labels_of, sources_shown
from ccds_widgets.labeling.assess.words import WHY, figure, percent, rate, seconds, statistic

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)


def answers(right: str) -> list[tuple[datetime, bool]]:
    """Gold answers a minute apart: "." is right, "x" isn't."""
    return [(MORNING + timedelta(minutes=at), one == ".") for at, one in enumerate(right)]


@pytest.mark.parametrize(
    ("right", "told"),
    [
        ("...", "Too few to tell: 3 gold answers, and the test takes 20."),
        ("." * 40, "No sign of a change in 40 gold answers."),
        ("." * 30 + "x" * 10, "Errs more often since 2026-03-02 08:30 UTC, after 30 gold answers of 40."),
        ("x" * 20, "Has erred more often than is accepted from the start (20 gold answers)."),
    ],
)
def test_the_verdict_on_drift_is_a_sentence(right, told):
    """Each state of the test, with when and after how many answers."""
    assert drift_sentence(drift(answers(right))) == told


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.0, "0 %"),
        (0.004, "0.4 %"),
        (0.12, "12 %"),
        (0.996, "99.6 %"),
        (1.0, "100 %"),
        (0.99999, "> 99.9 %"),
        (0.0001, "< 0.1 %"),
    ],
)
def test_a_share_near_an_end_has_a_digit_more(share, told):
    """Few wrong ones of many aren't told as none."""
    assert percent(share) == told


def test_a_coefficient_has_two_digits_and_no_negative_zero():
    """As papers print them."""
    assert [figure(value) for value in (0.784, -0.05, -0.001, 1.0)] == ["0.78", "-0.05", "0.00", "1.00"]


def test_a_rate_is_told_with_its_interval_and_counts():
    """Over few it is marked as such; over nothing it says why."""
    shown = rate(rate_of(9, 10), "nothing yet")

    assert (shown["text"], shown["few"]) == ("90 % (95 % CI 60 to 98 %), 9 of 10", True)
    assert rate(None, "nothing yet") == {
        "value": None,
        "n": 0,
        "shown": "–",
        "interval": "",
        "of": "",
        "text": "nothing yet",
    }


@pytest.mark.parametrize("why", Why)
def test_what_is_not_defined_says_why(why):
    """Never a number, never nothing."""
    shown = statistic(NotDefined(why=why, studies=1))

    assert shown["value"] is None
    assert shown["text"] == f"not defined: {WHY[why]}"


def test_every_reason_and_source_has_words():
    """A new one would be shown as nothing otherwise."""
    assert set(REFUSED) == set(Refused)
    assert set(SOURCES) == set(Source)


def test_where_labels_come_from_adds_up():
    """What nothing comes from is left out; shares are of all labels."""
    counts = dict.fromkeys(Source, 0) | {Source.GOLD: 1, Source.SOFT: 3}

    assert [(one["key"], one["count"], one["share"]) for one in sources_shown(counts)] == [
        ("gold", 1, 0.25),
        ("soft", 3, 0.75),
    ]
    assert labels_of(4, counts) == "4 studies"
    assert labels_of(2, counts) == "4 labels of 2 studies"


def test_a_pace_has_as_many_digits_as_it_supports():
    """Tenths below ten seconds."""
    assert [seconds(value) for value in (1.25, 9.94, 75.4)] == ["1.2 s", "9.9 s", "75 s"]
