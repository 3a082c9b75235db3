"""The report on the cluster in plain words, the same on every face. Only what was counted is said, with its n."""

from __future__ import annotations

from collections.abc import Mapping

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.cluster.record import HowEnded
from ccds_kernel.cluster.report import ClusterReport, Idle, Reported
from ccds_kernel.cluster.waits import ENOUGH_FOR_INTERVAL, ENOUGH_FOR_P95, Waits
from ccds_kernel.training.record import Outcome

NAMES: Mapping[PriorityClass, str] = {
    PriorityClass.FIRST: "First nodes",
    PriorityClass.SECOND: "Further nodes",
    PriorityClass.BATCH: "Batch work",
}
ENDS: Mapping[HowEnded, str] = {
    HowEnded.BY_ITSELF: "by itself: closed from within, or it failed",
    HowEnded.NOT_STARTED: "before it was up",
    HowEnded.CANCELLED: "called off while it waited or started",
    HowEnded.STOPPED: "stopped by its person or an administrator",
    HowEnded.WALL_TIME: "its wall time was over",
    HowEnded.IDLE: "nobody used it",
    HowEnded.PREEMPTED: "its node was taken for somebody else",
    HowEnded.NODE_LOST: "its node went away",
    HowEnded.REVOKED: "its person may not have it any more",
    HowEnded.UNKNOWN: "nobody knows how",
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.FINISHED: "all epochs done",
    Outcome.STOPPED: "stopped by itself: a loss or weight wasn’t finite",
    Outcome.FAILED: "failed",
}
SILENT = "no word of an end: cancelled or killed, or waiting to begin anew; runs don’t note which"
NOT_MEASURED = "not measured"
NO_PROJECT = "no project"
NOTHING_YET = "nothing was recorded yet: no node was asked for, and no training held a GPU"

_FEW_DIGITS_FROM = 10.0
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def hours(value: float) -> str:
    """GPU-hours as "1,234", "9.5" or, where it is less than can be shown, "< 0.1"."""
    if value >= _FEW_DIGITS_FROM - 0.05:
        return f"{value:,.0f}"
    return "< 0.1" if 0 < value < 0.05 else f"{value:.1f}" if value else "0"  # noqa: PLR2004 - half of the last digit


def length(seconds: float | None) -> str:
    """A wait as "34 s", "1 min 10 s", "3 h 20 min" or "2 d 4 h"; a dash where there is none."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    for size, unit, small, smaller in ((_DAY_S, "d", _HOUR_S, "h"), (_HOUR_S, "h", _MINUTE_S, "min")):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    if whole >= _MINUTE_S:
        return f"{whole // _MINUTE_S} min" + (f" {whole % _MINUTE_S} s" if whole % _MINUTE_S else "")
    return f"{whole} s"


def median_interval(waits: Waits) -> str:
    """The median's 95 % interval as "10 s to 1 min"; why there is none."""
    if waits.low_s is None:
        return f"no interval: fewer than {ENOUGH_FOR_INTERVAL}"
    return f"{length(waits.low_s)} to {length(waits.high_s)}"


def p95(waits: Waits) -> str:
    """The 95th percentile; why there is none."""
    return length(waits.p95_s) if waits.p95_s is not None else f"fewer than {ENOUGH_FOR_P95}"


def rest_of(waits: Waits) -> str:
    """What became of the nodes that didn't come, as "2 wait still, the longest for 5 min"; empty where all came."""
    found = []
    if waits.waiting:
        many = f"{waits.waiting:,} wait still, the longest for" if waits.waiting > 1 else "1 waits still, for"
        found.append(f"{many} {length(waits.waiting_s)}")
    if waits.called_off:
        many = (
            f"{waits.called_off:,} ended before they came, after at most"
            if waits.called_off > 1
            else "1 ended before it came, after"
        )
        found.append(f"{many} {length(waits.called_off_s)}")
    return "; ".join(found)


def waits_sentence(name: str, waits: Waits) -> str:
    """One line for a person on the waits of one class."""
    if not waits.asked:
        return f"{name}: none was asked for."
    said = f"{name}: {waits.asked:,} asked for, {waits.came:,} came"
    if waits.came:
        interval = f" (95 % CI {median_interval(waits)})" if waits.low_s is not None else ""
        many = f", 95 of 100 within {length(waits.p95_s)}" if waits.p95_s is not None else ""
        said += f"; half within {length(waits.median_s)}{interval}{many}, the longest after {length(waits.longest_s)}"
    rest = rest_of(waits)
    return f"{said}; {rest}." if rest else f"{said}."


def share(value: float) -> str:
    """0.25 as "25 %"; what isn't nothing isn't shown as nothing."""
    return "< 1 %" if 0 < value < 0.005 else f"{100 * value:.0f} %"  # noqa: PLR2004 - half of the last digit


def idle_sentence(idle: Idle) -> str:
    """One line for a person on how idle the sessions were."""
    left = f"{counted(idle.unmeasured, 'session')} with {hours(idle.unmeasured_gpu_hours)} GPU-hours not measured"
    if idle.share is None:
        return f"Idle: {left}." if idle.unmeasured else "Idle: no session with a GPU ended."
    said = (
        f"Idle: {share(idle.share)} of the {hours(idle.gpu_hours)} GPU-hours of {counted(idle.sessions, 'session')} "
        "that ended and were measured"
    )
    return f"{said}; {left}." if idle.unmeasured else f"{said}."


def source_line(report: ClusterReport) -> str:
    """What the report comes from, and what is missing in it."""
    said = f"computed from {counted(report.sessions, 'session')} on nodes and {counted(report.trainings, 'training')}"
    missing = []
    if report.unread:
        missing.append(f"the trainings of {counted(report.unread, 'project')} couldn’t be read")
    if report.damaged:
        missing.append(f"{counted(report.damaged, 'file')} of trainings couldn’t be understood")
    return f"{said}; {' and '.join(missing)}: their GPU-hours are missing" if missing else said


def name_of(reported: Reported) -> str:
    """The period's name, from when on it was recorded where that isn't all of it, and that it runs as long as it does."""
    since = "" if reported.whole else f" from {reported.first:%m-%d}"
    return f"{reported.name}{since}{'' if reported.over else ' so far'}"


def counted(number: int, noun: str) -> str:
    """As "1 session" or "1,200 sessions"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
