"""A person's folder, read and written by a session's server that runs as somebody else and has more rights.

The person can put anything into that folder at any moment: a symbolic link to the audit log, a hard link, a pipe. A server
that opened a path there by its name would be their deputy. So every name is looked up from the folder above it, which is held
open, and no link is ever followed; a file with a second name isn't opened. Nothing here asks first and opens then.

Rejected: to resolve a path and compare (the person swaps it in between), and a process of the person's own that does the
reading (their code could put its answers into its mouth, and tell the page whatever the lock keeps back).
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MODE = 0o660
"""A folder with a default ACL takes from it who may; one without takes what the umask leaves."""
_EXECUTABLE = 0o110
_BLOCK = 1 << 20


class PersonFolder:
    """The files below `root`, named by paths such as `a/b.py`, without a climb, below that folder and nowhere else.

    Every method raises `OSError` where the file system refuses: FileNotFoundError, and PermissionError for what is no plain
    file, no folder, or has a second name. Not for use from several threads at a time.
    """

    def __init__(self, root: Path) -> None:
        """`root` itself must lie where the person can't rename it."""
        self._root = os.open(root, _FOLDER)

    def close(self) -> None:
        """Lets go of the folder."""
        os.close(self._root)

    def stat(self, path: str) -> os.stat_result:
        """What is at `path`; a link is a link."""
        with self._in_folder(path) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def entries(self, path: str) -> dict[str, os.stat_result]:
        """Files and folders in the folder `path`, by name; links and special files are left out."""
        with self._in_folder(path) as (folder, name):
            opened = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        found = {}
        try:
            for entry in os.listdir(opened):  # noqa: PTH208 - of an open folder, not of a path
                try:
                    known = os.stat(entry, dir_fd=opened, follow_symlinks=False)
                except FileNotFoundError:  # gone meanwhile
                    continue
                if stat.S_ISREG(known.st_mode) or stat.S_ISDIR(known.st_mode):
                    found[entry] = known
        finally:
            os.close(opened)
        return found

    def read(self, path: str, most: int) -> bytes:
        """The content of the file `path`; OSError EFBIG where it has more than `most` bytes."""
        with self._in_folder(path) as (folder, name), _plain(name, os.O_RDONLY, folder) as opened:
            content = bytearray()
            while block := os.read(opened, _BLOCK):
                content += block
                if len(content) > most:
                    raise OSError(errno.EFBIG, "too large")
            return bytes(content)

    def write(self, path: str, content: bytes) -> None:
        """Puts `content` in place of whatever file is at `path`, whole or not at all."""
        with self._in_folder(path) as (folder, name):
            mode = _MODE | _executable(name, folder)
            half = f".{secrets.token_hex(8)}.ccds"
            opened = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, mode, dir_fd=folder)
            try:
                try:
                    _write_all(opened, content)
                    os.fsync(opened)
                finally:
                    os.close(opened)
                os.rename(half, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                os.unlink(half, dir_fd=folder)
                raise

    def append(self, path: str, content: bytes) -> None:
        """Adds `content` to the end of the file `path`."""
        with self._in_folder(path) as (folder, name), _plain(name, os.O_WRONLY | os.O_APPEND, folder) as opened:
            _write_all(opened, content)

    def copy(self, path: str, to: str) -> None:
        """Copies the file `path` to `to`, where nothing may be yet."""
        with (
            self._in_folder(path) as (folder, name),
            _plain(name, os.O_RDONLY, folder) as source,
            self._in_folder(to) as (to_folder, to_name),
        ):
            target = os.open(to_name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, _MODE, dir_fd=to_folder)
            try:
                while block := os.read(source, _BLOCK):
                    _write_all(target, block)
            finally:
                os.close(target)

    def make_folder(self, path: str) -> None:
        """Makes the folder `path`; one that is there already stays."""
        with self._in_folder(path) as (folder, name):
            try:
                os.mkdir(name, 0o770, dir_fd=folder)
            except FileExistsError:
                if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                    raise

    def rename(self, path: str, to: str) -> None:
        """Gives the file or folder `path` the name `to`.

        Raises:
            FileExistsError: something has that name already.
        """
        with self._in_folder(path) as (folder, name), self._in_folder(to) as (to_folder, to_name):
            try:
                os.stat(to_name, dir_fd=to_folder, follow_symlinks=False)
            except FileNotFoundError:
                os.rename(name, to_name, src_dir_fd=folder, dst_dir_fd=to_folder)
            else:
                raise FileExistsError(errno.EEXIST, "that name is taken")

    def remove(self, path: str) -> None:
        """Removes the file, or the folder with everything in it, at `path`; of a link the link."""
        with self._in_folder(path) as (folder, name):
            if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                shutil.rmtree(name, dir_fd=folder)  # follows no link: `shutil.rmtree.avoids_symlink_attacks`
            else:
                os.unlink(name, dir_fd=folder)

    @contextmanager
    def _in_folder(self, path: str) -> Iterator[tuple[int, str]]:
        """The folder in which `path` lies, held open, and the name there; for the root itself `.`."""
        parts = [part for part in path.split("/") if part]
        if any(part in {".", ".."} or "\0" in part for part in parts):
            raise PermissionError(errno.EACCES, "a path that climbs")
        folder = os.dup(self._root)
        try:
            for part in parts[:-1]:
                inner = os.open(part, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder, parts[-1] if parts else "."
        finally:
            os.close(folder)


@contextmanager
def _plain(name: str, flags: int, folder: int) -> Iterator[int]:
    """The file `name`, open; PermissionError unless it is a plain file that has no second name."""
    try:
        opened = os.open(name, flags | _FILE, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR}:
            raise PermissionError(errno.EACCES, "no plain file") from None
        raise
    try:
        known = os.fstat(opened)
        if not stat.S_ISREG(known.st_mode) or known.st_nlink != 1:
            raise PermissionError(errno.EACCES, "no plain file of its own")
        yield opened
    finally:
        os.close(opened)


def _executable(name: str, folder: int) -> int:
    """The executable bits of what is there now."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode & _EXECUTABLE
    except FileNotFoundError:
        return 0


def _write_all(opened: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(opened, view) :]
