"""A publication as the page draws it: words ready to be shown, numbers ready to be placed. Pure.

The page computes nothing but places on the screen, so that each word about a number is tested here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ccds_kernel.monitoring.publication import Device, Numbers, Outcomes, Publication, Software
from ccds_kernel.monitoring.rates import Metric
from ccds_kernel.monitoring.wording import (
    MEANINGS,
    NAMES,
    NOT_STATED,
    NOTHING_YET,
    WHOLES,
    Verdict,
    digits_of,
    few_remark,
    interval,
    percent,
    software_sentences,
    source_line,
    verdicts,
    with_interval,
)
from ccds_kernel.months import Span
from ccds_kernel.rate import FEW, Rate
from ccds_kernel.small_groups import SMALLEST

Shown = dict[str, Any]

HIDDEN = "too few studies, or so that a small group can’t be worked out"
"""Why a scanner isn't shown in some months."""

_STEPS = (0.02, 0.05, 0.1, 0.2)
_MOST_TICKS = 6
_MOST_NAMED = 3


def screen(publication: Publication) -> Shown:
    """Everything that the page shows of `publication`."""
    release, numbers = publication.release, publication.numbers
    months = _calendar(numbers)
    return {
        "release": {
            "name": str(release.id),
            "model": release.id.model,
            "version": release.id.version,
            "title": release.title,
            "summary": release.summary,
            "simulated": release.simulated,
            "rule": f"An alert is a score of at least {release.threshold:g}. A report is positive when the first phrase that "
            f"matches it says “{release.positive}”.",
        },
        "source": _capital(source_line(numbers)),
        "promise": f"Each month and scanner shown has at least {SMALLEST} studies; how these came out may be any number. "
        "Months are by UTC, counted after their end, and stay as they were published.",
        "digest": publication.digest,
        "period": f"{months[0]} to {months[-1]}" if months else "",
        "published": f"{publication.published_at:%Y-%m-%d %H:%M} UTC",
        "months": list(months),
        "metrics": [_metric(verdict, numbers) for verdict in verdicts(numbers)],
        "periods": [_row(outcomes) for outcomes in numbers.periods],
        "volume_ticks": _count_ticks(max((one.group.counts.reported for one in numbers.periods), default=0)),
        "merged": _merged(numbers),
        "hidden": HIDDEN,
        "nothing": f"{_capital(NOTHING_YET)}.",
    }


def _capital(line: str) -> str:
    return line[:1].upper() + line[1:]


def _merged(numbers: Numbers) -> str:
    """Which months were put together, and why; empty where none were."""
    together = [str(outcomes) for outcomes in numbers.periods if outcomes.first != outcomes.last]
    if not together:
        return ""
    return f"Months with fewer than {SMALLEST} studies are counted with those after them: {'; '.join(together)}."


def _metric(verdict: Verdict, numbers: Numbers) -> Shown:
    metric = verdict.metric
    when, newest = verdict.newest
    before = verdict.before
    points = [_point(metric, outcomes) for outcomes in numbers.periods]
    devices = [_device(metric, device) for device in numbers.devices]
    base = before[1] if before else None
    return {
        "key": metric.value,
        "name": NAMES[metric],
        "meaning": MEANINGS[metric],
        "wholes": WHOLES[metric],
        "few": f"fewer than {FEW} {WHOLES[metric]}: the interval is too wide to conclude from",
        "sentence": verdict.sentence,
        "when": when,
        "value": percent(newest.value, digits_of(newest)) if newest else "–",
        "interval": f"95 % CI {interval(newest)}" if newest else "",
        "before": verdict.earlier,
        "remark": few_remark(metric, newest) if newest else f"no {WHOLES[metric]}",
        "software": software_sentences(numbers, metric),
        "base": {"value": base.value, "text": f"{percent(base.value, digits_of(base))} in {before[0]}"}
        if before and base
        else None,
        "points": points,
        "ticks": _ticks(outcomes.group.rates[metric] for outcomes in numbers.periods),
        "devices": devices,
        "device_ticks": _ticks(
            rate
            for device in numbers.devices
            for software in device.software
            for rate in (software.total.rates[metric], *(one.group.rates[metric] for one in software.periods))
        ),
    }


