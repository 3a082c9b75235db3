"""Slices whose numbers tell that some were exchanged."""

import itertools

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.imaging.convert import convert_series
from ccds_kernel.imaging.order import exchanged
from ccds_kernel.imaging.series import find_series
from support.dicom import Stack, write_stack


def in_passes(count: int, stride: int) -> list[int]:
    """The numbers of `count` slices, by height, that were taken every `stride`-th first, then those between."""
    taken = [place for first in range(stride) for place in range(first, count, stride)]
    return [taken.index(place) + 1 for place in range(count)]


@given(st.integers(3, 60), st.integers(1, 500), st.integers(1, 5), st.booleans())
def test_numbers_in_order_either_way_are_none(count, first, step, down) -> None:
    """Wherever they begin and whatever their step."""
    numbers = list(range(first, first + count * step, step))

    assert exchanged(numbers[::-1] if down else numbers) == 0


@given(st.integers(7, 60), st.integers(2, 6), st.booleans())
def test_numbers_in_passes_are_none(count, stride, down) -> None:
    """Every second slice, or third, then those between, from seven slices on."""
    numbers = in_passes(count, min(stride, count // 2))

    assert exchanged(numbers[::-1] if down else numbers) == 0


def test_halves_that_were_put_together_are_none() -> None:
    """There is no order that a few are against."""
    assert exchanged([11, 12, 13, 14, 15, 1, 2, 3, 4, 5]) == 0


@given(st.integers(4, 40), st.integers(4, 10), st.integers(1, 500), st.booleans())
def test_a_block_that_was_scanned_on_at_the_other_end_is_none(count, more, first, down) -> None:
    """However few its slices are beside those scanned before, from four on."""
    numbers = [*range(first + count, first + count + more), *range(first, first + count)]

    assert exchanged(numbers[::-1] if down else numbers) == 0


def test_a_block_that_runs_the_other_way_is_found() -> None:
    """Its slices may have been exchanged with each other."""
    assert exchanged([5, 4, 3, 2, 1, *range(6, 21)]) == 4


@pytest.mark.parametrize("count", range(4, 13))
@pytest.mark.parametrize("down", [False, True])
def test_two_exchanged_slices_are_found(count, down) -> None:
    """Whichever two they are. Of three, the outer ones exchanged are the same from the other end."""
    for one, other in itertools.combinations(range(count), 2):
        numbers = list(range(count))[:: -1 if down else 1]
        numbers[one], numbers[other] = numbers[other], numbers[one]

        assert exchanged(numbers) > 0, numbers


def test_a_series_with_exchanged_slices_is_no_volume_until_somebody_lets_it_pass(tmp_path) -> None:
    """Two positions were exchanged, with their SliceLocations; the same series, numbered from the other end, is accepted."""
    stack = Stack(slices=9)
    paths = write_stack(tmp_path / "in", stack)
    reverse = write_stack(tmp_path / "down", stack, lambda data, index: setattr(data, "InstanceNumber", 9 - index))
    for path, index in ((paths[2], 6), (paths[6], 2)):
        data = pydicom.dcmread(path)
        data.ImagePositionPatient = stack.position(index)
        data.save_as(path)

    [series] = find_series(tmp_path / "in").series
    refused = convert_series(series, tmp_path / "out")
    passed = convert_series(series, tmp_path / "out", passed={"positions-contradict"})
    [downwards] = find_series(reverse[0].parent).series
    accepted = convert_series(downwards, tmp_path / "out-down")

    assert str(refused.reason) == (
        "positions-contradict: 2 of 9 slices are numbered against the order of all others: positions may have been exchanged"
    )
    assert passed.status == accepted.status == "accepted"
    assert any("don't follow the positions" in warning for warning in passed.warnings)
    assert accepted.warnings == ()
