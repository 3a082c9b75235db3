"""`foreground`: what is body, told by an independent search."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply_with
from ccds_kernel.normalization.recipe import Output, Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.steps.foreground import largest_piece
from ccds_kernel.normalization.volume import Volume
from support.affines import shapes


def pieces(mask: np.ndarray) -> list[set[tuple[int, int, int]]]:
    """The voxels of `mask` that hang together by faces, by going from each to its neighbours; k slowest."""
    left = {tuple(int(at) for at in index)[::-1] for index in np.argwhere(mask.T)}
    found = []
    while left:
        first = min(left, key=lambda at: at[::-1])
        left.remove(first)
        piece, waiting = {first}, deque([first])
        while waiting:
            at = waiting.popleft()
            for axis in range(3):
                for step in (-1, 1):
                    there = tuple(place + step * (a == axis) for a, place in enumerate(at))
                    if there in left:
                        left.remove(there)
                        piece.add(there)
                        waiting.append(there)
        found.append(piece)
    return found


@given(shapes(2, 6).flatmap(lambda shape: st.tuples(st.just(shape), st.integers(0, 2**32 - 1))))
def test_the_largest_piece_is_the_largest(given_) -> None:
    """Of equals the one whose first voxel comes first, k slowest."""
    shape, seed = given_
    mask = np.asfortranarray(np.random.default_rng(seed).random(shape) < 0.4)
    mask[0, 0, 0] = True

    found = largest_piece(mask)

    expected = max(pieces(mask), key=len)
    assert {tuple(int(at) for at in index) for index in np.argwhere(found)} == expected


def test_no_voxel_is_changed(ct) -> None:
    """It marks only."""
    step = make_step("foreground", {"method": "otsu", "keep": "largest"})

    made = apply_with(Recipe("mark", (step,), Output.INT16), ct)

    assert made.volume.digest() == ct.digest()
    assert made.skipped == ()


def test_a_constant_image_has_no_foreground() -> None:
    """By Otsu; the step is named."""
    step = make_step("foreground", {"method": "otsu", "keep": "all"})

    with pytest.raises(CcdsError, match=r"found the same value in all of them \(step 1, foreground\)"):
        apply_with(Recipe("mark", (step,)), Volume.of(np.ones((3, 3, 3)), np.eye(4)))


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"method": "above", "keep": "all"}, "above is a number with method: above"),
        ({"method": "otsu", "above": 3, "keep": "all"}, "left out with method: otsu"),
        ({"method": "otsu", "above": 3, "keep": "biggest"}, "keep of foreground"),
        ({"methods": "otsu", "keep": "all"}, "write method"),
    ],
)
def test_wrong_parameters_are_one_clear_line(parameters, found) -> None:
    """What is expected, and what to do."""
    with pytest.raises(CcdsError, match=found):
        make_step("foreground", parameters)
