"""Brings places of a directory to the owner, group and permissions that they are to have: the only code that chowns anything.

It runs as root in folders that root alone writes, never follows a link, and opens nothing before it is closed: what is made new
belongs to root alone until everything else about it is right.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass, field
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.groups.acl import Acl, Entry, has_acl, read_acl, write_acl
from ccds_kernel.irb.layout import Kind, Place


@dataclass(frozen=True)
class Names:
    """The numbers of users and groups, looked up once."""

    users: dict[str, int]
    groups: dict[str, int]
    known: dict[tuple[object, ...], Wanted] = field(default_factory=dict)

    @classmethod
    def of_this_machine(cls) -> Names:
        """Everybody whom this machine can list; whom it can't is asked for by name."""
        return cls({}, {found.gr_name: found.gr_gid for found in grp.getgrall()})

    def user(self, name: str) -> int:
        """The number of user `name`.

        Raises:
            CcdsError: there is none.
        """
        if name not in self.users:
            try:
                self.users[name] = pwd.getpwnam(name).pw_uid
            except KeyError:
                raise _unknown("a Unix user", name) from None
        return self.users[name]

    def group(self, name: str) -> int:
        """The number of group `name`.

        Raises:
            CcdsError: there is none.
        """
        if name not in self.groups:
            try:
                self.groups[name] = grp.getgrnam(name).gr_gid
            except KeyError:
                raise _unknown("a Unix group", name) from None
        return self.groups[name]


@dataclass(frozen=True)
class Wanted:
    """A place with numbers instead of names."""

    owner: int
    group: int
    mode: int
    access: Acl
    default: Acl | None

    @classmethod
    def of(cls, place: Place, names: Names) -> Wanted:
        """What `place` is to be on this machine.

        Raises:
            CcdsError: it names a user or group whom this machine doesn't know.
        """
        key = (
            place.owner,
            place.group,
            place.may,
            *place.users.items(),
            None,
            *place.groups.items(),
            place.heirs,
            place.sticky,
        )
        if key not in names.known:
            names.known[key] = cls._of(place, names)
        return names.known[key]

    @classmethod
    def _of(cls, place: Place, names: Names) -> Wanted:
        owner, group, other = place.may
        users = tuple(Entry(names.user(name), may) for name, may in place.users.items())
        groups = tuple(Entry(names.group(name), may) for name, may in place.groups.items())
        access = Acl(owner, group, other, users, groups)
        default = None
        if place.heirs:
            itself = Entry(names.user(place.owner), owner)
            default = Acl(owner, group, other, (*(one for one in users if one.id != itself.id), itself), groups)
        mode = stat.S_ISVTX if place.sticky else 0
        return cls(names.user(place.owner), names.group(place.group), mode, access, default)


def what_differs(root: Path, place: Place, names: Names) -> str:
    """What `bring` would do with `place` below `root`: `make`, `mend`, or nothing (empty).

    Raises:
        CcdsError: something else stands there, or the machine doesn't know a user or group.
    """
    path = root / place.path
    try:
        found = path.lstat()
    except FileNotFoundError:
        return "make"
    except OSError as error:
        raise _failed(path, error) from None
    _require_kind(path, place, found)
    wanted = Wanted.of(place, names)
    same = (found.st_uid, found.st_gid, found.st_mode & stat.S_ISVTX) == (wanted.owner, wanted.group, wanted.mode)
    if same and has_acl(path, wanted.access) and (place.kind is Kind.FILE or has_acl(path, wanted.default, "default")):
        return ""
    return "mend"


def bring(root: Path, place: Place, names: Names) -> None:
    """Makes `place` below `root`, or gives it the owner, group and permissions that it is to have.

    Raises:
        CcdsError: something else stands there, the machine doesn't know a user or group, or there is no right to.
    """
    path, wanted = root / place.path, Wanted.of(place, names)
    try:
        _make(path, place)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            found = os.fstat(handle)
            _require_kind(path, place, found)
            if (found.st_uid, found.st_gid) != (wanted.owner, wanted.group):
                os.fchmod(handle, 0o700 if place.kind is Kind.FOLDER else 0o600)  # closed while it changes hands
                os.fchown(handle, wanted.owner, wanted.group)
            if place.kind is Kind.FOLDER and read_acl(handle, "default") != wanted.default:
                _set_default(handle, wanted.default)
            write_acl(handle, wanted.access)
            if os.fstat(handle).st_mode & stat.S_ISVTX != wanted.mode:
                os.fchmod(handle, stat.S_IMODE(os.fstat(handle).st_mode) & ~stat.S_ISVTX | wanted.mode)
        finally:
            os.close(handle)
    except OSError as error:
        raise _failed(path, error) from None


def _make(path: Path, place: Place) -> None:
    if place.kind is Kind.FOLDER:
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            return
    else:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return


def _set_default(handle: int, default: Acl | None) -> None:
    if default is None:
        os.removexattr(handle, "system.posix_acl_default")
    else:
        write_acl(handle, default, "default")


def _require_kind(path: Path, place: Place, found: os.stat_result) -> None:
    right = stat.S_ISDIR(found.st_mode) if place.kind is Kind.FOLDER else stat.S_ISREG(found.st_mode)
    if not right or (place.kind is Kind.FILE and found.st_nlink > 1):
        raise CcdsError(
            expected=f"a {place.kind} {path}, or nothing there",
            found="something else" if not right else "a file that has a second name",
            do="look who put it there, and move it away",
        )


def _unknown(what: str, name: str) -> CcdsError:
    return CcdsError(
        expected=f"{what} that this machine knows",
        found=f"none called {name}",
        do="see 'getent passwd' and 'getent group'",
    )


def _failed(path: Path, error: OSError) -> CcdsError:
    return CcdsError(
        expected=f"to give {path} its owner and permissions",
        found=error.strerror or "an error",
        do="run this as root, on a file system that keeps POSIX ACLs",
    )
