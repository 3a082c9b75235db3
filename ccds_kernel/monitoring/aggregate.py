"""Joined predictions → the numbers that may be published. Pure.

A study is counted in the month in which its report became final: a month is then complete when it ends, while reports of its
last studies are still to come. What is published of a month stays: rows that are loaded after it aren't counted, since an
earlier publication, subtracted from a later one, would tell their outcomes. Rejected: counting the running month, which
gives every night's studies away; and counting late rows in the month in which they came, where they say nothing about it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ccds_kernel.monitoring.grouping import Division, Scanner, divisions
from ccds_kernel.monitoring.join import Joined
from ccds_kernel.monitoring.publication import Device, Group, Numbers, Outcomes, Software
from ccds_kernel.monitoring.rates import Counts, Metric
from ccds_kernel.months import Span, month_of

NOTHING = Numbers(total=None, periods=(), devices=())


@dataclass(frozen=True)
class NotCounted:
    """How many predictions stand in no published number; for who loads them, never published.

    Attributes:
        awaiting: without a final report.
        waiting: of months that aren't over, or have too few studies as yet.
        late: of months that were published before these rows were loaded.
    """

    awaiting: int
    waiting: int
    late: int


def aggregate(joined: Sequence[Joined], *, until: str, before: Numbers = NOTHING) -> Numbers:
    """The numbers of `before`, as they are, and those of the months after them, in groups of which none is small.

    Args:
        joined: every prediction of a release, and what came of it.
        until: the first month that isn't over; it isn't counted, nor is any later one.
        before: what was published of the release last.
    """
    last = _last(before)
    cells = divisions(
        (month, scanner, counts) for month, scanner, counts in _by_month_and_scanner(joined) if last < month < until
    )
    periods = (*before.periods, *(_outcomes(cell.period, cell.total) for cell in cells))
    return Numbers(total=_total(periods) if periods else None, periods=periods, devices=_devices(before.devices, cells))


def not_counted(joined: Sequence[Joined], numbers: Numbers) -> NotCounted:
    """How many of `joined` are left out of `numbers`, and why."""
    months = [month_of(one.reported_at) for one in joined if one.reported_at is not None]
    early = sum(month <= _last(numbers) for month in months)
    counted = numbers.total.counts.reported if numbers.total else 0
    return NotCounted(awaiting=len(joined) - len(months), waiting=len(months) - early, late=early - counted)


def _last(numbers: Numbers) -> str:
    return numbers.periods[-1].last if numbers.periods else ""


def _by_month_and_scanner(joined: Iterable[Joined]) -> Iterable[tuple[str, Scanner, Counts]]:
    tallies: dict[tuple[str, Scanner], Counter[str]] = defaultdict(Counter)
    for one in joined:
        if one.reported_at is not None:
            tallies[month_of(one.reported_at), Scanner(one.device, one.software_version)][one.outcome.value] += 1
    for (month, scanner), tally in tallies.items():
        yield month, scanner, Counts(**tally)


def _devices(before: Sequence[Device], cells: Sequence[Division]) -> tuple[Device, ...]:
    shown: dict[Scanner, list[Outcomes]] = defaultdict(list)
    hidden: dict[str, list[Span]] = defaultdict(list)
    for device in before:
        hidden[device.device] += device.hidden
        for software in device.software:
            shown[Scanner(device.device, software.version)] += software.periods
    for cell in cells:
        for scanner, counts in cell.shown.items():
            shown[scanner].append(_outcomes(cell.period, counts))
        for name in {scanner.device for scanner in cell.hidden}:
            hidden[name].append(cell.period)
    names = sorted({scanner.device for scanner in shown} | hidden.keys())
    return tuple(
        Device(
            device=name,
            software=tuple(
                Software(version=scanner.software_version, total=_total(mine), periods=tuple(mine))
                # In the order in which they came, not in the alphabet's.
                for scanner, mine in sorted(shown.items(), key=lambda one: (one[1][0].first, one[1][-1].last, one[0]))
                if scanner.device == name
            ),
            hidden=tuple(hidden[name]),
        )
        for name in names
    )


def _total(periods: Iterable[Outcomes]) -> Group:
    return _group(sum((one.group.counts for one in periods), Counts()))


def _outcomes(period: Span, counts: Counts) -> Outcomes:
    return Outcomes(first=period.first, last=period.last, group=_group(counts))


def _group(counts: Counts) -> Group:
    return Group(studies=counts.studies, counts=counts, rates={metric: counts.rate(metric) for metric in Metric})
