"""How sure a label is: people are certain, phrases are as sure as they have proven to be."""

import pytest

from ccds_kernel.dataset.chances import chance_of
from ccds_kernel.dataset.made import Answers
from ccds_kernel.labeling.confirmation.snapshot import LabelRow
from ccds_kernel.labeling.confirmation.source import Source


def row(value: str | None, source: Source, error: float | None = None) -> LabelRow:
    """A study's label, from wherever, of a phrase that is wrong so often."""
    return LabelRow("key", "hemorrhage", value, source, (), value, 1, "phrase", error=error)


@pytest.mark.parametrize(
    ("said", "chance"),
    [
        (row("present", Source.SOFT, 0.1), 0.9),
        (row("absent", Source.SOFT, 0.1), 0.1),
        (row("present", Source.SOFT), 1.0),
        (row("absent", Source.SOFT), 0.0),
        (row("present", Source.CONFIRMED, 0.1), 1.0),
        (row("absent", Source.GOLD, 0.1), 0.0),
        (row("absent", Source.ADJUDICATED, 0.1), 0.0),
        (row("unclear", Source.SOFT, 0.1), None),
        (row(None, Source.DISPUTED), None),
    ],
)
def test_a_label_as_a_number(said, chance):
    """One that is neither yes nor no is none."""
    assert chance_of(said, Answers()) == chance
