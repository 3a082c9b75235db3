"""`nyul: {mask: otsu, percentiles: [1, 10, …, 99], range: [0, 100], landmarks: […]}`: one histogram for a whole cohort.

Landmarks are in the recipe, so that its hash covers them and every study is mapped to the same ones wherever it runs. They come
from `ccds normalization fit`, which also writes of how many volumes they are the mean, and of which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.masks import Mask, Masked, constant
from ccds_kernel.normalization.steps.step import Number, Parameters, ascending, fractions_meant
from ccds_kernel.normalization.volume import blocks
from ccds_kernel.normalization.voxel_statistics import percentiles
from ccds_kernel.normalization.working import Working

MOST_LANDMARKS = 64

Percent = Annotated[Number, Field(ge=0, le=100)]
Landmark = Annotated[Number, Field(ge=-1e6, le=1e6)]


class Nyul(Parameters):
    """Maps the image's own percentiles to standard landmarks, and what is between by straight lines.

    Nyúl, Udupa, Zhang: New variants of a method of MRI scale standardization, IEEE Trans. Med. Imaging 19 (2000), 143-150.
    What lies beyond the first and the last landmark continues their lines (nothing is cut). Order is kept; of percentiles
    of an image that coincide, their value becomes the mean of their landmarks.
    """

    name: ClassVar[str] = "nyul"
    maps: ClassVar[bool] = True

    mask: Mask
    percentiles: Annotated[tuple[Percent, ...], Field(min_length=2, max_length=MOST_LANDMARKS)]
    range: tuple[Landmark, Landmark]
    """What a fit maps each image's first and last percentile to, before it takes the mean."""
    landmarks: Annotated[tuple[Landmark, ...], Field(max_length=MOST_LANDMARKS)] | None = None
    """One for each percentile; none before the fit."""
    volumes: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Of how many volumes they are the mean."""
    volumes_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    """Of which: see `fit.Fitting`."""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if not ascending(self.percentiles) or not ascending(self.range):
            raise ValueError("percentiles and range are different numbers, each greater than the one before")
        if self.landmarks is not None and (
            len(self.landmarks) != len(self.percentiles) or not ascending(self.landmarks)
        ):
            raise ValueError(
                f"landmarks are as many as percentiles ({len(self.percentiles)}), each greater than the one before"
            )
        if self.landmarks is None and (self.volumes, self.volumes_sha256) != (None, None):
            raise ValueError("volumes and volumes_sha256 tell where landmarks come from, and there are none")
        return self

    def slip(self) -> str | None:
        """See `Parameters.slip`."""
        return fractions_meant(self.percentiles)

    def advice(self, modality: str, *, native: bool) -> str | None:  # noqa: ARG002 - at any place of a recipe
        """See `Parameters.advice`."""
        if modality == "CT":
            return "HU are absolute, and nyul makes one tissue another number in each image: window them instead"
        return (
            None
            if modality == "MR"
            else f"nyul is made for MR, whose intensities have no unit: try z_score for {modality}"
        )

    def run(self, image: Working) -> None:
        """Maps every voxel; float32 afterwards.

        Raises:
            CcdsError: there are no landmarks yet, the mask is empty, or its voxels (or all their percentiles) are the same.
        """
        self.check_ready()
        values, places = self.landmarks_of(image), np.array(self.landmarks, dtype=np.float64)
        low, high = float(image.voxels.min()), float(image.voxels.max())
        at, to = _extended(*_distinct(values, places), low, high)
        voxels = image.floats()
        for block in blocks(voxels):
            block[...] = np.interp(block, at, to)

    def check_ready(self) -> None:
        """Refuses a step without landmarks.

        Raises:
            CcdsError: there are none yet.
        """
        if self.landmarks is None:
            raise CcdsError(
                expected="landmarks in the recipe",
                found="none",
                do="fit it first: ccds normalization fit --recipe RECIPE --out FITTED VOLUME …",
            )

    def landmarks_of(self, image: Working) -> list[float]:
        """The percentiles of `image`, in its own intensities.

        Raises:
            CcdsError: as of `run`.
        """
        values = percentiles(Masked.of(image, self.mask).values(), self.percentiles)
        if values[0] == values[-1]:
            raise constant()
        return values

    def on_range(self, values: Sequence[float]) -> list[float]:
        """`values`, the landmarks of an image, as a fit takes them: the first and the last at the ends of `range`."""
        (low, *_, high), (start, end) = values, self.range
        return [start + (value - low) / (high - low) * (end - start) for value in values]


Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


def _distinct(values: Sequence[float], landmarks: Numbers) -> tuple[Numbers, Numbers]:
    """Each of `values` once, with the mean of its `landmarks`."""
    at = sorted(set(values))
    return np.array(at), np.array([float(landmarks[np.equal(values, value)].mean()) for value in at])


def _extended(at: Numbers, to: Numbers, low: float, high: float) -> tuple[Numbers, Numbers]:
    """The same line as far as `low` and `high`, going on beyond its ends as it begins and ends."""
    first, last = ((to[1] - to[0]) / (at[1] - at[0])), ((to[-1] - to[-2]) / (at[-1] - at[-2]))
    if low < at[0]:
        at, to = np.append(low, at), np.append(to[0] + (low - at[0]) * first, to)
    if high > at[-1]:
        at, to = np.append(at, high), np.append(to, to[-1] + (high - at[-1]) * last)
    return at, to
