"""Makes groups, directories and the database say what the rosters say, and nothing else.

`look` finds what differs; `carry_out` does it. Access that ends, ends first; access that begins, begins last, when everything
that it opens is closed to all others. So whatever a crash leaves is no more than there was before or will be after, and the next
run, which looks anew, completes it. The same look says what a dry run prints.

A damaged application closes its own project. A group of ours that belongs to no application is emptied.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ccds_kernel.audit.events import MembersChanged
from ccds_kernel.audit.log import AuditSink
from ccds_kernel.errors import CcdsError
from ccds_kernel.groups.acl import ENTER, READ, WRITE
from ccds_kernel.groups.directory import GroupDirectory
from ccds_kernel.groups.site import group_directory
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.layout import ROOT, Kind, Place, project_places
from ccds_kernel.irb.membership import LEADERSHIP_GROUP, ProjectGroups, memberships, nobody
from ccds_kernel.irb.places import Names, bring, what_differs
from ccds_kernel.irb.registry import Registry, registry_of
from ccds_kernel.irb.rules import calendar_day
from ccds_kernel.settings import Settings

_ALL, _LOOK = READ | WRITE | ENTER, READ | ENTER
_GROUP_PREFIX = "irb-"

Members = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Root:
    """A folder, and the places in it that are to be as they say."""

    folder: Path
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Plan:
    """What differs from what the rosters say.

    Args:
        found: group → its members now, for the groups that change; no entry for a group that isn't there.
        wanted: group → its members to be, for the same groups.
        places: folder, place, and whether it is made or mended.
    """

    found: Members = field(default_factory=dict)
    wanted: Members = field(default_factory=dict)
    places: tuple[tuple[Path, Place, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.places)

    @property
    def steps(self) -> int:
        """How many steps it takes to carry it out."""
        return len(self.places) + 2

    @property
    def left(self) -> dict[str, frozenset[str]]:
        """Group → who is in it once those are out who must go: also groups that are made, empty."""
        return {name: self.found.get(name, frozenset()) & members for name, members in self.wanted.items()}

    def lines(self) -> list[str]:
        """The plan for a person to read."""
        lines = []
        for name in sorted(self.wanted):
            before, after = self.found.get(name), self.wanted[name]
            signs = [f"+{one}" for one in sorted(after - (before or frozenset()))]
            signs += [f"-{one}" for one in sorted((before or frozenset()) - after)]
            lines.append(f"group {name}: {'' if before is not None else 'make; '}{' '.join(signs)}".rstrip("; "))
        lines += [f"{place.kind} {folder / place.path}: {what}" for folder, place, what in self.places]
        return lines


class Reconciler:
    """Reconciles one site.

    Args:
        settings: the site's settings.
        directory: its directory of groups; the one that the settings name, where it isn't given.

    Raises:
        CcdsError: its directory of groups can't be reached.
    """

    def __init__(self, settings: Settings, directory: GroupDirectory | None = None) -> None:
        self._settings = settings
        self._directory = directory or group_directory(settings)
        self._registry: Registry = registry_of(settings)

    @property
    def keeps(self) -> bool:
        """Whether there is anything to reconcile here: without a directory of groups only the program's own checks hold."""
        return self._directory.keeps

    def refuse_unknown(self, application: IrbApplication) -> None:
        """Makes sure that the directory knows everybody on the roster.

        Raises:
            CcdsError: it doesn't; names who.
        """
        people = {entry.person for entry in application.roster}
        unknown = sorted(people - self._directory.knows(people))
        if unknown:
            raise CcdsError(
                expected="people who have an account here on the roster",
                found=f"{', '.join(unknown)}, whom the directory doesn't know",
                do="make the accounts, or take them off the roster",
            )

    def refuse_foreign(self, application: IrbApplication) -> None:
        """Makes sure that the project's directory is ours, or isn't there yet.

        Raises:
            CcdsError: it is somebody else's, or no directory.
        """
        folder = self._settings.paths.projects / application.id
        try:
            found = folder.lstat()
        except FileNotFoundError:
            return
        except OSError as error:
            raise CcdsError(
                expected=f"to look at {folder}", found=error.strerror or "an error", do="run this as root"
            ) from None
        ours = {0, os.geteuid()} if self.keeps else {os.geteuid()}
        is_folder = folder.is_dir() and not folder.is_symlink()
        if not is_folder or found.st_uid not in ours:
            raise CcdsError(
                expected=f"{folder} to be root's directory" if self.keeps else f"{folder} to be your directory",
                found=f"one that belongs to {_user(found.st_uid)}" if is_folder else "something that is no directory",
                do="look whose it is, and move it away or give the application another id",
            )

    def look(self, only: Sequence[str] | None = None, amended: IrbApplication | None = None) -> Plan:
        """What differs, of the site's own folders and of projects.

        Args:
            only: the projects to look at; all of them, where it isn't given.
            amended: an application as it will be, in place of the registry's.

        Raises:
            CcdsError: something can't be read, or something else stands where a folder is to be.
        """
        applications = {found.id: found for found in self._registry.applications()}
        ids = self._registry.ids() if only is None else only
        if amended:
            applications[amended.id] = amended
        today, years = calendar_day(), self._registry.training_years
        wanted: dict[str, frozenset[str]] = {}
        for project_id in ids:
            found = applications.get(project_id)
            wanted |= memberships(found, today, years) if found else nobody(project_id)
        wanted[LEADERSHIP_GROUP] = frozenset(self._settings.hub.leadership)
        known = self._directory.knows(frozenset().union(*wanted.values()))
        wanted = {name: members & known for name, members in wanted.items()}  # whose account is gone has no access
        there = {**self._directory.groups(_GROUP_PREFIX), **self._directory.groups(LEADERSHIP_GROUP)}
        if only is None:
            wanted |= {name: frozenset() for name in there if name not in wanted}
        changed = {name: members for name, members in wanted.items() if there.get(name) != members}
        names = Names.of_this_machine()
        roots = (*self._site_roots(), *(root for one in ids for root in self._roots(one, wanted)))
        differing = []
        for root in roots:
            for place in root.places:
                what = _what_differs(root.folder, place, names, changed, there)
                if what:
                    differing.append((root.folder, place, what))
        return Plan({name: there[name] for name in changed if name in there}, changed, tuple(differing))

    def carry_out(
        self, plan: Plan, *, person: str, audit: AuditSink, step: Callable[[], object] = lambda: None
    ) -> None:
        """Does what `plan` says; each project's changes of membership are an audit event before they take effect.

        Args:
            plan: what `look` found.
            person: who has it done.
            audit: where that is written down.
            step: called after each part that was done, for a progress bar.

        Raises:
            CcdsError: something can't be done; what was done until then stays, and the next run goes on from there.
        """
        _require_root()
        for event in _events(plan, self._registry.ids(), person):
            audit.write(event)
        self._directory.apply(plan.left)
        step()
        names = Names.of_this_machine()
        for folder, place, _ in plan.places:
            _make_closed(folder)
            bring(folder, place, names)
            step()
        self._directory.apply(plan.wanted)
        step()

    def _site_roots(self) -> Iterable[Root]:
        """The site's own folders: members go through some of them, and look into none."""
        paths, service = self._settings.paths, self._service
        closed = (_ALL, 0, 0)
        passed = (_ALL, ENTER, ENTER)
        yield Root(paths.projects, (Place("", Kind.FOLDER, ROOT, ROOT, passed),))
        yield Root(paths.registry, (Place("", Kind.FOLDER, service, ROOT, passed),))
        for folder in (paths.audit, paths.state, paths.clinical):
            yield Root(folder, (Place("", Kind.FOLDER, service, ROOT, closed),))
        published = Place("", Kind.FOLDER, service, LEADERSHIP_GROUP, (_ALL, _LOOK, 0))
        yield Root(paths.published, (published,))

    def _roots(self, project_id: str, wanted: Members) -> Iterable[Root]:
        groups, service = ProjectGroups(project_id), self._service
        entry = self._settings.paths.registry / project_id
        readable = Place("irb.yaml", Kind.FILE, service, groups.members, (READ | WRITE, READ, 0))
        yield Root(entry, (readable, Place("", Kind.FOLDER, service, groups.members, (_ALL, _LOOK, 0))))
        places = project_places(
            project_id,
            wanted[groups.members],
            service=service,
            database=self._settings.database.engine == "sqlite",
        )
        yield Root(self._settings.paths.projects / project_id, places)

    @property
    def _service(self) -> str:
        """The service account: the owner of the state folder."""
        try:
            return self._settings.paths.state.owner()
        except (OSError, KeyError):
            raise CcdsError(
                expected=f"a state folder {self._settings.paths.state} that the service account owns",
                found="none, or one without a known owner",
                do="make it, and give it to the account that runs the hub",
            ) from None


