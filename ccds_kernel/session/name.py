"""What a session is called: `<project>-lab`, `<project>-lab-2`, `<project>-app`, and `reports`, which has no project.

The hub keeps sessions as named servers and takes only short names of lower-case letters, digits and single hyphens, which
is why a project stands here by its slug.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action

_FORM = re.compile(
    r"(?P<project>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)-(?P<kind>lab|app)(?:-(?P<number>[1-9][0-9]?))?|(?P<site>reports)"
)


class SessionKind(StrEnum):
    """What a session is for.

    Members:
        LAB: JupyterLab on a GPU node.
        APP: the project's Voilà apps; runs no other code.
        REPORTS: the site's Voilà apps for leadership, on what is published; belongs to no project, runs no other code.
    """

    LAB = "lab"
    APP = "app"
    REPORTS = "reports"

    @property
    def runs_code(self) -> bool:
        """Whether people run code of their own in it; where they don't, it is an app session: no GPU, no node."""
        return self is SessionKind.LAB

    @property
    def action(self) -> Action | None:
        """What a person must be allowed to do in the session's project; None where there is no project."""
        return {SessionKind.LAB: Action.OPEN_LAB, SessionKind.APP: Action.OPEN_LABELING}.get(self)


@dataclass(frozen=True)
class SessionName:
    """One session of a person: the project's slug (empty without a project), the kind, a further lab session's number from 2."""

    project: str
    kind: SessionKind
    number: int = 1

    def __post_init__(self) -> None:
        numbered = self.kind is SessionKind.LAB
        if self.number < 1 or (self.number > 1 and not numbered) or bool(self.project) == (self.kind.action is None):
            raise _unknown(str(self))

    def __str__(self) -> str:
        if not self.project:
            return str(self.kind)
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
        if match["site"]:
            return cls("", SessionKind(match["site"]))
        return cls(match["project"], SessionKind(match["kind"]), int(match["number"] or 1))


def _unknown(name: str) -> CcdsError:
    return CcdsError(
        expected="a session's name, such as <project>-lab, <project>-app or reports",
        found=repr(name[:40]),
        do="start sessions from the home page",
    )
