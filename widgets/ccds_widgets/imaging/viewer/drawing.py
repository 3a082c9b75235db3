"""A mask that is being corrected: strokes of a brush on slices, each of which can be taken back.

A drawing that the richer view, NiiVue, hands back was decided against: it would be a trait that a page may set at any time, and
all voxels of the volume with each stroke. A stroke here is the pixels that were drawn over, and nothing else changes.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.grid import MOST_LABELS, Labels
from ccds_widgets.normalization.planes import Cut

MOST_UNDONE = 200
Run = tuple[int, int, int]
"""Pixels side by side: row, first column, last column."""


@dataclass(frozen=True, slots=True)
class _Before:
    """A slice as it was before a stroke."""

    cut: Cut
    number: int
    packed: bytes


class Drawing:
    """Labels on a volume's grid that change with each stroke.

    Args:
        number: another one than any drawing before it has, so that a page tells their slices apart.
        labels: what it starts from, (i, j, k); is copied.
        names: label → what it is called.
        newest: the number of the volume's newest mask when it was begun; None where there was none.
    """

    def __init__(self, number: int, labels: Labels, names: Mapping[int, str], newest: int | None) -> None:
        self.id = number
        self.labels: Labels = np.array(labels, dtype=np.uint8, order="F")
        self.names = dict(names)
        self.newest = newest
        self.changed = False
        self.revision = 0
        self._counts = np.bincount(self.labels.reshape(-1, order="F"), minlength=MOST_LABELS + 1)
        self._before: deque[_Before] = deque(maxlen=MOST_UNDONE)

    @property
    def undoable(self) -> int:
        """How many strokes can be taken back."""
        return len(self._before)

    def voxels(self) -> dict[int, int]:
        """Label → how many voxels it has, of those that have any."""
        return {label: int(self._counts[label]) for label in range(1, MOST_LABELS + 1) if self._counts[label]}

    def stroke(self, cut: Cut, number: int, label: int, runs: Iterable[Run], *, over: int | None = None) -> None:
        """Gives pixels of slice `number` of `cut` the `label`, 0 to erase; only those that have the label `over`, where given.

        Raises:
            CcdsError: a pixel isn't on the slice; nothing is drawn then.
        """
        columns, rows, slices = cut.size
        spans = list(runs)
        if number >= slices or any(row >= rows or last >= columns or first > last for row, first, last in spans):
            raise CcdsError(
                expected="a stroke within its slice", found="one beyond it", do="draw it again, or reload the page"
            )
        picture = cut.picture(self.labels, number)
        self._before.append(_Before(cut, number, zlib.compress(picture.tobytes(), 1)))
        self._counts -= _counted(picture)
        for row, first, last in spans:
            line = picture[row, first : last + 1]
            line[slice(None) if over is None else line == over] = label
        self._moved_on(picture)

    def undo(self) -> tuple[Cut, int] | None:
        """Takes the last stroke back; the cut and number of its slice, None where there is none."""
        if not self._before:
            return None
        before = self._before.pop()
        picture = before.cut.picture(self.labels, before.number)
        self._counts -= _counted(picture)
        picture[:] = np.frombuffer(zlib.decompress(before.packed), np.uint8).reshape(picture.shape)
        self._moved_on(picture)
        return before.cut, before.number

    def _moved_on(self, picture: Labels) -> None:
        self._counts += _counted(picture)
        self.changed = True
        self.revision += 1


def _counted(labels: Labels) -> npt.NDArray[np.intp]:
    return np.bincount(labels.ravel(), minlength=MOST_LABELS + 1)
