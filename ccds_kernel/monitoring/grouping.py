"""Groups of studies of which none is small, and none is a sum or difference of published ones.

The rule: every group of studies about which something is published has at least ten. To suppress the small groups alone isn't
enough, since a total less the groups that are shown is the one that isn't. So all published numbers are sums over whole
*cells* of one division of the studies (period, scanner, its software), and every cell has at least ten studies: then
whatever somebody adds or subtracts is again a sum over whole cells. Cells that would be smaller are put together:

- A month with fewer than ten studies becomes one *period* with the months after it, as soon as they have ten together.
- Within a period, scanners with fewer than ten studies go into one nameless cell; if that is small, the smallest of the
  others joins it. This cell counts for the period, and for no scanner.

A cell is counted once, after its months are over, and stays as it was published (see `aggregate`): otherwise an earlier
publication, subtracted from a later one, would be the studies of a night.

What isn't promised. A cell's size is its number of labelled studies; how they came out, or how many no phrase matches, may be
any small number. That a scanner is in a nameless cell is told, and so bounds of its size may be. Each release stands for
itself: where two read the same studies but for a few, their numbers differ by those.

Rejected: adding noise (a head of radiology would compare numbers that are all a little wrong), and suppression chosen by
optimisation over the published table (exact, but nobody could say why a number isn't there).

Pure: no files, no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ccds_kernel.monitoring.rates import Counts
from ccds_kernel.months import Span
from ccds_kernel.small_groups import SMALLEST, periods


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

    period: Span
    shown: Mapping[Scanner, Counts]
    hidden: frozenset[Scanner] = frozenset()
    rest: Counts = field(default_factory=Counts)

    @property
    def total(self) -> Counts:
        """All studies of the period."""
        return sum(self.shown.values(), self.rest)


def divide(period: Span, scanners: Mapping[Scanner, Counts]) -> Division:
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


def divisions(studies: Iterable[tuple[str, Scanner, Counts]]) -> list[Division]:
    """The cells of `studies`, period by period; of the last months none, where they have fewer than `SMALLEST` labelled ones.

    Args:
        studies: month of the report, scanner, and counts of any number of studies of both.
    """
    by_month: dict[str, dict[Scanner, list[Counts]]] = defaultdict(lambda: defaultdict(list))
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
            if month in period:
                for scanner, counts in scanners.items():
                    together[scanner].append(counts)
        found.append(divide(period, {scanner: _sum(counts) for scanner, counts in together.items()}))
    return found


def _sum(counts: Sequence[Counts]) -> Counts:
    return sum(counts, Counts())
