"""What a file of reports holds: versions of reports, and what can't be read as one.

A *version* is one report as one message sent it: a study's report may come preliminary, final and corrected, in one file. A row
of a table has no such status: it is final. A corrected or withdrawn one *takes back* what was sent before it, and does so even
where it can't be read itself: what its sender took back is no report any more, whatever is to stand in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from ccds_kernel.labeling.report import Report


class Standing(Enum):
    """How far a version counts: only final and corrected ones do."""

    FINAL = auto()
    CORRECTED = auto()
    """Takes the place of every earlier version in the file; has a text."""
    PRELIMINARY = auto()
    """Not signed yet: the final one may say the opposite."""
    WITHDRAWN = auto()
    """Cancelled, or entered in error: takes every earlier version in the file away."""


class Sent(NamedTuple):
    """When a version was sent, and by which clock: times of two clocks don't tell which was first.

    One system's times with and without a time zone are of two clocks: nobody knows how far they are apart.
    """

    clock: str
    at: datetime

    @classmethod
    def by(cls, clock: str, at: datetime) -> Sent:
        """`at` by the clock of the field `clock`."""
        return cls(clock if at.tzinfo is None else f"{clock} with its zone", at)


class TakenBack(NamedTuple):
    """That everything which was sent before of an accession number is no report any more, and when this was said."""

    accession: str
    sent: Sent | None


@dataclass(frozen=True)
class Version:
    """One report as it was sent.

    Args:
        number: which message of the file, row or line it came with, counted from 1; one message may hold several.
        standing: how far it counts.
        report: what it says; of a withdrawn one the accession number alone counts.
        sent: when, where its sender says so.
        commented: whether comments came with it that aren't read.

    Raises:
        Odd: it is a correction without text. What it corrects isn't known to be an empty report.
    """

    number: int
    standing: Standing
    report: Report
    sent: Sent | None = None
    commented: bool = False

    def __post_init__(self) -> None:
        if self.standing is Standing.CORRECTED and self.report.is_empty:
            raise Odd("it is a correction without text")

    @property
    def takes_back(self) -> tuple[TakenBack, ...]:
        """Whose earlier versions it takes back: as many as an `Unreadable` may have, here none or one."""
        if self.standing in {Standing.CORRECTED, Standing.WITHDRAWN}:
            return (TakenBack(self.report.accession, self.sent),)
        return ()


@dataclass(frozen=True)
class Unreadable:
    """A message that makes no report.

    Args:
        number: which of the file.
        reason: why; nothing of its text is in it.
        takes_back: whose earlier versions it takes back, as far as it is known.
    """

    number: int
    reason: str
    takes_back: tuple[TakenBack, ...] = ()


Entry = Version | Unreadable


class Odd(Exception):  # noqa: N818 - no failure of the program: the message goes to quarantine, the next one is read
    """Why a message makes no report; holds nothing of its content."""
