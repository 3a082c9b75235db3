"""The pace of a run, and how much of its curve goes to a page at once."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.training.metrics import Metric
from ccds_widgets.training.curve import MOST_POINTS, Pace, shown, thinned


def step(number: int, *, epoch: int = 1, closes: bool = False, seconds: float = 1.0, loss: float = 0.5) -> Metric:
    """One metric."""
    return Metric(
        step=number, epoch=epoch, loss=loss, lr=0.1, seconds=seconds, closes_epoch=closes,
        validation={"auc": 0.75} if closes else {},
    )  # fmt: skip


def test_before_the_first_epoch_nothing_is_estimated():
    """Steps alone don't tell how long an epoch takes."""
    pace = Pace("run")

    pace.follow([step(1), step(2)], 100)

    assert (pace.done, pace.epoch_s, pace.rest_s(10), pace.offset) == (0, None, None, 100)


def test_the_rest_is_what_the_last_five_epochs_took():
    """Their median: one slow epoch, such as the first or one that was disturbed, doesn't count."""
    pace = Pace("run")
    seconds = [60.0, 2.0, 2.0, 30.0, 2.0, 2.0]

    pace.follow([step(n, epoch=n, closes=True, seconds=took) for n, took in enumerate(seconds, 1)], 100)

    assert (pace.done, pace.epoch_s, pace.rest_s(10)) == (6, 2.0, 8.0)
    assert pace.rest_s(6) == 0.0


def test_an_epoch_that_is_told_again_counts_once():
    """After a kill the epoch that it hit is done again."""
    pace = Pace("run")
    pace.follow([step(1, epoch=1, closes=True), step(2, epoch=2, closes=True, seconds=9.0)], 100)

    pace.follow([step(2, epoch=2, closes=True, seconds=3.0)], 200)

    assert (pace.done, pace.epoch_s, pace.rest_s(3)) == (2, 2.0, 2.0)


def test_a_loss_that_is_not_finite_is_shown_as_missing():
    """JSON has no NaN."""
    assert shown(step(1, loss=math.nan))["loss"] is None
    assert shown(step(3, closes=True)) == {
        "step": 3, "epoch": 1, "loss": 0.5, "seconds": 1.0, "closes": True, "validation": {"auc": 0.75},
    }  # fmt: skip


@settings(deadline=None)  # no timings in tests
@given(st.integers(0, 3 * MOST_POINTS), st.integers(1, 7))
def test_a_long_curve_is_thinned_evenly_and_keeps_its_end(steps, per_epoch):
    """Neither steps nor epochs beyond what a page draws; in order; the newest of both are there."""
    metrics = []
    for number in range(1, steps + 1):
        metrics.append(step(number, epoch=1 + (number - 1) // per_epoch))
        if number % per_epoch == 0:
            metrics.append(step(number, epoch=number // per_epoch, closes=True))

    found = thinned(metrics)

    for closes in (False, True):
        all_of, kept = ([one for one in some if one.closes_epoch is closes] for some in (metrics, found))
        assert len(kept) == len(all_of) if len(all_of) <= MOST_POINTS else MOST_POINTS / 2 <= len(kept) <= MOST_POINTS
        assert kept[-1:] == all_of[-1:]
    assert [one.place for one in found] == sorted(one.place for one in found)


def test_what_was_told_twice_is_drawn_once():
    """The curve of a resumed run."""
    found = thinned([step(1), step(2, loss=9.0), step(2, loss=0.1)])

    assert [one.loss for one in found] == [0.5, 0.1]
