"""What was read of the series of a study: facts for the rules, how many files, and where the picture of its middle is.

Reading it takes the headers of all files, a second for some hundred; so it is kept, and read anew when the folders of the
study say that files came or went. Files are never rewritten in place, which no folder would tell.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.selection.facts import SeriesFacts, facts_of
from ccds_kernel.imaging.series import Inventory, Series, find_series
from ccds_kernel.imaging.verdict import Reason


@dataclass(frozen=True, slots=True)
class Picture:
    """One image of a series: its file, relative to the folder of the study, and which image of it, from 0."""

    file: str
    frame: int


@dataclass(frozen=True, slots=True)
class SeriesRead:
    """One series of a study.

    Args:
        facts: what rules ask of it.
        files: how many files it has.
        picture: the middle one of its slices; None where it has none.
    """

    facts: SeriesFacts
    files: int
    picture: Picture | None


def read_series(folder: Path) -> tuple[SeriesRead, ...]:
    """What is in the study at `folder`; nothing where no file of it can be read.

    Raises:
        CcdsError: a file vanished meanwhile.
    """
    try:
        inventory = find_series(folder)
    except CcdsError:
        return ()
    return series_of(inventory, folder)


def series_of(inventory: Inventory, folder: Path) -> tuple[SeriesRead, ...]:
    """What is in the study at `folder`, whose headers were read already.

    Raises:
        CcdsError: a file vanished meanwhile.
    """
    try:
        return tuple(_read(series, folder) for series in inventory.series)
    except OSError as error:
        raise CcdsError(
            expected="the files of the study to stay while they are read", found=type(error).__name__, do="try again"
        ) from error


def stamp_of(folder: Path) -> str:
    """Changes when files come to the study at `folder`, or go."""
    seen = hashlib.sha256()
    for below, folders, _ in os.walk(folder):
        folders.sort()
        seen.update(
            f"{os.path.relpath(below, folder)}\0{Path(below).stat().st_mtime_ns}\n".encode(errors="surrogateescape")
        )
    return seen.hexdigest()


def to_json(series: Sequence[SeriesRead]) -> str:
    """`series` as text."""
    return json.dumps([dataclasses.asdict(one) for one in series])


def from_json(text: str) -> tuple[SeriesRead, ...]:
    """What `to_json` made text of."""
    return tuple(_of(values) for values in json.loads(text))


def _of(values: dict[str, dict[str, object]]) -> SeriesRead:
    facts, picture, files = values["facts"], values["picture"], values["files"]
    excluded = facts.pop("excluded")
    known = SeriesFacts(**facts, excluded=Reason(**excluded) if excluded else None)  # type: ignore[arg-type] # as they were
    return SeriesRead(known, files, Picture(**picture) if picture else None)  # type: ignore[arg-type] # likewise


def _read(series: Series, folder: Path) -> SeriesRead:
    files = len(series.slices) + sum(count for _, count in series.excluded)
    return SeriesRead(facts_of(series), files, _middle(series, folder))


def _middle(series: Series, folder: Path) -> Picture | None:
    ordered = sorted(series.slices, key=lambda one: (one.number or 0, one.path.name))
    frames = [frame for one in ordered for frame in one.frames]
    if not frames:
        return None
    middle = frames[len(frames) // 2]
    return Picture(middle.path.relative_to(folder).as_posix(), middle.index)
