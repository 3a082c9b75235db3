"""Starts a session as a job of the site's scheduler.

The hub is told the truth about a job and nothing more: only a scheduler's positive answer that the job ended ends a session.
A query that fails, a suspended or an unknown job leaves it as it is.

A start outlives the hub. That it began is in the hub's database before anything is submitted, the job's id and the port that the
session reports as soon as they are known, the session's token beside its log (`kept_token`). A hub that starts anew tells
JupyterHub that such a session isn't up, which is true, and then starts it again (`ccds_hub.interrupted`): this start takes
up the job that lives, with its token and its place in the queue, and submits one only where none was. Rejected: to end the
job and begin anew (hours of waiting are lost), and to call the session alive until it is up (JupyterHub would wait for its
server 60 s, then end it).

A session lives no longer than its person's right to it: each poll asks the registry, and ends the job once that says no.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from jupyterhub.spawner import SpawnException

from ccds_kernel.batch.policy import NodeSession, priority_for
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.cluster.record import HowEnded
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_spawners.adopt import is_known, living_job, machine_name
from ccds_spawners.ending import end_job, ended_words, how_ended
from ccds_spawners.form import chosen, share_for, would_be
from ccds_spawners.job import session_job_name
from ccds_spawners.nodes import chosen_options, other_nodes
from ccds_spawners.prepare import prepare_job
from ccds_spawners.refusal import Refusal
from ccds_spawners.session_spawner import SessionSpawner
from ccds_spawners.words import progress_words


class ClusterSpawner(SessionSpawner):
    """A JupyterHub spawner on the Scheduler port."""

    _reported: asyncio.Future[int] | None = None
    _said: str = ""

    async def start(self) -> str:
        """Submits the job, or takes up that of an interrupted start, and waits until it reports its port.

        Returns:
            The server's address.

        Raises:
            Refusal: the person may not, the options make no sense, or the scheduler doesn't answer.
            SpawnException: the job ended before it reported.
        """
        # No `await` between these two: of two sessions that start at once one is the first.
        others, self._asked = other_nodes(self), True
        self.why_stopped = None  # of an interrupted start that was called off: now it is asked for again
        self._reported = asyncio.get_running_loop().create_future()
        if self.port:
            self._reported.set_result(self.port)
        self._said = "asking the scheduler"
        self._note_state()
        try:
            adopted = await self._adopt()
            self._interrupted = self.will_resume = False
            project = await asyncio.to_thread(self.open)
            if not adopted:
                await self._begin(project, others)
        except CcdsError as error:
            raise Refusal(error) from None
        address = await self._until_reported()
        self.up = True
        return f"http://{address}:{self.port}"

    async def _adopt(self) -> bool:
        """Takes up the job of an earlier start of this session that the hub didn't see to its end; whether there was one.

        One that has a token which this hub doesn't know can't be taken up: it is ended.

        Raises:
            SchedulerUnavailableError: it can't be known whether there is one; the start goes on being interrupted.
        """
        token = await asyncio.to_thread(self._kept_token)
        if not (token or self._interrupted):
            return False  # nothing was submitted, or it has ended
        job = JobId(self.job_id) or await self._living_job()
        if job is None:
            return False
        if not is_known(token, self.user.orm_user):
            self.log.warning("session %s: ending the job of an earlier start", self._log_name)
            await self._end(job)
            self.job_id, self.port = "", 0
            return False
        self.log.info("session %s: taking up job %s", self._log_name, job)
        self.job_id, self.api_token = job, token
        self._interrupted = self.will_resume = False  # from here on it is stopped as any other
        self._note_state()
        await self._record_again(job)
        return True

    async def _living_job(self) -> JobId | None:
        name = session_job_name(self.session, self.user.name)
        return await living_job(name, self.user.name, self.scheduler)

    async def _record_again(self, job: JobId) -> None:
        """Says again that the scheduler took `job`: the hub may have died before it was recorded."""
        status: JobStatus = await self.watch.status(job)
        options = chosen_options(self)
        held = status.priority_class or priority_for(self.user.name, other_nodes(self))
        share = await share_for(self, options)
        share = replace(share, cores=self.cores or share.cores)
        spec = would_be(self, options, share, held)
        await self.life.chronicle.submitted(job, spec, options.image, status.submitted)

    async def give_up(self) -> None:
        """Ends the job of an interrupted start that was being ended, or that the hub refuses to its person; forgets the start.

        Raises:
            SchedulerUnavailableError: it can't be known whether there is one; the start goes on being interrupted.
        """
        job = JobId(self.job_id) or await self._living_job()
        self.job_id, self._interrupted, self.will_resume = job or "", False, False
        self.why_stopped = self.why_stopped or HowEnded.REVOKED
        if job:
            await self._record_again(job)
        await self.user.stop(self.name)

    async def _begin(self, project: Project | None, others: list[NodeSession]) -> None:
        """Makes the session's job and submits it."""
        chronicle, prepared, begun = self.life.chronicle, False, False
        try:
            options = await chosen(self)
            share = await share_for(self, options)
            prepared = True
            spec = await asyncio.to_thread(
                prepare_job,
                self.session,
                self.user.name,
                project,
                options,
                priority_for(self.user.name, others),
                share=share,
                env=self.get_env(),
                token=self.api_token,
                settings=self.settings,
            )
            await chronicle.begun()
            begun = True
            self.cores = spec.cpus
            self._note_state()
            await chronicle.tell("")  # what an earlier session of that name was told
            await self._submit(spec)
        except CcdsError as error:
            if begun:
                await chronicle.ended(JobId(""), HowEnded.NOT_STARTED, f"the scheduler didn't take it: {error.found}")
                if isinstance(error, JobRefusedError):
                    await chronicle.forget_token()
            elif prepared:
                await chronicle.close_database()
            raise
        self._note_state()
        await chronicle.submitted(JobId(self.job_id), spec, options.image)

    async def _submit(self, spec: JobSpec) -> None:
        """Submits the job and keeps its id, also where the start is called off meanwhile: a thread can't be stopped."""
        submitting = asyncio.ensure_future(self._hand_in(spec))
        try:
            self.job_id = await asyncio.shield(submitting)
        except asyncio.CancelledError:
            self.job_id = await submitting
            raise

    async def _hand_in(self, spec: JobSpec) -> JobId:
        job: JobId = await asyncio.to_thread(self.scheduler.submit, spec)
        self.capacities.forget_free()  # so that no form tells as free what this job is about to take
        return job

    async def _until_reported(self) -> str:
        """Waits until the session has reported its port and the scheduler has said where it runs; returns that address."""
        assert self._reported is not None  # noqa: S101 - start() made it
        job = JobId(self.job_id)
        while True:
            status: JobStatus = await self.watch.status(job)
            address = self._address(status)
            if self._reported.done() and address:
                return address
            if status.state.ended:
                raise SpawnException(
                    f"The session ended before it was up: {status.reason or 'its log says why'}.", reason="ended"
                )
            await self.life.chronicle.seen(status)
            why = await self.watch.explain(job) if status.state is JobState.PENDING else None
            self._said = progress_words(status, why, self.watch.known(job), datetime.now().astimezone())
            if self._reported.done():
                await asyncio.sleep(self.watch.tick)
            else:
                await asyncio.wait([self._reported], timeout=self.watch.tick)

    def _address(self, status: JobStatus) -> str:
        """Where the job's node is reached: the scheduler's word, never the session's; empty where it says none."""
        if self.settings.scheduler.engine == "local" and status.node:
            return "127.0.0.1"
        address = status.address or status.node or ""
        return f"[{address}]" if ":" in address else address

    def report_port(self, port: int) -> None:
        """Takes the port that the starting session listens on; from here on it isn't asked for it again, so it is kept."""
        if self._reported is not None and not self._reported.done():
            self.port = port
            self._note_state()
            self._reported.set_result(port)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the scheduler says, each time that it says something new, until the server is up."""
        last = ""
        while self._reported is not None and not self._reported.done():
            if self._said != last:
                last = self._said
                yield {"progress": 30, "message": last}
            await asyncio.wait([self._reported], timeout=self.watch.tick)
        yield {"progress": 90, "message": "the session is up; opening it"}

    async def poll(self) -> int | None:
        """None while the session lives, or may live; its exit code once the scheduler said that it ended.

        A session that its person may not have any more is ended here, and one that the hub was ending when it died. One whose
        start was interrupted isn't up until that is taken up.
        """
        if self._interrupted:
            return 1
        if not self.job_id:
            return 0
        status: JobStatus = await self.watch.status(JobId(self.job_id))
        if status.state.ended:
            self.watch.forget(status.id)
            await self.life.idleness.note(status.id, last=True)
            how = self.why_stopped or how_ended(status, up=self.up)
            await self.life.chronicle.ended(status.id, how, status.reason or "", status.ended)
            return status.exit_code if status.exit_code is not None else 1
        await self.life.chronicle.seen(status)
        again, self._ends_anew = self._ends_anew, False
        why = self.why_stopped if again else await self._why_ended_now(status)
        if why is None:
            return None
        self.log.warning("session %s: %s; ending its job", self._log_name, ended_words(why, ""))
        self.why_stopped = why
        await self.stop()
        return 1

    async def _why_ended_now(self, status: JobStatus) -> HowEnded | None:
        """Why a session that lives has to end now; None where it hasn't. Its people are told of an end that comes near."""
        if await self.life.right.is_over():
            return HowEnded.REVOKED
        if self.life.right.revoked:
            return None
        await self.life.hours.tell(status)
        await self.life.idleness.note(status.id)
        return HowEnded.IDLE if await self.life.idleness.is_over() else None

    async def stop(self, now: bool = False) -> None:  # noqa: ARG002 - JupyterHub's signature
        """Cancels the job and waits until the scheduler says that it has ended.

        However long that takes: JupyterHub forgets a server whose stop returned or failed, and its job would go on unseen.
        """
        if self.job_id:
            job = JobId(self.job_id)
            how = self.why_stopped = self.why_stopped or (HowEnded.STOPPED if self.up else HowEnded.CANCELLED)
            self._note_state()  # a hub that starts anew goes on with it
            await self._end(job)
            await self.life.idleness.note(job, last=True)
            await self.life.chronicle.ended(job, how)

    async def _end(self, job: JobId) -> None:
        await end_job(
            job,
            self._cancel,
            self.watch,
            lambda why: self.log.warning("session %s: can't be ended yet: %s", self._log_name, why.found),
        )

    async def _cancel(self, job: JobId) -> None:
        if machine := machine_name(job):  # that it isn't known here says nothing of its end
            raise SchedulerUnavailableError(
                expected="the machine on which this session is",
                found=f"no [static.machines.{machine}]",
                do="put it back",
            )
        await asyncio.to_thread(self.scheduler.cancel, job)

    async def extend(self, minutes: object) -> datetime:
        """Gives the running session `minutes` more, see `Hours.extend`.

        Raises:
            CcdsError: it can't be.
        """
        status: JobStatus = await self.watch.status(JobId(self.job_id))
        return await self.life.hours.extend(status, minutes, self.scheduler)
