"""Where a label comes from, or why there is none."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """Whose word it is, the highest first: the fellow's final one, the gold set's, that of labelers who agree, the phrases'; or
    why there is no label: labelers disagree, one of them asks the fellow to look, no phrase matches.
    """

    ADJUDICATED = "adjudicated"
    GOLD = "gold"
    CONFIRMED = "confirmed"
    SOFT = "soft"
    DISPUTED = "disputed"
    FLAGGED = "flagged"
    NONE = "none"