def _point(metric: Metric, outcomes: Outcomes) -> Shown:
    rate = outcomes.group.rates[metric]
    studies = f"{outcomes.group.studies:,} studies"
    placed = {"first": outcomes.first, "last": outcomes.last, "when": str(outcomes)}
    if rate is None:
        return placed | {"rate": None, "text": f"{outcomes}: no {WHOLES[metric]} among {studies}"}
    return placed | {"rate": _rate(rate), "text": f"{outcomes}: {_told(metric, rate)}"}


def _rate(rate: Rate) -> Shown:
    return {
        "value": rate.value,
        "low": rate.low,
        "high": rate.high,
        "few": rate.is_of_few,
        "shown": percent(rate.value, digits_of(rate)),
        "interval": interval(rate),
        "of": f"{rate.part:,} of {rate.whole:,}",
        "whole": f"{rate.whole:,}",
    }


def _told(metric: Metric, rate: Rate) -> str:
    remark = few_remark(metric, rate)
    said = f"{with_interval(rate)}, {rate.part:,} of {rate.whole:,} {WHOLES[metric]}."
    return f"{said} {remark}" if remark else said


def _device(metric: Metric, device: Device) -> Shown:
    return {
        "name": device.device or NOT_STATED,
        "software": [_software(metric, one) for one in device.software],
        "hidden": [{"first": span.first, "last": span.last, "when": str(span)} for span in device.hidden],
        "note": _hidden_note(device),
    }


def _hidden_note(device: Device) -> str:
    """Of which months something isn't shown; empty where everything is."""
    if not device.software:
        return f"not shown: {HIDDEN}"
    shown = {str(outcomes) for software in device.software for outcomes in software.periods}
    part = [span for span in device.hidden if str(span) in shown]
    if len(device.hidden) > _MOST_NAMED:
        some = f", {_months(part)} in part" if part else ""
        return f"not shown: {_months(device.hidden)}{some}"
    hidden = [f"{span} in part" if span in part else str(span) for span in device.hidden]
    return f"not shown: {', '.join(hidden)}" if hidden else ""


def _months(spans: Iterable[Span]) -> str:
    count = sum(len(span.months) for span in spans)
    return "1 month" if count == 1 else f"{count} months"


def _software(metric: Metric, software: Software) -> Shown:
    rate = software.total.rates[metric]
    version = software.version or NOT_STATED
    return {
        "version": version,
        "since": software.since,
        "studies": software.total.studies,
        "rate": _rate(rate) if rate else None,
        "text": f"Software {version} since {software.since}: "
        + (_told(metric, rate) if rate else f"no {WHOLES[metric]}."),
        "points": [_point(metric, outcomes) for outcomes in software.periods],
    }


def _row(outcomes: Outcomes) -> Shown:
    counts = outcomes.group.counts
    return {
        "first": outcomes.first,
        "last": outcomes.last,
        "when": str(outcomes),
        "reported": counts.reported,
        "studies": counts.studies,
        "tp": counts.tp,
        "fp": counts.fp,
        "fn": counts.fn,
        "tn": counts.tn,
        "unmatched": counts.unmatched,
        "text": f"{outcomes}: {counts.reported:,} studies, {counts.studies:,} with a labelled report, "
        f"{counts.unmatched:,} whose report no phrase matches.",
    }


def _calendar(numbers: Numbers) -> tuple[str, ...]:
    """Every calendar month of the time shown, without a gap."""
    if not numbers.periods:
        return ()
    return Span(first=numbers.periods[0].first, last=numbers.periods[-1].last).months


def _ticks(rates: Iterable[Rate | None]) -> list[float]:
    """The marks of an axis that holds all intervals, from 0 to 1: as fine as goes with few marks."""
    known = [rate for rate in rates if rate is not None]
    low, high = min((rate.low for rate in known), default=0.0), max((rate.high for rate in known), default=1.0)
    for step in _STEPS:
        # A hair of tolerance: 0.6 / 0.2 isn't 3 in floating point.
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first < _MOST_TICKS:
            break
    return [round(number * step, 4) for number in range(first, max(last, first + 1) + 1)]


def _count_ticks(most: int) -> list[int]:
    """The marks of an axis of counts from 0 to at least `most`."""
    if not most:
        return [0, 1]
    size = 10 ** math.floor(math.log10(most))
    step = next(step for step in (size // 5, size // 2, size, 2 * size) if step and most / step < _MOST_TICKS)
    return list(range(0, step * math.ceil(most / step) + 1, step))
