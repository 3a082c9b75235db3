"""Which entries of an audit chain somebody wants to see."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ccds_kernel.audit.events import kinds
from ccds_kernel.errors import CcdsError

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What an entry must be; what isn't given excludes nothing.

    Args:
        person: whose.
        event: of which class.
        since: from this moment on; an aware time.
        until: before this moment.
        denied: whether only denials are wanted.
        last: how many at most, the newest.

    Raises:
        CcdsError: no such event, or a number below 1.
    """

    person: str | None = None
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    denied: bool = False
    last: int | None = None

    def __post_init__(self) -> None:
        if self.event is not None and self.event not in kinds():
            raise CcdsError(
                expected="an event that there is",
                found=repr(self.event[:40]),
                do=f"name one of {', '.join(sorted(kinds()))}",
            )
        if self.last is not None and self.last < 1:
            raise CcdsError(expected="a number of entries, 1 or more", found=str(self.last), do="leave it out for all")

    def of(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those of `entries`, oldest first, that are wanted."""
        return list(deque((entry for entry in entries if self._matches(entry)), self.last))

    def _matches(self, entry: Entry) -> bool:
        if self.person not in {None, entry["person"]} or self.event not in {None, entry["event"]}:
            return False
        if self.denied and entry["event"] not in _DENIALS:
            return False
        if self.since is None and self.until is None:
            return True
        return any(
            (self.since is None or self.since <= when) and (self.until is None or when < self.until)
            for when in _moments(entry)
        )


def moment(text: str, *, end: bool = False) -> datetime:
    """A day, or a time, in ISO form as a moment; UTC where it says no zone. With `end` a day stands for its end.

    Raises:
        CcdsError: it is neither.
    """
    try:
        if "T" not in text and " " not in text:
            return datetime.combine(date.fromisoformat(text) + timedelta(days=end), time.min, UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise CcdsError(
            expected="a day as 2026-11-25, or a time as 2026-11-25T14:30", found=repr(text[:40]), do="write it so"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _moments(entry: Entry) -> Iterator[datetime]:
    """When it was written; and for an event that waited for the audit daemon when it happened, as its session says.

    Whoever asks for either finds it: what a session says hides nothing.
    """
    for key in ("time", "claimed"):
        try:
            yield datetime.fromisoformat(str(entry.get(key)))
        except ValueError:
            continue  # no claim, or a line that was tampered with: `verify` names it


_DENIALS = frozenset(name for name, kind in kinds().items() if kind.is_denial)
