"""A queue as the page draws it: words ready to be shown. Pure.

What a worker left as running when it was killed isn't: it waits for the next worker, and is told so.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from ccds_kernel.imaging.retrieval.request import State, StudyRequest
from ccds_kernel.imaging.retrieval.rows import Missing, Requested
from ccds_kernel.imaging.retrieval.run import Life, Run
from ccds_kernel.imaging.retrieval.single import Singles
from ccds_kernel.imaging.retrieval.timetable import Pace

Shown = dict[str, Any]


def counts_shown(counts: Counter[State], *, working: bool) -> Shown:
    """How many studies are how far; `interrupted` ones were running when their worker ended."""
    running = counts[State.RUNNING]
    return {
        "arrived": counts[State.ARRIVED],
        "running": running if working else 0,
        "interrupted": 0 if working else running,
        "waiting": counts[State.WAITING],
        "failed": counts[State.FAILED],
        "refused": counts[State.REFUSED],
        "all": counts.total(),
    }


def worker_shown(run: Run | None, now: datetime) -> Shown | None:
    """The latest run of a worker."""
    if run is None:
        return None
    life = run.life(now)
    return {
        "life": life.value,
        "person": run.person,
        "begun": run.begun_at.isoformat(),
        "seen": run.seen_at.isoformat(),
        "mb_per_s": None if run.bytes_per_s is None or life is not Life.WORKING else run.bytes_per_s / 1e6,
        "mb": run.received / 1e6,
        "why": None if run.why is None else f"{run.why[:1].upper()}{run.why[1:]}.",
        "stops": run.stops and life is Life.WORKING,
    }


def pace_shown(pace: Pace, change: datetime | None, now: datetime) -> str:
    """What the timetable allows now, and until when, by this machine's clock."""
    if not pace.threads:
        said = "Nothing is fetched at this hour"
    else:
        said = f"{pace.threads} {'study' if pace.threads == 1 else 'studies'} at once"
        if pace.bytes_per_s is not None:
            said += f", at most {pace.bytes_per_s / 1e6:g} MB/s together"
    if change is None:
        return f"{said}."
    day = "" if change.date() == now.date() else f"{change:%A} "
    return f"{said}, until {day}{change:%H:%M}."


def study_shown(request: StudyRequest, most_attempts: int, *, working: bool) -> Shown:
    """One study's card; no accession number, no patient, no UID."""
    state = request.state.value
    if request.state is State.RUNNING and not working:
        state = "interrupted"
    spent = request.attempts >= most_attempts
    return {
        "study": request.study_key,
        "state": state,
        "urgent": request.urgent and request.state is State.WAITING,
        "attempts": request.attempts,
        "cause": request.cause,
        "tried": request.tried_at and request.tried_at.isoformat(),
        "received": request.received,
        "announced": request.study.instances,
        "by": request.asked_by,
        "asked": request.asked_at.isoformat(),
        "can_retry": request.state is State.FAILED and not spent,
        "can_hurry": request.state is State.WAITING and not request.urgent,
        "why_not": _why_not(request.state, spent=spent),
    }


def missing_shown(one: Missing) -> Shown:
    """A cause for which studies aren't there."""
    return {"cause": one.cause, "studies": one.studies, "tried": one.tried_at.isoformat()}


def single_shown(found: Singles, *, begun: bool) -> Shown:
    """What became of one study that was asked for by its accession number: a line, and its key where it is in the queue.

    `begun`: whether a worker was started for it.
    """
    if found.unknown:
        return {"line": "The archive has no such study.", "study": None, "begun": False}
    if found.not_covered:
        line = "The IRB application doesn’t cover its exam code or study date; ask the principal investigator."
        return {"line": line, "study": None, "begun": False}
    (key,) = found.keys
    if found.ahead:
        line = "It goes ahead; fetching begins." if begun else "It goes ahead."
    elif found.there:
        line = "It is in the project."
    elif found.gone:
        line = "It was refused, or tried as often as the site allows."
    else:
        line = "It is being fetched."
    return {"line": line, "study": key, "begun": begun}


def _why_not(state: State, *, spent: bool) -> str:
    """Why a study that isn't there can't be tried again."""
    if state is State.REFUSED:
        return "What came wasn’t what was asked for; asking again would bring the same."
    if state is State.FAILED and spent:
        return "It was tried as often as this site allows."
    return ""


def requested_shown(one: Requested, consecutive: int | None, *, working: bool) -> Shown:
    """Criteria by which studies were asked for."""
    counts = counts_shown(one.counts, working=working)
    missing = counts["failed"] + counts["refused"]
    arent = "isn’t" if missing == 1 else "aren’t"
    hole = f"{missing} of its {consecutive} consecutive studies {arent} there" if consecutive and missing else ""
    return {
        "named": f"{one.name}-v{one.version}",
        "digest": one.digest,
        "by": one.asked_by,
        "at": one.asked_at.isoformat(),
        "answered": one.answered_at and one.answered_at.isoformat(),
        "why": one.why,
        "counts": counts,
        "hole": hole,
    }
