"""The gain: a bound worked out by hand, and what it has to be like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.gain import Gain

counts = st.integers(0, 1000)
bases = st.floats(0.01, 0.99)
costs = st.floats(0, 50)


def one(number: float) -> np.ndarray:
    """One phrase's number."""
    return np.array([float(number)])


def test_the_gain_of_eight_right_ones():
    """Two studies of the prior make 9 of 10: (0.9 + 0.0125 - 0.5 sqrt(0.009 + 0.000625)) / 1.025 = 0.8424."""
    gain = Gain(base=0.5, cost=3, reports=100)

    assert gain.of(one(20), one(8), one(0)) == pytest.approx(20 * (0.84239 - 3 * (1 - 0.84239)), abs=1e-3)


@given(bases, costs, counts, counts, counts)
def test_right_ones_add_and_wrong_ones_take_away(base, cost, changes, right, wrong):
    """One more right one raises the gain, one more wrong one lowers it, and it lies between all right and all wrong."""
    gain = Gain(base, cost, reports=2000)

    now, better, worse = (
        float(gain.of(one(changes + 1), one(right + more), one(wrong + less))[0])
        for more, less in ((0, 0), (1, 0), (0, 1))
    )

    assert worse < now < better
    assert -cost * (changes + 1) <= now <= changes + 1


@given(bases, costs, st.lists(st.tuples(counts, counts, counts), min_size=2, max_size=6))
def test_what_has_a_gain_comes_before_what_has_none(base, cost, phrases):
    """And among those with a gain the larger one."""
    gain = Gain(base, cost, reports=1000)
    changes, right, wrong = np.array(phrases, dtype=float).T

    gains = gain.of(changes, right, wrong)[np.argsort(-gain.rank(changes, right, wrong), kind="stable")]

    with_one = gains[gains > 0]
    assert (gains[: len(with_one)] == np.sort(with_one)[::-1]).all()


def test_taking_right_and_wrong_ones_alike_has_no_gain():
    """At a cost of the odds, where the share of right ones is the base, whatever the number."""
    gain = Gain(base=0.9, cost=9, reports=10_000)

    assert (gain.of(np.array([10.0, 10_000.0]), np.array([9.0, 9000.0]), np.array([1.0, 1000.0])) < 0).all()
