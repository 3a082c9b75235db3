"""Makes groups, directories and the database say what the rosters say, and nothing else.

`look` finds what differs; `carry_out` does it. Access that ends, ends first, before anything is touched that could fail; access
that begins, begins last, when everything that it opens is closed to all others. So whatever a crash leaves is no more than there
was before or will be after, and the next run, which looks anew, completes it. The same look says what a dry run prints.

What stands against one project's places (somebody laid something there, a disk that is full) is that project's problem: nobody
new gets into it, everything else goes on, and the caller is told at the end. A damaged application closes its own project. A
group of ours that belongs to no application is emptied.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ccds_kernel.audit.log import AuditSink
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import take_lock
from ccds_kernel.groups.acl import ENTER, READ, WRITE
from ccds_kernel.groups.directory import GroupDirectory
from ccds_kernel.groups.site import group_directory
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.layout import ROOT, Kind, Place, project_places
from ccds_kernel.irb.membership import LEADERSHIP_GROUP, ProjectGroups, memberships, nobody
from ccds_kernel.irb.places import Names, bring, what_differs
from ccds_kernel.irb.plan import SITE, Difference, Members, Plan, Root
from ccds_kernel.irb.registry import Registry, registry_of
from ccds_kernel.irb.rules import calendar_day
from ccds_kernel.settings import Settings

_ALL, _LOOK = READ | WRITE | ENTER, READ | ENTER
_GROUP_PREFIX = "irb-"


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
        """Makes sure that the directory knows everybody on the roster, and so does this machine.

        Raises:
            CcdsError: one of them doesn't; names who.
        """
        people = {entry.person for entry in application.roster}
        unknown = sorted(people - self._known(people))
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
        is_folder = stat.S_ISDIR(found.st_mode)
        if not is_folder or found.st_uid not in ours:
            raise CcdsError(
                expected=f"{folder} to be root's directory" if self.keeps else f"{folder} to be your directory",
                found=f"one that belongs to {_user(found.st_uid)}" if is_folder else "something that is no directory",
                do="look whose it is, and move it away or give the application another id",
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other reconciles out, so that none carries out what was right before an amendment.

        Raises:
            CcdsError: this isn't root, the folders of the site lie where others could swap them, or another one doesn't end.
        """
        if not self.keeps:
            yield
            return
        _require_root()
        self._require_safe_parents()
        projects = self._settings.paths.projects
        projects.mkdir(parents=True, exist_ok=True, mode=0o711)
        lock = os.open(projects / ".reconcile.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            take_lock(lock, "reconciles this site")
            self._make_audit_folder()
            yield
        finally:
            os.close(lock)

    def _make_audit_folder(self) -> None:
        """Makes it for the service account: the first event comes before all places, and in root's folder would be root's."""
        audit = self._settings.paths.audit
        with suppress(FileExistsError):
            audit.mkdir(parents=True, mode=0o700)
            shutil.chown(audit, self._service)

    def look(self, only: Sequence[str] | None = None, amended: IrbApplication | None = None) -> Plan:
        """What differs, of the site's own folders and of projects.

        Args:
            only: the projects to look at; all of them, where it isn't given.
            amended: an application as it will be, in place of the registry's.

        Raises:
            CcdsError: the directory of groups doesn't answer.
        """
        ids = tuple(self._registry.ids() if only is None else only)
        wanted = self._wanted(ids, amended)
        there = {**self._directory.groups(_GROUP_PREFIX), **self._directory.groups(LEADERSHIP_GROUP)}
        if only is None:
            wanted |= {name: frozenset() for name in there if name not in wanted}
        changed = {name: members for name, members in wanted.items() if there.get(name) != members}
        names = Names.of_this_machine()
        problems: dict[str, CcdsError] = {}
        differing: list[Difference] = []
        for root in (*self._site_roots(), *(root for one in ids for root in self._roots(one, wanted))):
            try:
                looked = (
                    Difference(root, place, _what_differs(root.path(place), place, names, changed, there))
                    for place in root.places
                )
                differing += [one for one in looked if one.what]
            except CcdsError as error:
                problems.setdefault(root.project, error)
        found = {name: there[name] for name in changed if name in there}
        return Plan(found, changed, tuple(differing), ids, problems)

    def carry_out(
        self, plan: Plan, *, person: str, audit: AuditSink, step: Callable[[], object] = lambda: None
    ) -> None:
        """Does what `plan` says; each project's changes of membership are an audit event.

        Access ends also where that can't be written down; none begins then.

        Args:
            plan: what `look` found, while this process is `alone`.
            person: who has it done.
            audit: where that is written down.
            step: called after each part that was done, for a progress bar.

        Raises:
            CcdsError: something can't be done; everything that could be is done, and the next run goes on from there.
        """
        _require_root()
        problems = dict(plan.problems)
        for project, event in plan.events(person).items():
            try:
                audit.write(event)
            except CcdsError as error:
                problems.setdefault(project, error)
        self._directory.apply(plan.left)
        step()
        names = Names.of_this_machine()
        for one in plan.places:
            if one.root.project not in problems:
                try:
                    bring(one.root.base.parent, one.root.path(one.place), one.place, names)
                except CcdsError as error:
                    problems[one.root.project] = error
            step()
        self._directory.apply(plan.grown(problems))
        step()
        if problems:
            raise _told_together(problems)

    def _wanted(self, ids: Iterable[str], amended: IrbApplication | None) -> dict[str, frozenset[str]]:
        """Group → who is to be in it, of those projects and of the site."""
        applications = {found.id: found for found in self._registry.applications()}
        if amended:
            applications[amended.id] = amended
        today, years = calendar_day(), self._registry.training_years
        wanted: dict[str, frozenset[str]] = {}
        for project_id in ids:
            found = applications.get(project_id)
            wanted |= memberships(found, today, years) if found else nobody(project_id)
        wanted[LEADERSHIP_GROUP] = frozenset(self._settings.hub.leadership)
        known = self._known(frozenset().union(*wanted.values()))
        return {name: members & known for name, members in wanted.items()}  # whose account is gone has no access

    def _known(self, people: Iterable[str]) -> frozenset[str]:
        """Those of `people` whom the directory knows and this machine too, which is to give them folders."""
        known = self._directory.knows(people)
        return frozenset(filter(_is_user, known)) if self.keeps else known

    def _site_roots(self) -> Iterable[Root]:
        """The site's own folders: members go through some of them, and look into none."""
        paths, service = self._settings.paths, self._service
        closed = (_ALL, 0, 0)
        passed = (_ALL, ENTER, ENTER)
        yield Root(paths.projects, "", (Place("", Kind.FOLDER, ROOT, ROOT, passed),))
        yield Root(paths.registry, "", (Place("", Kind.FOLDER, service, ROOT, passed),))
        for folder in (paths.audit, paths.state, paths.clinical):
            yield Root(folder, "", (Place("", Kind.FOLDER, service, ROOT, closed),))
        readers = {LEADERSHIP_GROUP: _LOOK}
        published = Place("", Kind.FOLDER, service, LEADERSHIP_GROUP, (_ALL, _LOOK, 0), groups=readers, heirs=True)
        yield Root(paths.published, "", (published,))

    def _roots(self, project_id: str, wanted: Members) -> Iterable[Root]:
        groups, service = ProjectGroups(project_id), self._service
        readable = Place("irb.yaml", Kind.FILE, service, groups.members, (READ | WRITE, READ, 0))
        entry = Place("", Kind.FOLDER, service, groups.members, (_ALL, _LOOK, 0))
        yield Root(self._settings.paths.registry, project_id, (readable, entry), project_id)
        places = project_places(
            project_id,
            wanted[groups.members],
            service=service,
            database=self._settings.database.engine == "sqlite",
        )
        yield Root(self._settings.paths.projects, project_id, places, project_id)

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

    def _require_safe_parents(self) -> None:
        """Makes sure that nobody but root can put something else in the place of one of the site's folders."""
        for folder in {parent for _, path in self._settings.paths for parent in Path(os.path.realpath(path)).parents}:
            try:
                found = folder.stat()
            except FileNotFoundError:
                continue
            swappable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
            if found.st_uid != 0 or swappable:
                raise CcdsError(
                    expected=f"{folder}, in which folders of [paths] lie, to be root's alone to write",
                    found=f"that it is {_user(found.st_uid)}'s, with mode {stat.S_IMODE(found.st_mode):04o}",
                    do=f"chown root {folder} && chmod go-w {folder}",
                )


def _what_differs(path: Path, place: Place, names: Names, changed: Members, there: Members) -> str:
    new = [name for name in (place.group, *place.groups) if name in changed and name not in there]
    if new and not os.path.lexists(path):
        return "make"
    return "mend" if new else what_differs(path, place, names)


def _told_together(problems: dict[str, CcdsError]) -> CcdsError:
    """The first problem, and that there are others."""
    project, first = next(iter(problems.items()))
    others = f" (and problems of {len(problems) - 1} more)" if len(problems) > 1 else ""
    where = f"{first.found}, for {project}" if project != SITE else first.found
    return CcdsError(expected=first.expected, found=f"{where}{others}", do=first.do)


def _require_root() -> None:
    if os.geteuid() != 0:
        raise CcdsError(
            expected="root, who gives directories to their groups",
            found=f"the user {_user(os.geteuid())}",
            do="run this with sudo",
        )


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"the number {number}"
