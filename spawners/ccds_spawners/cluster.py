"""Starts a session as a job of the site's scheduler.

The hub is told the truth about a job and nothing more: only a scheduler's positive answer that the job ended ends a session.
A query that fails, a suspended or an unknown job leaves it as it is. The job's id is in the hub's database before anything
else is waited for, so that a hub that dies meanwhile finds its job again; a job that it can't know of (it died between
submitting and noting the id) is found by its name and ended before a new one is made, since its token is worth nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from jupyterhub.spawner import Spawner, SpawnException
from sqlalchemy.orm import object_session
from traitlets import Any as AnyTrait
from traitlets import Integer, Unicode

from ccds_kernel.batch.policy import priority_for
from ccds_kernel.batch.scheduler import SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.registry import Registry
from ccds_kernel.session.name import SessionKind, SessionName
from ccds_spawners.job import session_job
from ccds_spawners.options import LabOptions

_TICK_SECONDS = 0.5
_STOP_SECONDS = 60.0


class ClusterSpawner(Spawner):  # type: ignore[misc] # JupyterHub has no type hints
    """A JupyterHub spawner on the Scheduler port.

    `settings` (Settings), `scheduler` (Scheduler) and `watch` (JobWatch) are handed in by the hub's configuration and
    shared by all sessions.
    """

    settings = AnyTrait(help="the site's settings").tag(config=True)
    scheduler = AnyTrait(help="the site's scheduler").tag(config=True)
    watch = AnyTrait(help="the one that asks the scheduler about jobs").tag(config=True)
    stop_seconds = Integer(int(_STOP_SECONDS), help="how long to wait for a job's end after it was cancelled").tag(
        config=True
    )
    job_id = Unicode("", help="the session's job; empty when there is none")

    _port: asyncio.Future[int] | None = None
    _said: str = ""

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes back what `get_state` gave, after a restart of the hub."""
        super().load_state(state)
        self.job_id = state.get("job_id", "")

    def get_state(self) -> dict[str, Any]:
        """What must survive a restart of the hub: the job's id."""
        state: dict[str, Any] = super().get_state()
        return state | {"job_id": self.job_id} if self.job_id else state

    def clear_state(self) -> None:
        """Forgets the job."""
        super().clear_state()
        self.job_id = ""

    @property
    def session(self) -> SessionName:
        """The session that this server's name stands for.

        Raises:
            CcdsError: the name is no session's.
        """
        return SessionName.parse(self.name)

    def open(self) -> Project:
        """Opens the session's project for this person, as `open_project`.

        Raises:
            CcdsError: no session's name, no such project, or not for this person.
        """
        found = Registry(self.settings.paths.registry).by_slug(self.session.project)
        return open_project(
            found.id if found else self.session.project,
            self.session.kind.action,
            person=self.user.name,
            settings=self.settings,
        )

    async def get_options_form(self) -> str:
        """The options form of a lab session; an app session has none and starts at once.

        Raises:
            HTTPError: 403 with the reason, before anything is started.
        """
        try:
            project = await asyncio.to_thread(self.open)
        except CcdsError as error:
            raise refusal(error) from None
        if self.session.kind is SessionKind.APP:
            return ""
        nodes = await asyncio.to_thread(self.scheduler.capacity)
        form = self.handler.render_template(
            "session_options.html",
            project=project,
            nodes=nodes,
            session=self.session,
            priority_class=priority_for(self._other_nodes()),
            options=LabOptions(gpus=min(1, sum(n.gpus for n in nodes))),
        )
        return str(await form if asyncio.iscoroutine(form) else form)

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
            HTTPError: 403 where the person may not, 400 for options that make no sense.
            SpawnException: the job ended, or was refused, before it reported.
        """
        self._port = asyncio.get_running_loop().create_future()
        self._said = "asking the scheduler"
        try:
            project = await asyncio.to_thread(self.open)
            options = LabOptions.from_mapping(self.user_options)
            home = await asyncio.to_thread(_home, project, self.session)
            spec = session_job(
                self.session,
                options,
                priority_for(self._other_nodes()),
                person=self.user.name,
                home=home,
                env=self.get_env() | _session_env(project, self.session, home),
            )
            await self._end_orphan(spec.name)
            self.job_id = await asyncio.to_thread(self.scheduler.submit, spec)
        except CcdsError as error:
            raise refusal(error) from None
        self.orm_spawner.state = self.get_state()
        self._commit()
        status = await self._until_reported()
        return f"http://{self._address(status)}:{self._port.result()}"

    async def poll(self) -> int | None:
        """None while the session lives, or may live; its exit code once the scheduler said that it ended."""
        if not self.job_id:
            return 0
        status = await self.watch.status(JobId(self.job_id))
        if not status.state.ended:
            return None
        self.watch.forget(status.id)
        return status.exit_code if status.exit_code is not None else 1

    async def stop(self, now: bool = False) -> None:  # noqa: ARG002 - JupyterHub's signature
        """Cancels the job and waits until the scheduler says that it has ended.

        Raises:
            SpawnException: it hasn't ended in time: the session is still there, and the hub goes on saying so.
        """
        if not self.job_id:
            return
        job = JobId(self.job_id)
        try:
            await asyncio.to_thread(self.scheduler.cancel, job)
            await asyncio.wait_for(self._until_ended(job), self.stop_seconds)
        except UnknownJobError:
            return  # never accepted, or forgotten with its end
        except (SchedulerUnavailableError, TimeoutError) as error:
            self.log.warning("session %s: not ended yet: %s", self._log_name, type(error).__name__)
            raise SpawnException("The session hasn't ended yet; try again in a minute.", reason="stopping") from None

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
            self._said = await self._explained(status)
            await asyncio.wait([self._port], timeout=_TICK_SECONDS)

    async def _explained(self, status: JobStatus) -> str:
        if status.state is JobState.RUNNING:
            return f"starting on {status.node}"
        if status.state is not JobState.PENDING:
            return f"{status.state}: {status.reason or 'the scheduler says no more'}"
        try:
            why = await asyncio.to_thread(self.scheduler.explain, status.id)
        except CcdsError:
            return "waiting; the scheduler doesn't say for what"
        place = f"place {why.position} in the queue: " if why.position else ""
        start = why.estimated_start
        estimate = f"; start expected at {start.astimezone():%H:%M}" if start else "; start not known"
        return f"{place}{why.reason}{estimate}"

    async def _until_ended(self, job: JobId) -> None:
        while not (await self.watch.status(job)).state.ended:  # noqa: ASYNC110 - the watch is asked, it doesn't call
            await asyncio.sleep(0.1)
        self.watch.forget(job)

    async def _end_orphan(self, name: str) -> None:
        """Ends a job of this session that an earlier life of the hub submitted and didn't note."""
        for status in await asyncio.to_thread(self.scheduler.mine):
            if status.name == name:
                self.log.warning("session %s: ending the job of an earlier start", self._log_name)
                await asyncio.to_thread(self.scheduler.cancel, status.id)
                await asyncio.wait_for(self._until_ended(status.id), self.stop_seconds)

    def _commit(self) -> None:
        """Writes the job's id to the hub's database now, not when the start is over."""
        database = object_session(self.orm_spawner)
        if database is not None:
            database.commit()

    def _address(self, status: JobStatus) -> str:
        """Where the job's node is reached: the scheduler's word, never the session's."""
        return "127.0.0.1" if self.settings.scheduler.engine == "local" else str(status.node)

    def _other_nodes(self) -> int:
        """How many other lab sessions of this person run, start or wait."""
        return sum(
            1
            for name, spawner in self.user.spawners.items()
            if name != self.name and spawner.active and SessionName.parse(name).kind is SessionKind.LAB
        )


def refusal(error: CcdsError) -> SpawnException:
    """`error` as the hub shows it: its one line with 403, without a traceback."""
    return SpawnException(f"{error}", reason=type(error).__name__, status_code=403)


def _home(project: Project, session: SessionName) -> Path:
    """The person's own folder of the project; for apps one inside it that holds nothing of theirs."""
    home = project.folder / "work" / project.person
    if session.kind is SessionKind.APP:
        home = home / ".ccds" / "app"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return home


def _session_env(project: Project, session: SessionName, home: Path) -> dict[str, str]:
    jupyter = home / ".ccds" / "jupyter"
    return {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "CCDS_PROJECT": project.id,
        "CCDS_SESSION": str(session),
        "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
        "JUPYTER_CONFIG_DIR": str(jupyter / "config"),
        "JUPYTER_DATA_DIR": str(jupyter / "data"),
        "JUPYTER_RUNTIME_DIR": str(jupyter / "runtime"),
        "IPYTHONDIR": str(jupyter / "ipython"),
    }
