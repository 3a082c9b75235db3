"""Joined predictions → the numbers that may be published. Pure.

How they came out is counted in the month in which the report became final: a month is then complete when it ends, while
reports of its last studies are still to come. How many there were is counted in the month of the prediction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from ccds_kernel.monitoring.grouping import SMALLEST, Division, Month, Period, Scanner, divisions, periods
from ccds_kernel.monitoring.join import Joined, Outcome
from ccds_kernel.monitoring.publication import Device, Group, Numbers, Outcomes, Software, Span, Volume
from ccds_kernel.monitoring.rates import Counts, Metric


def aggregate(joined: Sequence[Joined]) -> Numbers:
    """The numbers of `joined`, in groups of which none is small (see `grouping`)."""
    cells = divisions(_by_month_and_scanner(joined))
    return Numbers(
        total=_group(sum((cell.total for cell in cells), Counts())) if cells else None,
        periods=tuple(Outcomes(**_ends(cell.period), group=_group(cell.total)) for cell in cells),
        volumes=_volumes(joined) if cells else (),
        devices=_devices(cells, _first_seen(joined)),
    )


def _by_month_and_scanner(joined: Iterable[Joined]) -> Iterable[tuple[Month, Scanner, Counts]]:
    tallies: dict[tuple[Month, Scanner], Counter[str]] = defaultdict(Counter)
    for one in joined:
        if one.reported_at is not None:
            tallies[_month(one.reported_at), Scanner(one.device, one.software_version)][one.outcome.value] += 1
    for (month, scanner), tally in tallies.items():
        yield month, scanner, Counts(**tally)


def _volumes(joined: Iterable[Joined]) -> tuple[Volume, ...]:
    tallies: dict[Month, Counter[Outcome]] = defaultdict(Counter)
    for one in joined:
        tallies[_month(one.predicted_at)][one.outcome] += 1
    found = []
    waiting = (Outcome.UNMATCHED, Outcome.AWAITING)
    # By the labelled ones, so that what is left of a period without those that wait isn't a small group either.
    labelled = {month: tally.total() - sum(tally[one] for one in waiting) for month, tally in tallies.items()}
    for period in periods(labelled):
        together: Counter[Outcome] = Counter()
        for month, tally in tallies.items():
            if period.first <= month <= period.last:
                together += tally
        found.append(
            Volume(
                **_ends(period),
                predictions=together.total(),
                unmatched=together[Outcome.UNMATCHED],
                awaiting=together[Outcome.AWAITING],
            )
        )
    return tuple(found)


def _devices(cells: Sequence[Division], first_seen: Mapping[Scanner, date]) -> tuple[Device, ...]:
    names = sorted({scanner.device for cell in cells for scanner in {*cell.shown, *cell.hidden}})
    return tuple(_device(name, cells, first_seen) for name in names)


def _device(name: str, cells: Sequence[Division], first_seen: Mapping[Scanner, date]) -> Device:
    shown = {scanner for cell in cells for scanner in cell.shown if scanner.device == name}
    return Device(
        device=name,
        software=tuple(
            _software(scanner, cells, first_seen[scanner])
            for scanner in sorted(shown, key=lambda scanner: (first_seen[scanner], scanner))
        ),
        hidden=tuple(
            Span(**_ends(cell.period)) for cell in cells if any(scanner.device == name for scanner in cell.hidden)
        ),
    )


def _software(scanner: Scanner, cells: Sequence[Division], first_seen: date) -> Software:
    mine = [(cell.period, cell.shown[scanner]) for cell in cells if scanner in cell.shown]
    return Software(
        version=scanner.software_version,
        first_seen=first_seen,
        total=_group(sum((counts for _, counts in mine), Counts())),
        periods=tuple(Outcomes(**_ends(period), group=_group(counts)) for period, counts in mine),
    )


def _first_seen(joined: Iterable[Joined]) -> dict[Scanner, date]:
    found: dict[Scanner, date] = {}
    for one in joined:
        scanner, day = Scanner(one.device, one.software_version), one.predicted_at.date()
        found[scanner] = min(day, found.get(scanner, day))
    return found


def _group(counts: Counts) -> Group:
    return Group(studies=counts.studies, counts=counts, rates={metric: counts.rate(metric) for metric in Metric})


def _ends(period: Period) -> dict[str, str]:
    first, last = (f"{year:04d}-{month:02d}" for year, month in period)
    return {"first": first, "last": last}


def _month(time: datetime) -> Month:
    return time.year, time.month


def or_few(number: int) -> int | None:
    """`number` where it may be published, else None."""
    return number if number >= SMALLEST else None
