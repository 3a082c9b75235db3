"""Writing files so that nobody ever sees half of one, and folders that are as closed as they are meant to be."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes `path`, with permissions `mode`, so that a reader, or a crash, never sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
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
