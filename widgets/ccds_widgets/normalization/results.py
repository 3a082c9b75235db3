"""What a recipe makes of a volume, at full resolution, computed once: the last few are kept.

A result names its pictures and holds none: ipywidgets keeps every widget of a kernel, and with it whatever that holds, also
after its cell has run again. So one `Recent` bounds what all previews of a kernel hold together.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.numbers import Numbers, numbers_of
from ccds_widgets.normalization.planes import Cut, Plane
from ccds_widgets.normalization.tones import Histogram, histogram

_PAIR = 2


class Side(StrEnum):
    """Which picture of a volume."""

    BEFORE = "before"
    """As it was scanned."""
    AFTER = "after"
    """What the draft makes of it."""
    BESIDE = "beside"
    """What a saved recipe makes of it."""


@dataclass(frozen=True)
class Picture:
    """A volume with what is shown of it."""

    volume: Volume

    @cached_property
    def range(self) -> tuple[float, float]:
        """The lowest and highest intensity."""
        return float(self.volume.voxels.min()), float(self.volume.voxels.max())

    @cached_property
    def histogram(self) -> Histogram:
        """Of all voxels."""
        return histogram(self.volume.voxels)

    @cached_property
    def numbers(self) -> Numbers:
        """Percentiles and means, of a sample where the volume is large."""
        return numbers_of(self.volume.voxels)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of voxels and affine: what `ccds normalization apply` prints as the output's."""
        return self.volume.digest()

    def measure(self) -> None:
        """Works out what is shown of it now, so that nobody waits for it later."""
        _ = self.range, self.histogram, self.numbers


@dataclass(frozen=True, slots=True)
class Result:
    """A volume before and after.

    Args:
        revision: this result's number: pages ask for slices of it by that.
        entry: the volume.
        version: of the volume's file.
        recipe: what `Side.AFTER` was made with.
        beside: what `Side.BESIDE` was made with, if there is one.
        middle: (3,), the middle of the volume as it was scanned, RAS, mm.
        cuts: for each plane, how each side is cut.
    """

    revision: int
    entry: VolumeEntry
    version: str
    recipe: Recipe
    beside: Recipe | None
    middle: npt.NDArray[np.float64]
    cuts: Mapping[Plane, Mapping[Side, Cut]]

    def made_of(self) -> tuple[str, ...]:
        """What two results have in common that show the same."""
        return self.entry.id, self.version, self.recipe.digest(), self.beside.digest() if self.beside else ""


def linked(
    entry: VolumeEntry, version: str, recipes: tuple[Recipe, Recipe | None], volumes: Mapping[Side, Volume]
) -> Result:
    """A result, all its sides cut alike; its revision is 0.

    Args:
        entry: the volume.
        version: of the volume's file.
        recipes: the draft and, if there is one, the saved recipe beside it.
        volumes: what they made of it, and as it was scanned.
    """
    before = volumes[Side.BEFORE]
    middle = before.affine[:3, :3] @ ((np.array(before.voxels.shape) - 1) / 2) + before.affine[:3, 3]
    cuts = {plane: {side: Cut.of(volume, plane, middle) for side, volume in volumes.items()} for plane in Plane}
    return Result(0, entry, version, *recipes, middle, cuts)


class Recent:
    """Pictures by key; those that were asked for longest ago go first where they are too many. Any thread may call it.

    No picture is made twice at a time; what is there is given at once, whatever is being made.

    Args:
        most_bytes: of voxels; the last two, a volume before and after, are kept whatever their size.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._pictures: OrderedDict[tuple[str, ...], Picture] = OrderedDict()
        self._looking = Lock()
        self._making: dict[tuple[str, ...], Lock] = {}

    def get(self, key: tuple[str, ...], make: Callable[[], Volume]) -> Picture:
        """The picture of `key`, made where it isn't there.

        Raises:
            CcdsError: what `make` raised; nothing is kept then.
        """
        found = self.find(key)
        if found is not None:
            return found
        with self._looking:
            making = self._making.setdefault(key, Lock())
        with making:
            found = self.find(key)  # somebody else may have made it meanwhile
            if found is None:
                try:
                    found = Picture(make())
                finally:
                    with self._looking:
                        if found is not None:
                            self._pictures[key] = found
                            self._make_room()
                        self._making.pop(key, None)
            return found

    def find(self, key: tuple[str, ...]) -> Picture | None:
        """The picture of `key`, if it is there."""
        with self._looking:
            found = self._pictures.get(key)
            if found is not None:
                self._pictures.move_to_end(key)
            return found

    def _make_room(self) -> None:
        while len(self._pictures) > _PAIR and self._bytes() > self._most_bytes:
            self._pictures.popitem(last=False)

    def _bytes(self) -> int:
        return sum(picture.volume.voxels.nbytes for picture in self._pictures.values())
