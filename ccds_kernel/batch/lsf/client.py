"""The `Scheduler` port on LSF's programs: what it asks for one call, and what it does with the answers.

One question (`look`) is behind `status`, `mine` and `explain`. A name whose submission came to no known end isn't submitted again
before it is clear whether LSF has it.
"""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Self

from ccds_kernel.batch.commands import Answer, Commands
from ccds_kernel.batch.exits import ExitFile
from ccds_kernel.batch.fields import UNREADABLE
from ccds_kernel.batch.lsf import hosts, judge, parse, request
from ccds_kernel.batch.lsf.look import Look, Lookout, Ours, is_fresh, no_answer
from ccds_kernel.batch.lsf.parse import NotAnAnswerError
from ccds_kernel.batch.lsf.render import LsfSite, render, run_limit
from ccds_kernel.batch.mark import Mark
from ccds_kernel.batch.run_folders import Noted, RunFolders
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.spec import JobSpec, PriorityClass, are_wall_minutes
from ccds_kernel.batch.states import UNKNOWN_REASON, Explanation, JobId, JobState, JobStatus, Node
from ccds_kernel.batch.tidy import forget_old
from ccds_kernel.errors import CcdsError

_TAKE = {
    "CCDS_JOB_ID": ("LSB_JOBID",),
    "CUDA_VISIBLE_DEVICES": ("CUDA_VISIBLE_DEVICES",),
    "CCDS_ARRAY_INDEX": ("CCDS_ARRAY_INDEX",),
}
_TAKE_ALL = ("LSB_", "LSF_", "LS_")
"""What `blaunch` needs to start a training's other hosts."""
_MOST_WORDS = 300
_NO_SUCH, _FINISHED = "No matching job", "already finished"


