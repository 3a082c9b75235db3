"""A data list as values and as text: JSON, one `{"image": path, "label": 0 or 1, "split": …}` a volume.

Reading one that somebody wrote by hand, with everything that can be wrong in it, is `ccds_kernel.training.datalist`'s.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

TRAINING, VALIDATION = SPLITS = ("training", "validation")


@dataclass(frozen=True)
class Entry:
    """One volume: its path relative to the project's folder, its label (0 or 1) and its split (one of `SPLITS`)."""

    image: str
    label: int
    split: str


def to_text(entries: Sequence[Entry]) -> str:
    """The list as JSON, one entry a line, the same text for the same entries."""
    return "[\n" + ",\n".join(json.dumps(asdict(entry)) for entry in entries) + "\n]\n"
