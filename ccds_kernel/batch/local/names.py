"""What jobs are called that people hand over through the broker: whose and of which project they are stands in the name.

So nobody takes a name of somebody else's or of a session's, and whoever has nothing but the table knows which right a job has
to end with.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_LONGEST = 128
"""Of a job's name; see `JobSpec`."""
_STORED = re.compile(r"batch@(?P<person>[a-z_][a-z0-9_.-]*)\+(?P<project>[A-Za-z0-9-]+)\+(?P<name>.+)")


@dataclass(frozen=True)
class Named:
    """What such a name says: whose job it is, of which project, and what they call it."""

    person: str
    project: str
    name: str


def stored_name(person: str, project: str, name: str) -> str:
    """What the scheduler calls the job that `person` calls `name`; a long name of theirs is a hash there."""
    beginning = f"batch@{person}+{project}+"
    if len(beginning) + len(name) > _LONGEST:
        name = hashlib.sha256(name.encode()).hexdigest()[:40]
    return beginning + name


def read_name(stored: str) -> Named | None:
    """The other way round; None where it is no such job's."""
    match = _STORED.fullmatch(stored)
    return Named(match["person"], match["project"], match["name"]) if match else None
