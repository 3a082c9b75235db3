"""POSIX ACLs: who may read, write and enter a file or folder, beyond its owner and its one group.

`Acl` is the value; `read_acl` and `write_acl` bring it from and to the file system, through the extended attributes that Linux
keeps ACLs in (`include/uapi/linux/posix_acl_xattr.h`). The programs getfacl and setfacl were decided against: one process for
each of some ten thousand folders, and names of people parsed out of text.

Words: an *access* ACL says what may be done with a file or folder; a folder's *default* ACL is what is made in it gets. The
*mask* is the most that anybody may whom an entry names, and the owning group; chmod's middle digit changes it.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ccds_kernel.errors import CcdsError

Kind = Literal["access", "default"]

READ, WRITE, ENTER = 4, 2, 1
"""The permissions, as in a file's mode; an entry's are their sum, 0 to 7. ENTER is execute for a file."""

_VERSION = 2
_HEADER = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
_OWNER, _USER, _GROUP, _NAMED_GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_UNDEFINED = 0xFFFFFFFF
_ALL = READ | WRITE | ENTER


@dataclass(frozen=True, order=True)
class Entry:
    """What one user or one group may do: their number and the sum of READ, WRITE and ENTER."""

    id: int
    may: int

    def __post_init__(self) -> None:
        if not 0 <= self.id < _UNDEFINED:
            raise ValueError(f"expected a user's or group's number, found {self.id}")
        _check(self.may)


@dataclass(frozen=True)
class Acl:
    """One ACL in canonical order.

    Args:
        owner: what the file's owner may.
        group: what the file's group may.
        other: what everybody else may.
        users: further users, each once; put in the order of their numbers.
        groups: further groups, likewise.
        mask: the most that group, users and groups may. Computed, as setfacl does, where there are users or groups
            and None is given; without any it stays as it is given.
    """

    owner: int
    group: int
    other: int
    users: tuple[Entry, ...] = ()
    groups: tuple[Entry, ...] = ()
    mask: int | None = None

    def __post_init__(self) -> None:
        for may in (self.owner, self.group, self.other, self.mask or 0):
            _check(may)
        for kind in ("users", "groups"):
            entries = sorted(getattr(self, kind))
            if len({entry.id for entry in entries}) < len(entries):
                raise ValueError(f"expected each number once among the {kind}, found {entries}")
            object.__setattr__(self, kind, tuple(entries))
        if self.mask is None and (self.users or self.groups):
            mask = self.group
            for entry in (*self.users, *self.groups):
                mask |= entry.may
            object.__setattr__(self, "mask", mask)

    @classmethod
    def from_mode(cls, mode: int) -> Acl:
        """What a file's mode says, where there is no ACL beside it."""
        return cls(owner=mode >> 6 & _ALL, group=mode >> 3 & _ALL, other=mode & _ALL)

    def to_bytes(self) -> bytes:
        """The value of the extended attribute."""
        packed = [_HEADER.pack(_VERSION), _ENTRY.pack(_OWNER, self.owner, _UNDEFINED)]
        packed += [_ENTRY.pack(_USER, entry.may, entry.id) for entry in self.users]
        packed.append(_ENTRY.pack(_GROUP, self.group, _UNDEFINED))
        packed += [_ENTRY.pack(_NAMED_GROUP, entry.may, entry.id) for entry in self.groups]
        if self.mask is not None:
            packed.append(_ENTRY.pack(_MASK, self.mask, _UNDEFINED))
        packed.append(_ENTRY.pack(_OTHER, self.other, _UNDEFINED))
        return b"".join(packed)

    @classmethod
    def from_bytes(cls, value: bytes) -> Acl:
        """The ACL in the value of the extended attribute.

        Raises:
            ValueError: these bytes are no ACL.
        """
        size, rest = divmod(len(value) - _HEADER.size, _ENTRY.size)
        if size < 0 or rest or _HEADER.unpack_from(value) != (_VERSION,):
            raise ValueError(f"expected an ACL of version {_VERSION}, found {len(value)} bytes of something else")
        single: dict[int, int] = {}
        named: dict[int, list[Entry]] = {_USER: [], _NAMED_GROUP: []}
        for tag, may, number in _ENTRY.iter_unpack(value[_HEADER.size :]):
            if tag in named:
                named[tag].append(Entry(number, may))
            elif tag in {_OWNER, _GROUP, _MASK, _OTHER} and tag not in single:
                single[tag] = may
            else:
                raise ValueError(f"expected each kind of entry once, found one of kind {tag:#x} more")
        if not {_OWNER, _GROUP, _OTHER} <= single.keys():
            raise ValueError("expected entries for owner, group and others, found not all of them")
        return cls(
            owner=single[_OWNER],
            group=single[_GROUP],
            other=single[_OTHER],
            users=tuple(named[_USER]),
            groups=tuple(named[_NAMED_GROUP]),
            mask=single.get(_MASK),
        )


