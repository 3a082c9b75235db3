"""Slurm as its callers see it: the `Scheduler` port over Slurm's own programs."""

from __future__ import annotations

import math
import os
import pwd
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from ccds_kernel.batch.commands import Answer, Commands
from ccds_kernel.batch.ending import FORGOTTEN
from ccds_kernel.batch.fields import UNREADABLE
from ccds_kernel.batch.mark import Mark
from ccds_kernel.batch.run_folders import Noted, RunFolders
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.slurm.answers import SlurmJob, own_words, was_unable
from ccds_kernel.batch.slurm.look import Lookout, by_id, unavailable, unknown
from ccds_kernel.batch.slurm.nodes import nodes_of
from ccds_kernel.batch.slurm.queue import Line, said_of
from ccds_kernel.batch.slurm.render import TAKE, TAKE_ALL, SlurmSite, render
from ccds_kernel.batch.slurm.rule import is_first_node, jobs_of_same_person
from ccds_kernel.batch.slurm.statuses import Seen, status_of, verdict_of
from ccds_kernel.batch.spec import JobSpec, PriorityClass, are_wall_minutes
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus, Node
from ccds_kernel.batch.tidy import forget_old
from ccds_kernel.errors import CcdsError

_TO_START = re.compile(r"to start at (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})")
_OVER = "already finished"
_BEGUN = "no longer pending"
_NO_SUCH = "invalid job id"


