"""Writing files so that nobody ever sees half of one, and folders that are as closed as they are meant to be."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccds_kernel.errors import CcdsError

LOCK_PATIENCE_S = 60.0
_POLL_S = 0.05
_SECRET_BYTES = 32


def write_whole(path: Path, text: str, mode: int = 0o644, *, folder_owner_s: bool = False) -> None:
    """Writes `path`, with permissions `mode`, so that a reader, or a crash, never sees half of it.

    With `folder_owner_s` it belongs to the folder's owner, also where root writes it: see `give_to_folder_owner`.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        if folder_owner_s:
            give_to_folder_owner(Path(name))
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(name, mode)  # noqa: PTH101 - mkstemp hands out a name
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def make_closed(root: Path, *names: str) -> Path:
    """Makes `root` and in it the folders `names`, each in the one before, closed to others whatever the umask; returns the last.

    What is there already keeps the permissions and the group that the site gave it; a set-group-id bit hands the group on.
    """
    folder = root.parent
    folder.mkdir(parents=True, exist_ok=True)
    for name in (root.name, *names):
        folder /= name
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        folder.chmod(folder.stat().st_mode & stat.S_ISGID | 0o750)
    return folder


def kept_password(path: Path, whose: str, otherwise: str) -> str:
    """The password in `path`, which others can't read.

    Args:
        path: a file with nothing else in it.
        whose: names the password in a line, such as "the archive user's password".
        otherwise: what to do where it can't be read.

    Raises:
        CcdsError: it can't be read, others can read it too, or there is none in it.
    """
    try:
        with path.open(encoding="utf-8") as source:
            mode = stat.S_IMODE(os.fstat(source.fileno()).st_mode)
            password = source.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "bytes that are no text"
        raise CcdsError(expected=f"{whose} in {path}", found=found, do=otherwise) from None
    if mode & 0o077:
        raise CcdsError(expected=f"{path} closed to others", found=f"mode {mode:04o}", do=f"chmod 600 {path}")
    if not password:
        raise CcdsError(expected=f"{whose} in {path}", found="an empty file", do="write it as the site's documents say")
    return password


def give_to_folder_owner(path: Path) -> None:
    """What root makes in somebody's folder is theirs: else an administrator's command locks the service account out."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def kept_secret(path: Path) -> str:
    """The secret in `path`, 64 hexadecimal digits, readable by its owner only; made where there is none, or none that is whole.

    Processes may start at once: all get the same one. Who is given an empty one asks nobody for it.

    Raises:
        OSError: it can't be read or made.
    """
    lock_path = path.with_name(f".{path.name}.lock")
    with lock_path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = path.read_text(encoding="ascii") if path.exists() else ""
        if len(kept) != 2 * _SECRET_BYTES:
            kept = secrets.token_hex(_SECRET_BYTES)
            write_whole(path, kept, 0o600, folder_owner_s=True)
            give_to_folder_owner(lock_path)
        return kept


@contextmanager
def acting_as_owner(folder: Path) -> Iterator[None]:
    """Lets root be the owner of `folder` meanwhile, who may have laid links there that root would follow.

    For whoever isn't root it changes nothing. Of the whole process, threads included: for commands, not for servers.
    """
    owner = folder.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    group = os.getegid()
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


def take_lock(handle: int, what: str) -> None:
    """Takes the lock of an open file; `what` says what somebody else does who holds it.

    Raises:
        CcdsError: they don't end in time.
    """
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CcdsError(
                    expected=f"nobody else who {what}",
                    found=f"somebody for more than {LOCK_PATIENCE_S:.0f} s",
                    do="try again when they have ended",
                ) from None
            time.sleep(_POLL_S)
        else:
            return
