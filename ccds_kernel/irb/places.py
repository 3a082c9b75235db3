"""Brings places of a directory to the owner, group and permissions that they are to have: the only code that chowns anything.

It runs as root, also where the service account writes (the registry): it walks by open descriptors, follows no link below a
folder that root alone writes, and opens nothing before it is closed: what is made new belongs to root alone until everything else
about it is right. That a file has a second name elsewhere changes nothing: its permissions are the file's, whatever its name.
"""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.groups.acl import Acl, Entry, has_acl, read_acl, write_acl
from ccds_kernel.irb.layout import Kind, Place
from ccds_kernel.store.store import blank_database


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


def what_differs(path: Path, place: Place, names: Names) -> str:
    """What `bring` would do with `place` at `path`: `make`, `mend`, or nothing (empty).

    Raises:
        CcdsError: something else stands there, or the machine doesn't know a user or group.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return "make"
    except OSError as error:
        raise _failed(path, error) from None
    _require_kind(path, place, found)
    wanted = Wanted.of(place, names)
    same = (found.st_uid, found.st_gid, found.st_mode & stat.S_ISVTX) == (wanted.owner, wanted.group, wanted.mode)
    same = same and has_acl(path, wanted.access)
    return "" if same and (place.kind is Kind.FILE or has_acl(path, wanted.default, "default")) else "mend"


def bring(anchor: Path, path: Path, place: Place, names: Names) -> None:
    """Makes `place` at `path`, or gives it the owner, group and permissions that it is to have.

    Folders on the way are made for root alone: their own place, which opens them, comes later.

    Args:
        anchor: a folder above `path` that only root writes; from there on no link is followed.
        path: where it lies.
        place: what it is to be.
        names: the machine's users and groups.

    Raises:
        CcdsError: something else stands there, the machine doesn't know a user or group, or there is no right to.
    """
    wanted = Wanted.of(place, names)
    try:
        with _parent(anchor, path) as parent:
            handle = _opened(parent, path.name, place)
            try:
                _require_kind(path, place, os.fstat(handle))
                _set(handle, place, wanted)
            finally:
                os.close(handle)
    except OSError as error:
        raise _failed(path, error) from None


@contextmanager
def _parent(anchor: Path, path: Path) -> Iterator[int]:
    """The open folder in which `path` lies, reached from `anchor` step by step without following a link."""
    with ExitStack() as opened:

        def enter(folder: str, above: int | None) -> int:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
            opened.callback(os.close, handle)
            return handle

        there = enter(os.path.realpath(anchor), None)
        for part in path.relative_to(anchor).parts[:-1]:
            with suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=there)
            there = enter(part, there)
        yield there


def _opened(parent: int, name: str, place: Place) -> int:
    """The open place `name` in the folder `parent`, made where it isn't there."""
    with suppress(FileExistsError):
        if place.kind is Kind.FOLDER:
            os.mkdir(name, 0o700, dir_fd=parent)
        else:
            _make_file(parent, name, blank_database() if place.database else b"")
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)


def _make_file(parent: int, name: str, content: bytes) -> None:
    """Makes a file for root alone, whole or not at all.

    Raises:
        FileExistsError: it is there.
    """
    half = f".{name}.{secrets.token_hex(8)}"
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(half, name, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)
    finally:
        os.unlink(half, dir_fd=parent)


def _set(handle: int, place: Place, wanted: Wanted) -> None:
    found = os.fstat(handle)
    if (found.st_uid, found.st_gid) != (wanted.owner, wanted.group):
        os.fchmod(handle, 0o700 if place.kind is Kind.FOLDER else 0o600)  # closed while it changes hands
        os.fchown(handle, wanted.owner, wanted.group)
    if place.kind is Kind.FOLDER and read_acl(handle, "default") != wanted.default:
        if wanted.default is None:
            os.removexattr(handle, "system.posix_acl_default")
        else:
            write_acl(handle, wanted.default, "default")
    write_acl(handle, wanted.access)
    mode = os.fstat(handle).st_mode
    if mode & stat.S_ISVTX != wanted.mode:
        os.fchmod(handle, stat.S_IMODE(mode) & ~stat.S_ISVTX | wanted.mode)


def _require_kind(path: Path, place: Place, found: os.stat_result) -> None:
    right = stat.S_ISDIR(found.st_mode) if place.kind is Kind.FOLDER else stat.S_ISREG(found.st_mode)
    if not right:
        raise CcdsError(
            expected=f"a {place.kind} {path}, or nothing there",
            found="something else",
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
