"""One line of what the doctor found, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    MISSING = "missing"
    NOT_NEEDED = "not needed here"
    UNSEEN = "not seen"
    WEAK = "weak"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """How it stands with one thing.

    Args:
        name: the thing, in a word or two.
        verdict: WRONG where the site asks for it and it doesn't work, or it lets somebody in; WEAK where a lock that there could
            be isn't there, on a site that can do without; UNSEEN where only somebody else may look.
        found: what is there.
        do: how to get or mend it; empty only where all is well.

    Raises:
        ValueError: something isn't well and `do` is empty: a defect of the check, nobody could act on it.
    """

    name: str
    verdict: Verdict
    found: str
    do: str = ""

    def __post_init__(self) -> None:
        if self.verdict is not Verdict.OK and not self.do:
            raise ValueError(f"{self.name} is {self.verdict}: what can be done?")

    def line(self) -> str:
        """The finding as it is printed."""
        return f"{self.verdict:<16}{self.name:<18}{self.found}{f'; {self.do}' if self.do else ''}"
