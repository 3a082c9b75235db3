"""What a file of reports holds: versions of reports, and what can't be read as one.

A *version* is one report as one message sent it: a study's report may come preliminary, final and corrected, in one file. A row
of a table has no such status: it is final.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from ccds_kernel.labeling.report import Report


class Standing(Enum):
    """How far a version counts: only final and corrected ones do."""

    FINAL = auto()
    CORRECTED = auto()
    """Takes the place of every earlier version in the file."""
    PRELIMINARY = auto()
    """Not signed yet: the final one may say the opposite."""
    WITHDRAWN = auto()
    """Cancelled, or entered in error: takes every earlier version in the file away."""


@dataclass(frozen=True)
class Version:
    """One report as it was sent.

    Args:
        number: which message of the file, row or line it came with, counted from 1; one message may hold several.
        standing: how far it counts.
        report: what it says.
    """

    number: int
    standing: Standing
    report: Report


@dataclass(frozen=True)
class Unreadable:
    """A message that makes no report, and why; nothing of its text is in the reason."""

    number: int
    reason: str


Entry = Version | Unreadable


class Odd(Exception):  # noqa: N818 - no failure of the program: the message goes to quarantine, the next one is read
    """Why a message makes no report; holds nothing of its content."""
