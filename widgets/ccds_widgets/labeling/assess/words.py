"""Numbers as the assess screen says them: coefficients with two digits, shares as percentages, with interval and n."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ccds_kernel.labeling.assessment.estimate import Estimate, Statistic, Why
from ccds_kernel.labeling.wording import studies
from ccds_kernel.rate import Rate

Shown = dict[str, Any]

_NEAR = 0.01

WHY: Mapping[Why, str] = {
    Why.NO_OVERLAP: "no study was rated by both",
    Why.ONE_STUDY: "a single study was rated by both: nothing tells agreement from chance",
    Why.ONE_CATEGORY: "everybody always gave the same answer, so that chance alone explains it",
    Why.NEVER_GIVEN: "nobody gave that answer in a study that two rated",
}
"""Why a coefficient isn't defined."""


def figure(value: float) -> str:
    """A coefficient as "0.78"; never "-0.00"."""
    return f"{round(value, 2) + 0.0:.2f}"


def percent(share: float) -> str:
    """A share as "81 %"; within one percent of an end with a digit more, so that few of many aren't told as none."""
    if not 0 < min(share, 1 - share) < _NEAR:
        return f"{100 * share:.0f} %"
    if min(share, 1 - share) < _NEAR / 20:
        return "< 0.1 %" if share < _NEAR else "> 99.9 %"
    return f"{100 * share:.1f} %"


def statistic(found: Statistic) -> Shown:
    """A coefficient as a page places and tells it; `value` is None where it isn't defined, and `text` says why."""
    if not isinstance(found, Estimate):
        return {
            "value": None,
            "n": found.studies,
            "shown": "–",
            "interval": "",
            "text": f"not defined: {WHY[found.why]}",
        }
    interval = f"{figure(found.low)} to {figure(found.high)}"
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.studies,
        "shown": figure(found.value),
        "interval": interval,
        "text": f"{figure(found.value)} (95 % CI {interval}), {studies(found.studies)}",
    }


def rate(found: Rate | None, nothing: str) -> Shown:
    """A share as a page places and tells it; `nothing` says why there is none."""
    if found is None:
        return {"value": None, "n": 0, "shown": "–", "interval": "", "of": "", "text": nothing}
    interval = f"{percent(found.low).removesuffix(' %')} to {percent(found.high)}"
    of = f"{found.part:,} of {found.whole:,}"
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.whole,
        "shown": percent(found.value),
        "interval": interval,
        "of": of,
        "few": found.is_of_few,
        "text": f"{percent(found.value)} (95 % CI {interval}), {of}",
    }


def seconds(value: float) -> str:
    """A length of time as "9.8 s", "75 s"."""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"  # noqa: PLR2004 - two digits say enough


def moment(at: datetime) -> str:
    """A time as "2026-03-01 12:00 UTC"."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
