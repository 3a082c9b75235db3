"""The token by which the audit daemon knows who writes: made by the hub for one session, by the daemon for one batch job.

It names one person, one project, one session, and from when until when it holds; HMAC-SHA256 under a secret that only the
service account reads. So a session writes events of its own person in its own project and nothing else. It opens no data: that
is asked of the roster, each time; a job's right to the database is given for it only while the session itself has one. A JSON
Web Token would do the same with a choice of algorithms that nobody wants.

As text: `ccds1.<content>.<mac>`, both base64url; the content is JSON with its keys sorted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import kept_secret

TOKEN_VARIABLE = "CCDS_AUDIT_TOKEN"  # noqa: S105 - the variable's name
URL_VARIABLE = "CCDS_AUDIT_URL"
SPOOL_VARIABLE = "CCDS_AUDIT_SPOOL"

_VERSION = "ccds1"
_TEXT = re.compile(rf"{_VERSION}\.([A-Za-z0-9_-]{{1,4096}})\.([A-Za-z0-9_-]{{43}})")
_LONGEST = 256

LONGEST_WAITING = timedelta(days=31)
"""How old an event may be at most that waited for the audit daemon."""


@dataclass(frozen=True)
class AuditToken:
    """Who writes, from which session, of which time, and until when.

    Args:
        person: whose events.
        project: the IRB application's id; empty for a session without a project.
        session: the session's name; for one of its batch jobs `<session>/<job>`.
        until: when it ends; an aware time, kept in UTC.
        since: from when on an event that had to wait may say that it happened; now, where it isn't given. Both to the second.
        right: which right to the project's database is the job's, of those of jobs of that name; empty where it has none.

    Raises:
        CcdsError: no person or no session, a text that is too long or not printable, or a time without zone.
    """

    person: str
    project: str
    session: str
    until: datetime
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    right: str = ""

    def __post_init__(self) -> None:
        for name in ("person", "project", "session", "right"):
            text = getattr(self, name)
            whole = isinstance(text, str) and len(text) <= _LONGEST and text.isprintable()
            if not whole or not (text or name in ("project", "right")):
                raise CcdsError(
                    expected=f"a {name} in printable text, at most {_LONGEST} letters",
                    found="another one",
                    do="tell the administrators of this site",
                )
        for name in ("since", "until"):
            when = getattr(self, name)
            if not isinstance(when, datetime) or when.tzinfo is None:
                raise CcdsError(
                    expected="a time with its time zone", found="one without", do="tell the administrators of this site"
                )
            object.__setattr__(self, name, when.astimezone(UTC).replace(microsecond=0))

    @property
    def is_job_s(self) -> bool:
        """Whether it was made for a batch job of a session."""
        return "/" in self.session


def issue(secret: bytes, token: AuditToken) -> str:
    """`token` as the text that a session is given."""
    values = {
        "person": token.person,
        "project": token.project,
        "session": token.session,
        "since": token.since.isoformat(timespec="seconds"),
        "until": token.until.isoformat(timespec="seconds"),
    } | ({"right": token.right} if token.right else {})
    content = _encoded(json.dumps(values, sort_keys=True, separators=(",", ":")).encode())
    return f"{_VERSION}.{content}.{_mac(secret, content)}"


def read(secret: bytes, text: str, now: datetime) -> AuditToken:
    """What `text` says, if it was made with `secret` and holds at `now`.

    Raises:
        CcdsError: it wasn't, or no longer does; says which, and never quotes it.
    """
    parts = _TEXT.fullmatch(text)
    if parts is None or not hmac.compare_digest(_mac(secret, parts[1]), parts[2]):
        raise _refused("one that this site didn't make")
    values = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    until = datetime.fromisoformat(values["until"])
    # One that an earlier version made for a session that still runs doesn't say since when.
    since = datetime.fromisoformat(values["since"]) if "since" in values else now - LONGEST_WAITING
    token = AuditToken(
        values["person"], values["project"], values["session"], until, since, right=values.get("right", "")
    )
    if now >= token.until:
        raise _refused("one that has ended")
    return token


def audit_secret(state: Path) -> bytes:
    """The secret of this site's tokens, in its state folder; made at the first call, also where several come at once.

    Raises:
        CcdsError: it can't be read or made, as by anybody but the service account.
    """
    try:
        return kept_secret(state / "audit_secret").encode("ascii")
    except OSError as error:
        raise CcdsError(
            expected="to read the secret of this site's audit tokens",
            found=(error.strerror or "an error").lower(),
            do="run this as the service account of the site",
        ) from None


def _refused(found: str) -> CcdsError:
    return CcdsError(expected="a token of a session of this site", found=found, do="start the session anew")


def _mac(secret: bytes, content: str) -> str:
    return _encoded(hmac.digest(secret, f"{_VERSION}.{content}".encode(), hashlib.sha256))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
