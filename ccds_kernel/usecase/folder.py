"""Where cards and exam counts lie: in `<published>/usecase/`, for the group of the folder `<published>` only.

A card is there before any project is, and outlives it; leadership reads it beside the numbers without patient data. So it lies
where those lie, and not in the registry, where only what was approved belongs. Each version is one file `<id>.<time>.json`, the
newest is in force, and none is ever overwritten: two people who add at once both find theirs. All lie in one folder, so that the
right to write there is the right to add a card.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.published import read_published, write_published
from ccds_kernel.usecase.card import StoredCard
from ccds_kernel.usecase.frequency import Frequencies

FOLDER, COUNTS = "usecase", "counts.json"

_TIME = "%Y%m%dT%H%M%S%fZ"
_COUNT = "let an administrator of this site run 'ccds usecase counts'"


def write_card(published: Path, stored: StoredCard) -> Path:
    """Puts this version of a card beside those before it.

    Raises:
        CcdsError: it can't be written.
    """
    name = f"{stored.card.id}.{stored.added_at.astimezone(UTC):{_TIME}}.json"
    return write_published(published, FOLDER, name, stored.to_json())


def card_ids(published: Path) -> tuple[str, ...]:
    """The ids of all cards, sorted.

    Raises:
        CcdsError: the folder can't be read.
    """
    return tuple(sorted({card_id for card_id, _ in _files(published)}))


def versions(published: Path, card_id: str) -> tuple[StoredCard, ...]:
    """Every version of the card `card_id`, the oldest first; none where there is no such card.

    Raises:
        CcdsError: one can't be read, or isn't one of ours.
    """
    found = []
    for _, path in sorted(one for one in _files(published) if one[0] == card_id):
        anew = f"move {path.name} elsewhere: it is damaged"
        stored = read_published(path, StoredCard, anew=anew)
        if stored is None:
            continue
        if stored.card.id != card_id:
            raise CcdsError(expected=f"the card {card_id} in {path}", found="another one", do=anew)
        found.append(stored)
    return tuple(found)


def write_frequencies(published: Path, frequencies: Frequencies) -> Path:
    """Puts the published counts in their place.

    Raises:
        CcdsError: they can't be written.
    """
    return write_published(published, FOLDER, COUNTS, frequencies.to_json())


def read_frequencies(published: Path) -> Frequencies | None:
    """The counts that are published; None where none are.

    Raises:
        CcdsError: they can't be read, or aren't ours.
    """
    return read_published(published / FOLDER / COUNTS, Frequencies, anew=_COUNT)


def _files(published: Path) -> Iterator[tuple[str, Path]]:
    """Id and file of each version; what else lies there doesn't count."""
    folder = published / FOLDER
    try:
        paths = list(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise CcdsError(
            expected=f"to read {folder}",
            found=error.strerror or "an error",
            do="ask an administrator of this site to mend its permissions",
        ) from None
    for path in paths:
        card_id, _, time = path.name.removesuffix(".json").rpartition(".")
        if card_id and not card_id.startswith(".") and path.suffix == ".json" and _is_time(time):
            yield card_id, path


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True
