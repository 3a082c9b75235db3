"""Studies about which labelers differ, in the order for adjudication."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.assessment.disagreement import Disagreement, Vote, disagreements
from ccds_kernel.labeling.assessment.rating import Rating, RatingTable, questions
from support.ratings import MORNING, codes, ratings

LABELS = ("yes", "no", "unsure")
WHICH = questions(LABELS, exclusive=True)


def found_in(rows, settled=()):
    """The disagreements of a table of codes."""
    return disagreements(RatingTable(ratings(codes(rows), LABELS)), WHICH, settled)


def test_only_studies_on_which_people_differ_are_listed():
    """All alike, one rating, none: nothing to adjudicate."""
    found = found_in([[0, 0, 0], [1, None, None], [0, 1, None], [None, None, None]])

    assert [one.study for one in found] == ["study-002"]


def test_the_most_disputed_come_first():
    """Three answers of three, then one against one, then two against one; of four people before of three."""
    found = found_in([[0, 0, 1, None], [0, 1, 2, None], [0, 1, None, None], [0, 0, 1, 1], [2, 2, 2, 0]])

    assert [(one.study[-1], one.share, one.raters) for one in found] == [
        ("1", 1.0, 3),
        ("2", 1.0, 2),
        ("3", 0.666667, 4),
        ("0", 0.666667, 3),
        ("4", 0.5, 4),
    ]


def test_votes_say_who_said_what():
    """Most first; a tie is told."""
    (found,) = found_in([[1, 0, 0]])

    (dispute,) = found.disputes
    assert dispute.votes == (
        Vote(label="yes", present=True, labelers=("b", "c")),
        Vote(label="no", present=True, labelers=("a",)),
    )
    assert not dispute.is_tied
    assert found_in([[1, 0]])[0].disputes[0].is_tied


def test_settled_studies_are_left_out():
    """Adjudicated ones, and those of the gold set."""
    assert [one.study for one in found_in([[0, 1], [0, 1]], settled={"study-000"})] == ["study-001"]


def test_of_labels_that_go_together_only_the_disputed_are_shown():
    """Present against absent, by label; a study with more disputed labels first."""
    said = {"s1": [{"x", "y"}, {"x"}], "s2": [{"x"}, {"y"}], "s3": [{"z"}, {"z"}]}
    table = RatingTable(
        [
            Rating(study, name, frozenset(labels), MORNING)
            for study, both in said.items()
            for name, labels in zip("ab", both, strict=True)
        ]
    )

    found = disagreements(table, questions(("x", "y", "z"), exclusive=False))

    assert [(one.study, [dispute.label for dispute in one.disputes]) for one in found] == [
        ("s2", ["x", "y"]),
        ("s1", ["y"]),
    ]
    assert set(found[1].disputes[0].votes) == {
        Vote(label="y", present=True, labelers=("a",)),
        Vote(label="y", present=False, labelers=("b",)),
    }


@given(st.lists(st.lists(st.sampled_from([None, 0, 1, 2]), min_size=3, max_size=3), max_size=8))
def test_every_disagreement_is_found_once_with_all_votes(rows):
    """Against the rows themselves, and as the page gets it."""
    found = found_in(rows)

    given_answers = {f"study-{at:03}": [one for one in row if one is not None] for at, row in enumerate(rows)}
    assert {one.study for one in found} == {study for study, said in given_answers.items() if len(set(said)) > 1}
    for one in found:
        assert one.raters == sum(len(vote.labelers) for vote in one.disputes[0].votes) == len(given_answers[one.study])
        assert Disagreement.model_validate_json(json.dumps(one.model_dump(mode="json"))) == one
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)


def test_pairs_that_differ_are_counted():
    """Two against one: two of three pairs."""
    assert found_in([[0, 0, 1]])[0].share == pytest.approx(2 / 3, abs=1e-6)
