"""A whole recipe on one volume: pure, the same everywhere."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import StepError, apply
from ccds_kernel.normalization.recipe import Output, Recipe
from ccds_kernel.normalization.steps import Clip, Reorient, Resample, Window, ZScore
from ccds_kernel.normalization.volume import Volume

ALL = Recipe(
    "several steps",
    (
        Reorient(to="RAS"),
        Resample(spacing_mm=(0.9, 1.1, 1.3), interpolation="linear"),
        Clip(percentiles=(1, 99)),
        Window(center=200, width=1500),
        ZScore(mask="otsu"),
    ),
)
RESULT = "6aa52ea472fddaa0587fd8d4b5fed5df39ecb3f9bf5f48b86627dc5d4f0e2979"
PRINT_RESULT = """
import numpy as np
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume import Volume
values = ((np.arange(90 * 80 * 70) * 733) % 3026 - 1024).reshape(90, 80, 70)
affine = np.array([[-0.7, 0.1, 0, 9], [0.1, -0.7, 0, 8], [0, 0, 2.5, 7], [0, 0, 0, 1]])
print(apply(Recipe.from_yaml(sys.stdin.read()), Volume.of(values, affine)).digest())
"""


@pytest.mark.parametrize(
    "machine",
    [
        {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        {"OMP_NUM_THREADS": "7", "OPENBLAS_NUM_THREADS": "7"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"},
    ],
)
def test_voxels_and_affine_are_the_same_to_the_bit_everywhere(machine) -> None:
    """In another process, whatever threads libraries may use, on processors without AVX-512 and AVX2 too."""
    environment = os.environ | machine

    told = subprocess.run(
        [sys.executable, "-c", f"import sys{PRINT_RESULT}"],
        input=ALL.to_yaml(), env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert told.stdout.strip() == RESULT


def test_how_voxels_lie_in_memory_changes_nothing(ct) -> None:
    """C order, Fortran order, a view with gaps that runs backwards."""
    wide = np.zeros((9, 16, 7), np.int16)
    wide[::-1, ::2] = ct.voxels
    layouts = [np.ascontiguousarray(ct.voxels), np.asfortranarray(ct.voxels), wide[::-1, ::2]]

    digests = {apply(ALL, Volume.of(voxels, ct.affine)).digest() for voxels in layouts}

    assert len(digests) == 1


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_the_volume_that_is_given_is_not_changed(ct, dtype) -> None:
    """Steps work in place on copies only."""
    voxels = ct.voxels.astype(dtype, order="F")
    given = Volume.of(voxels, ct.affine)
    before = given.digest()

    for step in ALL.steps:
        apply(Recipe("one", (step,)), given)
    apply(ALL, given)

    assert given.digest() == before
    assert np.array_equal(voxels, ct.voxels)


def test_no_steps_leave_the_volume_as_it_is(ct) -> None:
    """With the type that the recipe says."""
    same = apply(Recipe("nothing", (), Output.INT16), ct)
    floats = apply(Recipe("nothing", ()), ct)

    assert same.digest() == ct.digest()
    assert floats.voxels.dtype == np.float32
    assert np.array_equal(floats.voxels, ct.voxels)


@pytest.mark.parametrize(
    ("value", "lost"), [(0.5, True), (-32768, False), (-32769, True), (32767, False), (32768, True)]
)
def test_int16_is_refused_where_a_voxel_would_be_lost(value, lost) -> None:
    """Fractions, and what is out of range."""
    volume = Volume.of(np.array([1, 2, value], np.float32).reshape(3, 1, 1), np.eye(4))
    recipe = Recipe("whole", (), Output.INT16)

    if lost:
        with pytest.raises(CcdsError, match="found 1 of 3 voxels that are none; write output: float32"):
            apply(recipe, volume)
    else:
        assert apply(recipe, volume).voxels.ravel().tolist() == [1, 2, value]


def test_what_leaves_the_range_of_float32_is_said_not_written() -> None:
    """Infinite voxels never come out."""
    huge = Volume.of(np.array([-3e38, 3e38], np.float32).reshape(2, 1, 1), np.eye(4))
    recipe = Recipe("tiny window of huge values", (Resample(spacing_mm=(0.5, 1, 1), interpolation="linear"),))

    with pytest.raises(CcdsError, match="found 2 of 3 NaN or infinite"):
        apply(recipe, huge)


def test_the_place_of_a_refused_step_survives_the_way_to_another_process(ct) -> None:
    """A worker's error tells the same as ours: which step it was, and the same line."""
    steps = (Window(center=1e6, width=1), ZScore(mask="none"))
    with pytest.raises(StepError) as raised:
        apply(Recipe("flat", steps), ct)

    there = copy.copy(raised.value)  # by the way that pickle takes

    assert (there.place, str(there)) == (2, str(raised.value))


def test_whoever_watches_is_told_each_step_before_it_runs(ct):
    """And may end the work: what they raise comes out as it is."""
    steps = (Reorient(to="LPS"), Window(center=40, width=80))
    places = []

    def stop(place):
        places.append(place)
        if place == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(Recipe("watched", steps), ct, watch=stop)

    assert places == [1, 2]
