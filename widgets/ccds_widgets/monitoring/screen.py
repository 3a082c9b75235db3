"""A publication as the page draws it: words ready to be shown, numbers ready to be placed. Pure.

The page computes nothing but places on the screen, so that each word about a number is tested here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ccds_kernel.monitoring.publication import Device, Numbers, Outcomes, Publication, Software, Volume
from ccds_kernel.monitoring.rates import FEW, Metric, Rate
from ccds_kernel.monitoring.wording import (
    FEWER,
    MEANINGS,
    NAMES,
    NOT_STATED,
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

Shown = dict[str, Any]

_STEPS = (0.02, 0.05, 0.1, 0.2)
_MOST_TICKS = 6
_MOST_NAMED = 3


def screen(publication: Publication) -> Shown:
    """Everything that the page shows of `publication`."""
    release, numbers = publication.release, publication.numbers
    months = _months(numbers)
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
        "source": _capital(source_line(publication.source)),
        "digest": publication.source.digest,
        "period": f"{months[0]} to {months[-1]}" if months else "",
        "published": f"{publication.published_at:%Y-%m-%d %H:%M} UTC",
        "months": months,
        "metrics": [_metric(verdict, numbers) for verdict in verdicts(numbers)],
        "volumes": [_volume(one) for one in numbers.volumes],
        "volume_ticks": _count_ticks(max((one.predictions for one in numbers.volumes), default=0)),
        "periods": [_row(outcomes) for outcomes in numbers.periods],
        "merged": [str(outcomes) for outcomes in numbers.periods if outcomes.first != outcomes.last],
        "fewer": FEWER,
    }


def _capital(line: str) -> str:
    return line[:1].upper() + line[1:]


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
        return f"not shown: {FEWER} studies a month"
    shown = {str(outcomes) for software in device.software for outcomes in software.periods}
    hidden = [f"{span} in part" if str(span) in shown else str(span) for span in device.hidden]
    if len(hidden) > _MOST_NAMED:
        return f"not shown: {len(hidden)} months"
    return f"not shown: {', '.join(hidden)}" if hidden else ""


def _software(metric: Metric, software: Software) -> Shown:
    rate = software.total.rates[metric]
    version = software.version or NOT_STATED
    return {
        "version": version,
        "since": str(software.first_seen),
        "studies": software.total.studies,
        "rate": _rate(rate) if rate else None,
        "text": f"Software {version} since {software.first_seen}: "
        + (_told(metric, rate) if rate else f"no {WHOLES[metric]}."),
        "points": [_point(metric, outcomes) for outcomes in software.periods],
    }


def _volume(volume: Volume) -> Shown:
    labelled = volume.predictions - volume.unmatched - volume.awaiting
    return {
        "first": volume.first,
        "last": volume.last,
        "when": str(volume),
        "predictions": volume.predictions,
        "labelled": labelled,
        "unmatched": volume.unmatched,
        "awaiting": volume.awaiting,
        "text": f"{volume}: {volume.predictions:,} studies, {labelled:,} with a labelled report, "
        f"{volume.unmatched:,} whose report no phrase matches, {volume.awaiting:,} awaiting their report.",
    }


def _row(outcomes: Outcomes) -> Shown:
    counts = outcomes.group.counts
    return {
        "when": str(outcomes),
        "studies": outcomes.group.studies,
        "tp": counts.tp,
        "fp": counts.fp,
        "fn": counts.fn,
        "tn": counts.tn,
        "unmatched": counts.unmatched,
    }


def _months(numbers: Numbers) -> list[str]:
    """Every calendar month of the time shown, without a gap."""
    ends = [month for span in (*numbers.periods, *numbers.volumes) for month in (span.first, span.last)]
    if not ends:
        return []
    first, last = (12 * int(month[:4]) + int(month[5:]) - 1 for month in (min(ends), max(ends)))
    return [f"{index // 12:04d}-{index % 12 + 1:02d}" for index in range(first, last + 1)]


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
