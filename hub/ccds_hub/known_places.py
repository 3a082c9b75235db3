"""From which networks each person has logged in before: kept over restarts, so that a restart of the hub locks nobody out.

One JSON file in the state folder, written whole when somebody comes from a new place; the newest places are kept. It is a help
and no proof: where it can't be read or written, people are counted as from new places, and nobody is kept out for that.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from pathlib import Path

from ccds_kernel.files import write_whole

MOST_KEPT = 20_000
_LOG = logging.getLogger("ccds.login")


class KnownPlaces:
    """Pairs of a person and a network. For one thread.

    Args:
        path: the file; None keeps them in memory only.
        kept: how many at most.
    """

    def __init__(self, path: Path | None = None, kept: int = MOST_KEPT) -> None:
        self._path = path
        self._kept = kept
        self._pairs: OrderedDict[tuple[str, str], None] = OrderedDict()
        for person, network in _read(path) if path else []:
            self._pairs[person, network] = None
        self._shorten()

    def __contains__(self, pair: tuple[str, str]) -> bool:
        return pair in self._pairs

    def __len__(self) -> int:
        return len(self._pairs)

    def add(self, person: str, network: str) -> None:
        """Keeps that `person` came from there, as the newest of all."""
        new = (person, network) not in self._pairs
        self._pairs[person, network] = None
        self._pairs.move_to_end((person, network))
        if not new:
            return
        self._shorten()
        if self._path:
            try:
                write_whole(self._path, json.dumps(list(self._pairs)) + "\n", 0o600, folder_owner_s=True)
            except OSError as error:
                _LOG.error("from where people log in can't be kept: %s", error.strerror)

    def _shorten(self) -> None:
        while len(self._pairs) > self._kept:
            self._pairs.popitem(last=False)


def _read(path: Path) -> list[tuple[str, str]]:
    """What the file says; nothing where it isn't there or was spoiled."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return [(str(person), str(network)) for person, network in found]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, RecursionError):
        _LOG.warning("%s can't be read: it is begun anew", path.name)
        return []
