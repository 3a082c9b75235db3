"""What is written down about one run of a session, and what its people are told: the audit log, the records, the notice.

Nothing here keeps a session from ending: what can't be written then is told in the hub's log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import JobId, JobStatus
from ccds_kernel.cluster.record import HowEnded
from ccds_kernel.cluster.records import Records
from ccds_kernel.errors import CcdsError
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings
from ccds_spawners.audit import note_end, note_start, project_id_of
from ccds_spawners.database import close_database
from ccds_spawners.ending import ended_words
from ccds_spawners.home import server_folder, session_folder
from ccds_spawners.kept_token import forget_token
from ccds_spawners.left_events import deliver_left
from ccds_spawners.notice import tell


class Chronicle:
    """One run of a session.

    Args:
        session: the session.
        person: whose it is.
        settings: the site's settings.
        records: where sessions are recorded.
        log: the hub's log.
    """

    def __init__(
        self, session: SessionName, person: str, settings: Settings, records: Records, log: logging.Logger
    ) -> None:
        self._session = session
        self._person = person
        self._settings = settings
        self._records = records
        self._log = log
        self._class: PriorityClass | None = None
        self._told: dict[str, tuple[str, datetime | None]] = {}
        self._started = self._over = False

    async def begun(self) -> None:
        """The session begins.

        Raises:
            CcdsError: the audit log can't be written; then it may not begin.
        """
        await asyncio.to_thread(note_start, self._session, self._person, self._settings)

    async def submitted(self, job: JobId, spec: JobSpec, image: str | None, at: datetime | None = None) -> None:
        """The scheduler took `job`, as `spec` says, `at` that time or now; `image` is the name of the one that was chosen."""

        def note() -> None:
            self._records.note_submitted(
                job,
                person=self._person,
                project=project_id_of(self._session, self._settings),
                session=str(self._session),
                priority_class=spec.priority_class,
                at=at or datetime.now(UTC),
                gpus=spec.gpus,
                gpu_model=spec.gpu_model,
                cores=spec.cpus,
                hours=spec.wall_minutes / 60,
                image=image,
            )

        await self._try("its submission isn't recorded", note)

    async def seen(self, status: JobStatus) -> None:
        """The scheduler says `status` of its job: when it started, and each class in which it stood, is recorded once."""
        if status.started and status.node and not self._started:
            self._started = True
            started, node = status.started, status.node
            await self._try(
                "its start isn't recorded", lambda: self._records.note_started(status.id, node=node, at=started)
            )
        if status.priority_class and status.priority_class is not self._class:
            self._class = held = status.priority_class
            now = datetime.now(UTC)
            await self._try("its class isn't recorded", lambda: self._records.note_class(status.id, held, at=now))

    async def tell(self, text: str, until: datetime | None = None, *, about: str = "") -> None:
        """Shows `text` in the session's pages, see `notice.tell`; what is told about something else stays beside it."""
        self._told[about] = (text, until)
        shown = [told for told in self._told.values() if told[0]]
        ends = [end for _, end in shown if end]
        words, last = " ".join(said for said, _ in shown), max(ends) if len(ends) == len(shown) and ends else None
        await self._try("its people aren't told", lambda: tell(self._folder(), words, last))

    async def idle(self, job: JobId, idle_s: float, *, gpus_measured: bool) -> None:
        """Nobody used the session for that many seconds in all."""
        await self._try(
            "its idle time isn't recorded",
            lambda: self._records.note_idle(job, idle_s, gpus_measured=gpus_measured),
        )

    async def close_database(self) -> None:
        """Ends the session's way into its database; that it can't be ended now keeps no session alive: see `close_database`."""
        await self._try(
            "its role in the database isn't dropped yet",
            lambda: close_database(self._session, self._person, self._settings),
        )

    async def ended(self, job: JobId, how: HowEnded, said: str = "", at: datetime | None = None) -> None:
        """The session has ended, however often that is said.

        Args:
            job: its job; empty where the scheduler didn't take one, as far as is known.
            how: how it ended.
            said: the scheduler's word of it, if it has one.
            at: when, as the scheduler says, which may be long ago where the hub was away; None for now.
        """
        if self._over:
            return
        self._over = True
        await self.close_database()
        await self._try(
            "some of its events wait on",
            lambda: deliver_left(self._session, self._person, self._folder(), self._settings),
        )
        words = ended_words(how, said)
        await self._try(
            "its end isn't in the audit log", lambda: note_end(self._session, self._person, words, self._settings)
        )
        if not job:  # none that is known of: whether the scheduler took one after all is looked up at the next start
            return
        end = at or datetime.now(UTC)
        await self._try("its end isn't recorded", lambda: self._records.note_ended(job, how, at=end, said=said))
        await self.forget_token()

    async def forget_token(self) -> None:
        """No job has the session's token, or will have it."""
        await self._try(
            "its token is kept on",
            lambda: forget_token(server_folder(self._session, self._person, self._settings)),
        )

    def _folder(self) -> Path:
        return session_folder(self._session, self._person, self._settings)

    async def _try(self, failed: str, what: Callable[[], object]) -> None:
        try:
            await asyncio.to_thread(what)
        except CcdsError as error:
            self._log.error("session %s:%s: %s: %s", self._person, self._session, failed, error)
        except OSError as error:
            self._log.error("session %s:%s: %s: %s", self._person, self._session, failed, type(error).__name__)
