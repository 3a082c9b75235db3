"""Reading the volumes that a training uses: a JSON list, `{"image": path, "label": 0 or 1, "split": …}` each.

The split is `training` or `validation`. Paths are relative to the project's folder and lie inside it, links followed. Each is
a three-dimensional NIfTI file; headers only are read here. An image that stands in the list twice is refused: in both splits
it would make the validation worthless. What is wrong is named by the entry's number, never by its path.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ccds_kernel.dataset.entry import SPLITS, TRAINING, Entry
from ccds_kernel.dataset.volume_shape import is_3d, shape_of
from ccds_kernel.errors import CcdsError

_KEYS = {"image", "label", "split"}


def read_datalist(path: Path, project_folder: Path) -> list[Entry]:
    """Reads and checks a list of volumes.

    Args:
        path: the JSON file.
        project_folder: the folder in which every volume lies.

    Raises:
        CcdsError: the file can't be read or is no such list; an entry is wrong, named by its number (1 is the first); or the
            list has nothing to learn from or nothing to validate on.
    """
    return checked(_read(path), project_folder)


def checked(values: Sequence[object], project_folder: Path) -> list[Entry]:
    """What a list of volumes says, read from anywhere; as `read_datalist`."""
    entries: list[Entry] = []
    first: dict[Path, int] = {}
    for number, raw in enumerate(values, start=1):
        entry = _entry(raw, number)
        place = _place(entry, number, project_folder)
        if place in first:
            _refuse(number, "an image that isn't in the list yet", f"the image of entry {first[place]}", "take one out")
        first[place] = number
        _check_volume(place, number)
        entries.append(entry)
    _check_whole(entries)
    return entries


def _read(path: Path) -> list[Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CcdsError(
            expected="to read the data list", found=error.strerror or "an error", do="name a readable file"
        ) from None
    except (ValueError, RecursionError):
        raise CcdsError(
            expected="a data list in JSON (UTF-8)", found="something else", do="write it as docs/formats.md says"
        ) from None
    if not isinstance(values, list) or not values:
        found = "an empty list" if values == [] else type(values).__name__
        raise CcdsError(expected="a JSON list of volumes", found=found, do="list at least one volume of each split")
    return values


def _entry(raw: object, number: int) -> Entry:
    if not isinstance(raw, dict) or set(raw) != _KEYS:
        keys = ", ".join(map(str, raw)) if isinstance(raw, dict) else type(raw).__name__
        _refuse(number, "the keys image, label, split and no other", keys or "no key", "correct the entry")
    image, label, split = raw["image"], raw["label"], raw["split"]
    if not (isinstance(image, str) and image and "\0" not in image):
        _refuse(number, "a path as image", type(image).__name__ if image else "nothing", "name the volume")
    if isinstance(label, bool) or label not in (0, 1) or not isinstance(label, int):
        _refuse(number, "0 or 1 as label", repr(label)[:40], "correct the label")
    if split not in SPLITS:
        _refuse(number, "training or validation as split", repr(split)[:40], "correct the split")
    return Entry(image, label, split)


def _place(entry: Entry, number: int, project_folder: Path) -> Path:
    inside = "a path relative to the project's folder and inside it"
    relative = Path(entry.image)
    if relative.is_absolute():
        _refuse(number, inside, "an absolute path", "give the path within the project")
    try:
        place = (project_folder / relative).resolve()
        is_file = place.is_file()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name that can't be one
        _refuse(number, "an image that is there", "a path that leads nowhere", "correct the path")
    if not place.is_relative_to(project_folder.resolve()):
        _refuse(number, inside, "one that leads out of it", "bring the volume into the project first")
    if not is_file:
        _refuse(number, "an image that is there", "no such file", "correct the path")
    return place


def _check_volume(place: Path, number: int) -> None:
    shape = shape_of(place)
    if shape is None:
        _refuse(number, "a NIfTI image", "a file that can't be read as one", "convert it, or take it out")
    if not is_3d(shape):
        _refuse(number, "a volume of 3 dimensions", f"one of {len(shape)}: {shape}", "take it out, or convert it anew")


def _check_whole(entries: Sequence[Entry]) -> None:
    for split in SPLITS:
        if not any(entry.split == split for entry in entries):
            raise CcdsError(expected=f"volumes for {split}", found="none", do=f"give some entries the split {split}")
    labels = {entry.label for entry in entries if entry.split == TRAINING}
    if labels != {0, 1}:
        raise CcdsError(
            expected="both labels among the training volumes",
            found=f"only {labels.pop()}",
            do="add volumes of the other label",
        )


def _refuse(number: int, expected: str, found: str, do: str) -> NoReturn:
    raise CcdsError(expected=f"{expected} in entry {number} of the data list", found=found, do=do)
