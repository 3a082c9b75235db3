"""The recipe on a coarser copy of a volume, fast enough to follow a slider: every step's image is kept, so that only those
from the changed one on are run again.

The copy has every n-th voxel along each axis, not the mean of a block: a mean would take the noise away, and with it half of
what percentiles and standard deviations are made of. These are the copy's own all the same, so that a clip or a z-score comes
out slightly otherwise than over the whole volume; the page says that it shows a coarser copy. A step that gives the image
another grid gives the copy a grid that is coarser by as much; nothing is saved, hashed or written of it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock
from typing import Final

from ccds_kernel.normalization.apply import at_step
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import CropPad, Step
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.working import Working
from ccds_widgets.normalization.coarser import Factors, coarsened, coarser_step

SLOW: Final = frozenset({"n4"})
"""Steps that no slider waits for."""

_MOST_COPIES = 4
_MOST_VOXELS = 1 << 23
"""That a copy may grow to where a step adds some; more would take more time than a slider has, or all of the memory."""


class TooSlow(Exception):  # noqa: N818 - no error: it is told as "wait for the whole volume"
    """A step that is slow isn't done yet, or makes the copy too large."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


@dataclass(frozen=True)
class Stage:
    """The copy after a step.

    Args:
        image: nobody changes it.
        factors: along i, j, k, how many voxels of the whole volume's image one of the copy's stands for.
    """

    image: Working
    factors: Factors

    @cached_property
    def range(self) -> tuple[float, float]:
        """The lowest and highest intensity."""
        return float(self.image.voxels.min()), float(self.image.voxels.max())

    @cached_property
    def volume(self) -> Volume:
        """The image as a volume."""
        return Volume(self.image.voxels, self.image.affine)


class Copy:
    """A volume's coarser copy, and what the steps of the last recipe made of it. Any thread may call it.

    Args:
        volume: the whole one; is not kept.
    """

    def __init__(self, volume: Volume) -> None:
        image, factors = coarsened(volume)
        self._first = Stage(image, factors)
        self._steps: list[Step] = []
        self._stages: list[Stage] = []
        self._lock = Lock()

    def run(self, recipe: Recipe, *, slow: bool, wanted: Callable[[], object] | None = None) -> tuple[Stage, ...]:
        """The copy as it is, then after each step of `recipe`.

        Args:
            recipe: its output is left aside.
            slow: whether there is time for steps that are slow.
            wanted: as of `Working`.

        Raises:
            StepError: a step makes no sense for this copy.
            TooSlow: there is no time for a step that isn't done yet; or it makes the copy too large, whatever the time.
        """
        if not self._lock.acquire(blocking=slow):
            raise TooSlow("the steps")
        try:
            same = 0
            for old, new in zip(self._steps, recipe.steps, strict=False):
                if old != new:
                    break
                same += 1
            del self._steps[same:], self._stages[same:]
            for place, step in enumerate(recipe.steps[same:], same + 1):
                if step.name in SLOW and not slow:
                    raise TooSlow(step.name)
                self._stages.append(_after(step, self._stages[-1] if self._stages else self._first, place, wanted))
                self._steps.append(step)
            return (self._first, *self._stages)
        finally:
            self._lock.release()


class Copies:
    """The copies of the volumes that were shown last, for all previews of a kernel. Any thread may call it."""

    def __init__(self) -> None:
        self._copies: OrderedDict[tuple[str, ...], Copy] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, ...], volume: Callable[[], Volume]) -> Copy:
        """The copy of what `volume` gives, whose name and version are `key`."""
        with self._lock:
            if key not in self._copies:
                self._copies[key] = Copy(volume())
            self._copies.move_to_end(key)
            while len(self._copies) > _MOST_COPIES:
                self._copies.popitem(last=False)
            return self._copies[key]


def _after(step: Step, before: Stage, place: int, wanted: Callable[[], object] | None) -> Stage:
    image = replace(before.image, owned=False, moves=[], wanted=wanted)  # steps may append to the list
    with at_step(place, step, image):
        coarse, factors = coarser_step(step, image, before.factors)
        move = coarse.planned(image.voxels.shape, image.affine) if isinstance(coarse, CropPad) else None
        if move and math.prod(move.shape) > _MOST_VOXELS:
            raise TooSlow(step.name)
        coarse.run(image)
    image.wanted = None  # a stage is kept for long, and with it whatever it holds
    return Stage(image, factors)
