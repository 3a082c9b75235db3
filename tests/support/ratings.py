"""Ratings made up for tests, from tables as papers print them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from ccds_kernel.labeling.assessment.rating import NOBODY, Codes, Rating

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)


def codes(rows: Iterable[Sequence[int | None]]) -> Codes:
    """One row for each study, one number from 0 for each labeler, None for no rating."""
    return np.array([[NOBODY if code is None else code for code in row] for row in rows], np.int16)


def codes_of_table(table: Sequence[Sequence[int]]) -> Codes:
    """Two labelers from the table of how many studies got the row's category from one and the column's from the other."""
    return codes(
        (row, column) for row, line in enumerate(table) for column, count in enumerate(line) for _ in range(count)
    )


def ratings(codes: Codes, labels: Sequence[str]) -> list[Rating]:
    """The ratings of studies study-000, study-001, … by labelers a, b, …, a minute apart; one label each."""
    return [
        Rating(f"study-{study:03}", "abcdefgh"[labeler], frozenset([labels[code]]), MORNING + timedelta(minutes=study))
        for study, row in enumerate(codes.tolist())
        for labeler, code in enumerate(row)
        if code != NOBODY
    ]
