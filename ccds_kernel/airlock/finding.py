"""What a scan found in a submission: how grave, what, in which file and where. Never a word of what stands there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ccds_kernel.errors import CcdsError

_MOST_PLACES = 5


class Severity(StrEnum):
    """How grave a finding is.

    Members:
        REFUSE: it may not leave; the submission isn't taken.
        WARN: a reviewer has to look there.
        NOTE: what a reviewer can't see by looking.
    """

    REFUSE = "refuse"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing that a scan found; `file` is empty for the submission's reason, `place` where it is the whole file."""

    severity: Severity
    what: str
    file: str
    place: str = ""

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.file or "the reason", self.place) if part)
        return f"{self.severity}: {self.what} ({where})"


def refuse(what: str, file: str, place: str = "") -> Finding:
    """A finding that ends the submission."""
    return Finding(Severity.REFUSE, what, file, place)


def warn(what: str, file: str, place: str = "") -> Finding:
    """A finding that a reviewer has to look at."""
    return Finding(Severity.WARN, what, file, place)


def note(what: str, file: str) -> Finding:
    """A finding that tells a reviewer what is inside."""
    return Finding(Severity.NOTE, what, file)


def refusals(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that end the submission."""
    return tuple(finding for finding in findings if finding.severity is Severity.REFUSE)


def require_clean(findings: Iterable[Finding]) -> None:
    """Makes sure that nothing was found that may not leave.

    Raises:
        CcdsError: something was.
    """
    if against := refusals(findings):
        raise CcdsError(
            expected="a submission with nothing in it that may not leave",
            found=f"{len(against)} finding(s), first: {against[0]}",
            do="refuse it, and have it submitted anew without that",
        )


def places(found: Iterable[str]) -> str:
    """`found` as words, the first few by name: `line 3, line 7 and 12 more`."""
    each = list(dict.fromkeys(found))
    more = f" and {len(each) - _MOST_PLACES} more" if len(each) > _MOST_PLACES else ""
    return ", ".join(each[:_MOST_PLACES]) + more
