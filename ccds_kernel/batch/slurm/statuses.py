"""One job's status, from Slurm's answer and from what its runs left in their folder."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ccds_kernel.batch.ending import Verdict, judge
from ccds_kernel.batch.exits import ExitFile
from ccds_kernel.batch.mark import Mark
from ccds_kernel.batch.run_folders import Noted, RunFolders, attempt_of
from ccds_kernel.batch.slurm.answers import SlurmJob
from ccds_kernel.batch.slurm.queue import Line, exit_code_of, moment, said_of
from ccds_kernel.batch.slurm.render import SlurmSite
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobId, JobState, JobStatus


@dataclass(frozen=True)
class Seen:
    """A job of ours, as far as it is known.

    Attributes:
        id: the job.
        parts: it, or the tasks of its array and what is left of that, as Slurm tells them; empty when Slurm has forgotten it.
        noted: which run it is; None when its folder is gone.
        mark: what Slurm remembers with it; None when it has forgotten it or somebody else changed it.
    """

    id: JobId
    parts: tuple[SlurmJob, ...]
    noted: Noted | None
    mark: Mark | None

    @property
    def name(self) -> str | None:
        """Under which it was submitted."""
        return self.noted.name if self.noted else self.parts[0].name if self.parts else None

    @property
    def owner(self) -> str | None:
        """For whom it runs."""
        return self.mark.owner if self.mark else self.noted.owner if self.noted else None

    def priority_class(self, site: SlurmSite) -> PriorityClass | None:
        """Its class.

        That of its partition while it waits, so that a move by hand shows. Slurm moves no running job: what we called it last,
        and None where somebody has written over that.
        """
        if any(part.unread for part in self.parts):
            return None
        waits = any(said_of(part).state is JobState.PENDING for part in self.parts)
        by_partition = site.class_of(self.parts[0].partition) if self.parts else None
        by_us = self.mark.priority_class if self.mark else None
        return (by_partition or by_us) if waits else by_us


def verdict_of(seen: Seen, runs: RunFolders) -> tuple[Verdict, ExitFile | None]:
    """The state of a job, and the exit file that says so."""
    if any(part.unread for part in seen.parts):
        return _verdict_of_unreadable(seen.parts, seen.noted, runs)
    cancelled = bool(seen.noted and runs.is_cancelled(seen.noted)) if not seen.parts else False
    if seen.noted and seen.noted.tasks:
        return _verdict_of_tasks(seen, seen.noted, runs, cancelled=cancelled)
    if not seen.parts:
        left = runs.last_exit(seen.noted) if seen.noted else None
        return judge(None, left, cancelled=cancelled), left
    part = seen.parts[0]
    left = runs.exit_file(seen.noted, attempt_of(part.restarts)) if seen.noted else None
    return judge(said_of(part), left, cancelled=False), left


def _verdict_of_unreadable(
    parts: Sequence[SlurmJob], noted: Noted | None, runs: RunFolders
) -> tuple[Verdict, ExitFile | None]:
    """Over only where its command ended by itself: which attempt it is at, or whether another follows, isn't known."""
    said = next(said_of(part) for part in parts if part.unread)
    left = runs.last_exit(noted) if noted and not noted.tasks else None
    return judge(said, left, cancelled=False), left


def _verdict_of_tasks(
    seen: Seen, noted: Noted, runs: RunFolders, *, cancelled: bool
) -> tuple[Verdict, ExitFile | None]:
    """An array lives as long as one of its tasks does, and fails when one of them did."""
    verdicts = [
        judge(said_of(part), runs.exit_file(noted, attempt_of(part.restarts, part.task)), cancelled=False)
        if part.task is not None
        else said_of(part)
        for part in seen.parts
    ]
    for alive in (JobState.RUNNING, JobState.SUSPENDED, JobState.PENDING):
        if any(verdict.state is alive for verdict in verdicts):
            return Verdict(alive), None
    told = {part.task for part in seen.parts}
    left = {task: runs.last_exit(noted, task) for task in range(noted.tasks)}
    if None not in told:  # else it was cancelled as a whole: the tasks that never began leave nothing
        verdicts += [judge(None, left[task], cancelled=cancelled) for task in range(noted.tasks) if task not in told]
    last = max(filter(None, left.values()), key=lambda it: it.ended, default=None)
    return _sum_of(verdicts), last


def _sum_of(verdicts: Sequence[Verdict]) -> Verdict:
    for state, words in ((JobState.UNKNOWN, "are not known any more"), (JobState.FAILED, "failed")):
        if some := [verdict for verdict in verdicts if verdict.state is state]:
            return Verdict(state, f"{len(some)} of {len(verdicts)} tasks {words}; the first: {some[0].reason}")
    if any(verdict.state is JobState.CANCELLED for verdict in verdicts):
        return Verdict(JobState.CANCELLED)
    return Verdict(JobState.SUCCEEDED)


def status_of(seen: Seen, line: Line, site: SlurmSite, runs: RunFolders, addresses: Mapping[str, str]) -> JobStatus:
    """All that is known of a job."""
    verdict, left = verdict_of(seen, runs)
    state = verdict.state
    begun = [part for part in seen.parts if part.nodes and said_of(part).state is not JobState.PENDING]
    first = next((it for it in begun if said_of(it).state is state), begun[0] if begun else None)
    nodes = first.nodes if first else ()
    runs_now = state in {JobState.RUNNING, JobState.SUSPENDED}
    waiting = [part for part in seen.parts if said_of(part).state is JobState.PENDING]
    return JobStatus(
        id=seen.id,
        state=state,
        name=seen.name,
        owner=seen.owner,
        user=seen.parts[0].user if seen.parts else None,
        priority_class=seen.priority_class(site),
        node=nodes[0] if nodes else None,
        nodes=nodes,
        address=addresses.get(nodes[0]) if nodes else None,
        exit_code=_exit_code(seen, state, left),
        reason=verdict.reason,
        submitted=moment(_submitted(seen)),
        started=None if state is JobState.PENDING or not first else moment(first.started),
        ended=_ended(seen, state, left),
        wall_ends=moment(first.ends) if first and runs_now else None,
        gpus_granted=tuple(slot for part in begun for slot in part.gpus) if runs_now else (),
        requeues=max((part.restarts for part in seen.parts), default=0),
        waits=line.explain(waiting, time.time()) if state is JobState.PENDING and waiting else None,
    )


def _exit_code(seen: Seen, state: JobState, left: ExitFile | None) -> int | None:
    if not state.ended or left:
        return left.code if left and state.ended else None
    return exit_code_of(seen.parts[0]) if seen.parts else None


def _submitted(seen: Seen) -> float:
    """As Slurm has it, to the second; ours where it has forgotten the job."""
    told = min((part.submitted for part in seen.parts), default=0)
    return told or (seen.noted.submitted if seen.noted else 0)


def _ended(seen: Seen, state: JobState, left: ExitFile | None) -> datetime | None:
    if not state.ended:
        return None
    return moment(left.ended if left else max((part.ends for part in seen.parts), default=0))
