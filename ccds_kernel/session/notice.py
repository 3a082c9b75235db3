"""What the hub tells the people in a running session: one line, until it is over or replaced.

The spawner leaves it in the folder of the session's server; the pages of a session ask `<base>/ccds/notice` every few seconds
and show it. A file and no message: it is there before the server is up, and survives the hub and the page.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

NAME = "notice.json"


def read_notice(folder: Path, now: datetime) -> str:
    """The line that is told in the session whose server has `folder`, at `now` (aware); empty where there is none."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        text, until = found["text"], found["until"]
        over = until is not None and datetime.fromisoformat(until) <= now
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return "" if over or not isinstance(text, str) else text
