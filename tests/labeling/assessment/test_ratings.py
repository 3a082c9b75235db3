"""The table of ratings, and the questions that a task asks."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.assessment.rating import NOBODY, Question, Rating, RatingTable, counted, questions
from support.ratings import MORNING, codes, ratings

RATING = Rating("s1", "ann", frozenset({"yes"}), MORNING)


def test_exclusive_labels_are_one_question_and_others_one_each():
    """Without labels nothing is asked."""
    assert questions(["yes", "no"], exclusive=True) == (Question(None, ("yes", "no")),)
    assert questions(["x", "y"], exclusive=False) == (Question("x", ("x", "y")), Question("y", ("x", "y")))
    assert questions([], exclusive=True) == questions([], exclusive=False) == ()


def test_codes_are_places_of_labels():
    """Studies and labelers are sorted; who didn't rate a study has no code for it."""
    table = RatingTable(ratings(codes([[0, 1], [None, 2]]), ["yes", "no", "unsure"]))

    found = table.codes(Question(None, ("unsure", "yes", "no")))

    assert (table.studies, table.labelers) == (("study-000", "study-001"), ("a", "b"))
    assert found.tolist() == [[1, 2], [NOBODY, 0]]
    assert counted(found, 3).tolist() == [[0, 1, 1], [1, 0, 0]]


def test_labels_that_go_together_are_coded_one_by_one():
    """A study with no label at all is rated: each label is absent."""
    table = RatingTable(
        [replace(RATING, labels=frozenset({"x", "y"})), replace(RATING, study="s2", labels=frozenset())]
    )

    found = [table.codes(question).ravel().tolist() for question in questions(["x", "y", "z"], exclusive=False)]

    assert found == [[1, 0], [1, 0], [0, 0]]


def test_the_latest_rating_counts_whatever_the_order():
    """A labeler corrected themselves."""
    later = replace(RATING, labels=frozenset({"no"}), at=MORNING + timedelta(hours=1))
    other = replace(RATING, study="s2", at=MORNING + timedelta(minutes=30))

    table = RatingTable([later, RATING, other])

    assert table.ratings == (other, later)
    assert table.of("ann") == (other, later)
    assert table.of("nobody") == ()


def test_an_empty_table_has_no_rows():
    """Nobody rated anything yet."""
    table = RatingTable([])

    assert table.codes(Question(None, ("yes",))).shape == (0, 0)
    assert counted(np.empty((0, 0), np.int16), 2).shape == (0, 2)


@pytest.mark.parametrize("labels", [{"maybe"}, set(), {"yes", "no"}])
def test_a_rating_that_is_no_answer_is_refused(labels):
    """A label that the task doesn't have, none, two of two that exclude each other; the message names none of them."""
    table = RatingTable([replace(RATING, labels=frozenset(labels))])

    with pytest.raises(CcdsError, match="one label of the task each") as error:
        table.codes(Question(None, ("yes", "no")))

    assert "maybe" not in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [{"at": datetime(2026, 3, 2)}, {"seconds": -1.0}, {"seconds": float("inf")}, {"seconds": float("nan")}],  # noqa: DTZ001 - that is what is wrong
)
def test_an_impossible_rating_is_refused(wrong):
    """A time of no zone can't be put in order."""
    with pytest.raises(ValueError, match="of a rating"):
        replace(RATING, **wrong)
