"""What a recipe leaves alone: an image that is already as it asks for, and one of which nothing is asked."""

import nibabel as nib
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.normalization.apply import apply_with
from ccds_kernel.normalization.recipe import Output, Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume
from support.affines import affines, shapes


@given(affines(), shapes(), st.integers(0, 2**32 - 1))
def test_the_target_that_is_there_already_changes_nothing(affine, shape, seed) -> None:
    """Its own orientation, spacing, shape: each step is skipped, voxels and affine are the same to the bit."""
    voxels = np.random.default_rng(seed).integers(-32768, 32768, shape).astype(np.int16)
    image = Volume.of(voxels, affine)
    steps = (
        make_step("reorient", {"to": "".join(nib.aff2axcodes(affine))}),
        make_step(
            "resample", {"spacing_mm": list(image.spacing_mm), "interpolation": "cubic", "antialias": "gaussian"}
        ),
        make_step("resample", {"shape": list(shape), "interpolation": "linear"}),
        make_step("crop_pad", {"shape": list(shape), "to": "center"}),
    )

    made = apply_with(Recipe("same", steps, Output.INT16), image, [image])

    assert made.skipped == (1, 2, 3, 4)
    assert made.volume.digest() == made.labels[0].digest() == image.digest()


@given(affines(), shapes(), st.integers(0, 2**32 - 1))
def test_no_steps_are_the_identity(affine, shape, seed) -> None:
    """Floats keep every bit."""
    image = Volume(np.random.default_rng(seed).normal(0, 1e3, shape).astype(np.float32), affine)

    made = apply_with(Recipe("nothing", ()), image)

    assert made.volume.digest() == image.digest()
    assert made.geometry.moves == ()
