"""Metrics as lines: written, read while they grow, and what holds of what was told twice."""

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.training.metrics import Metric, curve, last_metric, metric_of, read_metrics


def metric(step: int, *, closes_epoch: bool = False, loss: float = 0.5, **values) -> Metric:
    """A metric at a step; epochs of two steps."""
    defaults = {"epoch": (step + 1) // 2, "lr": 0.1, "seconds": 1.5, "validation": {}}
    return Metric(step=step, loss=loss, closes_epoch=closes_epoch, **defaults | values)


finite = st.floats(allow_nan=False, allow_infinity=False)
metrics = st.builds(
    Metric,
    step=st.integers(1, 40),
    epoch=st.integers(1, 9),
    loss=finite,
    lr=finite,
    seconds=finite,
    closes_epoch=st.booleans(),
    validation=st.dictionaries(st.text(), st.none() | finite),
)


@given(metrics)
def test_a_line_is_read_as_what_was_written(one):
    """Every name and number survives, on one line."""
    line = one.to_line()

    assert metric_of(line) == one
    assert metric_of(line).to_line() == line
    assert "\n" not in line


def test_what_is_not_finite_is_null():
    """The line stays JSON that any reader takes."""
    line = metric(1, loss=math.nan, validation={"auc": math.inf}).to_line()

    assert json.loads(line)["loss"] is None
    assert json.loads(line)["validation"] == {"auc": None}
    assert math.isnan(metric_of(line).loss)


@pytest.mark.parametrize("line", ["", "x", "{}", "[]", "7", '{"step": 1}', metric(1).to_line()[:-3]])
def test_a_line_that_is_none_is_left_out(line):
    """A kill may cut a line short."""
    assert metric_of(line) is None


@given(st.lists(metrics))
def test_a_curve_goes_forward_and_ends_with_what_was_told_last(told):
    """Each place once, in order, and only of what was told."""
    found = curve(told)

    assert all(one.place < other.place for one, other in itertools.pairwise(found))
    assert found[-1:] == told[-1:]
    assert all(one in told for one in found)


def test_what_is_told_again_after_a_resume_holds():
    """Steps after the checkpoint are replaced, also those that the new start hasn't reached yet."""
    before = [metric(1), metric(2, closes_epoch=True), metric(3), metric(4), metric(4, closes_epoch=True)]
    again = [metric(3, loss=0.25)]

    assert curve([*before, *again]) == [*before[:2], *again]


def test_a_growing_file_is_read_piece_by_piece(tmp_path):
    """Only whole lines; nothing twice, nothing lost."""
    path = tmp_path / "metrics.jsonl"
    lines = [metric(step).to_line() for step in (1, 2, 3)]

    none, start = read_metrics(path)
    path.write_text(f"{lines[0]}\n{lines[1][:20]}")
    first, after_first = read_metrics(path, start)
    path.write_text("\n".join([*lines, ""]))
    rest, end = read_metrics(path, after_first)

    assert (none, start) == ([], 0)
    assert [one.step for one in first] == [1]
    assert [one.step for one in rest] == [2, 3]
    assert read_metrics(path, end) == ([], path.stat().st_size)


def test_the_last_metric_of_a_long_file(tmp_path):
    """Found from its end, behind a line that was cut short."""
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(f"{metric(step).to_line()}\n" for step in range(1, 1001)) + '{"step": 1001')

    assert last_metric(path) == metric(1000)
    assert last_metric(tmp_path / "none") is None
