"""Chain heads, kept in a second place: how many lines each audit chain had, and the hash of the last of them.

A chain shows by itself what was changed in it, not that its end was cut off, or that it was written anew from the first
line. The head kept here does. It is written after the line, so a crash in between leaves a head that is one line behind: no
alarm. A head that its chain contradicts is never replaced: the alarm lasts until somebody who looked into it removes the file.

The folder is worth most on another disk, or another machine's, than the log's.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import give_to_folder_owner, write_whole

_SUFFIX = ".head"


@dataclass(frozen=True)
class Head:
    """The end of a chain at some moment.

    Attributes:
        count: its lines, 1 or more.
        hash: that of line `count`.
        contradicted: whether a later write found another chain there.
    """

    count: int
    hash: str
    contradicted: bool = False


class Heads:
    """The heads of all chains in one folder. Whoever writes holds the chain's lock; raises `OSError` where it can't."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, chain: str) -> Head | None:
        """The head of `chain`; None where none was kept.

        Raises:
            CcdsError: what is kept is no head.
        """
        try:
            text = self._path(chain).read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            text = ""
        try:
            head = Head(**json.loads(text))
        except (ValueError, TypeError, RecursionError):
            head = Head(0, "")
        if type(head.count) is not int or head.count < 1 or not isinstance(head.hash, str):
            raise CcdsError(
                expected=f"the kept chain head in {self._path(chain)}",
                found="something else",
                do="compare the log with the backup, then remove that file",
            )
        return head

    def keep(self, chain: str, head: Head) -> None:
        """Replaces the head of `chain`."""
        if not self.folder.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            give_to_folder_owner(self.folder)
        write_whole(self._path(chain), json.dumps(asdict(head)) + "\n", 0o600, folder_owner_s=True)

    def chains(self) -> frozenset[str]:
        """The names of the chains that a head is kept of."""
        return frozenset(path.name.removesuffix(_SUFFIX) for path in self.folder.glob(f"[!.]*{_SUFFIX}"))

    def _path(self, chain: str) -> Path:
        return self.folder / f"{chain}{_SUFFIX}"
