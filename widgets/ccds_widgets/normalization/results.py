"""What a recipe makes of a volume, at full resolution, computed once: the last few are kept.

A result names its pictures and holds none: ipywidgets keeps every widget of a kernel, and with it whatever that holds, also
after its cell has run again. So one `Recent` bounds what all previews of a kernel hold together.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.planes import Linked, Plane
from ccds_widgets.normalization.tones import Histogram, histogram

_PAIR = 2


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


@dataclass(frozen=True, slots=True)
class Result:
    """A volume before and after.

    Args:
        revision: this result's number: pages ask for slices of it by that.
        entry: the volume.
        version: of the volume's file.
        recipe: what it was made with.
        linked: for each plane, how both are cut.
    """

    revision: int
    entry: VolumeEntry
    version: str
    recipe: Recipe
    linked: Mapping[Plane, Linked]


class Recent:
    """Pictures by key; those that were asked for longest ago go first where they are too many. Any thread may call it.

    Args:
        most_bytes: of voxels; the last two, a volume before and after, are kept whatever their size.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._pictures: OrderedDict[tuple[str, ...], Picture] = OrderedDict()
        self._one_at_a_time = Lock()

    def get(self, key: tuple[str, ...], make: Callable[[], Volume]) -> Picture:
        """The picture of `key`, made where it isn't there.

        Raises:
            CcdsError: what `make` raised; nothing is kept then.
        """
        with self._one_at_a_time:
            if key not in self._pictures:
                self._pictures[key] = Picture(make())
            self._pictures.move_to_end(key)
            while len(self._pictures) > _PAIR and self._bytes() > self._most_bytes:
                self._pictures.popitem(last=False)
            return self._pictures[key]

    def _bytes(self) -> int:
        return sum(picture.volume.voxels.nbytes for picture in self._pictures.values())
