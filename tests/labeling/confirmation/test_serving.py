"""Which studies a labeler is given next: planted ones tell themselves by neither their place nor their number."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.confirmation.serving import GroupLeft, Waiting, how_many, next_studies


def chance_of(seed: int) -> Callable[[], float]:
    """Chance that comes the same again."""
    return Random(seed).random  # noqa: S311 - keeps no secret


def test_while_nothing_was_taken_the_batch_s_order_holds():
    """Planted ones among the others, also behind the last one."""
    ordinary, planted = [Waiting(n, n, 1) for n in (0, 2)], [Waiting(n, n, 1) for n in (1, 3)]

    given_now = next_studies(ordinary, planted, {1: GroupLeft(2, 0, 0, 2, 2)}, most=9, chance=lambda: 0.99)

    assert given_now == [0, 1, 2, 3]


def test_of_a_group_that_others_have_done_no_planted_study_is_given():
    """There would be nothing but planted ones."""
    planted = [Waiting(n, n, 1) for n in range(4)]
    group = GroupLeft(0, 2, 5, 4, 4)

    assert next_studies([], planted, {1: group}, most=9, chance=lambda: 0.0) == []
    assert how_many([group]) == 0


@given(
    counts=st.tuples(st.integers(1, 30), st.integers(0, 30), st.integers(1, 30)),
    all_planted=st.integers(0, 10),
    planted=st.integers(0, 10),
    seed=st.integers(0, 999),
)
def test_ones_share_of_planted_studies_is_that_of_the_batch(counts, all_planted, planted, seed):
    """Together with those that one had; all ordinary ones that are left are given, and the last one is one of them."""
    ordinary, had, taken = counts
    planted = min(planted, all_planted)
    group = GroupLeft(ordinary, had, taken, planted, all_planted)
    studies = [Waiting(n, n, 1) for n in range(ordinary + planted)]

    given_now = next_studies(
        studies[:ordinary], studies[ordinary:], {1: group}, most=99, chance=chance_of(seed)
    )  # fmt: skip

    mixed = [number for number in given_now if number >= ordinary]
    share = (all_planted - planted + len(mixed)) * (had + ordinary + taken)
    assert [number for number in given_now if number < ordinary] == list(range(ordinary))
    assert mixed == sorted(mixed)
    assert len(mixed) <= planted
    assert not mixed or share <= all_planted * (had + ordinary) + (had + ordinary + taken)
    assert given_now[-1] < ordinary


@given(ordinary=st.integers(1, 12), taken=st.integers(0, 12), all_planted=st.integers(0, 6), seed=st.integers(0, 999))
def test_given_one_by_one_what_is_left_never_grows(ordinary, taken, all_planted, seed):
    """By who works alone, after others: a number that grew or stood still would tell which study was planted."""
    chance = chance_of(seed)
    studies = [Waiting(n, n, 1) for n in range(ordinary)]
    mixed = [Waiting(100 + n, 100 + n, 1) for n in range(all_planted)]
    counts = []
    while True:
        group = GroupLeft(len(studies), ordinary - len(studies), taken, len(mixed), all_planted)
        counts.append(how_many([group]))
        numbers = next_studies(studies, mixed, {1: group}, most=1, chance=chance)
        if not numbers:
            break
        studies = [study for study in studies if study.id != numbers[0]]
        mixed = [study for study in mixed if study.id != numbers[0]]

    assert all(after < before for before, after in pairwise(counts))
    assert counts[-1] == 0


@pytest.mark.parametrize("planted", [3, 1])
def test_where_a_planted_one_comes_is_left_to_chance(planted):
    """Each place before an ordinary study is taken at some time."""
    group = GroupLeft(6, 0, 5, planted, planted * 2)
    studies = [Waiting(n, n, 1) for n in range(6 + planted)]
    places = set()
    for seed in range(300):
        given_now = next_studies(studies[:6], studies[6:], {1: group}, most=9, chance=chance_of(seed))
        places |= {given_now.index(number) for number in given_now if number >= 6}

    assert places >= set(range(6))
