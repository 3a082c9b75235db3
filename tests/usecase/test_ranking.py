"""Cards in order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.usecase.card import UseCaseCard
from ccds_kernel.usecase.ranking import rank

WEIGHTS = {"impact": 3, "data": 1}


@pytest.fixture
def scored(card):
    """A card of that id with these scores."""
    return lambda card_id, **scores: card(id=card_id, scores=scores)


def test_the_score_is_the_weighted_mean(scored):
    """As somebody works it out by hand."""
    (one,) = rank([scored("a", impact=5, data=1)], WEIGHTS).ranked

    assert (one.place, one.tied, one.points, one.score) == (1, False, 3 * 5 + 1 * 1, 4.0)


def test_cards_with_equal_points_share_a_place_and_that_is_told(scored):
    """The place after them is left out; among them the ids decide the order, and nothing else."""
    cards = [
        scored("d", impact=1, data=1),
        scored("c", impact=2, data=4),
        scored("b", impact=3, data=1),
        scored("a", impact=5, data=5),
    ]

    ranking = rank(cards, WEIGHTS)

    assert [(one.card.id, one.place, one.tied) for one in ranking.ranked] == [
        ("a", 1, False),
        ("b", 2, True),
        ("c", 2, True),
        ("d", 4, False),
    ]
    assert ranking.ties == {2: ("b", "c")}


def test_a_card_without_a_score_for_a_criterion_has_no_place(scored):
    """It isn't ranked by what it does have."""
    ranking = rank([scored("a", impact=5), scored("b", impact=1, data=1)], WEIGHTS)

    assert [one.card.id for one in ranking.ranked] == ["b"]
    assert [(card.id, card.lacks(WEIGHTS)) for card in ranking.unranked] == [("a", ("data",))]


SCORES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=12)


@given(scores=SCORES, weights=st.tuples(st.integers(1, 100), st.integers(1, 100)))
def test_places_follow_the_points(scores, weights):
    """Whoever has fewer points stands below, equal ones beside each other, and a place says how many stand above."""
    cards = [
        UseCaseCard.model_construct(id=f"c{number:02}", scores={"impact": impact, "data": data})
        for number, (impact, data) in enumerate(scores)
    ]

    ranked = rank(cards, dict(zip(("impact", "data"), weights, strict=True))).ranked

    assert len(ranked) == len(cards)
    for before, after in pairwise(ranked):
        assert before.points >= after.points
        assert (before.place == after.place) == (before.points == after.points)
    for one in ranked:
        assert one.place == 1 + sum(other.points > one.points for other in ranked)
        assert one.tied == (sum(other.points == one.points for other in ranked) > 1)
        assert 1 <= one.score <= 5
