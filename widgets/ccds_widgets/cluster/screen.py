"""The report as the page draws it: words ready to be shown, numbers ready to be placed. Pure.

The page computes nothing but places on the screen, so that each word about a number is tested here. It gets the periods of one
length for the charts over time, and one of them in detail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.cluster.period import Grain
from ccds_kernel.cluster.report import CLASSES, NODES, ClusterReport, Idle, Reported, by
from ccds_kernel.cluster.waits import Waits
from ccds_kernel.cluster.wording import (
    ENDS,
    NAMES,
    NO_PROJECT,
    NOT_MEASURED,
    NOTHING_YET,
    OUTCOMES,
    SILENT,
    counted,
    hours,
    idle_sentence,
    length,
    median_interval,
    name_of,
    p95,
    rest_of,
    share,
    source_line,
    waits_sentence,
)
from ccds_widgets.cluster.axes import hour_ticks, period_labels, wait_place, wait_ticks

Shown = dict[str, Any]

MEANINGS = (
    "GPU-hours count GPUs that were held, used or not, by when they were held. Waits are from asking for a node to its start, "
    "by when and as what it was asked for. Idle and ended are by when a session ended. Days are by UTC, weeks begin on Mondays."
)
_TITLES = {Grain.MONTH: "month", Grain.WEEK: "week", Grain.DAY: "day"}


def screen(report: ClusterReport, grain: Grain, wanted: str | None) -> Shown:
    """What the page shows of `report`: the periods of length `grain`, and of these the one named `wanted` in detail.

    Where there is none of that name it is the newest that is over, and where none is over the running one.
    """
    shown = report.of(grain)
    head = {
        "pretended": report.pretended,
        "source": f"{_capital(source_line(report))}, published {report.published_at:%Y-%m-%d %H:%M} UTC.",
        "meanings": MEANINGS,
        "nothing": f"{_capital(NOTHING_YET)}.",
        "grain": grain.value,
        "unit": _TITLES[grain],
        "grains": [{"key": one.value, "name": f"{_capital(_TITLES[one])}s"} for one in Grain],
        "classes": [{"key": one.value, "name": NAMES[one]} for one in CLASSES],
    }
    if not shown:
        return head | {"periods": [], "chosen": None}
    found = next((one for one in shown if one.name == wanted), None)
    chosen = found or next((one for one in reversed(shown) if one.over), shown[-1])
    return head | {
        "labels": period_labels(shown),
        "hour_ticks": hour_ticks([sum(one.gpu_hours for one in period.held) for period in shown]),
        "wait_ticks": wait_ticks(_lengths(shown)),
        "periods": [_period(one) for one in shown],
        "chosen": _chosen(chosen),
    }


def _capital(line: str) -> str:
    return line[:1].upper() + line[1:]


def _period(reported: Reported) -> Shown:
    """One period for the charts over time."""
    held = [reported.gpu_hours(one) for one in CLASSES]
    return {
        "name": reported.name,
        "when": name_of(reported),
        "hours": held,
        "total": hours(sum(held)),
        "said": [hours(one) for one in held],
        "text": f"{name_of(reported)}: {hours(sum(held))} GPU-hours, "
        + ", ".join(f"{NAMES[one].lower()} {hours(value)}" for one, value in zip(CLASSES, held, strict=True)),
        "waits": {one.value: _waits(one, reported) for one in NODES},
        "idle": _idle(reported),
    }


def _waits(node: PriorityClass, reported: Reported) -> Shown:
    waits = reported.waits[node]
    return {
        "median": _placed(waits.median_s),
        "low": _placed(waits.low_s),
        "high": _placed(waits.high_s),
        "p95": _placed(waits.p95_s),
        "few": waits.low_s is None,
        "lasting": waits.waiting > 0,
        "text": f"{name_of(reported)}. {waits_sentence(NAMES[node], waits)}",
        "lines": _wait_lines(waits),
        "cells": _wait_cells(waits),
    }


def _placed(seconds: float | None) -> float | None:
    return None if seconds is None else wait_place(seconds)


def _wait_lines(waits: Waits) -> list[str]:
    if not waits.asked:
        return ["none was asked for"]
    came = f"{waits.came:,} of {waits.asked:,} came"
    if not waits.came:
        return [came, rest_of(waits)]
    lines = [f"median {length(waits.median_s)}, n = {waits.came:,}"]
    lines += [f"95 % CI {median_interval(waits)}" if waits.low_s is not None else median_interval(waits)]
    lines += [f"95 of 100 within {length(waits.p95_s)}"] if waits.p95_s is not None else []
    lines += [f"longest {length(waits.longest_s)}", came]
    return lines + ([rest_of(waits)] if rest_of(waits) else [])


def _wait_cells(waits: Waits) -> list[str]:
    """As the tables have them: asked for, came, median, its interval, 95th percentile, longest, waiting, called off."""
    if not waits.came:
        numbers = ["–"] * 4
    else:
        numbers = [length(waits.median_s), median_interval(waits), p95(waits), length(waits.longest_s)]
    waiting = f"{waits.waiting:,} ({length(waits.waiting_s)})" if waits.waiting else "0"
    called_off = f"{waits.called_off:,} ({length(waits.called_off_s)})" if waits.called_off else "0"
    return [f"{waits.asked:,}", f"{waits.came:,}", *numbers, waiting, called_off]


def _idle(reported: Reported) -> Shown:
    idle = reported.idle
    return {
        "share": idle.share,
        "unmeasured": idle.unmeasured,
        "text": f"{name_of(reported)}. {idle_sentence(idle)}",
        "lines": [_idle_value(idle), *_idle_lines(idle)],
        "cells": [
            _idle_value(idle),
            f"{idle.sessions:,}",
            hours(idle.gpu_hours),
            f"{idle.unmeasured:,}",
            hours(idle.unmeasured_gpu_hours),
        ],
    }


def _idle_value(idle: Idle) -> str:
    if idle.share is not None:
        return share(idle.share)
    return NOT_MEASURED if idle.unmeasured else "–"


def _idle_lines(idle: Idle) -> list[str]:
    if not idle.sessions and not idle.unmeasured:
        return ["no session with a GPU ended"]
    lines = [f"of {hours(idle.gpu_hours)} GPU-hours, {counted(idle.sessions, 'session')}"] if idle.sessions else []
    if idle.unmeasured:
        lines.append(
            f"{counted(idle.unmeasured, 'session')} not measured ({hours(idle.unmeasured_gpu_hours)} GPU-hours)"
        )
    return lines


def _chosen(reported: Reported) -> Shown:
    """One period in detail."""
    return {
        "name": reported.name,
        "when": name_of(reported),
        "days": f"{reported.first:%Y-%m-%d}"
        + (f" to {reported.last:%Y-%m-%d}" if reported.first != reported.last else ""),
        "tiles": [
            _hours_tile(reported),
            *(_wait_tile(one, reported.waits[one]) for one in NODES),
            _idle_tile(reported.idle),
        ],
        "sentences": [
            *(waits_sentence(NAMES[one], reported.waits[one]) for one in NODES),
            idle_sentence(reported.idle),
        ],
        "groups": [_group(reported, "project"), _group(reported, "person")],
        "ends": _ends(reported),
    }


def _hours_tile(reported: Reported) -> Shown:
    total = sum(one.gpu_hours for one in reported.held)
    people, projects = len({one.person for one in reported.held}), len({one.project for one in reported.held})
    who = f"{people} {'person' if people == 1 else 'people'}, {counted(projects, 'project')}"
    return {"name": "GPU-hours held", "value": hours(total), "lines": [who] if people else ["nobody held a GPU"]}


def _wait_tile(node: PriorityClass, waits: Waits) -> Shown:
    return {
        "name": f"{NAMES[node]}: median wait",
        "value": length(waits.median_s),
        "lines": _tile_lines(waits),
        "n": f"n = {waits.came:,}" if waits.came else "",
    }


def _tile_lines(waits: Waits) -> list[str]:
    """What stands below a median; the sentences say the rest."""
    if not waits.came:
        return _wait_lines(waits)
    lines = [f"95 % CI {median_interval(waits)}" if waits.low_s is not None else median_interval(waits)]
    return lines + ([f"{waits.waiting:,} still waiting"] if waits.waiting else [])


def _idle_tile(idle: Idle) -> Shown:
    return {"name": "Idle share of GPU-hours", "value": _idle_value(idle), "lines": _idle_lines(idle)}


def _group(reported: Reported, key: str) -> Shown:
    """GPU-hours by project or person, each once, split by class."""
    found = by(reported.held, key)
    most = max((sum(classes.values()) for classes in found.values()), default=0.0)
    return {
        "key": key,
        "name": f"By {key}",
        "rows": [
            {
                "name": name or NO_PROJECT,
                "total": hours(sum(classes.values())),
                "said": [hours(classes[one]) for one in CLASSES],
                "shares": [classes[one] / most for one in CLASSES],
            }
            for name, classes in found.items()
        ],
    }


def _ends(reported: Reported) -> list[Shown]:
    """How sessions on nodes, and trainings, ended: the most frequent way first."""
    sessions = sorted(reported.sessions.items(), key=lambda item: (-item[1], item[0]))
    trainings: list[tuple[str, int]] = [(OUTCOMES[one], count) for one, count in reported.trainings.items()]
    trainings += [(SILENT, reported.trainings_silent)] if reported.trainings_silent else []
    return [
        _ended("Sessions on nodes", "session", [(ENDS[how], count) for how, count in sessions]),
        _ended("Trainings", "training", sorted(trainings, key=lambda item: -item[1]), reported.trainings_silent),
    ]


def _ended(title: str, noun: str, ways: Sequence[tuple[str, int]], unsure: int = 0) -> Shown:
    """`unsure` of them may not have ended."""
    total = sum(count for _, count in ways)
    ended = f"{counted(total - unsure, noun)} ended" if total > unsure else f"no {noun} ended"
    return {
        "title": title,
        "total": f"{ended}, {unsure:,} may have" if unsure else ended,
        "rows": [{"name": _capital(way), "count": f"{count:,}", "share": count / total} for way, count in ways],
    }


def _lengths(shown: Iterable[Reported]) -> list[float]:
    """All waits that the charts place."""
    return [
        value
        for reported in shown
        for waits in reported.waits.values()
        for value in (waits.median_s, waits.low_s, waits.high_s, waits.p95_s)
        if value is not None
    ]