def read_acl(target: Path | int, kind: Kind = "access") -> Acl | None:
    """The ACL of `target`, a path or an open descriptor; None where a folder has no default ACL.

    Raises:
        CcdsError: `target` can't be read, or is a symbolic link.
    """
    try:
        return _read(target, kind)
    except OSError as error:
        raise _failed("read", target, error) from None


def has_acl(target: Path | int, acl: Acl | None, kind: Kind = "access") -> bool:
    """Whether `target` has just this ACL; None for no default ACL. Compares bytes, for whoever looks at thousands of folders.

    Raises:
        CcdsError: `target` can't be read, or is a symbolic link.
    """
    if acl is not None and acl.mask is not None and not isinstance(target, int):
        try:
            return os.getxattr(target, _attribute(kind), follow_symlinks=False) == acl.to_bytes()
        except OSError as error:
            if error.errno == errno.ENODATA:
                return False
            raise _failed("read", target, error) from None
    return read_acl(target, kind) == acl


def write_acl(target: Path | int, acl: Acl, kind: Kind = "access") -> bool:
    """Gives `target`, a path or an open descriptor, this ACL; returns whether it had another one. A link isn't followed.

    Where others can rename what lies on the way to `target`, hand in a descriptor that was opened without following links.

    Raises:
        CcdsError: the file system keeps no ACLs, `target` is a symbolic link, or there is no right to.
    """
    try:
        if _read(target, kind) == acl:
            return False
        if isinstance(target, int):
            os.setxattr(target, _attribute(kind), acl.to_bytes())
        else:
            os.setxattr(target, _attribute(kind), acl.to_bytes(), follow_symlinks=False)
    except OSError as error:
        raise _failed("write", target, error) from None
    return True


def _read(target: Path | int, kind: Kind) -> Acl | None:
    found = os.fstat(target) if isinstance(target, int) else target.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, "a symbolic link")
    try:
        if isinstance(target, int):
            value = os.getxattr(target, _attribute(kind))
        else:
            value = os.getxattr(target, _attribute(kind), follow_symlinks=False)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        return Acl.from_mode(found.st_mode) if kind == "access" else None
    return Acl.from_bytes(value)


def _attribute(kind: Kind) -> str:
    return f"system.posix_acl_{kind}"


def _failed(verb: str, target: Path | int, error: OSError) -> CcdsError:
    what = f"descriptor {target}" if isinstance(target, int) else str(target)
    if error.errno == errno.EOPNOTSUPP:
        return CcdsError(
            expected=f"a file system with POSIX ACLs under {what}",
            found="one that keeps none",
            do="put the folder on one that does (ext4, XFS, NFSv3 of such a one), mounted with acl",
        )
    return CcdsError(
        expected=f"to {verb} the permissions of {what}",
        found=error.strerror or "an error",
        do="run this as its owner or as root",
    )


def _check(*permissions: int) -> None:
    if any(not 0 <= may <= _ALL for may in permissions):
        raise ValueError(f"expected permissions from 0 to {_ALL}, found {permissions}")
