"""One look at all of LSF's jobs: which are ours, how they stand in line, and which of ours LSF doesn't list yet.

LSF lists those that wait queue by queue, in the order in which it considers them: a place in the queue without a guess. Not so
where several people wait in one queue: with fair share (FAIRSHARE) LSF begins with whoever has had least, and bjobs doesn't say
which queues have it.

Ours are known by the mark in their description. LSF may list a job some seconds after it took it (its queries are answered by a
copy of its state): for a minute a job counts as taken because bsub said so.

Of a job of ours whose record can't be read nothing is known but that it is listed. Somebody else's stands in line as long as it
is sure that it waits there; behind one of which that isn't sure, nobody's place is known.
"""

from __future__ import annotations

import os
import time
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from ccds_kernel.batch.commands import Commands
from ccds_kernel.batch.fields import UNREADABLE
from ccds_kernel.batch.lsf import parse, request
from ccds_kernel.batch.lsf.parse import WHOSE, LsfJob, NotAnAnswerError
from ccds_kernel.batch.lsf.render import LsfSite
from ccds_kernel.batch.mark import Mark, folder_tag
from ccds_kernel.batch.run_folders import Noted, RunFolders
from ccds_kernel.batch.scheduler import SchedulerUnavailableError
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobId

_LAG_S = 60.0


@dataclass(frozen=True)
class Ours:
    """One job of ours that LSF lists.

    Attributes:
        found: its record, or those of its tasks.
        mark: what LSF remembers with it.
        noted: what is noted of it in the folder.
        position: its place among those that wait; None where it doesn't.
    """

    found: tuple[LsfJob, ...]
    mark: Mark
    noted: Noted
    position: int | None


@dataclass(frozen=True)
class Look:
    """One answer of bjobs: every job, which are ours, and which of ours have a record that can't be read."""

    jobs: tuple[LsfJob, ...] = ()
    ours: Mapping[JobId, Ours] = field(default_factory=dict)
    unread: Mapping[JobId, Noted] = field(default_factory=dict)

    def nonces(self) -> set[str]:
        """Of the runs of ours that LSF lists."""
        return {noted.nonce for noted in (*(ours.noted for ours in self.ours.values()), *self.unread.values())}


