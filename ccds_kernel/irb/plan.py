"""What a reconcile would change, as a value: what it says, in which order it is done, what is written down about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ccds_kernel.audit.events.irb import MembersChanged
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.layout import Place
from ccds_kernel.irb.membership import ProjectGroups

Members = Mapping[str, frozenset[str]]

SITE = ""
"""In place of a project's id: what belongs to the whole site."""


@dataclass(frozen=True)
class Root:
    """A folder, and the places in it that are to be as they say.

    Args:
        base: one of the site's folders; only root writes the folder that it lies in.
        inside: the folder's own path below `base`; empty for that itself.
        places: the places.
        project: whose they are.
    """

    base: Path
    inside: str
    places: tuple[Place, ...]
    project: str = SITE

    def path(self, place: Place) -> Path:
        """Where `place` lies."""
        return self.base / self.inside / place.path


@dataclass(frozen=True)
class Difference:
    """A place that isn't as it is to be; `what` is `make` or `mend`."""

    root: Root
    place: Place
    what: str


@dataclass(frozen=True)
class Plan:
    """What differs from what the rosters say.

    Args:
        found: group → its members now, for the groups that change; no entry for a group that isn't there.
        wanted: group → its members to be, for the same groups.
        places: the places that differ.
        projects: every project that was looked at.
        problems: project → what stands against bringing its places in order. Access to it still ends; none begins.
    """

    found: Members = field(default_factory=dict)
    wanted: Members = field(default_factory=dict)
    places: tuple[Difference, ...] = ()
    projects: tuple[str, ...] = ()
    problems: Mapping[str, CcdsError] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.places or self.problems)

    @property
    def steps(self) -> int:
        """How many steps it takes to carry it out."""
        return len(self.places) + 2

    @property
    def left(self) -> dict[str, frozenset[str]]:
        """Group → who is in it once those are out who must go: also groups that are made, empty."""
        return {name: self.found.get(name, frozenset()) & members for name, members in self.wanted.items()}

    def grown(self, problems: Iterable[str]) -> dict[str, frozenset[str]]:
        """Group → its members to be, of all projects but those with `problems`."""
        shut, owners = frozenset(problems), self._owners()
        return {name: members for name, members in self.wanted.items() if owners.get(name, SITE) not in shut}

    def events(self, person: str) -> dict[str, MembersChanged]:
        """Project → what is written down about its groups' changes; groups of no project are the site's."""
        came: dict[str, list[str]] = {}
        went: dict[str, list[str]] = {}
        owners = self._owners()
        for name, after in self.wanted.items():
            before, project = self.found.get(name, frozenset()), owners.get(name, SITE)
            came.setdefault(project, []).extend(f"{one} {name}" for one in sorted(after - before))
            went.setdefault(project, []).extend(f"{one} {name}" for one in sorted(before - after))
        return {
            project: MembersChanged(
                person=person, project=project, granted=tuple(came[project]), withdrawn=tuple(went[project])
            )
            for project in came
            if came[project] or went[project]
        }

    def lines(self) -> list[str]:
        """The plan for a person to read."""
        lines = []
        for name in sorted(self.wanted):
            before, after = self.found.get(name), self.wanted[name]
            signs = [f"+{one}" for one in sorted(after - (before or frozenset()))]
            signs += [f"-{one}" for one in sorted((before or frozenset()) - after)]
            lines.append(f"group {name}: {'' if before is not None else 'make; '}{' '.join(signs)}".rstrip("; "))
        lines += [f"{one.place.kind} {one.root.path(one.place)}: {one.what}" for one in self.places]
        return lines + [f"{project or 'site'}: {problem}" for project, problem in self.problems.items()]

    def _owners(self) -> dict[str, str]:
        return {name: project for project in self.projects for name in ProjectGroups(project).all}
