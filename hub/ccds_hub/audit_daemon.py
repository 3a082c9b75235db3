"""The audit daemon: `python -P -m ccds_hub.audit_daemon` beside hub and proxy, under the same service account.

Sessions and batch jobs can't reach the audit log's folder. They send their events here, with the token that was made for
them; the daemon checks who may say what and answers once the line is on disk. So a session can't rewrite its past, nor write
in another's name. It keeps nothing that the log doesn't hold: killed at any moment and started again, it goes on.

    POST /events  {"id", "event", "fields", "claimed"}   -> {}          an event; the same id again is no second line
    POST /tokens  {"job", "minutes"}                     -> {"token"}   a session's token for one of its batch jobs
                  … "database": true                     -> … "database" and the job's own right to the project's database
    DELETE /tokens {}                                    -> {}          a job's token: its right to the database ends
                   {"job"}                               -> {}          a session's: that of jobs of that name, of its person
    GET  /health                                         -> {"status"}  503 while the log can't be written

A forged token, and an event of another person, project or time, or that the roster doesn't allow, are events themselves; where
they come too fast, their number is. A person's sessions and jobs in a project have one limit together, whatever names jobs
have; denials have one of their own beside it, so that nobody hides a denial behind a storm of other events. What goes wrong is
told by status and kind only: no token and nothing of an event gets into the daemon's own log.

Rejected: a handler inside the hub. Whoever upgrades the hub would stop all sessions' work, and the hub's own process would read
what strangers send.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError, RequestHandler

from ccds_hub.audit_ids import WrittenIds
from ccds_hub.job_database import NoRightError, database_of, end_database_of
from ccds_hub.left_out import LeftOut
from ccds_hub.rate import Rate
from ccds_hub.state_folder import closed_folder
from ccds_kernel.audit.event import Event
from ccds_kernel.audit.events.access import AccessDenied
from ccds_kernel.audit.line import Origin
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.audit.site import audit_log
from ccds_kernel.audit.token import AuditToken, audit_secret, issue, read
from ccds_kernel.audit.wire import (
    EVENTS_PATH,
    HEALTH_PATH,
    MOST_BYTES,
    TOKENS_PATH,
    Sent,
    ended_job,
    job_token,
    parse,
    why_not,
)
from ccds_kernel.errors import CcdsError
from ccds_kernel.session.audit_rights import end_of, is_right, refused_by_roster
from ccds_kernel.settings import Settings, load_settings

_ACTION = "write into the audit log"
_DATABASE = "give a job a right to the project's database"
_END = "end a job's right to the project's database"
_STRANGER = "unknown"
_SCHEME = "Bearer "
_LOG = logging.getLogger("ccds.audit")


@dataclass
class Daemon:
    """What the handlers share. The log is written by one thread, in the order in which events came."""

    secret: bytes
    log: FileAuditSink
    ids: WrittenIds
    settings: Settings
    sessions: Rate = field(default_factory=lambda: Rate(burst=400, per_second=50))
    denials: Rate = field(default_factory=lambda: Rate(burst=200, per_second=5))
    strangers: Rate = field(default_factory=lambda: Rate(burst=20, per_second=1 / 60))
    left_out: LeftOut = field(default_factory=LeftOut)
    failed: bool = False
    writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "audit-writer"))
    databases: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "databases"))
    """Asks the projects' database server, one after the other: while that doesn't answer, no event waits for it."""

    async def write(self, event: Event, sent: Sent | None = None, session: str = "") -> None:
        """Has `event` written, if it isn't yet.

        Raises:
            CcdsError: the log can't be written.
        """
        await asyncio.get_running_loop().run_in_executor(self.writer, self._write, event, sent, session)

    def _write(self, event: Event, sent: Sent | None, session: str) -> None:
        try:
            if sent is None:
                self.log.write(event)
            elif not self.ids.has(event.person, sent.id, event.project):
                self.log.append(event, Origin(sent.id, session, sent.claimed))
        except (OSError, CcdsError, sqlite3.Error):
            self.failed = True
            raise
        self.failed = False


class _Handler(RequestHandler):
    """What the three share: who asks, and how a refusal is told."""

    def initialize(self, daemon: Daemon) -> None:
        """Tornado's hook."""
        self.daemon = daemon

    def set_default_headers(self) -> None:
        """Tornado's hook."""
        self.set_header("Cache-Control", "no-store")

    async def token(self) -> AuditToken | None:
        """The token that came; None where it is no good, which is answered then."""
        text = self.request.headers.get("Authorization", "")
        try:
            return read(self.daemon.secret, text.removeprefix(_SCHEME), datetime.now(UTC))
        except CcdsError as error:
            if self.daemon.strangers.allows(None):
                await self.daemon.write(AccessDenied(person=_STRANGER, action=_ACTION, reason=_reason(error)))
            elif count := self.daemon.left_out.note(None):
                reason = f"{_reason(error)}; {count} such tries aren't written down one by one"
                await self.daemon.write(AccessDenied(person=_STRANGER, action=_ACTION, reason=reason))
            self.refuse(401, error)
            return None

    async def slow_down(self, token: AuditToken) -> None:
        """Refuses what comes too fast; how much that is, is an event."""
        error = CcdsError(expected="fewer events", found="too many at once", do="wait a moment")
        if count := self.daemon.left_out.note((token.person, token.project)):
            reason = f"{_reason(error)}, {count} so far"
            await self.daemon.write(
                AccessDenied(person=token.person, project=token.project, action=_ACTION, reason=reason)
            )
        self.refuse(429, error)

    async def deny(self, token: AuditToken, error: CcdsError, action: str = _ACTION) -> None:
        """Refuses what the token doesn't allow; that is an event of who holds it."""
        await self.daemon.write(
            AccessDenied(person=token.person, project=token.project, action=action, reason=_reason(error))
        )
        self.refuse(403, error)

    def refuse(self, status: int, error: CcdsError) -> None:
        """Answers with `error`."""
        self.set_status(status)
        self.finish({"expected": error.expected, "found": error.found, "do": error.do})

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,  # noqa: ARG002 - tornado's signature
    ) -> None:
        """Tornado's hook: of a defect only its kind, for its text may quote an event."""
        if isinstance(value, HTTPError):  # an answer, which is told as such
            return
        what = value if isinstance(value, CcdsError) else getattr(typ, "__name__", "?")
        _LOG.error("%s %s: %s", self.request.method, self.request.path, what)

    def write_error(self, status_code: int, **info: Any) -> None:  # noqa: ANN401 - tornado's signature
        """Tornado's hook: a log that can't be written is told as such, all else by its status."""
        error = info.get("exc_info", (None, None, None))[1]
        if isinstance(error, CcdsError | sqlite3.Error):
            self.set_status(503)
        self.finish({"status": self.get_status() if error else status_code})


