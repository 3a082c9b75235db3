"""The axes of the cluster app's charts: periods, GPU-hours, and waits on a scale of powers. Pure.

Waits are drawn by their logarithm: a first node comes within a minute and a further one after hours, and on an even scale one
of them would lie on the axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ccds_kernel.cluster.period import Grain
from ccds_kernel.cluster.report import Reported

_MARKS = (
    (1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (6 * 3600, "6 h"), (86400, "1 d"),
    (7 * 86400, "1 week"), (31 * 86400, "1 month"), (366 * 86400, "1 year"),
)  # fmt: skip
_MOST_TICKS = 6


def period_labels(shown: Sequence[Reported]) -> list[tuple[str, str]]:
    """What stands below each period, and below that where it changes: month and year, week and year, day and month."""
    found: list[tuple[str, str]] = []
    before = ""
    for one in shown:
        if one.grain is Grain.DAY:
            below, far = f"{one.first:%d}".lstrip("0"), f"{one.first:%b %Y}"
        elif one.grain is Grain.WEEK:
            below, far = f"W{one.first:%V}", f"{one.first:%G}"
        else:
            below, far = f"{one.first:%b}", f"{one.first:%Y}"
        found.append((below, "" if far == before else far))
        before = far
    if len(found) > 1 and shown[0].grain is Grain.DAY and found[1][1]:
        found[0] = (found[0][0], "")  # a month's last day has no room for its name
    return found


def hour_ticks(totals: Sequence[float]) -> list[float]:
    """The marks of an axis of GPU-hours from 0 to at least the most of `totals`: 1, 2 or 5 times a power of ten apart."""
    most = max(totals, default=0.0)
    if most <= 0:
        return [0, 1]
    size = 10.0 ** math.floor(math.log10(most / _MOST_TICKS))
    step = next(step for step in (size, 2 * size, 5 * size, 10 * size) if most / step <= _MOST_TICKS)
    return [round(number * step, 9) for number in range(math.ceil(most / step - 1e-9) + 1)]


def wait_place(seconds: float) -> float:
    """Where a wait lies on the axis; what is shorter than its first mark or longer than its last lies there."""
    return math.log10(min(max(seconds, _MARKS[0][0]), _MARKS[-1][0]))


def wait_ticks(lengths: Sequence[float]) -> list[dict[str, Any]]:
    """The marks of an axis that holds these waits, in seconds, each with its place and its word; at least two."""
    low, high = min(lengths, default=10.0), max(lengths, default=600.0)
    first = max((at for at, (mark, _) in enumerate(_MARKS[:-1]) if mark <= low), default=0)
    last = next((at for at, (mark, _) in enumerate(_MARKS) if mark >= high), len(_MARKS) - 1)
    return [{"place": wait_place(mark), "word": word} for mark, word in _MARKS[first : max(last, first + 1) + 1]]
