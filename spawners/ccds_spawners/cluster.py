"""Starts a session as a job of the site's scheduler.

The hub is told the truth about a job and nothing more: only a scheduler's positive answer that the job ended ends a session.
A query that fails, a suspended or an unknown job leaves it as it is. The job's id is in the hub's database before anything
else is waited for, so that a hub that dies meanwhile finds its job again; a job that it can't know of (it died between
submitting and noting the id) is found by its name and ended before a new one is made, since its token is worth nothing.

A session lives no longer than its person's right to it: each poll asks the registry, and ends the job once that says no.

A start that a hub's death interrupted isn't taken up again: JupyterHub has nobody left who waits for it, so its job is ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from jupyterhub.spawner import Spawner, SpawnException
from sqlalchemy.orm import object_session
from traitlets import Any as AnyTrait
from traitlets import Bool, Unicode

from ccds_kernel.batch.policy import NodeSession, priority_for
from ccds_kernel.batch.scheduler import SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.session.name import SessionName
from ccds_spawners.audit import note_end, note_start, with_audit_token
from ccds_spawners.database import close_database, open_database
from ccds_spawners.home import session_env, session_folder, session_home
from ccds_spawners.job import session_job
from ccds_spawners.left_events import deliver_left
from ccds_spawners.nodes import node_of
from ccds_spawners.notice import tell
from ccds_spawners.options import LabOptions
from ccds_spawners.refusal import Refusal
from ccds_spawners.rights import note_revoked, open_for, why_revoked
from ccds_spawners.seen import what_is_seen
from ccds_spawners.words import progress_words

_TICK_SECONDS = 0.5
NOTICE_SECONDS = 15
"""How long a session's people read that it ends, and why, before it does. Every new look at its data is refused already; a
process that runs keeps the Unix groups that it began with until it is ended."""


class ClusterSpawner(Spawner):  # type: ignore[misc] # JupyterHub has no type hints
    """A JupyterHub spawner on the Scheduler port.

    `settings` (Settings), `scheduler` (Scheduler), `watch` (JobWatch) and `contents` (ContentsCounter) are handed in by the
    hub's configuration and shared by all sessions.
    """

    settings = AnyTrait(help="the site's settings").tag(config=True)
    scheduler = AnyTrait(help="the site's scheduler").tag(config=True)
    watch = AnyTrait(help="the one that asks the scheduler about jobs").tag(config=True)
    contents = AnyTrait(help="the one that counts what lies in projects").tag(config=True)
    job_id = Unicode("", help="the session's job; empty when there is none")
    up = Bool(False, help="whether the session has reported its port; a job without that is one that starts")

    _port: asyncio.Future[int] | None = None
    _said: str = ""
    _asked: bool = False
    _interrupted: bool = False
    _refused_at: float = 0.0
    _ended_how: str = ""
    _revoked_at: float = 0.0

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes back what `get_state` gave, after a restart of the hub."""
        super().load_state(state)
        self.job_id = state.get("job_id", "")
        self.up = bool(state.get("up"))
        self._interrupted = bool(self.job_id) and not self.up

    def get_state(self) -> dict[str, Any]:
        """What must survive a restart of the hub: the job's id, and whether the session was up."""
        state: dict[str, Any] = super().get_state()
        return state | {"job_id": self.job_id, "up": self.up} if self.job_id else state

    def clear_state(self) -> None:
        """Forgets the job."""
        super().clear_state()
        self.job_id, self.up = "", False
        self._asked = self._interrupted = False

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
        """The options form of a lab session; an app session has none and starts at once.

        Raises:
            Refusal: before anything is started.
        """
        if not self.name:
            return await self._form_again()
        try:
            project = await asyncio.to_thread(self.open)
            if project is None:  # a session of the whole site: nothing to choose
                return ""
            if not self.session.kind.runs_code:
                return ""
            nodes = await asyncio.to_thread(self.scheduler.capacity)
            sees = await asyncio.to_thread(what_is_seen, project, self.contents, self.settings)
        except CcdsError as error:
            raise Refusal(error) from None
        form = self.user.settings["jinja2_env_sync"].get_template("session_options.html")
        return str(
            form.render(
                project=project,
                sees=sees,
                nodes=nodes,
                session=self.session,
                priority_class=priority_for(self.user.name, self._other_nodes()),
                options=LabOptions(gpus=min(1, sum(node.gpus for node in nodes))),
            )
        )

    async def _form_again(self) -> str:
        """The form of the session that was refused just now.

        JupyterHub shows a form again, with what was wrong, by asking the person's nameless server for it. Asked for itself
        (then it has a handler), that one has no form: it starts, and is refused as no session of ours.
        """
        refused = [spawner for spawner in self.user.spawners.values() if spawner.name and spawner._refused_at]  # noqa: SLF001 - our own class
        if self.handler or not refused:
            return ""
        return str(await max(refused, key=lambda spawner: spawner._refused_at).get_options_form())  # noqa: SLF001 - likewise

    def report_port(self, port: int) -> None:
        """Takes the port that the starting session listens on."""
        if self._port is not None and not self._port.done():
            self._port.set_result(port)

    def get_env(self) -> dict[str, str]:
        """The session's environment: what a server of the hub needs, and its project. Never its port: see `launch`."""
        env: dict[str, str] = super().get_env()
        env.pop("JUPYTERHUB_SERVICE_URL", None)
        return env

    async def start(self) -> str:
        """Submits the job and waits until it reports its port; returns the server's address.

        Raises:
            Refusal: the person may not, the options make no sense, or the scheduler doesn't answer.
            SpawnException: the job ended before it reported.
        """
        # No `await` between these two: of two sessions that start at once one is the first.
        others, self._asked = self._other_nodes(), True
        self._port = asyncio.get_running_loop().create_future()
        self._said = "asking the scheduler"
        rows: dict[str, str] = {}
        begun = False
        try:
            project = await asyncio.to_thread(self.open)
            options = LabOptions.from_mapping(self.user_options)
            home = await asyncio.to_thread(session_home, self.session, self.user.name, project, self.settings)
            folder = await asyncio.to_thread(session_folder, self.session, self.user.name, self.settings)
            rows = await asyncio.to_thread(open_database, self.session, self.user.name, project, self.settings)
            spec = session_job(
                self.session,
                options,
                priority_for(self.user.name, others),
                person=self.user.name,
                home=home,
                folder=folder,
                env=self.get_env() | session_env(self.session, project, home, folder, self.settings) | rows,
            )
            spec = await asyncio.to_thread(
                with_audit_token,
                spec,
                project_id=project.id if project else "",
                session=str(self.session),
                folder=folder,
                settings=self.settings,
                now=datetime.now(UTC),
            )
            await self._end_orphan(spec.name)
            await asyncio.to_thread(note_start, self.session, self.user.name, self.settings)
            begun = True
            self._ended_how, self._revoked_at = "", 0.0
            await self._tell("")  # what an earlier session of that name was told
            await self._submit(spec)
        except CcdsError as error:
            self._refused_at = time.monotonic()
            if begun:
                await self._note_end("the scheduler didn't take it")
            if rows:
                await self._close_database()
            raise Refusal(error) from None
        self._note_state()
        status = await self._until_reported()
        self.up = True
        return f"http://{self._address(status)}:{self._port.result()}"

    async def poll(self) -> int | None:
        """None while the session lives, or may live; its exit code once the scheduler said that it ended.

        A session that its person may not have any more is ended here.
        """
        if not self.job_id:
            return 0
        if self._interrupted:
            self.log.warning("session %s: its start was interrupted; ending its job", self._log_name)
            await self._stop("its start was interrupted")
            return 1
        status = await self.watch.status(JobId(self.job_id))
        if not status.state.ended:
            return await self._poll_right()
        self.watch.forget(status.id)
        await self._note_end(f"by itself: {status.state}")
        return status.exit_code if status.exit_code is not None else 1

    async def _poll_right(self) -> int | None:
        """None while its person may have the session, and for as long after that as they are told; then it is ended."""
        why = await asyncio.to_thread(why_revoked, self.session, self.user.name, self.settings)
        if why is None:
            if self._revoked_at:
                self._revoked_at = 0.0
                await self._tell("")
            return None
        if not self._revoked_at:
            self._revoked_at = time.monotonic()
            await self._close_database()
            await asyncio.to_thread(note_revoked, self.session, self.user.name, self.settings)
            await self._tell(f"This session ends now: {why.found}. What lies in the project stays; {why.do}.")
        if time.monotonic() - self._revoked_at < NOTICE_SECONDS:
            return None
        self.log.warning("session %s: its person may not have it any more; ending its job", self._log_name)
        await self._stop("its person may not have it any more")
        return 1

    async def _tell(self, text: str) -> None:
        """Shows `text` in the session's pages; that it can't be shown changes nothing."""
        try:
            folder = await asyncio.to_thread(session_folder, self.session, self.user.name, self.settings)
            await asyncio.to_thread(tell, folder, text)
        except CcdsError as error:
            self.log.error("session %s: its people aren't told: %s", self._log_name, error)  # noqa: TRY400 - one line

    async def _close_database(self) -> None:
        """Ends the session's way into its database. That it can't be ended now keeps no session alive: see `close_database`."""
        try:
            await asyncio.to_thread(close_database, self.session, self.user.name, self.settings)
        except CcdsError as error:
            self.log.error("session %s: its role in the database isn't dropped yet: %s", self._log_name, error)  # noqa: TRY400 - one line

    async def stop(self, now: bool = False) -> None:  # noqa: ARG002 - JupyterHub's signature
        """Cancels the job and waits until the scheduler says that it has ended.

        However long that takes: JupyterHub forgets a server whose stop returned or failed, and its job would go on unseen.
        """
        await self._stop("it was stopped")

    async def _stop(self, how: str) -> None:
        if self.job_id:
            await self._end(JobId(self.job_id))
            await self._note_end(how)

    async def _note_end(self, how: str) -> None:
        """Writes into the audit log, once, that the session has ended. That it can't be written keeps no session alive."""
        if self._ended_how:
            return
        self._ended_how = how
        await self._close_database()
        try:
            await asyncio.to_thread(self._deliver_left)
        except CcdsError as error:
            self.log.error("session %s: some of its events wait on: %s", self._log_name, error)  # noqa: TRY400 - one line
        try:
            await asyncio.to_thread(note_end, self.session, self.user.name, how, self.settings)
        except CcdsError as error:
            self.log.error("session %s: its end isn't in the audit log: %s", self._log_name, error)  # noqa: TRY400 - one line

    def _deliver_left(self) -> None:
        """Writes down what the session couldn't deliver any more."""
        folder = session_folder(self.session, self.user.name, self.settings)
        deliver_left(self.session, self.user.name, folder, self.settings)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the scheduler says, each time that it says something new, until the server is up."""
        last = ""
        while self._port is not None and not self._port.done():
            if self._said != last:
                last = self._said
                yield {"progress": 30, "message": last}
            await asyncio.wait([self._port], timeout=_TICK_SECONDS)
        yield {"progress": 90, "message": "the session is up; opening it"}

    async def _until_reported(self) -> JobStatus:
        assert self._port is not None  # noqa: S101 - start() made it
        job = JobId(self.job_id)
        while True:
            status: JobStatus = await self.watch.status(job)
            if self._port.done() and status.node:
                return status
            if status.state.ended:
                raise SpawnException(
                    f"The session ended before it was up: {status.reason or 'its log says why'}.", reason="ended"
                )
            why = await self.watch.explain(status.id) if status.state is JobState.PENDING else None
            self._said = progress_words(status, why)
            await asyncio.wait([self._port], timeout=_TICK_SECONDS)

    async def _submit(self, spec: JobSpec) -> None:
        """Submits the job and keeps its id, also where the start is called off meanwhile: a thread can't be stopped."""
        submitting = asyncio.ensure_future(asyncio.to_thread(self.scheduler.submit, spec))
        try:
            self.job_id = await asyncio.shield(submitting)
        except asyncio.CancelledError:
            self.job_id = await submitting
            raise

    async def _end(self, job: JobId) -> None:
        """Cancels `job` and waits until it has ended; asks again while the scheduler doesn't answer."""
        told = False
        while True:
            try:
                await asyncio.to_thread(self.scheduler.cancel, job)
                break
            except UnknownJobError:
                self.watch.forget(job)
                return  # never accepted, or forgotten with its end
            except SchedulerUnavailableError:
                if not told:
                    self.log.warning("session %s: can't be ended yet: the scheduler doesn't answer", self._log_name)
                told = True
                await asyncio.sleep(_TICK_SECONDS)
        while not (await self.watch.status(job)).state.ended:  # noqa: ASYNC110 - the watch is asked, it doesn't call
            await asyncio.sleep(0.1)
        self.watch.forget(job)

    async def _end_orphan(self, name: str) -> None:
        """Ends a job of this session that an earlier life of the hub submitted and didn't note."""
        for status in await asyncio.to_thread(self.scheduler.mine):
            if status.name == name:
                self.log.warning("session %s: ending the job of an earlier start", self._log_name)
                await self._end(status.id)

    def _note_state(self) -> None:
        """Writes the job's id to the hub's database now, not when the start is over."""
        self.orm_spawner.state = self.get_state()
        database = object_session(self.orm_spawner)
        if database is not None:
            database.commit()

    def _address(self, status: JobStatus) -> str:
        """Where the job's node is reached: the scheduler's word, never the session's."""
        return "127.0.0.1" if self.settings.scheduler.engine == "local" else str(status.node)

    def _other_nodes(self) -> list[NodeSession]:
        """This person's other nodes that run, wait, or began to start before this one."""
        found = (node_of(spawner) for name, spawner in self.user.spawners.items() if name != self.name)
        return [node for node in found if node]

    @property
    def takes_node(self) -> bool:
        """Whether this is a lab session that runs, waits or starts."""
        try:
            node = self.session.kind.runs_code
        except CcdsError:
            return False
        return bool(node and self.active and (self._asked or self.job_id))