class _Events(_Handler):
    async def post(self) -> None:
        """Takes one event; answers when it is on disk."""
        token = await self.token()
        if token is None:
            return
        who, now = (token.person, token.project), datetime.now(UTC)
        allowed = self.daemon.sessions.allows(who)
        try:
            sent = parse(self.request.body)
        except CcdsError as error:
            if allowed:
                self.refuse(400, error)
            else:
                await self.slow_down(token)
            return
        refusal = why_not(token, sent, now)
        if not (allowed or (refusal is None and sent.event.is_denial and self.daemon.denials.allows(who))):
            await self.slow_down(token)
            return
        if refusal is None and not await asyncio.to_thread(self._is_right, sent, now):
            refusal = refused_by_roster()
        if refusal:
            await self.deny(token, refusal)
            return
        await self.daemon.write(sent.event, sent, token.session)
        self.finish({})

    def _is_right(self, sent: Sent, now: datetime) -> bool:
        waited = sent.claimed is not None
        return is_right(sent.event, sent.claimed or now, self.daemon.settings, waited=waited)


class _Tokens(_Handler):
    async def post(self) -> None:
        """Makes a token for one of the session's batch jobs."""
        token = await self._asks()
        if token is None:
            return
        latest = await asyncio.to_thread(end_of, token.project, self.daemon.settings)
        try:
            made = job_token(token, self.request.body, datetime.now(UTC), latest=latest)
        except CcdsError as error:
            if token.is_job_s:
                await self.deny(token, error)
            else:
                self.refuse(400, error)
            return
        rights = {"token": issue(self.daemon.secret, made)}
        if made.right:
            try:
                database = await asyncio.get_running_loop().run_in_executor(
                    self.daemon.databases, database_of, made, self.daemon.settings
                )
            except NoRightError as error:
                await self.deny(token, error, _DATABASE)
                return
            except CcdsError as error:
                self.refuse(400, error)
                return
            rights |= {"database": database} if database else {}
        self.finish(rights)

    async def delete(self) -> None:
        """Ends the right to the project's database of a job: the one that asks, or one of the session's person."""
        token = await self._asks()
        if token is None:
            return
        try:
            job = ended_job(token, self.request.body)
        except CcdsError as error:
            if token.is_job_s:
                await self.deny(token, error, _END)
            else:
                self.refuse(400, error)
            return
        try:
            await asyncio.get_running_loop().run_in_executor(
                self.daemon.databases, end_database_of, token, job, self.daemon.settings
            )
        except CcdsError as error:
            self.refuse(503, error)
            return
        self.finish({})

    async def _asks(self) -> AuditToken | None:
        """The token of who asks; None where it is no good or asks too fast, which is answered then."""
        token = await self.token()
        if token is not None and not self.daemon.sessions.allows((token.person, token.project)):
            await self.slow_down(token)
            return None
        return token