class Lookout:
    """Looks at LSF's jobs for one scheduler.

    Args:
        runs: its folders.
        site: how the site's LSF is set up.
        commands: runs LSF's programs.
        me: the Unix user that asks.
    """

    def __init__(self, runs: RunFolders, site: LsfSite, commands: Commands, me: str) -> None:
        self._runs = runs
        self._site = site
        self._commands = commands
        self._me = me
        self.tag = folder_tag(runs.folder)

    def look(self) -> Look:
        """All jobs, in LSF's order.

        Raises:
            SchedulerUnavailableError: no answer, no complete one, or a record without a number that may be one of ours.
        """
        answer = self._commands.run(request.ALL_JOBS)
        try:
            found = parse.jobs(parse.records(answer.out, answer.err, "bjobs"), datetime.now(UTC))
        except NotAnAnswerError as error:
            raise no_answer("bjobs", str(error)) from None
        if any("number" in job.unread and (job.unread & WHOSE or self._mark(job)) for job in found):
            raise no_answer("bjobs", UNREADABLE)
        ours, unread = self._ours(found)
        return Look(tuple(found), ours, unread)

    def unlisted(self, look: Look) -> Iterator[tuple[JobId, Noted]]:
        """Jobs that LSF took so lately that it may not list them yet, and that left no exit file."""
        for name, changed in _entries(self._runs.folder / "ids"):
            job = JobId(name)
            if job in look.ours or job in look.unread or not is_fresh(changed):
                continue
            noted = self._runs.noted(job)
            if noted and is_fresh(noted.submitted) and self._runs.last_exit(noted, 0 if noted.tasks else None) is None:
                yield job, noted

    def unsure(self, name: str, look: Look) -> bool:
        """Whether a run of that name was handed over lately, and nobody knows whether LSF took it."""
        fresh = {
            entry.rpartition("-")[2]
            for entry, changed in _entries(self._runs.folder / "jobs", f"{name}-")
            if entry.rpartition("-")[0] == name and is_fresh(changed)
        }
        fresh -= look.nonces()
        if not fresh:
            return False
        noted = (self._runs.noted(JobId(job)) for job, _ in _entries(self._runs.folder / "ids"))
        return bool(fresh - {it.nonce for it in noted if it})

    def _mark(self, job: LsfJob) -> Mark | None:
        """Its mark, where it is ours by that."""
        mark = Mark.read(job.description)
        return mark if mark and mark.is_of(self.tag, job.user, self._me) else None

    def _ours(self, found: Sequence[LsfJob]) -> tuple[dict[JobId, Ours], dict[JobId, Noted]]:
        """Our jobs, and those of them whose record can't be read."""
        positions = self._positions(found)
        tasks: dict[JobId, list[LsfJob]] = {}
        marks: dict[JobId, Mark] = {}
        ours: dict[JobId, Ours] = {}
        unread: dict[JobId, Noted] = {}
        for job in found:
            number = JobId(job.number)
            if mark := self._mark(job):
                tasks.setdefault(number, []).append(job)
                marks[number] = mark
                if job.unread and (noted := self._runs.noted(number) or self._found(job, mark)):
                    unread[number] = noted
            elif job.unread & WHOSE and (noted := self._runs.noted(number)):
                unread[number] = noted
        for number, its in tasks.items():
            if number not in unread and (noted := self._noted(number, its, marks[number])):
                ours[number] = Ours(tuple(its), marks[number], noted, positions.get(number))
        return ours, unread

    def _positions(self, found: Sequence[LsfJob]) -> dict[str, int]:
        """The place of each job that waits in one of our queues; app sessions have hosts, and places, of their own."""
        places: dict[str, int] = {}
        for are_apps in (False, True):
            queues = {name for kind, name in self._site.queues.items() if (kind is PriorityClass.APP) is are_apps}
            line = list(_line(found, queues))
            queue_of = {job.number: job.queue for job in takewhile(_has_place, line)}
            mixed = _mixed(line)
            places |= {it: at for at, it in enumerate(queue_of, start=1) if queue_of[it] not in mixed}
        return places

    def _noted(self, job: JobId, found: Sequence[LsfJob], mark: Mark) -> Noted | None:
        """What is noted of it, or was not before its submitter died; None when it only has the mark of one of ours."""
        noted = self._runs.noted(job)
        if noted is None and (noted := self._found(found[0], mark)) and not self._runs.note(job, noted):
            return None
        return noted if noted and (noted.nonce, noted.owner) == (mark.nonce, mark.owner) else None

    def _found(self, job: LsfJob, mark: Mark) -> Noted | None:
        """The run of which this job says that it is."""
        return self._runs.find(mark.nonce, mark.owner, None if "name" in job.unread else job.name)


def _line(found: Iterable[LsfJob], queues: Container[str]) -> Iterator[LsfJob]:
    """The jobs that wait in these queues, or may, for all that could be read."""
    for job in found:
        if (job.stat == "PEND" or "stat" in job.unread) and (job.queue in queues or "queue" in job.unread):
            yield job


def _mixed(line: Sequence[LsfJob]) -> set[str]:
    """The queues in which more than one Unix user waits, or may."""
    users: dict[str, set[str]] = {job.queue: set() for job in line}
    for job in line:
        for queue in users if "queue" in job.unread else (job.queue,):
            users[queue] |= {job.user} if job.user else {"", "?"}
    return {queue for queue, its in users.items() if len(its) > 1}


def _has_place(job: LsfJob) -> bool:
    """Whether it is sure that it waits, and as which job."""
    return not job.unread & {"number", "stat", "queue"}


def is_fresh(moment: float) -> bool:
    """Whether LSF may not yet list what it took then (UTC seconds since 1970)."""
    return time.time() - moment < _LAG_S


def no_answer(program: str, found: str) -> SchedulerUnavailableError:
    """There is none of `program`."""
    return SchedulerUnavailableError(expected=f"an answer of {program}", found=found, do="try again; jobs go on")


def _entries(folder: Path, beginning: str = "") -> Iterator[tuple[str, float]]:
    """The names in this folder that begin so, and when each of the files or links itself was changed last."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(beginning):
                with suppress(FileNotFoundError):  # gone meanwhile
                    yield entry.name, entry.stat(follow_symlinks=False).st_mtime
