"""What a list of phrases would say after a change that isn't made: counts while a row is dragged, options before acceptance.

The change is made on the index, looked at, and taken back before the block is left, because what is looked at is then counted
by the very code that counts afterwards. A change in memory takes milliseconds; nobody else may ask the index meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.matches import SoftLabels
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase import Phrase


@contextmanager
def inserted(index: PhraseIndex, phrase: Phrase, position: int) -> Iterator[None]:
    """Within it `phrase` stands at `position`; see `PhraseIndex.insert`."""
    index.insert(phrase, position)
    try:
        yield
    finally:
        index.remove(position)


@contextmanager
def moved(index: PhraseIndex, old: int, new: int) -> Iterator[None]:
    """Within it the phrase at `old` stands at `new`; see `PhraseIndex.move`."""
    index.move(old, new)
    try:
        yield
    finally:
        index.move(new, old)


@contextmanager
def replaced(index: PhraseIndex, position: int, phrase: Phrase) -> Iterator[None]:
    """Within it `phrase` stands in the place of the one at `position`; see `PhraseIndex.replace`."""
    before = index.phrases[position]
    index.replace(position, phrase)
    try:
        yield
    finally:
        index.replace(position, before)


@dataclass(frozen=True)
class Difference:
    """What another list would change. No label is better than a wrong one, and worse than the right one.

    Attributes:
        changes: reports that would have another label, or none.
        mended: how many of these are confirmed, and get better.
        spoiled: how many of these are confirmed, and get worse.
    """

    changes: int
    mended: int
    spoiled: int

    @property
    def is_better(self) -> bool:
        """Whether more get better than worse; where nothing is confirmed, whether anything changes."""
        return self.mended > self.spoiled or (self.mended == self.spoiled == 0 and self.changes > 0)


def difference(before: SoftLabels, after: SoftLabels, confirmed: Mapping[int, str]) -> Difference:
    """What `after` changes of `before`, both of the same reports.

    Args:
        before: what a list says.
        after: what another one says.
        confirmed: index of a report → its confirmed label, in the same words.
    """
    number = {name: code for code, name in enumerate(dict.fromkeys((*before.names, *after.names, *confirmed.values())))}
    old, new = (_renumbered(labels, number) for labels in (before, after))
    reports = np.fromiter(confirmed, dtype=np.int64, count=len(confirmed))
    known = np.array([number[name] for name in confirmed.values()], dtype=np.int64)
    was, becomes = (_worth(labels[reports], known) for labels in (old, new))
    return Difference(int((old != new).sum()), int((becomes > was).sum()), int((becomes < was).sum()))


def changed(before: SoftLabels, after: SoftLabels) -> npt.NDArray[np.int64]:
    """The reports that have another label in `after`, or none: indices, ascending."""
    number = {name: code for code, name in enumerate(dict.fromkeys((*before.names, *after.names)))}
    return np.flatnonzero(_renumbered(before, number) != _renumbered(after, number))


def _renumbered(labels: SoftLabels, number: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """The codes by `number`; -1, where there is no label, stays at the end."""
    return np.array([*(number[name] for name in labels.names), -1], dtype=np.int64)[labels.codes]


def _worth(labels: npt.NDArray[np.int64], known: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """2 where a label is right, 1 where there is none, 0 where it is wrong."""
    return np.where(labels == known, 2, np.where(labels < 0, 1, 0))
