"""What a demo's project was filled with, and whether that came to its end: one small file in the project's folder.

It is written before anything is filled in and again at the end. A later start reads it instead of looking at thousands of
reports and files; and a project that was filled by another version, with other reports under the same accession numbers, is
told from one that was interrupted.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole

NAME = ".demo.json"


@dataclass(frozen=True, slots=True)
class Contents:
    """What the project is filled with; `version` is the generators', raised when the same seed gives other data."""

    version: int
    seed: int
    reports: int
    series: int


def is_filled(folder: Path, contents: Contents) -> bool:
    """Whether `folder` has all of `contents`; if not, marks that it is being filled with them.

    Raises:
        CcdsError: it has, or began to have, others.
    """
    file = folder / NAME
    if not file.exists():
        if any((folder / "dicom").glob("*")):
            raise other_contents()
        _write(file, contents, finished=False)
        return False
    try:
        mark = json.loads(file.read_text(encoding="utf-8"))
        filled = Contents(**mark["contents"]), bool(mark["finished"])
    except (OSError, ValueError, TypeError, KeyError):
        raise other_contents() from None
    if filled[0] != contents:
        raise other_contents()
    return filled[1]


def mark_filled(folder: Path, contents: Contents) -> None:
    """Notes that `folder` has all of `contents`."""
    _write(folder / NAME, contents, finished=True)


def other_contents() -> CcdsError:
    """What to say of a project that another version filled."""
    return CcdsError(
        expected="a demo of this version, or none yet",
        found="one that another version, or one with or without --small, filled with other reports and images",
        do="start a new one in another place with --folder, or remove the demo's folder (make clean does)",
    )


def _write(file: Path, contents: Contents, *, finished: bool) -> None:
    write_whole(file, json.dumps({"contents": asdict(contents), "finished": finished}) + "\n")
