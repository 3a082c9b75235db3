"""How labels are kept in a row: a sorted JSON list, so that the same labels are the same text."""

from __future__ import annotations

import json
from functools import lru_cache

from ccds_kernel.labeling.confirmation.batch import Said


def told(said: Said) -> str:
    """The text of `said`."""
    return json.dumps(sorted(said))


def told_or_none(said: Said | None) -> str | None:
    """The text of `said`; None for None."""
    return None if said is None else told(said)


@lru_cache(maxsize=4096)  # people say few different sets of labels, over and over
def said_of(text: str) -> Said:
    """What `told` gave."""
    return frozenset(json.loads(text))