class _Health(_Handler):
    def get(self) -> None:
        """Whether the last event could be written."""
        self.set_status(503 if self.daemon.failed else 200)
        self.finish({"status": "failing" if self.daemon.failed else "ok"})


def application(daemon: Daemon) -> Application:
    """The daemon's routes; everything else is 404."""
    shared = {"daemon": daemon}
    routes = [(EVENTS_PATH, _Events, shared), (TOKENS_PATH, _Tokens, shared), (HEALTH_PATH, _Health, shared)]
    return Application(routes, log_function=_log_request)


async def serve(settings: Settings) -> None:
    """Serves until it is cancelled.

    Raises:
        CcdsError: the state folder or the secret can't be used, or the port is taken.
    """
    state = closed_folder(settings.paths.state)
    log = audit_log(settings)
    log.catch_up()
    try:
        ids = WrittenIds(state / "audit-ids.sqlite", log)
    except (OSError, sqlite3.Error):
        raise CcdsError(
            expected="to use audit-ids.sqlite in the state folder",
            found="an error",
            do="see that the service account may write there; removed, it is made anew from the log",
        ) from None
    server = HTTPServer(
        application(Daemon(audit_secret(state), log, ids, settings)),
        max_body_size=MOST_BYTES, idle_connection_timeout=60, body_timeout=10,
    )  # fmt: skip
    try:
        server.listen(settings.audit.port, settings.audit.address)
    except OSError as error:
        raise CcdsError(
            expected=f"to listen on {settings.audit.address}, port {settings.audit.port}",
            found=(error.strerror or "an error").lower(),
            do="stop what uses it, or set [audit] port",
        ) from None
    await asyncio.Event().wait()


def main() -> None:
    """Runs the daemon; returns only by an error, or when it is stopped."""
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.INFO)
    try:
        asyncio.run(serve(load_settings()))
    except CcdsError as error:
        sys.exit(f"ccds: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _log_request(handler: RequestHandler) -> None:
    """Only what didn't go well, and of it neither query nor content."""
    if handler.get_status() >= 400:  # noqa: PLR2004 - HTTP's own border
        _LOG.warning("%s %s: %d", handler.request.method, handler.request.path, handler.get_status())


def _reason(error: CcdsError) -> str:
    return f"expected {error.expected}; found {error.found}"


if __name__ == "__main__":
    main()
