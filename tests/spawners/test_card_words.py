"""Words on cards and before the click: spans of time, which node it will be, when it would start, how it ended."""

from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.batch import Explanation, PriorityClass
from ccds_kernel.cluster import HowEnded
from ccds_spawners.card_words import HOW, duration_words, node_words, start_words

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def after(minutes: float) -> datetime:
    """That long after noon."""
    return NOON + timedelta(minutes=minutes)


def test_every_end_has_its_sentence() -> None:
    """Nobody reads an enumeration's name."""
    assert HOW.keys() == set(HowEnded)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(-5, "less than a minute"), (0.9, "less than a minute"), (1, "1 min"), (61, "1 h 1 min"), (1500, "1 d 1 h")],
)
def test_spans_of_time(minutes: float, said: str) -> None:
    """As people say them."""
    assert duration_words(timedelta(minutes=minutes)) == said


@pytest.mark.parametrize(
    ("priority_class", "nth", "people", "said"),
    [
        (PriorityClass.FIRST, 1, 0, "This will be your first node: it comes before everybody’s further nodes"),
        (PriorityClass.SECOND, 2, 3, "This will be your second node: low priority."),
        (PriorityClass.SECOND, 2, 3, "3 people are waiting for their first node before your second."),
        (PriorityClass.SECOND, 7, 0, "This will be your next node: low priority."),
    ],
)
def test_which_node_it_will_be_is_read_before_the_click(
    priority_class: PriorityClass, nth: int, people: int, said: str
) -> None:
    """And who comes before it."""
    assert said in node_words(priority_class, nth, people)


def test_who_waits_for_nodes_already_is_told_before_the_click() -> None:
    """What stands in the way may be one's own."""
    assert node_words(PriorityClass.SECOND, 3, 0, 1).endswith("You are waiting for 1 of your own already.")
    assert "of your own" not in node_words(PriorityClass.SECOND, 3, 0)


@pytest.mark.parametrize(
    ("outlook", "said"),
    [
        (Explanation(reason="", estimated_start=after(0.5)), "By the scheduler’s word it would start at once."),
        (Explanation(reason="", estimated_start=after(90)), "Estimated start: 13:30."),
        (Explanation(reason="", estimated_start=after(900)), "Estimated start: 03:00 on Thursday, 26 November."),
        (Explanation(reason=""), "When it would start is unknown: the scheduler doesn’t say."),
        (None, "When it would start is unknown: the scheduler doesn’t answer."),
    ],
)
def test_when_it_would_start_is_read_before_the_click(outlook: Explanation | None, said: str) -> None:
    """By the scheduler's word, or as unknown."""
    assert start_words(outlook, NOON) == said
