"""The events that a session left in its server's spool: the hub writes them down when the session has ended.

No later session of that name may ever run, and what waits there would be in no log. The hub takes what the audit daemon would
take, and no more: events of that person in that project, of the last weeks, which the roster allowed. Each line says when it
happened, as the session says. A spool of the person's own (see `ccds_kernel.audit.site`) lies among their files; it is left
to their next session, since the hub follows nothing into their folder.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.audit.events.access import AccessDenied
from ccds_kernel.audit.line import Origin
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.audit.site import audit_log
from ccds_kernel.audit.spool import Spool, Waiting
from ccds_kernel.audit.token import LONGEST_WAITING, AuditToken
from ccds_kernel.audit.wire import encoded, parse, why_not
from ccds_kernel.errors import CcdsError
from ccds_kernel.session.audit_rights import is_right
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings
from ccds_spawners.audit import project_id_of

MOST_BYTES = 8 * 2**20
"""Of waiting events that the hub reads for one session; more are a person's to look at."""


def deliver_left(session: SessionName, person: str, folder: Path, settings: Settings) -> int:
    """Writes down what waits in `folder`, that of the session's server; returns how many events. What isn't right is set aside.

    Raises:
        CcdsError: it can't be read, or is more than any session's; or the log can't be written. What is left waits on.
    """
    spool = Spool(folder / "audit-spool")
    if spool.is_empty:
        return 0
    now = datetime.now(UTC)
    token = AuditToken(person, project_id_of(session, settings), str(session), now, now - LONGEST_WAITING)
    log = audit_log(settings)
    try:
        with spool.locked():
            if spool.size > MOST_BYTES:
                raise CcdsError(
                    expected=f"at most {MOST_BYTES} bytes of waiting events",
                    found=f"{spool.size}",
                    do="look at what that session did",
                )
            # The daemon may have written one and its answer was lost; who holds the lock is alone in delivering.
            known = {str(entry.get("id")) for entry in log.entries(token.project) if entry["person"] == person}
            return _deliver_all(spool, _Left(token, now, known, log, settings))
    except OSError as error:
        raise CcdsError(
            expected="to read the events that a session left",
            found=(error.strerror or "an error").lower(),
            do="look at the folder of that session's server",
        ) from None


@dataclass(frozen=True)
class _Left:
    """Whose events they are, until when, which of them are known, and where they go."""

    token: AuditToken
    now: datetime
    known: Set[str]
    log: FileAuditSink
    settings: Settings

    def write(self, sent: Waiting) -> bool:
        """Has one event written, if it isn't yet; returns whether it was.

        Raises:
            _NotRight: it is none, or none that this session's person could have caused.
            CcdsError: the registry can't be read, or the log not be written.
        """
        try:
            found = parse(encoded(sent))
        except CcdsError:
            raise _NotRight from None
        happened = found.claimed or self.now
        if why_not(self.token, found, self.now) or not is_right(found.event, happened, self.settings, waited=True):
            raise _NotRight
        if found.id in self.known:
            return False
        self.log.append(found.event, Origin(found.id, self.token.session, happened))
        return True


class _NotRight(Exception):  # noqa: N818 - an answer, dealt with here
    """The daemon would never take it."""


def _deliver_all(spool: Spool, left: _Left) -> int:
    waiting, done, written, refused = spool.waiting(), 0, 0, 0
    try:
        for sent in waiting:
            try:
                written += left.write(sent)
            except _NotRight:
                spool.set_aside(sent)
                refused += 1
            done += 1
    finally:
        spool.keep(waiting[done:])
    if refused:
        reason = f"expected waiting events of this session; found {refused} that aren't"
        left.log.write(
            AccessDenied(
                person=left.token.person, project=left.token.project, action="write into the audit log", reason=reason
            )
        )
    return written
