"""The site's rule about small groups: of fewer than ten studies nothing is published.

The rule is one for everything that leaves projects or the clinical domain as numbers. How it is kept where studies are divided by
more than their month stands in `monitoring/grouping.py`. Pure: no files, no database.
"""

from __future__ import annotations

from collections.abc import Mapping

from ccds_kernel.months import Span

SMALLEST = 10
"""A group with fewer studies isn't published."""


def periods(sizes: Mapping[str, int]) -> list[Span]:
    """The months in periods of at least `SMALLEST` studies, in order; the last months wait where they have fewer.

    Args:
        sizes: month → number of its studies; months without any needn't be named.
    """
    found: list[Span] = []
    begin: str | None = None
    size = 0
    for month in sorted(sizes):
        begin = begin or month
        size += sizes[month]
        if size >= SMALLEST:
            found.append(Span(first=begin, last=month))
            begin, size = None, 0
    return found
