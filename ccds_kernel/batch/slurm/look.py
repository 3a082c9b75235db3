"""One look at all of Slurm's jobs: which are ours, and where the nodes are on which they run.

Ours are known by the mark in their comment and by what is noted in the folder. Neither alone decides: anybody may write any mark
on a job of theirs, and a job of another name may have the number of one that Slurm forgot.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from ccds_kernel.batch.commands import Commands
from ccds_kernel.batch.fields import UNREADABLE
from ccds_kernel.batch.mark import Mark, folder_tag
from ccds_kernel.batch.run_folders import Noted, RunFolders
from ccds_kernel.batch.scheduler import SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.slurm.answers import SlurmJob, SlurmNode, own_words, read_jobs, read_nodes
from ccds_kernel.batch.slurm.queue import said_of
from ccds_kernel.batch.slurm.statuses import Seen
from ccds_kernel.batch.states import JobId, JobState

_SQUEUE = ("squeue", "--json", "--all", "--states=all")
_SINFO = ("sinfo", "--json", "--all")
_WHOSE = frozenset({"comment", "user"})
"""The fields that say whose a job is."""
_ADDRESSES_S = 600.0
"""How long a node is taken to be where it was."""


class Lookout:
    """Looks at Slurm's jobs for one scheduler.

    Args:
        runs: its folders.
        commands: runs Slurm's programs.
        me: the Unix user that asks.

    Attributes:
        tag: what stands for its folder in marks.
        addresses: node → where it is, as far as asked.
    """

    def __init__(self, runs: RunFolders, commands: Commands, me: str) -> None:
        self._runs = runs
        self._commands = commands
        self._me = me
        self.tag = folder_tag(runs.folder)
        self.addresses: dict[str, str] = {}
        self._addresses_until = 0.0

    def look(self) -> list[SlurmJob]:
        """Everybody's jobs.

        Raises:
            SchedulerUnavailableError: no answer; or a record without a number that may be one of ours.
        """
        jobs = read_jobs(self._told(_SQUEUE))
        for job in jobs:
            if job.unread & {"id", "array"} and (self._mark([job]) or job.unread & _WHOSE):
                raise unavailable("the number of each job of ours", UNREADABLE)
        return jobs

    def nodes(self) -> list[SlurmNode]:
        """The nodes; their addresses are remembered.

        Raises:
            SchedulerUnavailableError: no answer.
        """
        nodes = read_nodes(self._told(_SINFO))
        self.addresses = {node.name: node.address for node in nodes if node.address}
        self._addresses_until = time.monotonic() + _ADDRESSES_S
        return nodes

    def _told(self, argv: Sequence[str]) -> str:
        """What a program answers that only tells: where it fails, for whatever reason, nothing is known."""
        answer = self._commands.run(argv)
        if answer.code:
            raise unavailable(f"an answer of {argv[0]}", own_words(answer.err))
        return answer.out

    def ours(self, jobs: Sequence[SlurmJob]) -> list[Seen]:
        """The jobs among these that were submitted from this folder."""
        found = (
            self.seen(job, parts)
            for job, parts in by_id(jobs).items()
            if self._mark(parts) or any(part.unread & _WHOSE for part in parts)
        )
        return [seen for seen in found if seen]

    def _mark(self, parts: Sequence[SlurmJob]) -> Mark | None:
        mark = Mark.read(parts[0].comment) if parts else None
        return mark if mark and mark.is_of(self.tag, parts[0].user, self._me) else None

    def find(self, job: JobId, jobs: Sequence[SlurmJob]) -> Seen:
        """A job of ours, among everybody's.

        Raises:
            UnknownJobError: neither Slurm nor the folder knows it as such.
        """
        seen = self.seen(job, by_id(jobs).get(job, ()))
        if seen is None:
            raise unknown(job)
        return seen

    def seen(self, job: JobId, parts: Sequence[SlurmJob]) -> Seen | None:
        """What is known of a job; None when it is none of ours, or was never there."""
        noted, mark = self._runs.noted(job), self._mark(parts)
        if mark and (noted is None or noted.nonce != mark.nonce):
            return self._seen_anew(job, parts, mark, noted)
        if mark and noted and noted.owner == mark.owner:
            return Seen(job, tuple(parts), noted, mark)
        return self._seen_unmarked(job, parts, noted) if noted else None

    def _seen_anew(self, job: JobId, parts: Sequence[SlurmJob], mark: Mark, noted: Noted | None) -> Seen | None:
        """A job whose mark names another run than is noted: its submitter died before noting it, or Slurm began to count anew.

        Or its owner wrote the mark of another's job, or of none, on their own.
        """
        name = None if "name" in parts[0].unread else parts[0].name
        found = self._runs.find(mark.nonce, mark.owner, name)
        if found and self._runs.note(job, found):
            return Seen(job, tuple(parts), found, mark)
        if noted and name in {None, noted.name}:
            return self._seen_unmarked(job, parts, noted)
        return None if found else Seen(job, tuple(parts), None, mark)

    @staticmethod
    def _seen_unmarked(job: JobId, parts: Sequence[SlurmJob], noted: Noted) -> Seen:
        # Its owner may have changed the comment; a job of another name has the number of one that Slurm forgot.
        same = parts if parts and (parts[0].name == noted.name or "name" in parts[0].unread) else ()
        return Seen(job, tuple(same), noted, None)

    def look_up_addresses(self, jobs: Sequence[SlurmJob]) -> None:
        """Asks where nodes are when jobs of ours run on some that aren't known: once for all of them, and seldom."""
        nodes = {
            part.nodes[0]
            for part in jobs
            if part.nodes and said_of(part).state is JobState.RUNNING and self._mark((part,))
        }
        if nodes - self.addresses.keys() or (nodes and time.monotonic() > self._addresses_until):
            with suppress(SchedulerUnavailableError):
                self.nodes()


def by_id(jobs: Iterable[SlurmJob]) -> dict[JobId, list[SlurmJob]]:
    """The tasks of an array stand under its number; what has none is left out."""
    found: dict[JobId, list[SlurmJob]] = {}
    for job in jobs:
        if not job.unread & {"id", "array"}:
            found.setdefault(JobId(str(job.array or job.id)), []).append(job)
    return found


def unavailable(expected: str, found: str) -> SchedulerUnavailableError:
    """Slurm doesn't say what is needed."""
    return SchedulerUnavailableError(expected=expected, found=found, do="try again; what runs goes on meanwhile")


def unknown(job: JobId) -> UnknownJobError:
    """It is none of ours."""
    return UnknownJobError(expected="the id of a job", found=repr(str(job)), do="see the list of your jobs")
