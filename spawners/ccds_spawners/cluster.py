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
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jupyterhub.spawner import Spawner, SpawnException
from sqlalchemy.orm import object_session
from traitlets import Any as AnyTrait
from traitlets import Bool, Int, Unicode

from ccds_kernel.batch.policy import NodeSession, priority_for
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.cluster.record import HowEnded
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.session.idle import IdleEnd, Use
from ccds_kernel.session.name import SessionName
from ccds_spawners.adopt import is_interrupted, is_known, living_job
from ccds_spawners.chronicle import Chronicle
from ccds_spawners.ending import end_job, how_ended
from ccds_spawners.form import chosen, options_form
from ccds_spawners.home import server_folder
from ccds_spawners.hours import Hours
from ccds_spawners.idleness import Idleness, limits_of
from ccds_spawners.job import session_job_name
from ccds_spawners.kept_token import kept_token
from ccds_spawners.nodes import other_nodes
from ccds_spawners.prepare import prepare_job
from ccds_spawners.refusal import Refusal
from ccds_spawners.right import Right
from ccds_spawners.rights import open_for
from ccds_spawners.view import SessionView, session_view
from ccds_spawners.wall_time import latest_end
from ccds_spawners.words import progress_words


@dataclass(frozen=True)
class Life:
    """One run of a session: what is written down about it, its right to live, its hours, and whether it is used."""

    chronicle: Chronicle
    right: Right
    hours: Hours
    idleness: Idleness


