"""What an archive has and how far the queue is, as lines for the terminal. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from ccds_kernel.cohort.wording import bars
from ccds_kernel.imaging.retrieval.findings import UNKNOWN, Findings
from ccds_kernel.imaging.retrieval.request import State, StudyRequest
from ccds_kernel.imaging.retrieval.rows import Requested
from ccds_kernel.imaging.retrieval.run import Life, Run


def picture(found: Findings) -> list[str]:
    """How many studies, by month, modality, scanner and exam code, and what is left out."""
    query = found.query
    studies = "study" if len(found.meeting) == 1 else "studies"
    instances = "" if found.instances is None else f", {found.instances} instances"
    lines = [
        f"{len(found.meeting)} {studies}{instances} of {', '.join(sorted(query.exam_codes))}, {query.first} to {query.last}"
    ]
    for head, numbers in (
        ("month", found.by_month),
        ("modality", found.by_modality),
        ("scanner", found.by_scanner),
        ("exam code", found.by_code),
    ):
        lines += bars(head, numbers, "studies")
    if found.undecided:
        lines.append(f"{found.undecided:>9}  of them undecided ({UNKNOWN}): looked at when they are fetched")
    if found.others:
        lines.append(f"{found.others:>9}  left out: the archive answered with them, and they weren't asked for")
    return lines


def overview(counts: Mapping[State, int], causes: Counter[str], held_back: Counter[str]) -> list[str]:
    """How many studies are in which state, why some aren't there, and why some that wait are passed over."""
    lines = [f"{counts.get(state, 0):>9}  {state}" for state in State]
    for head, numbers in (("why studies aren't there", causes), ("why studies that wait are passed over", held_back)):
        if numbers:
            lines.append(head)
            lines += [f"{count:>9}  {cause}" for cause, count in numbers.most_common()]
    return lines


def left_out(requested: Iterable[Requested]) -> list[str]:
    """A line for each criteria by which the site's worker couldn't ask the archive."""
    return [f"{one.name}-v{one.version} brought nothing: {one.why}" for one in requested if one.why is not None]


def worker_line(run: Run | None, now: datetime) -> str:
    """Whether anybody fetches, and what ended who did."""
    if run is None:
        return "worker: none yet"
    seen = f"{run.seen_at:%Y-%m-%d %H:%M} UTC"
    match run.life(now):
        case Life.WORKING:
            pace = "" if run.bytes_per_s is None else f", {run.bytes_per_s / 1e6:.1f} MB/s"
            return f"worker: {run.person}'s, at work{pace}"
        case Life.GONE:
            return f"worker: {run.person}'s, gone since {seen}: what is running waits for the next one"
        case Life.ENDED:
            return f"worker: {run.person}'s, ended {seen}" + (f": {run.why}" if run.why else "")


def cards(requests: Iterable[StudyRequest], most_attempts: int) -> list[str]:
    """A line for each study that isn't there: its key, state, cause and last try."""
    lines = []
    for one in requests:
        if one.state is State.ARRIVED:
            continue
        last = f", last {one.tried_at:%Y-%m-%d %H:%M} UTC" if one.tried_at else ""
        anew = f"to be tried anew{last}" if last else "not tried yet"
        tried = f"tried {one.attempts} of {most_attempts}{last}" if one.attempts else anew
        ahead = "  ahead" if one.urgent and one.state is State.WAITING else ""
        lines.append(f"{one.study_key}  {one.state:<8}{ahead}  {tried}  {one.cause or ''}".rstrip())
    return lines
