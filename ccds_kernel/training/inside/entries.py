"""From a run's data list to what MONAI's datasets take."""

from __future__ import annotations

import json
from pathlib import Path


def entries(datalist: str, data_root: str, split: str) -> list[dict[str, str | int]]:
    """The volumes of one split as MONAI takes them: `image`, an absolute path, and `label`, 0 or 1.

    Args:
        datalist: the data list; it was checked when the run was made.
        data_root: the folder to which its paths are relative.
        split: "training" or "validation".
    """
    listed = json.loads(Path(datalist).read_text(encoding="utf-8"))
    return [
        {"image": str(Path(data_root, entry["image"])), "label": entry["label"]}
        for entry in listed
        if entry["split"] == split
    ]
