"""What is done to every study, as the workflow sees it: an operator takes one item and makes files of it.

*Item*: one input, such as the volume of a study. *Operator*: a pure function of an item's content, with a digest that changes
when it would do something else. An operator that refuses an item says at which step and why; that is an outcome like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ccds_kernel.errors import CcdsError

_MOST_PARTS = 4
_LONGEST_PART = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One input.

    Args:
        key: its name in the project: one to four parts with slashes between, such as "<study key>/<series>"; a study key, never
            an accession number, as it stands in paths and logs.
        source: where it lies.
        version: the identity of what lies there now: another text once it was replaced or written anew.
        memory: bytes that a worker needs for it at most, as far as a header tells.
        memory_at: the step that needs them ("read", "2 resample"); empty where that isn't known.

    Raises:
        ValueError: `key` is no such name.
    """

    key: str
    source: Path
    version: str
    memory: int
    memory_at: str = ""

    def __post_init__(self) -> None:
        check_key(self.key)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operator made of an item.

    Args:
        input_sha256: of the content that was read.
        output_sha256: of the content that was made.
        files: what was made, as paths below the folder that everything is made in.
        told: for the run's `Keeper`, who keeps it; None where files and record are all that there is.
    """

    input_sha256: str
    output_sha256: str
    files: tuple[str, ...]
    told: object = None


class Refused(CcdsError):  # noqa: N818 - an outcome, not a defect
    """An item of which an operator can make nothing: it goes to quarantine.

    Args:
        step: where: one or two words ("read", "2 resample").
        expected, found, do: as of a `CcdsError`.
    """

    def __init__(self, step: str, *, expected: str, found: str, do: str) -> None:
        super().__init__(expected=expected, found=found, do=do)
        self.step = step

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), self.step, expected=self.expected, found=self.found, do=self.do), ()


class Operator(Protocol):
    """A function of one item. It is pickled to where the work is done: a frozen value.

    `run` may be killed at any moment and called again for the same item, also while an earlier call that was thought dead still
    works: what it makes appears whole (temp-then-rename), and making the same again changes nothing. It uses one thread.
    """

    @property
    def name(self) -> str:
        """What is done, in a word: the stage's."""

    @property
    def digest(self) -> str:
        """SHA-256 of what it does, such as a recipe's hash."""

    @property
    def code_version(self) -> str:
        """Another text when its code, or a library's that computes for it, is another one."""

    def run(self, item: Item, into: Path) -> Outcome:
        """Makes what it makes of `item` below `into`.

        Raises:
            Refused: nothing can be made of this item, now or later.
            CcdsError: likewise, unless it `is_of_the_machine`.
            OSError, MemoryError: the machine's affair; the item may work another time.
        """


def check_key(key: str) -> None:
    """Refuses what is no item's key.

    Raises:
        ValueError: it would not be a path below a folder.
    """
    parts = key.split("/")
    if len(parts) > _MOST_PARTS or not all(map(_is_name, parts)):
        raise ValueError("an item's key is one to four names with slashes between")


def is_of_the_machine(error: BaseException) -> bool:
    """Whether the system's refusal, or too little memory, is what `error` came from: another time it may work."""
    cause: BaseException | None = error
    while cause is not None:
        # What reads compressed files raises OSErrors of its own, without a number, for a damaged one.
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno is not None):
            return True
        cause = cause.__cause__
    return False


def _is_name(part: str) -> bool:
    return 0 < len(part.encode()) <= _LONGEST_PART and part.isprintable() and not part.startswith(".")
