"""An operator whose items say themselves what becomes of them, and an engine that is kept open for several runs."""

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.workflow.engine import Workers
from ccds_kernel.workflow.operator import Item, Outcome, Refused


@dataclass(frozen=True)
class Capitals:
    """Writes what an item holds in capitals, unless its first word is what it is to do instead.

    "bad" is refused, "full" finds the disk full, "unreadable" finds a file closed, "defect" raises what nobody expects,
    "kill" kills the worker, "kill-once FILE" does so unless FILE is there.
    """

    code_version: str = "1"
    digest: str = "d1"
    name: str = "capitals"

    def run(self, item: Item, into: Path) -> Outcome:
        """See the class."""
        text = item.source.read_text(encoding="utf-8")
        order, _, rest = text.partition(" ")
        if order == "bad":
            raise Refused("read", expected="words", found="something bad", do="mend it")
        if order == "full":
            raise CcdsError(expected="room", found=os.strerror(errno.ENOSPC), do="make room") from OSError(
                errno.ENOSPC, os.strerror(errno.ENOSPC)
            )
        if order == "unreadable":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if order == "defect":
            raise KeyError("what the item says")
        if order == "kill" or (order == "kill-once" and not Path(rest).exists()):
            Path(rest or item.source).touch()
            os._exit(1)
        target = into / f"{item.key}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, text.upper())
        return Outcome(_sha(text), _sha(text.upper()), (f"{item.key}.txt",))


@dataclass
class KeptEngine:
    """Hands out the same workers each time; `opened` counts, `asked` has for what they were asked."""

    workers: Workers
    name: str = "kept"
    opened: int = 0
    most: int | None = None
    asked: list[tuple[int, int | None]] = field(default_factory=list)

    def most_memory(self) -> int | None:
        """As an Engine's."""
        return self.most

    @contextmanager
    def open(self, largest: int, items: int | None = None) -> Iterator[Workers]:
        """As an Engine's."""
        self.opened += 1
        self.asked.append((largest, items))
        yield self.workers


def write_items(folder: Path, texts: Iterable[str]) -> list[Item]:
    """An item for each text, called study-<number>/a."""
    folder.mkdir(exist_ok=True)
    return [item_of(folder, number, text) for number, text in enumerate(texts)]


def item_of(folder: Path, number: int, text: str, *, memory: int = 1 << 20) -> Item:
    """The item of that number, with this text; its version is the text's."""
    path = folder / f"{number}"
    path.write_text(text, encoding="utf-8")
    return Item(f"study-{number}/a", path, _sha(text)[:16], memory)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
