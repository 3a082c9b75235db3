"""What the tests of normalization share: volumes with known values, and steps run alone."""

from collections.abc import Callable

import numpy as np
import pytest

from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume
from support.preview_model import preview, project

__all__ = ["preview", "project"]

RunStep = Callable[..., Volume]


@pytest.fixture
def ct() -> Volume:
    """9 x 8 x 7 voxels of -1024 to 2001 HU without any regularity, 0.7 x 0.7 x 2.5 mm."""
    values = (np.arange(9 * 8 * 7) * 733) % 3026 - 1024
    affine = np.diag([-0.7, -0.7, 2.5, 1.0])
    affine[:3, 3] = 120.5, 99.25, -410.0
    return Volume.of(values.reshape(9, 8, 7), affine)


@pytest.fixture
def run() -> RunStep:
    """Applies one step, given by its name and parameters, to a volume."""

    def one(volume: Volume, name: str, **parameters) -> Volume:
        return apply(Recipe("one step", (make_step(name, parameters),)), volume)

    return one
