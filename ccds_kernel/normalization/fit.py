"""Fits a recipe over a cohort: the landmarks of its step `nyul`, from one volume after the other.

Only a volume's landmarks are kept (a few numbers), so that memory doesn't grow with the cohort. The mean of landmarks is rounded
once, whatever the order of the volumes; a volume that is given twice counts once.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import at_step
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import Nyul, make_step
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.working import Working

Landmarks = tuple[float, ...]


@dataclass
class Fitting:
    """A recipe while it is being fitted.

    Args:
        recipe: with one step `nyul`; landmarks that it has are not looked at.

    Raises:
        CcdsError: the recipe has none to fit, or several.
    """

    recipe: Recipe
    found: dict[str, Landmarks] = field(default_factory=dict)
    """The digest of each volume → its landmarks, the first and the last at the ends of the step's `range`."""

    def __post_init__(self) -> None:
        places = [place for place, step in enumerate(self.recipe.steps) if isinstance(step, Nyul)]
        if len(places) != 1:
            raise CcdsError(
                expected="a recipe with one step nyul, to be fitted",
                found=f"{len(places)} of them",
                do="add '- nyul: {mask: otsu, percentiles: [1, 10, 50, 90, 99], range: [0, 100]}', or leave one out",
            )
        [self._at] = places

    def add(self, volume: Volume, digest: str, *, wanted: Callable[[], object] | None = None) -> None:
        """Takes `volume` into account: the steps before `nyul` are applied to it first.

        Args:
            volume: as a recipe is applied to; not changed.
            digest: of its file; the same again counts once.
            wanted: as of `Working`.

        Raises:
            StepError: a step before makes no sense for it, the mask is empty, or there is only one value in it.
        """
        if digest in self.found:
            return
        image = Working(volume.voxels, volume.affine, wanted=wanted)
        for place, step in enumerate(self.recipe.steps[: self._at], 1):
            with at_step(place, step, image):
                step.run(image)
        with at_step(self._at + 1, self._nyul, image):
            self.found[digest] = tuple(self._nyul.on_range(self._nyul.landmarks_of(image)))

    def fitted(self) -> Recipe:
        """The recipe with the mean landmarks, how many volumes they are of, and the hash of these volumes' digests.

        Raises:
            CcdsError: no volume was added, or percentiles coincide in all of them.
        """
        if not self.found:
            raise CcdsError(expected="a volume to fit the recipe on", found="none", do="name volumes that can be used")
        landmarks = [math.fsum(values) / len(self.found) for values in zip(*self.found.values(), strict=True)]
        try:
            step = make_step(Nyul.name, self._parameters(landmarks))
        except CcdsError:
            raise CcdsError(
                expected="percentiles that differ, to be landmarks",
                found="some that are the same intensity in all volumes",
                do="take fewer percentiles, or a mask without background",
            ) from None
        steps = (*self.recipe.steps[: self._at], step, *self.recipe.steps[self._at + 1 :])
        return replace(self.recipe, steps=steps)

    @property
    def _nyul(self) -> Nyul:
        step = self.recipe.steps[self._at]
        assert isinstance(step, Nyul)  # noqa: S101 - tells mypy: looked for in __post_init__
        return step

    def _parameters(self, landmarks: list[float]) -> Mapping[str, object]:
        return {
            **self._nyul.parameters(),
            "landmarks": landmarks,
            "volumes": len(self.found),
            "volumes_sha256": hashlib.sha256("\n".join(sorted(self.found)).encode()).hexdigest(),
        }
