"""How sessions and batch jobs write into the audit log: through the daemon, which knows them by their token.

Each event has an id of its own, so that one whose answer was lost can be sent again. While the daemon is away, or has no room,
events wait in the session's spool; they are delivered, in their order, before the next one, denials aside. Only where neither
takes an event is there an error: what can't be logged isn't done. What the daemon refuses doesn't wait; it would be refused
again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ccds_kernel.audit.event import Event
from ccds_kernel.audit.spool import Spool
from ccds_kernel.audit.wire import EVENTS_PATH, MOST_BYTES, TOKENS_PATH, encoded, message
from ccds_kernel.errors import CcdsError

_SECONDS = 5.0
_NEVER = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}


class _Away(Exception):  # noqa: N818 - a state of the daemon, dealt with here
    """The daemon doesn't take it now."""


class _Refused(CcdsError):  # noqa: N818 - likewise, an answer
    """The daemon will never take it."""


class DaemonAuditSink:
    """An `AuditSink` that writes through the audit daemon.

    Args:
        url: the daemon's.
        token: this session's, or job's; see `ccds_kernel.audit.token`.
        spool: the folder in which events wait while the daemon is away.
    """

    def __init__(self, url: str, token: str, spool: Path) -> None:
        self._where = urlsplit(url)
        self._token = token
        self._spool = Spool(spool)

    def write(self, event: Event) -> None:
        """Has `event` written down, or keeps it on this machine's disk until it is.

        Raises:
            CcdsError: neither worked; or the daemon refused it, as one of another person or project than the token's.
        """
        now, sent = datetime.now(UTC), message(event)
        waiting = sent | {"claimed": now.isoformat(timespec="milliseconds")}
        try:
            # A denial waits behind nothing: code in a kernel could have filled the spool that its server shares.
            if (self._spool.is_empty or event.is_denial) and self._takes(sent):
                return
            with self._spool.locked():
                if not (self._deliver_waiting() and self._takes(sent)):
                    self._spool.append(waiting)
        except OSError as error:
            raise CcdsError(
                expected="the audit daemon, or room for events to wait for it",
                found=(error.strerror or "an error").lower(),
                do="tell the administrators of this site; nothing is done that can't be logged",
            ) from None

    def flush(self) -> bool:
        """Delivers what waits; returns whether nothing is left. For the start of a session: a daemon that is away is no error.

        Raises:
            CcdsError: the token isn't taken any more, or the spool can't be used.
        """
        try:
            if self._spool.is_empty:
                return True
            with self._spool.locked():
                return self._deliver_waiting()
        except OSError as error:
            raise CcdsError(
                expected="to read the events that wait for the audit daemon",
                found=(error.strerror or "an error").lower(),
                do="tell the administrators of this site",
            ) from None

    def job_rights(self, job: str, minutes: float, *, database: bool = False) -> tuple[str, str | None]:
        """What batch job `job` of this session, which runs for `minutes` once it has started, may have: both are secrets.

        Returns:
            A token; and where `database` asks for it, the URL of the project's database for that job, None where there is none.

        Raises:
            CcdsError: the daemon doesn't answer, or refuses.
        """
        asked = {"job": job, "minutes": minutes} | ({"database": True} if database else {})
        try:
            said = self._ask(TOKENS_PATH, asked)
            return str(said["token"]), said.get("database")
        except _Away:
            raise CcdsError(
                expected="a token of the audit daemon for this job",
                found="no answer",
                do="try again in a minute, or tell the administrators of this site",
            ) from None

    def end_job_right(self, job: str | None = None) -> None:
        """Gives back the right to the project's database of a batch job; one that has ended already is no error.

        Args:
            job: of this person in this project, by name; None where this is that job.

        Raises:
            CcdsError: the daemon doesn't answer, or refuses.
        """
        try:
            self._ask(TOKENS_PATH, {} if job is None else {"job": job}, "DELETE")
        except _Away:
            raise CcdsError(
                expected="the audit daemon to end a job's right to the database",
                found="no answer",
                do="leave it so: it ends by itself",
            ) from None

    def _takes(self, sent: Mapping[str, Any]) -> bool:
        """Whether the daemon has written the event down; False where it is away. Raises `_Refused`."""
        try:
            self._ask(EVENTS_PATH, sent)
        except _Away:
            return False
        return True

    def _deliver_waiting(self) -> bool:
        """Delivers what waits, oldest first; returns whether nothing is left."""
        waiting, done = self._spool.waiting(), 0
        try:
            for sent in waiting:
                try:
                    if not self._takes(sent):
                        return False
                except _Refused:
                    self._spool.set_aside(sent)
                done += 1
        finally:
            if done or not waiting:
                self._spool.keep(waiting[done:])
        return True

    def _ask(self, path: str, body: Mapping[str, Any], method: str = "POST") -> dict[str, Any]:
        content = encoded(body)
        if len(content) > MOST_BYTES:
            raise _Refused(
                expected=f"an audit event of at most {MOST_BYTES} bytes", found="a longer one", do="do less at once"
            )
        connection = HTTPConnection(self._where.hostname or "", self._where.port, timeout=_SECONDS)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            said = dict(json.loads(answer.read()))
        except (OSError, HTTPException, ValueError):  # the last from who isn't our daemon
            raise _Away from None
        finally:
            connection.close()
        if answer.status == HTTPStatus.OK:
            return said
        if answer.status in _NEVER:
            raise _Refused(**_told(said))
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise CcdsError(**_told(said))
        raise _Away


def _told(said: Mapping[str, Any]) -> dict[str, str]:
    """What the daemon says was wrong."""
    return {part: str(said.get(part, "something else")) for part in ("expected", "found", "do")}
