"""Files as they come from an archive: written as they are, whole or not at all, under names that are made of their content.

No UID names a file: an archive may send any text as one. The same bytes sent twice are one file; different bytes under one UID
are two, so that nothing overwrites anything.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from threading import Lock

from ccds_kernel.archive.archive import Progress

_PART = ".part-"


class Inbox:
    """The folder that receives one study, from one or more threads.

    Args:
        folder: is there and empty.
        progress: told of every file.
    """

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder = folder
        self._progress = progress
        self._names: set[str] = set()
        self._lock = Lock()

    @property
    def received(self) -> int:
        """How many files are in it."""
        return len(self._names)

    def put(self, content: bytes | bytearray) -> None:
        """Writes one file.

        Raises:
            OSError: it can't be written; there is nothing of it then.
        """
        name = f"{hashlib.sha256(content).hexdigest()[:40]}.dcm"
        handle, part = tempfile.mkstemp(prefix=_PART, dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as out:
                size = out.write(content)
            Path(part).replace(self._folder / name)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        with self._lock:
            new = name not in self._names
            self._names.add(name)
        self._progress(int(new), size)