def _what_differs(folder: Path, place: Place, names: Names, changed: Members, there: Members) -> str:
    new = [name for name in (place.group, *place.groups) if name in changed and name not in there]
    if new and not os.path.lexists(folder / place.path):
        return "make"
    return "mend" if new else what_differs(folder, place, names)


def _make_closed(folder: Path) -> None:
    """Makes `folder` for root alone where it isn't there: its own place, which opens it, comes after those inside."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return
    except OSError as error:
        raise CcdsError(
            expected=f"to make {folder}", found=error.strerror or "an error", do="run this as root"
        ) from None


def _events(plan: Plan, project_ids: Iterable[str], person: str) -> Iterable[MembersChanged]:
    for project_id in project_ids:
        came: list[str] = []
        went: list[str] = []
        for name in ProjectGroups(project_id).all:
            if name not in plan.wanted:
                continue
            before, after = plan.found.get(name, frozenset()), plan.wanted[name]
            came += [f"{one} {name}" for one in sorted(after - before)]
            went += [f"{one} {name}" for one in sorted(before - after)]
        if came or went:
            yield MembersChanged(person=person, project=project_id, granted=tuple(came), withdrawn=tuple(went))


def _require_root() -> None:
    if os.geteuid() != 0:
        raise CcdsError(
            expected="root, who gives directories to their groups",
            found=f"the user {_user(os.geteuid())}",
            do="run this with sudo",
        )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"the number {number}"
