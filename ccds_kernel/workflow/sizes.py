"""The items of a run, parted by their memory: one that takes far more than the others makes no worker of theirs large."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median_low

from ccds_kernel.workflow.operator import Item

COMMON = 4
"""So many times what half of the items need at most is still served by the same workers."""


def batches(items: Iterable[Item]) -> list[list[Item]]:
    """The items of common sizes, then larger ones, and so on: each batch has workers as large as its largest item.

    A batch has at least half of what is left, so that few are needed for however many items.
    """
    left = list(items)
    found: list[list[Item]] = []
    while left:
        most = COMMON * median_low(item.memory for item in left)
        found.append([item for item in left if item.memory <= most])
        left = [item for item in left if item.memory > most]
    return found
