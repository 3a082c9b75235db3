"""What an archive has, as the page draws it: words ready to be shown, numbers ready to be placed. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.imaging.retrieval.findings import UNKNOWN, Findings
from ccds_kernel.imaging.retrieval.reach import Reach
from ccds_widgets.base import sentence

Shown = dict[str, Any]
MOST_ROWS = 200
"""Of one table, the largest numbers first; of more it is said how many."""
_MOST_TICKS = 5


def reach_shown(reach: Reach) -> Shown:
    """From where the archive is asked, and the line that says why not from here."""
    return {"where": reach.where.value, "why": None if reach.why is None else sentence(reach.why)}


def criteria_shown(versioned: VersionedCriteria) -> Shown:
    """Criteria, kept or not."""
    criteria = versioned.criteria
    return {
        "codes": list(criteria.codes),
        "first": f"{criteria.first}",
        "last": f"{criteria.last}",
        "consecutive": versioned.consecutive,
    }


def kept_shown(versioned: VersionedCriteria) -> Shown:
    """Criteria that are kept: their name, version and digest, who kept them and when."""
    return criteria_shown(versioned) | {
        "name": versioned.name,
        "version": versioned.version,
        "named": f"{versioned.name}-v{versioned.version}",
        "digest": versioned.digest,
        "by": versioned.kept_by,
        "at": versioned.kept_at and versioned.kept_at.isoformat(),
    }


def findings_shown(found: Findings, versioned: VersionedCriteria) -> Shown:
    """The counts of what meets criteria."""
    by_month = found.by_month
    months = [f"{first:%Y-%m}" for first, _ in found.query.months]
    return {
        "criteria": criteria_shown(versioned),
        "studies": len(found.meeting),
        "undecided": found.undecided,
        "instances": found.instances,
        "left_out": found.others,
        "months": [{"month": month, "number": by_month.get(month, 0)} for month in months],
        "without_month": by_month.get(UNKNOWN, 0),
        "ticks": count_ticks(max(by_month.values(), default=0)),
        "tables": [
            numbers_shown("Exam code", found.by_code),
            numbers_shown("Modality", found.by_modality),
            numbers_shown("Scanner", found.by_scanner),
        ],
    }


def count_ticks(most: int) -> list[int]:
    """The marks of an axis of counts from 0 to at least `most`: 1, 2 or 5 times a power of ten apart."""
    if not most:
        return [0, 1]
    size = 10 ** math.floor(math.log10(most))
    steps = (size // 10, size // 5, size // 2, size, 2 * size)
    step = next(step for step in steps if step and most / step <= _MOST_TICKS)
    return list(range(0, step * math.ceil(most / step) + 1, step))


def numbers_shown(name: str, numbers: Mapping[str, int]) -> Shown:
    """A table of numbers, the largest first."""
    rows = sorted(numbers.items(), key=lambda one: (-one[1], one[0]))
    return {
        "name": name,
        "rows": [{"name": value, "number": number, "unknown": value == UNKNOWN} for value, number in rows[:MOST_ROWS]],
        "more": max(0, len(rows) - MOST_ROWS),
    }