class SlurmScheduler:
    """A Slurm cluster; implements the port, whose docstrings hold.

    Every question about jobs is one `squeue` about all of them. A job carries a mark in its comment, by which any process that
    uses the same folder finds it; its end is also in the folder, for Slurm forgets a job some minutes after it.

    Slurm moves waiting jobs from class to class, and no running one: that keeps its partition (it has its node already), and its
    new class is only noted with it. Extending a job that runs needs an operator's right in Slurm; so does seeing everybody's
    jobs where the site sets PrivateData: without it a position counts one's own jobs only.

    An owner may write over the mark of their job. Its run's folder still knows it; its class isn't known then while it runs, and
    it isn't moved any more.

    Args:
        folder: where the runs are, on a disk that the nodes have at the same path; made (0700) when it isn't there.
        site: how this site's Slurm is used.
        commands: runs Slurm's programs.

    Raises:
        CcdsError: a folder that can't stand in a script.
        SchedulerUnavailableError: the folder can't be used.
    """

    def __init__(self, folder: Path, site: SlurmSite, commands: Commands) -> None:
        self._runs = RunFolders(Path(folder))
        self._site = site
        self._commands = commands
        self._me = pwd.getpwuid(os.geteuid()).pw_name
        self._lookout = Lookout(self._runs, commands, self._me)

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: what the hub's configuration holds is copied for each session, and this one is shared by all."""
        return self

    def submit(self, spec: JobSpec) -> JobId:
        """See `Scheduler.submit`."""
        with self._runs.lock(spec.name):
            jobs = self._lookout.look()
            for seen in self._lookout.ours(jobs):
                if (seen.name, seen.owner) == (spec.name, spec.owner) and not self._is_over(seen):
                    return seen.id
            noted = self._runs.prepare(spec, grace_s=self._site.grace_s, take=TAKE, take_all=TAKE_ALL)
            try:
                job = self._hand_over(spec, noted)
            except JobRefusedError:
                self._runs.discard(noted)
                raise
            self._runs.note(job, noted)
        known = (self._lookout.seen(job, parts) for job, parts in by_id(jobs).items())
        live = {seen.noted.nonce for seen in known if seen and seen.noted}
        forget_old(self._runs.folder, live, time.time())
        return job

    def _hand_over(self, spec: JobSpec, noted: Noted) -> JobId:
        """Where no answer comes the run's folder stays: the job may be there, and is then found by its mark."""
        mark = Mark(self._lookout.tag, noted.nonce, spec.priority_class, spec.owner)
        script = render(spec, self._site, self._runs.path(noted), mark)
        said = self._decided(
            self._commands.run(("sbatch", "--parsable"), stdin=script, owner=spec.owner), "a job to be accepted"
        )
        job = said.out.strip().partition(";")[0]
        if not job.isdecimal():
            raise SchedulerUnavailableError(
                expected="the number of a job from sbatch", found=own_words(said.out), do="see whether the job is there"
            )
        return JobId(job)

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """See `Scheduler.status`."""
        wanted = list(ids)
        try:
            jobs = self._lookout.look()
        except SchedulerUnavailableError as error:
            return {job: self._as_far_as_known(job, str(error)) for job in wanted}
        found = by_id(jobs)
        line = Line(jobs, self._site)
        self._lookout.look_up_addresses(jobs)
        return {job: self._status(job, self._lookout.seen(job, found.get(job, ())), line) for job in wanted}

    def _as_far_as_known(self, job: JobId, trouble: str) -> JobStatus:
        """A job of which Slurm doesn't answer: over only where its command ended by itself."""
        noted = self._runs.noted(job)
        left = self._runs.last_exit(noted) if noted and not noted.tasks else None
        seen = Seen(job, (), noted if left and not left.stopped else None, None)
        known = status_of(seen, Line((), self._site), self._site, self._runs, {})
        name, owner = (noted.name, noted.owner) if noted else (None, None)
        return known if known.state.ended else replace(known, name=name, owner=owner, reason=trouble)

    def mine(self) -> Sequence[JobStatus]:
        """See `Scheduler.mine`."""
        jobs = self._lookout.look()
        line = Line(jobs, self._site)
        self._lookout.look_up_addresses(jobs)
        found = [self._status(seen.id, seen, line) for seen in self._lookout.ours(jobs)]
        return sorted((it for it in found if not it.state.ended), key=lambda it: int(it.id))

    def cancel(self, job: JobId) -> None:
        """See `Scheduler.cancel`. A job that Slurm doesn't list is none any more: `scancel` would say nothing to it."""
        seen = self._lookout.find(job, self._lookout.look())
        if self._is_over(seen):
            return
        if not seen.parts:
            if seen.noted and self._runs.end(seen.noted):
                return
            raise unknown(job)
        with self._runs.cancelling(seen.noted) if seen.noted else nullcontext():
            self._decided(self._commands.run(("scancel", job), owner=seen.owner), "a job that may be cancelled")

    def set_priority(self, job: JobId, priority_class: PriorityClass) -> None:
        """See `Scheduler.set_priority`. Who has a node that the hub doesn't know of gets no job moved to the first ones."""
        wanted = PriorityClass(priority_class)
        jobs = self._lookout.look()
        seen = self._lookout.find(job, jobs)
        present = seen.priority_class(self._site)
        if (present is PriorityClass.APP) != (wanted is PriorityClass.APP):
            raise JobRefusedError(
                expected="an app session to stay one and a node to stay a node",
                found=f"a move from {present} to {wanted}",
                do="submit a new job",
            )
        if self._is_over(seen):
            return
        mark = self._mark_to_change(seen)
        comment = f"Comment={replace(mark, priority_class=wanted).text()}"
        if any(said_of(part).state is JobState.PENDING for part in seen.parts):
            if wanted is PriorityClass.FIRST and self._has_another_node(seen.parts[0], jobs):
                raise JobRefusedError(
                    expected="the first node of its person",
                    found="that they have another one in Slurm, or asked for it there first",
                    do="end that one, or wait for its end",
                )
            answer = self._update(seen, f"Partition={self._site.partitions[wanted]}", comment)
            if _BEGUN not in answer.err.lower():
                self._decided(answer, "a job that may be moved")
                return
        answer = self._update(seen, comment)
        if _OVER not in answer.err.lower():
            self._decided(answer, "a job whose class may be changed")

    def _has_another_node(self, job: SlurmJob, jobs: Sequence[SlurmJob]) -> bool:
        others = jobs_of_same_person(job, jobs, self._me)
        firsts = [it for it in others if is_first_node(it, self._site)]
        seen = (self._lookout.seen(other, parts) for other, parts in by_id(firsts).items())
        return any(it is None or not self._is_over(it) for it in seen)

    @staticmethod
    def _mark_to_change(seen: Seen) -> Mark:
        """The mark of a job that lives.

        Raises:
            UnknownJobError: Slurm knows no such job.
            SchedulerUnavailableError: its record can't be read.
            JobRefusedError: somebody has written over it.
        """
        if not seen.parts:
            raise unknown(seen.id)
        if any(part.unread for part in seen.parts):
            raise unavailable("a record of this job", UNREADABLE)
        if seen.mark is None:
            raise JobRefusedError(
                expected="a job whose comment in Slurm is still the workbench's",
                found="one whose comment somebody changed",
                do="leave its class as it is, or end it",
            )
        return seen.mark

    def extend(self, job: JobId, minutes: float) -> None:
        """See `Scheduler.extend`; whole minutes, rounded up."""
        if not are_wall_minutes(minutes):
            raise CcdsError(expected="minutes above 0, a year at most", found=repr(minutes), do="say how much longer")
        seen = self._lookout.find(job, self._lookout.look())
        answer = None
        if not self._is_over(seen):
            answer = self._update(seen, f"TimeLimit=+{math.ceil(minutes)}")
        if answer is None or any(part in answer.err.lower() for part in (_OVER, _NO_SUCH)):
            raise UnknownJobError(expected="a job that has not ended", found="one that has", do="submit a new job")
        self._decided(answer, "a job that may be extended by that much")

    def estimate(self, spec: JobSpec) -> Explanation:
        """See `Scheduler.estimate`."""
        mark = Mark(self._lookout.tag, "0" * 16, spec.priority_class, spec.owner)
        script = render(spec, self._site, self._runs.folder / "jobs" / "none", mark)
        answer = self._commands.run(("sbatch", "--test-only"), stdin=script, owner=spec.owner)
        said = self._decided(answer, "a job that can run")
        found = _TO_START.search(said.err + said.out)
        if not found:
            return Explanation(reason="unknown", said=own_words(said.err))
        start = datetime.fromisoformat(found[1]).replace(tzinfo=_machine_zone()).astimezone(UTC)
        soon = start.timestamp() <= time.time()
        return Explanation(
            reason="could start now" if soon else "waits for what it asks for to come free",
            said=own_words(said.err),
            estimated_start=start,
        )

    def capacity(self) -> Sequence[Node]:
        """See `Scheduler.capacity`."""
        return nodes_of(self._lookout.nodes(), self._lookout.look(), self._site)

    def explain(self, job: JobId) -> Explanation:
        """See `Scheduler.explain`."""
        jobs = self._lookout.look()
        status = self._status(job, self._lookout.find(job, jobs), Line(jobs, self._site))
        if status.waits:
            return status.waits
        return Explanation(reason="has ended" if status.state.ended else "runs")

    def _update(self, seen: Seen, *changes: str) -> Answer:
        return self._commands.run(("scontrol", "update", f"JobId={seen.id}", *changes), owner=seen.owner)

    @staticmethod
    def _decided(answer: Answer, expected: str) -> Answer:
        """`answer` where Slurm did what it was asked.

        Raises:
            SchedulerUnavailableError: it couldn't.
            JobRefusedError: it wouldn't.
        """
        if answer.code == 0:
            return answer
        words = own_words(answer.err or answer.out)
        if was_unable(answer.err):
            raise unavailable("an answer of Slurm", words)
        raise JobRefusedError(
            expected=expected, found=f"Slurm's words: {words}", do="ask for something else, or your administrator"
        )

    def _is_over(self, seen: Seen) -> bool:
        return verdict_of(seen, self._runs)[0].state.ended

    def _status(self, job: JobId, seen: Seen | None, line: Line) -> JobStatus:
        if seen is None:
            return JobStatus(id=job, state=JobState.UNKNOWN, reason=FORGOTTEN.reason)
        status = status_of(seen, line, self._site, self._runs, self._lookout.addresses)
        if not seen.noted:
            return status
        if not seen.parts and (end := self._runs.end(seen.noted)):
            return replace(status, **end)
        if status.state.ended and all(said_of(part).state.ended for part in seen.parts):  # else it may yet be requeued
            self._runs.note_end(seen.noted, status)
            self._runs.forget_secrets(seen.noted)
        return status


def _machine_zone() -> tzinfo:
    """The time zone in which Slurm's programs print: this machine's, whatever TZ says to this process."""
    try:
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file)
    except OSError:
        return UTC
