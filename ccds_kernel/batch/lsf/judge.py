"""What LSF's record of a job and the files of its run mean together: pure functions, one job at a time.

Only DONE and EXIT say that LSF will not start the job again. Everything else is alive: UNKWN (its host is lost), ZOMBI (it was
killed while its host was lost), a suspended job, one that waits again. What an exit file adds is `ending.judge`'s; LSF signals
every process of a job itself, so a command may be dead before its wrapper has noted why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ccds_kernel.batch import ending
from ccds_kernel.batch.ending import Verdict
from ccds_kernel.batch.exits import ExitFile
from ccds_kernel.batch.lsf import words
from ccds_kernel.batch.lsf.parse import LsfJob
from ccds_kernel.batch.run_folders import Noted
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import UNKNOWN_REASON, Explanation, JobId, JobState, JobStatus

_ENDED = ("DONE", "EXIT")
_WAITS = ("PEND", "PSUSP", "WAIT", "PROV")
_ALIVE = {
    **dict.fromkeys(_WAITS, JobState.PENDING),
    "RUN": JobState.RUNNING,
    "USUSP": JobState.SUSPENDED,
    "SSUSP": JobState.SUSPENDED,
}
_LOST = {
    "UNKWN": "LSF has lost touch with its host",
    "ZOMBI": "it was told to end while LSF had lost touch with its host",
}
_CANCELLED = ("TERM_OWNER", "TERM_FORCE_OWNER", "TERM_ADMIN", "TERM_FORCE_ADMIN")
_REQUEUED = ("TERM_REQUEUE_OWNER", "TERM_REQUEUE_ADMIN", "TERM_REQUEUE_RC")
_SIGNALLED = 128
_SLACK = timedelta(seconds=5)
"""LSF counts a run limit in whole minutes, from a start that it prints in whole seconds."""
_WALL = Verdict(JobState.FAILED, "its wall time is over")


def status(
    job: JobId,
    found: Sequence[LsfJob],
    noted: Noted,
    exits: Sequence[ExitFile | None],
    *,
    cancelled: bool,
    kind: PriorityClass,
    position: int | None,
) -> JobStatus:
    """One job that LSF knows; of an array, the whole.

    Args:
        job: its id.
        found: its record, or those of its tasks.
        noted: what is noted of it.
        exits: the last exit file of each of `found`.
        cancelled: its end was asked for through us.
        kind: its present class.
        position: its place among those that wait, where LSF's order gives one.
    """
    told = [_verdict(it, exit_file, cancelled=cancelled) for it, exit_file in zip(found, exits, strict=True)]
    verdict, at = _together(told)
    over = verdict.state.ended
    ends = [_ended(it, exit_file) for it, exit_file in zip(found, exits, strict=True)]
    starts = [it.started for it in found if it.started]
    return JobStatus(
        id=job,
        state=verdict.state,
        name=noted.name,
        owner=noted.owner,
        user=found[0].user,
        priority_class=kind,
        node=next((it.nodes[0] for it in found if it.nodes), None),
        nodes=tuple(dict.fromkeys(node for it in found for node in it.nodes)),
        exit_code=_exit_code(found[at], exits[at]) if over else None,
        reason=verdict.reason,
        submitted=found[0].submitted,
        started=min(starts) if starts and verdict.state is not JobState.PENDING else None,
        ended=max((end for end in ends if end), default=None) if over else None,
        wall_ends=_wall_ends(found[at]) if verdict.state in {JobState.RUNNING, JobState.SUSPENDED} else None,
        gpus_granted=() if over else _gpus(found),
        waits=explain(found[at], position) if verdict.state is JobState.PENDING else None,
    )


def unlisted(
    job: JobId, noted: Noted, exits: Sequence[ExitFile | None], *, cancelled: bool, fresh: bool, trouble: str | None
) -> JobStatus:
    """A job about which LSF says nothing.

    Args:
        job: its id.
        noted: what is noted of it.
        exits: the last exit file of each of its tasks.
        cancelled: its end was asked for through us.
        fresh: LSF took it so lately that it may not list it yet.
        trouble: why LSF gave no answer; None when it did, and doesn't know the job.
    """
    said = Verdict(JobState.UNKNOWN, trouble) if trouble else None
    if fresh and not trouble and not any(exits):
        said = Verdict(JobState.PENDING)
    told = [_as_told(exit_file, told=cancelled) for exit_file in exits]
    verdict, at = _together([ending.judge(said, exit_file, cancelled=cancelled) for exit_file in told])
    over = verdict.state.ended
    ends = [datetime.fromtimestamp(exit_file.ended, UTC) for exit_file in exits if exit_file]
    exit_file = exits[at]
    return JobStatus(
        id=job,
        state=verdict.state,
        name=noted.name,
        owner=noted.owner,
        exit_code=exit_file.code if over and exit_file else None,
        reason=verdict.reason,
        submitted=datetime.fromtimestamp(noted.submitted, UTC),
        ended=max(ends, default=None) if over else None,
    )


def is_over(job: LsfJob) -> bool:
    """Whether LSF says that it won't start it again."""
    return job.stat in _ENDED and not job.exit_reason.startswith(_REQUEUED)


