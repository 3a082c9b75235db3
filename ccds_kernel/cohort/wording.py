"""Counts as a picture for the terminal: one bar for each month, one for each exam code. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ccds_kernel.cohort.counts import CohortCounts

LONGEST_BAR = 40
"""Signs of the bar of the largest number."""

_SIGN = "█"


def bars(head: str, numbers: Mapping[str, int], what: str = "reports") -> list[str]:
    """A table of `numbers`, each with a bar in proportion to the largest; a number above zero has a bar of one sign at least.

    Args:
        head: what the names are.
        numbers: name → number, in the order in which they are shown; none is negative.
        what: what is counted.
    """
    if not numbers:
        return []
    largest = max(numbers.values())
    width = max(len(head), *map(len, numbers))
    digits = max(len(what), len(str(largest)))
    lines = [f"{head:<{width}}  {what:>{digits}}"]
    for name, number in numbers.items():
        length = max(round(LONGEST_BAR * number / largest), 1) if number else 0
        lines.append(f"{name:<{width}}  {number:>{digits}}  {_SIGN * length}".rstrip())
    return lines


def picture(counts: CohortCounts) -> list[str]:
    """Lines for the terminal: how many reports, by month, by exam code, and what is left out."""
    months = {month: codes.total() for month, codes in counts.by_month.items()}
    reports = "1 report" if counts.reports == 1 else f"{counts.reports} reports"
    lines = [f"{reports} of {counts.criteria}", *bars("month", months)]
    if counts.reports:
        lines += bars("exam code", counts.by_code)
    for count, why in (
        (counts.without_code, "without an exam code"),
        (counts.without_date, "without a study date"),
        (counts.without_both, "without exam code and study date"),
        (counts.others, "of other exam codes or dates"),
    ):
        if count:
            lines.append(f"{count:>9}  left out: {why}")
    return lines
