"""Where a run's controller waits for its workers: a file in the run's folder, written by each life of the controller anew."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from ccds_kernel.files import write_whole

_NAME = "meeting.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Where, and for how long.

    Args:
        address: of the controller's dask scheduler, as dask writes it: tls://host:port.
        life: of the controller, 8 hexadecimal digits: another one each time that it starts.
        lifetime_s: after how many seconds a worker ends by itself.
    """

    address: str
    life: str
    lifetime_s: float

    def write(self, folder: Path) -> None:
        """Says so in the run's folder."""
        write_whole(folder / _NAME, json.dumps(asdict(self)) + "\n", 0o600)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What the present controller says; None where none has begun, or the run is over."""
        try:
            return cls(**json.loads((folder / _NAME).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    @staticmethod
    def remove(folder: Path) -> None:
        """The run is over."""
        (folder / _NAME).unlink(missing_ok=True)
