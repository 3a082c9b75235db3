"""A scheduler's record of one job, read field by field: what can't be read is noted, and takes nothing else with it.

Whose job a record is of decides what that means: of somebody else's, what can be read counts; of ours, nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Found = TypeVar("Found")

UNREADABLE = "the scheduler's record of it can't be read"
"""Why nothing is known of a job of ours."""


class Fields:
    """The fields of one record.

    Args:
        raw: as the scheduler printed it.
    """

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self._unread: set[str] = set()

    @property
    def unread(self) -> frozenset[str]:
        """The names of the fields that couldn't be read so far."""
        return frozenset(self._unread)

    def read(self, field: str, key: str, reader: Callable[[Any], Found], otherwise: Found) -> Found:
        """One field.

        Args:
            field: our name for it.
            key: the scheduler's.
            reader: makes the value from what stands there, None where nothing does.
            otherwise: the value where that fails.
        """
        try:
            return reader(self._raw.get(key))
        except (ValueError, TypeError, ArithmeticError):
            self._unread.add(field)
            return otherwise
