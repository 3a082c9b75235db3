"""What a recipe makes of a volume, at full resolution, computed once: the last few are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from ccds_kernel.normalization.volume import Volume
from ccds_widgets.normalization.planes import Linked, Plane
from ccds_widgets.normalization.tones import Histogram, histogram

MOST_BYTES = 1 << 30
"""Of voxels that are kept for going back to them; the newest one is kept whatever its size."""


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
    def digest(self) -> str:
        """SHA-256 of voxels and affine: what `ccds normalization apply` prints as the output's."""
        return self.volume.digest()


@dataclass(frozen=True)
class Result:
    """A volume before and after.

    Args:
        revision: this result's number: pages ask for slices of it by that.
        volume: the id of the volume.
        recipe: the recipe's hash.
        before: as it was scanned.
        after: as the recipe made it.
    """

    revision: int
    volume: str
    recipe: str
    before: Picture
    after: Picture
    _linked: dict[Plane, Linked] = field(default_factory=dict)

    def linked(self, plane: Plane) -> Linked:
        """Both, cut along `plane`."""
        if plane not in self._linked:
            self._linked[plane] = Linked.of(self.before.volume, self.after.volume, plane)
        return self._linked[plane]


Key = TypeVar("Key", bound=Hashable)


class Recent(Generic[Key]):
    """Pictures by key; those that were asked for longest ago go first where they are too many.

    Args:
        most_bytes: of voxels.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._pictures: OrderedDict[Key, Picture] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Volume]) -> Picture:
        """The picture of `key`, made where it isn't there.

        Raises:
            CcdsError: what `make` raised; nothing is kept then.
        """
        if key not in self._pictures:
            self._pictures[key] = Picture(make())
        self._pictures.move_to_end(key)
        while len(self._pictures) > 1 and self._bytes() > self._most_bytes:
            self._pictures.popitem(last=False)
        return self._pictures[key]

    def _bytes(self) -> int:
        return sum(picture.volume.voxels.nbytes for picture in self._pictures.values())
