"""What was measured of files, kept for the next time somebody looks: a line of JSON for each, by the version of the file.

A file that was replaced has another version, and is measured anew. A line that can't be read is passed over.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from ccds_kernel.normalization.spread import PERCENT

_FORMAT = 1
_LONGEST = 1 << 26


@dataclass
class SpreadCache:
    """Quantiles by name and version of what they are of.

    Args:
        file: in the person's own folder; made where missing.
    """

    file: Path
    _known: dict[tuple[str, str], tuple[float, ...]] = field(default_factory=dict, repr=False)
    _read: bool = field(default=False, repr=False)

    def get(self, name: str, version: str) -> tuple[float, ...] | None:
        """What was measured of that version; None where nothing was."""
        if not self._read:
            self._known = {**self._lines(), **self._known}
            self._read = True
        return self._known.get((name, version))

    def put(self, name: str, version: str, quantiles: tuple[float, ...]) -> None:
        """Keeps it; where the file can't be written, as long as this process lives."""
        self._known[name, version] = quantiles
        line = json.dumps({"format": _FORMAT, "of": name, "version": version, "quantiles": quantiles}) + "\n"
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("ab") as out:
                fcntl.flock(out, fcntl.LOCK_EX)
                os.write(out.fileno(), line.encode())
        except OSError:
            return

    def _lines(self) -> dict[tuple[str, str], tuple[float, ...]]:
        try:
            with self.file.open("rb") as file:
                lines = file.read(_LONGEST).splitlines()
        except OSError:
            return {}
        found = {}
        for line in lines:
            try:
                one = json.loads(line)
                quantiles = tuple(float(value) for value in one["quantiles"])
                if one["format"] == _FORMAT and len(quantiles) == len(PERCENT):
                    found[str(one["of"]), str(one["version"])] = quantiles
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
        return found
