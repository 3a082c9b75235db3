"""`window: {center: 40, width: 80}`: a range of HU mapped to 0–1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from ccds_kernel.normalization.steps.step import Number, Parameters
from ccds_kernel.normalization.working import Working


class Window(Parameters):
    """Maps `center - width / 2` to 0 and `center + width / 2` to 1 (HU), linearly; what is outside becomes 0 or 1.

    This is DICOM's LINEAR_EXACT function (PS3.3 C.11.2.1.3.2), not LINEAR, which is half a unit off.
    """

    name: ClassVar[str] = "window"
    maps: ClassVar[bool] = True
    units: ClassVar[Mapping[str, str]] = {"center": "HU", "width": "HU"}

    center: Annotated[Number, Field(ge=-1e6, le=1e6)]
    width: Annotated[Number, Field(ge=1e-3, le=1e6)]

    def advice(self, modality: str, *, native: bool) -> str | None:
        """See `Parameters.advice`."""
        if modality != "CT":
            return f"a window is in HU, which {modality} doesn't have: clip percentiles and z_score instead, or rescale"
        return None if native else "a window is in HU, which a step before has mapped to something else: put it first"

    def run(self, image: Working) -> None:
        """Maps every voxel; float32 afterwards."""
        voxels = image.floats()
        voxels -= np.float32(self.center - self.width / 2)
        voxels /= np.float32(self.width)
        np.clip(voxels, 0, 1, out=voxels)