class ClusterSpawner(Spawner):  # type: ignore[misc] # JupyterHub has no type hints
    """A JupyterHub spawner on the Scheduler port.

    `settings` (Settings), `scheduler` (Scheduler), `watch` (JobWatch), `contents` (ContentsCounter), `capacities` (Capacities),
    `nodes` (LiveNodes) and `records` (Records) are handed in by the hub's configuration and shared by all sessions. Whoever
    stops a session for a reason of theirs sets `why_stopped` before.
    """

    settings = AnyTrait(help="the site's settings").tag(config=True)
    scheduler = AnyTrait(help="the site's scheduler").tag(config=True)
    watch = AnyTrait(help="the one that asks the scheduler about jobs").tag(config=True)
    contents = AnyTrait(help="the one that counts what lies in projects").tag(config=True)
    capacities = AnyTrait(help="what the scheduler says about the cluster as a whole").tag(config=True)
    nodes = AnyTrait(help="everybody's nodes, as the policy last saw them").tag(config=True)
    records = AnyTrait(help="where sessions are recorded").tag(config=True)
    job_id = Unicode("", help="the session's job; empty when there is none")
    up = Bool(False, help="whether the session has reported its port; a job without that is one that starts")
    port = Int(0, help="the port that the session has reported; 0 before")

    why_stopped: HowEnded | None = None

    _reported: asyncio.Future[int] | None = None
    _said: str = ""
    _asked: bool = False
    _interrupted: bool = False
    _life: Life | None = None

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes back what `get_state` gave, after a restart of the hub."""
        super().load_state(state)
        self.job_id = state.get("job_id", "")
        self.up = bool(state.get("up"))
        self.port = state.get("port", 0)
        # JupyterHub keeps the token of a server that will resume, and takes back that of one that has ended.
        self._interrupted = self.will_resume = is_interrupted(state)
        if "up" in state:
            self.api_token = self._kept_token()

    def get_state(self) -> dict[str, Any]:
        """What must survive a restart of the hub: that there is a session, its job, and how far its start has come."""
        state: dict[str, Any] = super().get_state()
        if not (self.job_id or self._asked or self._interrupted):
            return state
        return state | {"job_id": self.job_id, "up": self.up, "port": self.port}

    def clear_state(self) -> None:
        """Forgets the job; but not one whose start was interrupted, which is to be taken up."""
        super().clear_state()
        if self._interrupted:
            return
        self.job_id, self.up, self.port = "", False, 0
        self._asked, self._life, self.why_stopped = False, None, None

    @property
    def session(self) -> SessionName:
        """The session that this server's name stands for.

        Raises:
            CcdsError: the name is no session's.
        """
        return SessionName.parse(self.name)

    def open(self) -> Project | None:
        """Opens the session's project, if it has one, for this person: see `open_for`.

        Raises:
            CcdsError: no session's name, no such project, or not for this person.
        """
        return open_for(self.session, self.user.name, self.settings)

    async def get_options_form(self) -> str:
        """The options form, see `form`. The hub's own page asks each session for its own.

        Raises:
            Refusal: before anything is started.
        """
        return await options_form(self) if self.name else ""

    def report_port(self, port: int) -> None:
        """Takes the port that the starting session listens on; from here on it isn't asked for it again, so it is kept."""
        if self._reported is not None and not self._reported.done():
            self.port = port
            self._note_state()
            self._reported.set_result(port)

    def get_env(self) -> dict[str, str]:
        """The session's environment: what a server of the hub needs, and its project. Never its port: see `launch`."""
        env: dict[str, str] = super().get_env()
        env.pop("JUPYTERHUB_SERVICE_URL", None)
        return env

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
        token = self._kept_token()
        if not (token or self._interrupted):
            return False  # nothing was submitted, or it has ended
        name = session_job_name(self.session, self.user.name)
        job = JobId(self.job_id) if self.job_id else await living_job(name, self.scheduler)
        if job is None:
            return False
        if not is_known(token, self.user.orm_user):
            self.log.warning("session %s: ending the job of an earlier start", self._log_name)
            await self._end(job)
            self.job_id, self.port = "", 0
            return False
        self.log.info("session %s: taking up job %s", self._log_name, job)
        self.job_id, self.api_token = job, token
        self._note_state()
        return True

    async def _begin(self, project: Project | None, others: list[NodeSession]) -> None:
        """Makes the session's job and submits it."""
        chronicle, prepared, begun = self.life.chronicle, False, False
        try:
            options = await chosen(self)
            prepared = True
            spec = await asyncio.to_thread(
                prepare_job,
                self.session,
                self.user.name,
                project,
                options,
                priority_for(self.user.name, others),
                env=self.get_env(),
                token=self.api_token,
                settings=self.settings,
            )
            await chronicle.begun()
            begun = True
            await chronicle.tell("")  # what an earlier session of that name was told
            await self._submit(spec)
        except CcdsError as error:
            if begun:
                await chronicle.ended(JobId(""), HowEnded.NOT_STARTED, f"the scheduler didn't take it: {error.found}")
            elif prepared:
                await chronicle.close_database()
            raise
        self._note_state()
        await chronicle.submitted(JobId(self.job_id), spec, options.image)

    async def _submit(self, spec: JobSpec) -> None:
        """Submits the job and keeps its id, also where the start is called off meanwhile: a thread can't be stopped."""
        submitting = asyncio.ensure_future(asyncio.to_thread(self.scheduler.submit, spec))
        try:
            self.job_id = await asyncio.shield(submitting)
        except asyncio.CancelledError:
            self.job_id = await submitting
            raise

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

    async def poll(self) -> int | None:
        """None while the session lives, or may live; its exit code once the scheduler said that it ended.

        A session that its person may not have any more is ended here. One whose start was interrupted isn't up until that is
        taken up.
        """
        if self._interrupted:
            return 1
        if not self.job_id:
            return 0
        status: JobStatus = await self.watch.status(JobId(self.job_id))
        if status.state.ended:
            self.watch.forget(status.id)
            await self.life.idleness.note(status.id, last=True)
            await self.life.chronicle.ended(status.id, how_ended(status, up=self.up), status.reason or "")
            return status.exit_code if status.exit_code is not None else 1
        await self.life.chronicle.seen(status)
        if await self.life.right.is_over():
            self.log.warning("session %s: its person may not have it any more; ending its job", self._log_name)
            self.why_stopped = HowEnded.REVOKED
            await self.stop()
            return 1
        if self.life.right.revoked:
            return None
        await self.life.hours.tell(status)
        await self.life.idleness.note(status.id)
        if await self.life.idleness.is_over():
            self.log.warning("session %s: nobody uses it; ending its job", self._log_name)
            self.why_stopped = HowEnded.IDLE
            await self.stop()
            return 1
        return None

    async def stop(self, now: bool = False) -> None:  # noqa: ARG002 - JupyterHub's signature
        """Cancels the job and waits until the scheduler says that it has ended.

        However long that takes: JupyterHub forgets a server whose stop returned or failed, and its job would go on unseen.
        """
        if self.job_id:
            job = JobId(self.job_id)
            await self._end(job)
            await self.life.idleness.note(job, last=True)
            how = self.why_stopped or (HowEnded.STOPPED if self.up else HowEnded.CANCELLED)
            await self.life.chronicle.ended(job, how)

    async def _end(self, job: JobId) -> None:
        await end_job(
            job,
            self.scheduler,
            self.watch,
            lambda: self.log.warning("session %s: can't be ended yet: the scheduler doesn't answer", self._log_name),
        )

    async def extend(self, minutes: object) -> datetime:
        """Gives the running session `minutes` more, see `Hours.extend`.

        Raises:
            CcdsError: it can't be.
        """
        status: JobStatus = await self.watch.status(JobId(self.job_id))
        return await self.life.hours.extend(status, minutes, self.scheduler)

    def report_use(self, use: Use) -> None:
        """Takes what the session's server says of its use."""
        self.life.idleness.take(use)

    @property
    def idle_since(self) -> datetime | None:
        """When the session was last used (UTC); None where nothing is known."""
        return self._life.idleness.since if self._life else None

    @property
    def idle_end(self) -> IdleEnd | None:
        """When the session ends unless it is used; None for not at all, or not known."""
        return self._life.idleness.end if self._life else None

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the scheduler says, each time that it says something new, until the server is up."""
        last = ""
        while self._reported is not None and not self._reported.done():
            if self._said != last:
                last = self._said
                yield {"progress": 30, "message": last}
            await asyncio.wait([self._reported], timeout=self.watch.tick)
        yield {"progress": 90, "message": "the session is up; opening it"}

    def view(self) -> SessionView:
        """What the hub's pages show of this session: nobody is asked for it."""
        job = JobId(self.job_id)
        known = self.watch.known(job)
        started = known.status.started if known else None
        return session_view(
            self.name,
            job,
            known,
            self.watch.last(job),
            up=self.up,
            ending=self.pending == "stop",
            waits=self.watch.explained(job),
            longest=latest_end(started, self.settings.sessions.longest_hours) if started else None,
        )

    @property
    def life(self) -> Life:
        """This run of the session, as far as it isn't JupyterHub's; made when it is first asked for."""
        if self._life is None:
            chronicle = Chronicle(self.session, self.user.name, self.settings, self.records, self.log)
            self._life = Life(
                chronicle,
                Right(self.session, self.user.name, self.settings, chronicle),
                Hours(chronicle, self.settings.sessions.longest_hours),
                Idleness(chronicle, limits_of(self.settings)),
            )
        return self._life

    def _kept_token(self) -> str:
        try:
            return kept_token(server_folder(self.session, self.user.name, self.settings))
        except CcdsError:  # no session's name: nothing was ever kept
            return ""

    def _note_state(self) -> None:
        """Writes how far the start has come to the hub's database now, not when it is over."""
        self.orm_spawner.state = self.get_state()
        database = object_session(self.orm_spawner)
        if database is not None:
            database.commit()

    @property
    def takes_node(self) -> bool:
        """Whether this is a lab session that runs, waits or starts, or whose start is to be taken up."""
        try:
            node = self.session.kind.runs_code
        except CcdsError:
            return False
        return bool(node and (self.job_id or self._interrupted or (self.active and self._asked)))
