"""Groups of studies of which none is small, and none can be worked out from the others by subtraction.

The rule: no number is published about fewer than ten studies. To suppress the small groups alone isn't enough, since a
total less the groups that are shown is the one that isn't. So all published numbers are sums over whole *cells* of one
division of the studies (scanner, its software, period), and every cell has at least ten studies: then whatever
somebody adds or subtracts is again a sum over whole cells. Cells that would be smaller are put together:

- A month with fewer than ten studies becomes one *period* with the next one, or with the one before it if it is the last.
- Within a period, scanners with fewer than ten studies go into one nameless cell; if that is small, the smallest of the
  others joins it. This cell counts for the period, and for no scanner.

Rejected: adding noise (a head of radiology would compare numbers that are all a little wrong), and suppression chosen by
optimisation over the published table (exact, but nobody could say why a number isn't there). What this can't prevent: whoever
keeps an earlier publication can subtract it from a later one.

Pure: no files, no database. A cell's size is its number of labelled studies; how they came out may be any small number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ccds_kernel.monitoring.rates import Counts

SMALLEST = 10
"""A group with fewer studies isn't published."""

Month = tuple[int, int]
"""Year and month (1 to 12), by UTC."""


class Period(NamedTuple):
    """Consecutive calendar months, `first` to `last`."""

    first: Month
    last: Month

    def __str__(self) -> str:
        names = [f"{year}-{month:02d}" for year, month in (self.first, self.last)]
        return names[0] if self.first == self.last else f"{names[0]} to {names[1]}"


class Scanner(NamedTuple):
    """A device with one version of its software; either is empty where it isn't known."""

    device: str
    software_version: str


@dataclass(frozen=True)
class Division:
    """The studies of one period: those of each scanner that has enough, and the others in one nameless cell.

    Attributes:
        period: which months.
        shown: scanner → its studies, at least `SMALLEST` labelled ones.
        hidden: the scanners of the nameless cell; no scanner, or one or more.
        rest: the studies of the nameless cell, none or at least `SMALLEST` labelled ones.
    """

    period: Period
    shown: Mapping[Scanner, Counts]
    hidden: frozenset[Scanner] = frozenset()
    rest: Counts = field(default_factory=Counts)

    @property
    def total(self) -> Counts:
        """All studies of the period."""
        return sum(self.shown.values(), self.rest)


def periods(sizes: Mapping[Month, int]) -> list[Period]:
    """The months in periods of at least `SMALLEST` studies, in order; none where all of them together have fewer.

    Args:
        sizes: month → number of its studies; months without any needn't be named.
    """
    found: list[Period] = []
    begin: Month | None = None
    size = 0
    for month in sorted(sizes):
        begin = begin or month
        size += sizes[month]
        if size >= SMALLEST:
            found.append(Period(begin, month))
            begin, size = None, 0
    if begin is not None and found:  # the last months are too small for a period of their own
        found[-1] = Period(found[-1].first, max(sizes))
    return found


def divide(period: Period, scanners: Mapping[Scanner, Counts]) -> Division:
    """The cells of a period that has at least `SMALLEST` labelled studies in all."""
    hidden = {scanner for scanner, counts in scanners.items() if counts.studies < SMALLEST}
    # The smallest first; by name where two are equal, so that the same rows are always published alike.
    others = sorted(scanners.keys() - hidden, key=lambda scanner: (scanners[scanner].studies, scanner))
    rest = sum((scanners[scanner] for scanner in hidden), Counts())
    while hidden and rest.studies < SMALLEST and others:
        scanner = others.pop(0)
        hidden.add(scanner)
        rest += scanners[scanner]
    return Division(period, {scanner: scanners[scanner] for scanner in sorted(others)}, frozenset(hidden), rest)


def divisions(studies: Iterable[tuple[Month, Scanner, Counts]]) -> list[Division]:
    """The cells of all `studies`, period by period; none where there are fewer than `SMALLEST` labelled ones in all.

    Args:
        studies: month of the report, scanner, and counts of any number of studies of both.
    """
    by_month: dict[Month, dict[Scanner, list[Counts]]] = defaultdict(lambda: defaultdict(list))
    for month, scanner, counts in studies:
        by_month[month][scanner].append(counts)
    summed = {
        month: {scanner: _sum(counts) for scanner, counts in scanners.items()} for month, scanners in by_month.items()
    }
    sizes = {month: sum(counts.studies for counts in scanners.values()) for month, scanners in summed.items()}
    found = []
    for period in periods(sizes):
        together: dict[Scanner, list[Counts]] = defaultdict(list)
        for month, scanners in summed.items():
            if period.first <= month <= period.last:
                for scanner, counts in scanners.items():
                    together[scanner].append(counts)
        found.append(divide(period, {scanner: _sum(counts) for scanner, counts in together.items()}))
    return found


def _sum(counts: Sequence[Counts]) -> Counts:
    return sum(counts, Counts())