class LsfScheduler:
    """The `Scheduler` of a site's LSF; implements the port, whose docstrings hold.

    Args:
        folder: what nodes and submitting host share, under the same path; see `run_folders`.
        site: how the site's LSF is set up.
        commands: runs LSF's programs, with `request.ENVIRONMENT` in their environment.

    Raises:
        CcdsError: a folder that can't stand in a script.
        SchedulerUnavailableError: it can't be made or used.
    """

    def __init__(self, folder: Path, site: LsfSite, commands: Commands) -> None:
        self._site = site
        self._commands = commands
        self._runs = RunFolders(Path(folder))
        self._lookout = Lookout(self._runs, site, commands, pwd.getpwuid(os.getuid()).pw_name)

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: what the hub's configuration holds is copied for each session, and this one is shared by all."""
        return self

    def submit(self, spec: JobSpec) -> JobId:
        """See `Scheduler.submit`."""
        with self._runs.lock(spec.name):
            look = self._lookout.look()
            if (live := self._live(spec, look)) is not None:
                return live
            self._refuse_impossible(spec)
            noted = self._runs.prepare(spec, grace_s=self._site.grace_s, take=_TAKE, take_all=_TAKE_ALL)
            mark = Mark(self._lookout.tag, noted.nonce, spec.priority_class, spec.owner)
            try:
                script = render(spec, self._site, self._runs.path(noted), mark.text())
                job = self._bsub(script, spec.owner)
            except JobRefusedError:
                self._runs.discard(noted)
                raise
            self._runs.note(job, noted)
        forget_old(self._runs.folder, look.nonces(), time.time())
        return job

    def _bsub(self, script: str, owner: str) -> JobId:
        answer = self._commands.run(["bsub"], stdin=script, owner=owner)
        if number := parse.submitted_id(answer.out):
            return JobId(number)
        if answer.code == 0 or parse.is_down(answer.out, answer.err):
            raise no_answer("bsub", "no number of a job in what it printed")
        raise JobRefusedError(expected="LSF to take the job", found=self._words(answer), do="ask for something else")

    def _live(self, spec: JobSpec, look: Look) -> JobId | None:
        """The job of that name and owner which has not ended; None when there is none.

        Raises:
            SchedulerUnavailableError: one was submitted lately and it isn't known whether LSF has it.
        """
        for job, ours in look.ours.items():
            if _is_of(ours.noted, spec) and not self._status(job, ours).state.ended:
                return job
        for job, noted in look.unread.items():
            if _is_of(noted, spec) and not self._status_of(job, look, None).state.ended:
                return job
        for job, noted in self._lookout.unlisted(look):
            if _is_of(noted, spec):
                return job
        if self._lookout.unsure(spec.name, look):
            raise no_answer("bjobs", "no word yet of what was just submitted under this name")
        return None

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """See `Scheduler.status`."""
        wanted, look, trouble = list(ids), Look(), None
        try:
            look = self._lookout.look()
        except SchedulerUnavailableError as error:
            trouble = str(error)
        return {job: self._status_of(job, look, trouble) for job in wanted}

    def _status_of(self, job: JobId, look: Look, trouble: str | None) -> JobStatus:
        if ours := look.ours.get(job):
            return self._status(job, ours)
        if noted := look.unread.get(job):
            trouble = UNREADABLE
        else:
            noted = self._runs.noted(job)
        if noted is None:
            return JobStatus(id=job, state=JobState.UNKNOWN, reason=trouble or "the scheduler knows no such job")
        return judge.unlisted(
            job,
            noted,
            self._exits(noted),
            cancelled=self._runs.is_cancelled(noted),
            fresh=is_fresh(noted.submitted),
            trouble=trouble,
        )

    def _status(self, job: JobId, ours: Ours) -> JobStatus:
        exits = [self._runs.last_exit(ours.noted, it.index - 1 if it.index else None) for it in ours.found]
        known = judge.status(
            job,
            ours.found,
            ours.noted,
            exits,
            cancelled=self._runs.is_cancelled(ours.noted),
            kind=self._site.class_of(ours.found[0].queue) or ours.mark.priority_class,
            position=ours.position,
        )
        if known.state.ended and all(judge.is_over(it) for it in ours.found):
            self._runs.forget_secrets(ours.noted)
        return known

    def _exits(self, noted: Noted) -> list[ExitFile | None]:
        tasks: Sequence[int | None] = range(noted.tasks) if noted.tasks else (None,)
        return [self._runs.last_exit(noted, task) for task in tasks]

    def mine(self) -> Sequence[JobStatus]:
        """See `Scheduler.mine`."""
        look = self._lookout.look()
        found = [self._status(job, ours) for job, ours in look.ours.items()]
        rest = (*look.unread, *(job for job, _ in self._lookout.unlisted(look)))
        found += [self._status_of(job, look, None) for job in rest]
        return sorted((known for known in found if not known.state.ended), key=lambda known: int(known.id))

    def cancel(self, job: JobId) -> None:
        """See `Scheduler.cancel`. LSF sends INT, TERM and KILL, an interval of its own apart (JOB_TERMINATE_INTERVAL).

        As ourselves, as `_change`: a job also ends after its person has left. One that LSF neither lists nor knows is gone.
        """
        known, noted = self._find(job)
        if known and known.state.ended:
            return
        with self._runs.cancelling(noted):
            answer = self._commands.run(["bkill", job])
            words = self._words(answer)
            if answer.code == 0 or _FINISHED in words:
                return
            if _NO_SUCH in words and is_fresh(noted.submitted):
                raise no_answer("bkill", words)
            self._refuse(answer, "bkill", "a job that may be ended")

    def set_priority(self, job: JobId, priority_class: PriorityClass) -> None:
        """See `Scheduler.set_priority`. The class is the queue: a running job is moved too, and is or isn't made room with."""
        wanted = PriorityClass(priority_class)
        known, _ = self._find(job)
        present = known.priority_class if known else None
        if (known and known.state.ended) or present is wanted:
            return
        if present and PriorityClass.APP in {present, wanted}:
            raise JobRefusedError(
                expected="an app session to stay one and a node to stay a node",
                found=f"a move from {present} to {wanted}",
                do="submit a new job",
            )
        self._change(["bswitch", self._site.queues[wanted], job], "LSF to move the job")

    def extend(self, job: JobId, minutes: float) -> None:
        """See `Scheduler.extend`. A running job's limit can be changed where the site has LSB_MOD_ALL_JOBS=Y in lsf.conf."""
        if not are_wall_minutes(minutes):
            raise CcdsError(expected="minutes above 0, a year at most", found=repr(minutes), do="say how much longer")
        look = self._lookout.look()
        ours = look.ours.get(job)
        if job in look.unread:
            raise no_answer("bjobs", UNREADABLE)
        if ours is None or self._status(job, ours).state.ended:
            raise UnknownJobError(
                expected="a job that has not ended", found="one that has, or none", do="submit a new job"
            )
        if (limit := ours.found[0].run_limit) is None:
            raise JobRefusedError(
                expected="a job whose run limit LSF tells", found="none", do="see `bjobs -l`, or your administrator"
            )
        total = limit + minutes
        if not are_wall_minutes(total):
            raise JobRefusedError(
                expected="a wall time of a year at most", found="more with these minutes", do="extend it by less"
            )
        self._change(["bmod", "-W", run_limit(total), job], "LSF to give the job more time")

    def estimate(self, spec: JobSpec) -> Explanation:
        """See `Scheduler.estimate`. LSF says nothing about a job that it doesn't have."""
        self._refuse_impossible(spec)
        render(spec, self._site, self._runs.folder, "")
        return Explanation(reason=UNKNOWN_REASON)

    def capacity(self) -> Sequence[Node]:
        """See `Scheduler.capacity`."""
        yielding = [job for job in self._lookout.look().jobs if job.queue == self._site.queues[PriorityClass.BATCH]]
        return hosts.nodes(*self._hosts(), yielding)

    def explain(self, job: JobId) -> Explanation:
        """See `Scheduler.explain`."""
        known, _ = self._find(job)
        if known is None or known.state.ended:
            return Explanation(reason="has ended" if known else UNKNOWN_REASON)
        return known.waits or Explanation(reason=known.reason or known.state.value)

    def _find(self, job: JobId) -> tuple[JobStatus | None, Noted]:
        """A job of ours: its status, None where LSF doesn't list it and nothing says that it ended; and what is noted.

        Raises:
            UnknownJobError: none of ours.
            SchedulerUnavailableError: no answer.
        """
        look = self._lookout.look()
        noted = look.ours[job].noted if job in look.ours else look.unread.get(job) or self._runs.noted(job)
        if noted is None:
            raise UnknownJobError(expected="the id of a job", found=repr(str(job)), do="see the list of your jobs")
        known = self._status_of(job, look, None)
        return (known if job in look.ours or known.state.ended else None), noted

    def _change(self, argv: Sequence[str], expected: str) -> None:
        """Runs a program that changes a job, as ourselves: where jobs are their people's we are an administrator of the queues.

        Not as root, to whom LSF gives no such right unless LSF_ROOT_USER says so.

        Raises:
            JobRefusedError: LSF's own words.
            UnknownJobError: it has no such job.
            SchedulerUnavailableError: no answer.
        """
        answer = self._commands.run(argv)
        if answer.code:
            self._refuse(answer, argv[0], expected)

    def _refuse(self, answer: Answer, program: str, expected: str) -> NoReturn:
        """What the answer of a program that failed means; raises as `_change` does."""
        words = self._words(answer)
        if parse.is_down(answer.out, answer.err):
            raise no_answer(program, words)
        if _NO_SUCH in words:
            raise UnknownJobError(expected=expected, found="no such job in LSF", do="see the list of your jobs")
        raise JobRefusedError(expected=expected, found=words, do="see what the site allows")

    def _words(self, answer: Answer) -> str:
        """What a program said when it failed, without where our files are."""
        said = parse.own_words(answer.out, answer.err).replace(str(self._runs.folder), "…")
        return said[:_MOST_WORDS] or "nothing"

    def _hosts(self) -> tuple[list[parse.LsfHost], dict[str, tuple[str, ...]]]:
        """The hosts, and the models of their GPUs."""
        listed, gpus = self._commands.run(request.HOSTS), self._commands.run(request.GPUS)
        try:
            return (
                parse.hosts(parse.records(listed.out, listed.err, "bhosts"), self._site.memory_unit),
                parse.gpu_models(gpus.out),
            )
        except NotAnAnswerError as error:
            raise no_answer("bhosts", str(error)) from None

    def _refuse_impossible(self, spec: JobSpec) -> None:
        """LSF itself lets a job that no host can hold wait for ever."""
        hosts.refuse_impossible(spec, *self._hosts())


def _is_of(noted: Noted, spec: JobSpec) -> bool:
    return (noted.name, noted.owner) == (spec.name, spec.owner)
