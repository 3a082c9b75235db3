"""A study's label in a label snapshot as a number: how likely the answer is yes. Pure.

What people said is 1 or 0. A soft label is as sure as its phrase has proven to be: of the phrase's studies that people decided a
share e had another label, so its yes is 1 - e and its no is e. Where nobody has tested the phrase its word is taken as it stands.
In a task of more than two labels e is the most that a wrong no can be a yes.
"""

from __future__ import annotations

from collections.abc import Sequence

from ccds_kernel.dataset.made import Answers
from ccds_kernel.labeling.confirmation.snapshot import LabelRow
from ccds_kernel.labeling.confirmation.source import Source


def chance_of(row: LabelRow, answers: Answers) -> float | None:
    """How likely the answer is yes, 0 to 1; None for a label that is neither yes nor no."""
    number = answers.number(row.value or "")
    if number is None:
        return None
    wrong = row.error if row.source is Source.SOFT and row.error is not None else 0.0
    return 1.0 - wrong if number else wrong


def rows_of(rows: Sequence[LabelRow], question: str) -> dict[str, LabelRow]:
    """Study key → its row about `question`."""
    return {row.study_key: row for row in rows if row.question == question}
