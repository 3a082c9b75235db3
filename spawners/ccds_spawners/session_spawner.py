"""What a hub's spawner is and knows as a session: its name, its right, its job, how far it has come, and what others read of it.

How it is started, kept and ended stands in `cluster`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jupyterhub.spawner import Spawner
from sqlalchemy.orm import object_session
from traitlets import Any as AnyTrait
from traitlets import Bool, Int, Unicode

from ccds_kernel.batch.states import JobId
from ccds_kernel.cluster.record import HowEnded
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.session.idle import IdleEnd, Use
from ccds_kernel.session.name import SessionName
from ccds_spawners.adopt import is_interrupted
from ccds_spawners.chronicle import Chronicle
from ccds_spawners.form import options_form
from ccds_spawners.home import server_folder
from ccds_spawners.hours import Hours
from ccds_spawners.idleness import Idleness, limits_of
from ccds_spawners.kept_token import kept_token
from ccds_spawners.right import Right
from ccds_spawners.rights import open_for
from ccds_spawners.view import SessionView, session_view
from ccds_spawners.wall_time import latest_end


@dataclass(frozen=True)
class Life:
    """One run of a session: what is written down about it, its right to live, its hours, and whether it is used."""

    chronicle: Chronicle
    right: Right
    hours: Hours
    idleness: Idleness


class SessionSpawner(Spawner):  # type: ignore[misc] # JupyterHub has no type hints
    """A JupyterHub spawner that knows of one session; how it starts and ends is `ClusterSpawner`'s.

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
    cores = Int(0, help="the cores that its job asks for; 0 where that isn't known")

    why_stopped: HowEnded | None = None

    _asked: bool = False
    _interrupted: bool = False
    _ends_anew: bool = False
    _life: Life | None = None

    async def start(self) -> str:
        """Starts the session; returns its server's address. This and the next two JupyterHub wants in a class below its own."""
        raise NotImplementedError

    async def poll(self) -> int | None:
        """None while the session lives, or may live; else its exit code."""
        raise NotImplementedError

    async def stop(self, now: bool = False) -> None:
        """Ends the session."""
        raise NotImplementedError

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes back what `get_state` gave, after a restart of the hub."""
        super().load_state(state)
        self.job_id = state.get("job_id", "")
        self.up = bool(state.get("up"))
        self.port = state.get("port", 0)
        self.cores = state.get("cores", 0)
        # JupyterHub keeps the token of a server that will resume, and takes back that of one that has ended.
        self._interrupted = self.will_resume = is_interrupted(state)
        self.why_stopped = HowEnded(state["ending"]) if state.get("ending") else None
        self._ends_anew = self.why_stopped is not None
        if "up" in state:
            self.api_token = self._kept_token()

    def get_state(self) -> dict[str, Any]:
        """What must survive a restart of the hub: that there is a session, its job, and how far its start or end has come."""
        state: dict[str, Any] = super().get_state()
        if not (self.job_id or self._asked or self._interrupted):
            return state
        ending = {"ending": self.why_stopped.value} if self.why_stopped else {}
        return state | {"job_id": self.job_id, "up": self.up, "port": self.port, "cores": self.cores} | ending

    def clear_state(self) -> None:
        """Forgets the job; but not one whose start was interrupted, which is to be taken up."""
        super().clear_state()
        if self._interrupted:
            return
        self.job_id, self.up, self.port, self.cores = "", False, 0, 0
        self._asked, self._life, self.why_stopped = False, None, None

    @property
    def interrupted(self) -> bool:
        """Whether its start was interrupted by a hub's death and hasn't been taken up yet."""
        return self._interrupted

    def call_off(self) -> None:
        """Has a start that was interrupted ended instead of taken up, whatever becomes of this hub (`ccds_hub.interrupted`)."""
        self.why_stopped = self.why_stopped or HowEnded.CANCELLED
        self._note_state()

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

    def get_env(self) -> dict[str, str]:
        """The session's environment: what a server of the hub needs, and its project. Never its port: see `launch`."""
        env: dict[str, str] = super().get_env()
        env.pop("JUPYTERHUB_SERVICE_URL", None)
        return env

    @property
    def life(self) -> Life:
        """This run of the session, as far as it isn't JupyterHub's; made when it is first asked for."""
        if self._life is None:
            chronicle = Chronicle(self.session, self.user.name, self.settings, self.records, self.log)
            self._life = Life(
                chronicle,
                Right(self.session, self.user.name, self.settings, chronicle),
                Hours(chronicle, self.longest_hours),
                Idleness(chronicle, limits_of(self.settings)),
            )
        return self._life

    @property
    def longest_hours(self) -> int:
        """The hours that the session may be extended to in all; 0 for one that can't be extended, such as an app."""
        return self.settings.sessions.longest_hours if self.session.kind.runs_code else 0

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
            interrupted=self._interrupted,
            ending=self.pending == "stop" or (self._interrupted and self.why_stopped is not None),
            waits=self.watch.explained(job),
            longest=latest_end(started, self.longest_hours) if started and self.longest_hours else None,
        )

    @property
    def takes_node(self) -> bool:
        """Whether this is a lab session that runs, waits or starts, or whose start is to be taken up."""
        try:
            node = self.session.kind.runs_code
        except CcdsError:
            return False
        return bool(node and (self.job_id or self._interrupted or (self.active and self._asked)))

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
