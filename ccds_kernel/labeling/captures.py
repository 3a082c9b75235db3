"""Which of an ordered list's phrases captures each report: one number per report, changed only where it has to be.

A phrase has a *slot*, a number that stays its own when the order changes, so that a move touches only the reports in question and
never renumbers the others. What a phrase matches is given with each call: its posting isn't kept here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.corpus import Posting

_NOBODY = -1
_AFTER_ALL = np.iinfo(np.int16).max


class Captures:
    """Who captures each of n reports; at first nobody.

    Args:
        reports: n.

    Attributes:
        slot_of_report: shape (n,): the slot that captures each, or -1; to be read.
    """

    def __init__(self, reports: int) -> None:
        self.slot_of_report = np.full(reports, _NOBODY, dtype=np.int16)
        self._rank = np.array([_AFTER_ALL], dtype=np.int16)
        self._captured = np.array([reports], dtype=np.int64)

    @property
    def slots(self) -> int:
        """How many slots there is room for."""
        return len(self._captured) - 1

    @property
    def first(self) -> npt.NDArray[np.int16]:
        """Per report, shape (n,), the place in the order of the slot that captures it, or -1."""
        place = self._rank.copy()
        place[_NOBODY] = -1
        return place.take(self.slot_of_report, mode="wrap")

    def of(self, slot: int) -> int:
        """How many reports `slot` captures."""
        return int(self._captured[slot + 1])

    def counted(self, reports: Posting) -> npt.NDArray[np.int64]:
        """How many of `reports` nobody captures, then how many each slot does, shape (1 + slots,)."""
        return np.bincount(self.holders(reports).astype(np.int64) + 1, minlength=len(self._captured))

    # `take` and `compress` instead of brackets: several times faster, because a mask in brackets mispredicts branches.

    def holders(self, reports: Posting) -> npt.NDArray[np.int16]:
        """The slot that captures each of `reports`, or -1."""
        return self.slot_of_report.take(reports, mode="clip")

    def held(self, slot: int, reports: Posting) -> Posting:
        """Those of `reports` that `slot` captures."""
        return reports.compress(self.holders(reports) == slot)

    def reorder(self, order: Sequence[int]) -> None:
        """Ranks the slots, the highest first; those that aren't in `order` come after all."""
        while max(order, default=-1) >= self.slots:
            self._captured = np.append(self._captured, 0)
        # The last entry is the rank of nobody, which is index -1.
        self._rank = np.full(len(self._captured), _AFTER_ALL, dtype=np.int16)
        self._rank[list(order)] = np.arange(len(order), dtype=np.int16)

    def claim(self, slot: int, posting: Posting) -> None:
        """Gives `slot` those reports of its posting that a slot behind it, or nobody, captures."""
        holders = self.holders(posting)
        weaker = (self._rank > self._rank[slot]).take(holders, mode="wrap")
        lost = np.bincount(holders.compress(weaker).astype(np.int64) + 1, minlength=len(self._captured))
        self._captured -= lost
        self.slot_of_report[posting.compress(weaker)] = slot
        self._captured[slot + 1] += lost.sum()

    def release(self, slot: int, heirs: Iterable[tuple[int, Posting]]) -> None:
        """Gives what `slot` captures to the first of `heirs`, each with its posting, that matches; what none does stays."""
        for heir, posting in heirs:
            if not self._captured[slot + 1]:
                return
            inherited = self.held(slot, posting)
            self.slot_of_report[inherited] = heir
            self._captured[heir + 1] += len(inherited)
            self._captured[slot + 1] -= len(inherited)

    def leave(self, slot: int, posting: Posting) -> None:
        """Leaves what `slot`, whose posting this is, still captures to nobody."""
        left = self.held(slot, posting)
        self.slot_of_report[left] = _NOBODY
        self._captured[_NOBODY + 1] += len(left)
        self._captured[slot + 1] = 0
