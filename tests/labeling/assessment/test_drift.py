"""Whether a labeler began to err more often."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.assessment.drift import BEFORE, WINDOW, Cusum, State, chance_of_alarm, drift
from support.ratings import MORNING


def answers(right):
    """Gold answers a minute apart."""
    return [(MORNING + timedelta(minutes=at), bool(one)) for at, one in enumerate(right)]


def test_nobody_is_called_changed_by_few_answers():
    """Under twenty there is no verdict, without any there are no windows."""
    assert drift([]).state is State.TOO_FEW
    assert drift([]).windows == ()
    assert drift(answers([True] * (WINDOW - 1))).state is State.TOO_FEW


def test_no_sign_of_change():
    """One wrong in twenty is accepted."""
    found = drift(answers(([True] * 19 + [False]) * 5))

    assert (found.state, found.since, found.before, found.answers) == (State.NO_SIGN, None, None, 100)


def test_a_change_is_found_where_it_began():
    """Every third is wrong from the 61st on: since the first wrong one of these."""
    right = [True] * 60 + [False, True, True] * 15

    found = drift(answers(right))

    assert (found.state, found.before, found.since) == (State.CHANGED, 60, MORNING + timedelta(minutes=60))


def test_a_later_recovery_does_not_hide_a_change():
    """Labels given in between stay suspect."""
    right = [True] * 40 + [False] * 6 + [True] * 200

    assert drift(answers(right)).state is State.CHANGED


def test_who_was_never_better_did_not_change():
    """With nearly nothing before there is nothing that it is a change from."""
    found = drift(answers([True] * (BEFORE - 1) + [False, True] * 20))

    assert (found.state, found.before) == (State.FROM_THE_START, BEFORE - 1)


def test_windows_show_the_answers_in_order():
    """Twenty each; the last one has what is left."""
    found = drift(answers([True] * 20 + [False] * 20 + [True] * 5))

    assert [(one.right.part, one.right.whole) for one in found.windows] == [(20, 20), (0, 20), (5, 5)]
    assert found.windows[1].first == MORNING + timedelta(minutes=20)
    assert found.windows[1].last == MORNING + timedelta(minutes=39)


def brute_force(wrong, up, limit, count):
    """The chance of an alarm by walking through all sequences of answers."""
    total = 0.0
    for sequence in range(2**count):
        is_wrong = [sequence >> at & 1 for at in range(count)]
        score, reached = 0, False
        for one in is_wrong:
            score = score + up if one else max(0, score - 1)
            reached = reached or score >= limit
        total += reached * wrong ** sum(is_wrong) * (1 - wrong) ** (count - sum(is_wrong))
    return total


@given(wrong=st.floats(0.01, 0.99), up=st.integers(1, 6), limit=st.integers(1, 12), count=st.integers(0, 8))
def test_the_chance_of_a_false_alarm_is_exact(wrong, up, limit, count):
    """Against all sequences of a few answers."""
    assert chance_of_alarm(wrong, up, limit, count) == pytest.approx(brute_force(wrong, up, limit, count), abs=1e-12)


@given(
    accepted=st.floats(0.01, 0.3),
    times=st.floats(1.5, 3),
    false_alarms=st.floats(0.01, 0.3),
    horizon=st.integers(20, 150),
)
def test_the_limit_is_the_smallest_with_no_more_false_alarms_than_stated(accepted, times, false_alarms, horizon):
    """One less has more, whatever is accepted."""
    cusum = Cusum(accepted, accepted * times, false_alarms, horizon)

    assert chance_of_alarm(accepted, cusum.up, cusum.limit, horizon) <= false_alarms
    if cusum.limit > 1:
        assert chance_of_alarm(accepted, cusum.up, cusum.limit - 1, horizon) > false_alarms


def test_labelers_at_the_accepted_rate_are_rarely_called_changed():
    """2,000 of them with 200 gold answers each; three standard errors of chance."""
    cusum = Cusum()
    random = np.random.default_rng(6)

    called = sum(cusum.alarm((random.random(200) >= cusum.accepted).tolist()) is not None for _ in range(2000))

    assert called / 2000 <= cusum.false_alarms + 3 * np.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize(
    "wrong",
    [{"accepted": 0.0}, {"worse": 0.05}, {"worse": 1.0}, {"false_alarms": 0.0}, {"false_alarms": 1.0}, {"horizon": 0}],
)
def test_an_impossible_test_is_refused(wrong):
    """Shares lie between 0 and 1, in order."""
    with pytest.raises(ValueError, match="accepted < worse"):
        Cusum(**wrong)