def explain(job: LsfJob, position: int | None) -> Explanation:
    """Why a job waits, as LSF says."""
    said = job.pend_reason.strip().rstrip(";")
    if job.stat == "PSUSP":
        return Explanation(reason="held: somebody has stopped it while it waited", said=said or job.stat)
    return Explanation(
        reason=words.plain(said) if said else UNKNOWN_REASON,
        said=said or None,
        position=position,
        estimated_start=job.estimated_start,
    )


def _verdict(job: LsfJob, exit_file: ExitFile | None, *, cancelled: bool) -> Verdict:
    exit_file = _as_told(_of_this_start(job, exit_file), told=cancelled or bool(job.exit_reason))
    return ending.judge(_said(job, exit_file, cancelled=cancelled), exit_file, cancelled=cancelled)


def _of_this_start(job: LsfJob, exit_file: ExitFile | None) -> ExitFile | None:
    """The exit file, unless LSF has put the job back since: then it is that of a start before, whatever it says."""
    if exit_file is None or is_over(job):
        return exit_file
    if job.stat in _WAITS or job.stat in _ENDED:
        return None
    return None if job.started and datetime.fromtimestamp(exit_file.ended, UTC) < job.started else exit_file


def _as_told(exit_file: ExitFile | None, *, told: bool) -> ExitFile | None:
    """The exit file of a command that was told to end, also where LSF's signal killed it before its wrapper noted that."""
    if exit_file and told and exit_file.code is not None and exit_file.code < 0:
        return replace(exit_file, stopped=True)
    return exit_file


def _said(job: LsfJob, exit_file: ExitFile | None, *, cancelled: bool) -> Verdict:
    """What LSF says about it."""
    if is_over(job):
        return _end(job, exit_file, cancelled=cancelled)
    if job.stat in _ENDED:
        return Verdict(JobState.PENDING)
    if state := _ALIVE.get(job.stat):
        return Verdict(state)
    return Verdict(JobState.UNKNOWN, _LOST.get(job.stat, f"LSF calls its state {job.stat}"))


def _end(job: LsfJob, exit_file: ExitFile | None, *, cancelled: bool) -> Verdict:
    """Why it ended: LSF says nothing of a job that was told to end and did so with exit code 0."""
    said = job.exit_reason
    if said.startswith("TERM_RUNLIMIT"):
        return _WALL
    if said.startswith(_CANCELLED) or (cancelled and (job.stat == "EXIT" or exit_file)):
        return Verdict(JobState.CANCELLED)
    if exit_file and _is_out_of_time(job, exit_file):
        return _WALL
    if job.stat == "DONE":
        return Verdict(JobState.SUCCEEDED)
    return Verdict(JobState.FAILED, _why_failed(said, _code(job)))


def _why_failed(said: str, code: int) -> str:
    if said.startswith("TERM_PREEMPT"):
        return "it had to make room for other work"
    if said:
        return f"LSF says: {said}"
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _is_out_of_time(job: LsfJob, exit_file: ExitFile) -> bool:
    if job.started is None or job.run_limit is None:
        return False
    return datetime.fromtimestamp(exit_file.ended, UTC) >= job.started + timedelta(minutes=job.run_limit) - _SLACK


def _code(job: LsfJob) -> int:
    code = job.exit_code or 0
    return _SIGNALLED - code if code > _SIGNALLED else code


def _exit_code(job: LsfJob, exit_file: ExitFile | None) -> int | None:
    if exit_file:
        return exit_file.code
    return _code(job) if job.exit_code or job.stat == "DONE" else None


def _ended(job: LsfJob, exit_file: ExitFile | None) -> datetime | None:
    return datetime.fromtimestamp(exit_file.ended, UTC) if exit_file else job.finishes


def _together(told: Sequence[Verdict]) -> tuple[Verdict, int]:
    """One job's verdict, or an array's from those of its tasks: what says most about what is still to come; and whose it is."""
    order = (
        JobState.UNKNOWN, JobState.RUNNING, JobState.SUSPENDED, JobState.PENDING, JobState.FAILED, JobState.CANCELLED,
        JobState.SUCCEEDED,
    )  # fmt: skip
    at = min(range(len(told)), key=lambda number: order.index(told[number].state))
    return told[at], at


def _wall_ends(job: LsfJob) -> datetime | None:
    if job.finishes:
        return job.finishes
    return job.started + timedelta(minutes=job.run_limit) if job.started and job.run_limit else None


def _gpus(found: Sequence[LsfJob]) -> tuple[str, ...]:
    """The numbers of its GPUs; where they lie on several hosts, with the host before each."""
    held = [(host, number) for it in found for host, numbers in it.gpus.items() for number in numbers]
    several = len({host for host, _ in held}) > 1
    return tuple(f"{host}:{number}" if several else number for host, number in held)
