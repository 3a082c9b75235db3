"""An event on its way from a session to the audit daemon, and the strict reading of it there. No network in here."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ccds_kernel.audit.event import Event
from ccds_kernel.audit.events import kinds
from ccds_kernel.audit.token import AuditToken
from ccds_kernel.errors import CcdsError

EVENTS_PATH, TOKENS_PATH, HEALTH_PATH = "/events", "/tokens", "/health"
MOST_BYTES = 32 * 1024
"""Of one request's body."""

_MOST_LETTERS, _MOST_ITEMS, _LARGEST = 2000, 100, 2**53
_JOB = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$"
_YEAR_MINUTES = 366 * 24 * 60.0
_QUEUE = timedelta(days=30)
_LONGEST_JOB = timedelta(days=92)
_CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True)
class Sent:
    """One event as it came: its id, itself, and when it happened if it had to wait."""

    id: str
    event: Event
    claimed: datetime | None


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    id: uuid.UUID
    event: str
    fields: dict[str, Any]
    claimed: AwareDatetime | None


class _TokenRequest(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    job: str = Field(pattern=_JOB)
    minutes: float = Field(gt=0, le=_YEAR_MINUTES)
    database: bool = False


class _EndRequest(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    job: str | None = Field(default=None, pattern=_JOB)


def message(event: Event, *, happened: datetime | None = None) -> dict[str, Any]:
    """`event` as it is sent, under a new id; `happened` where it has waited."""
    return {
        "id": str(uuid.uuid4()),
        "event": type(event).__name__,
        "fields": asdict(event),
        "claimed": happened.astimezone(UTC).isoformat(timespec="milliseconds") if happened else None,
    }


def encoded(body: Mapping[str, Any]) -> bytes:
    """`body` as bytes. A lone surrogate, as in a name that is no text, has no form that a strict reader takes."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def parse(body: bytes) -> Sent:
    """The event that `body` holds: of a known class, with exactly its fields, each of its type and of a bearable size.

    Raises:
        CcdsError: it holds none; the message quotes nothing of it.
    """
    try:
        message = _Message.model_validate_json(body)
        kind = kinds()[message.event]
        event: Event = TypeAdapter(kind).validate_json(json.dumps(message.fields))
        claimed = message.claimed.astimezone(UTC) if message.claimed else None
    except (ValidationError, KeyError, ValueError, OverflowError, RecursionError):  # a year 0 in UTC overflows
        raise _no_event("another request") from None
    if not all(map(_is_bearable, asdict(event).values())):
        raise _no_event("one with too long a text or too large a number")
    return Sent(str(message.id), event, claimed)


def why_not(token: AuditToken, sent: Sent, now: datetime) -> CcdsError | None:
    """None where whoever holds `token` may write what was `sent` at `now`, else what stands against it; quotes nothing of it.

    A denial may also be one of the whole site's: a session may ask for what no project has. What waited can have happened
    neither before the token's time nor later than now.
    """
    event, found = sent.event, ""
    if event.person != token.person:
        found = "one of another person"
    elif not event.from_sessions:
        found = "one that no session writes"
    elif event.project != token.project and not (event.is_denial and not event.project):
        found = "one of another project"
    elif sent.claimed and not token.since - _CLOCKS_APART <= sent.claimed <= now + _CLOCKS_APART:
        found = "one of another time"
    if not found:
        return None
    return CcdsError(
        expected=f"an event of {token.person} in {token.project or 'the site'}",
        found=found,
        do="do this outside the session, or in a session of that project",
    )


def job_token(token: AuditToken, body: bytes, now: datetime, *, latest: datetime | None = None) -> AuditToken:
    """The token for the batch job that `body` asks for: of the same person and project, for as long as it may wait and run.

    It ends with its application, at `latest`, and lives no longer than three months: a job that runs on needs a new session's.
    Where a right to the project's database is asked for, too, it names the one that is to be made.

    Raises:
        CcdsError: the request is none, or `token` is a batch job's itself: else one session could go on for ever.
    """
    if token.is_job_s:
        raise CcdsError(
            expected="a session that asks for its job's token", found="a job", do="submit the job from a session"
        )
    try:
        asked = _TokenRequest.model_validate_json(body)
    except ValidationError:
        raise CcdsError(
            expected="a job's name, and minutes up to a year",
            found="another request",
            do="name the job that is submitted",
        ) from None
    until = min(
        now + timedelta(minutes=asked.minutes) + _QUEUE, now + _LONGEST_JOB, latest or datetime.max.replace(tzinfo=UTC)
    )
    right = secrets.token_hex(4) if asked.database else ""
    return AuditToken(token.person, token.project, f"{token.session}/{asked.job}", until, token.since, right)


def ended_job(token: AuditToken, body: bytes) -> str:
    """The job whose right to the project's database whoever holds `token` gives back by `body`.

    Raises:
        CcdsError: the request is none; a job names another one than itself, or a session none.
    """
    try:
        asked = _EndRequest.model_validate_json(body).job
    except ValidationError:
        raise CcdsError(
            expected="a job's name", found="another request", do="name the job whose right to the database ends"
        ) from None
    own = token.session.partition("/")[2]
    if token.is_job_s and asked not in (None, own):
        raise CcdsError(expected="a job that ends its own right", found="one that names another job", do="leave it so")
    if asked is None and not own:
        raise CcdsError(expected="the job's name", found="none", do="name the job whose right to the database ends")
    return own or str(asked)


def _is_bearable(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _MOST_LETTERS
    if isinstance(value, tuple):
        return len(value) <= _MOST_ITEMS and all(map(_is_bearable, value))
    return not isinstance(value, int | float) or abs(value) <= _LARGEST


def _no_event(found: str) -> CcdsError:
    return CcdsError(
        expected="an audit event of this version, with its fields and no others",
        found=found,
        do="tell the administrators of this site",
    )
