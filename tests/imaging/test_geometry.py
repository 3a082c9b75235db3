"""When slices form a grid: arithmetic alone, no files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.imaging.geometry import Grid, regular_grid
from ccds_kernel.imaging.plane import Frame, Plane
from ccds_kernel.imaging.verdict import QuarantineError


def frames(heights, aside=None) -> list[Frame]:
    """Axial slices at `heights`, mm, each moved in its plane by `aside`, mm."""
    aside = [0.0] * len(heights) if aside is None else aside
    return [
        Frame(Path("a.dcm"), number, Plane((x, 0.0, float(z)), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.7, 0.5)))
        for number, (z, x) in enumerate(zip(heights, aside, strict=True))
    ]


def reason(heights, aside=None) -> str:
    """The code with which `frames` are refused."""
    with pytest.raises(QuarantineError) as caught:
        regular_grid(frames(heights, aside))
    return caught.value.reason.code


def test_slices_in_any_order_are_sorted_along_their_normal() -> None:
    """Spacing is that of columns, rows, slices."""
    grid = regular_grid(frames([6, 0, 4, 2]))

    assert [frame.index for frame in grid.frames] == [1, 3, 2, 0]
    assert grid.spacing == (0.5, 0.7, 2.0)
    assert grid.deviation_mm == 0


def test_the_affine_is_that_of_the_headers() -> None:
    """LPS to RAS turns x and y."""
    grid: Grid = regular_grid(frames([10, 12, 14], aside=[3, 3, 3]))

    assert grid.affine().tolist() == [[-0.5, 0, 0, -3], [0, -0.7, 0, 0], [0, 0, 2, 10], [0, 0, 0, 1]]


@given(
    count=st.integers(3, 400),
    distance=st.floats(0.5, 10),
    digits=st.integers(1, 6),
    start=st.floats(-1000, 1000),
)
def test_rounding_to_a_tenth_of_a_millimetre_is_accepted(count, distance, digits, start) -> None:
    """From half a millimetre on; the deviation is never more than the rounding."""
    heights = [round(start + index * distance, digits) for index in range(count)]

    grid = regular_grid(frames(heights))

    assert grid.deviation_mm <= 10.0**-digits + 1e-6
    assert grid.spacing[2] == pytest.approx(distance, abs=10.0**-digits)


@given(count=st.integers(4, 400), distance=st.floats(0.5, 10), data=st.data())
def test_a_missing_slice_is_always_seen(count, distance, data) -> None:
    """Wherever it is missing, except at the ends."""
    gone = data.draw(st.integers(1, count - 2))

    code = reason([index * distance for index in range(count) if index != gone])

    # With three slices left, nobody can say which of two distances is the right one.
    assert code == "missing-slices" if count > 4 else code in {"missing-slices", "irregular-spacing"}


@given(count=st.integers(3, 400), distance=st.floats(0.5, 10), degrees=st.floats(1, 40))
def test_a_tilt_is_always_seen(count, distance, degrees) -> None:
    """From one degree on, however short the stack."""
    if (count - 1) * distance * np.tan(np.radians(degrees)) < 0.11:
        return
    heights = np.arange(count) * distance

    assert reason(heights, list(heights * np.tan(np.radians(degrees)))) == "gantry-tilt"


@pytest.mark.parametrize(
    ("heights", "aside", "code"),
    [
        ([0, 2], None, "too-few-slices"),
        ([1, 1, 1], None, "one-position"),
        ([0, 0, 2, 2, 4, 4], None, "several-volumes"),
        ([0, 2, 2, 4], None, "duplicate-slices"),
        ([0, 2, 5, 7], None, "irregular-spacing"),
        ([0, 2, 4, 6], [0, 0, 1, 0], "not-collinear"),
    ],
)
def test_other_stacks_are_refused(heights, aside, code) -> None:
    """Each with its own code."""
    assert reason(heights, aside) == code


@pytest.mark.parametrize(
    "values",
    [
        {"position": (float("nan"), 0.0, 0.0)},
        {"along_row": (1.0, 0.1, 0.0)},
        {"along_column": (1.0, 0.0, 0.0)},
        {"spacing": (0.0, 1.0)},
    ],
)
def test_an_impossible_plane_is_refused(values) -> None:
    """Where it is made, not where it is used."""
    good = {
        "position": (0.0, 0.0, 0.0),
        "along_row": (1.0, 0.0, 0.0),
        "along_column": (0.0, 1.0, 0.0),
        "spacing": (1.0, 1.0),
    }

    with pytest.raises(ValueError, match="expected"):
        Plane(**(good | values))
