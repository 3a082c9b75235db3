"""Reading and replacing files of /etc as passwd, groupadd and vigr do it: under the lock that they all take, and never half."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from ccds_kernel.groups.directory import DirectoryUnavailableError

PATIENCE_S = 15.0
"""How long the lock is waited for: as long as lckpwdf(3) does."""

_threads = Lock()


@contextmanager
def locked(etc: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Holds the lock of lckpwdf(3), which shadow-utils and systemd take before they write; it ends with the process.

    Raises:
        DirectoryUnavailableError: no right to, or somebody else holds it for too long.
    """
    with _threads:  # the lock below is the process's: threads would share it
        try:
            lock = os.open(etc / ".pwd.lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _failed("write", etc / ".pwd.lock", error) from None
        try:
            _take(lock, etc, patience_s)
            yield
        finally:
            os.close(lock)


def read_lines(path: Path) -> list[str]:
    """The lines of `path`, whatever their bytes.

    Raises:
        FileNotFoundError, PermissionError: for the caller, who knows what that means.
        DirectoryUnavailableError: another failure.
    """
    try:
        text = path.read_bytes().decode("utf-8", errors="surrogateescape")
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        raise _failed("read", path, error) from None
    return text.removesuffix("\n").split("\n")  # splitlines would also cut at signs that are no ends of lines


def replace_lines(path: Path, lines: Sequence[str]) -> None:
    """Writes `path` anew with the owner, permissions and security label that it has. Only while `locked`.

    Raises:
        DirectoryUnavailableError: it can't be written; it is as it was.
    """
    new = path.with_name(f"{path.name}.ccds")  # one name: what a killed process leaves is overwritten by the next
    try:
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8", errors="surrogateescape") as out:  # noqa: PTH123 - a descriptor
            before = path.stat()
            os.fchown(handle, before.st_uid, before.st_gid)
            shutil.copystat(path, new)
            out.writelines(f"{line}\n" for line in lines)
            out.flush()
            os.utime(handle)  # caches look at the time
            os.fsync(handle)
        new.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise _failed("write", path, error) from None


def _take(lock: int, etc: Path, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # lockf(2) says either when somebody else has it
            if time.monotonic() > deadline:
                raise DirectoryUnavailableError(
                    expected=f"to lock the accounts of this machine within {patience_s:g} s",
                    found=f"that another program holds {etc / '.pwd.lock'}",
                    do="end that program (vigr, vipw, groupadd), then try again",
                ) from None
            time.sleep(0.02)
        else:
            return


def _failed(verb: str, path: Path, error: OSError) -> DirectoryUnavailableError:
    return DirectoryUnavailableError(
        expected=f"to {verb} {path}", found=error.strerror or "an error", do="run this as root, on a disk with space"
    )
