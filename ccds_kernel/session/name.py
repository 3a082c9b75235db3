"""What a session is called: `<project>-lab`, `<project>-lab-2`, `<project>-app`.

The hub keeps sessions as named servers and takes only short names of lower-case letters, digits and single hyphens, which
is why a project stands here by its slug.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action

_FORM = re.compile(r"(?P<project>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)-(?P<kind>lab|app)(?:-(?P<number>[1-9][0-9]?))?")


class SessionKind(StrEnum):
    """A lab session is JupyterLab on a GPU node; an app session serves the project's Voilà apps and runs no other code."""

    LAB = "lab"
    APP = "app"

    @property
    def action(self) -> Action:
        """What a person must be allowed to do for a session of this kind."""
        return {SessionKind.LAB: Action.OPEN_LAB, SessionKind.APP: Action.OPEN_LABELING}[self]


@dataclass(frozen=True)
class SessionName:
    """One session of a person: the project's slug, the kind, and for a further lab session its number from 2."""

    project: str
    kind: SessionKind
    number: int = 1

    def __post_init__(self) -> None:
        if self.number < 1 or (self.kind is SessionKind.APP and self.number != 1):
            raise _unknown(str(self))

    def __str__(self) -> str:
        return f"{self.project}-{self.kind}" + (f"-{self.number}" if self.number > 1 else "")

    @classmethod
    def parse(cls, name: str) -> SessionName:
        """Reads a server's name.

        Raises:
            CcdsError: it is no session's name.
        """
        match = _FORM.fullmatch(name)
        if not match or match["number"] == "1":
            raise _unknown(name)
        return cls(match["project"], SessionKind(match["kind"]), int(match["number"] or 1))


def _unknown(name: str) -> CcdsError:
    return CcdsError(
        expected="a session's name, such as <project>-lab or <project>-app",
        found=repr(name[:40]),
        do="start sessions from the home page",
    )
