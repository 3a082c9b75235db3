"""Which series of a study is its volume: the rule for its exam code, and a person's word above that. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ccds_kernel.imaging.selection.facts import SeriesFacts
from ccds_kernel.imaging.selection.rules import Choice, SelectionRules, choose, overruled


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said last about a study's series: `series` is None where they chose none."""

    series: str | None
    note: str
    person: str
    at: datetime


def decide(series: Sequence[SeriesFacts], rules: SelectionRules, codes: Sequence[str], said: Said | None) -> Choice:
    """What is made of a study of the exam codes `codes`: the first of them that has a rule counts.

    What a person said of a series that isn't there any more is past.
    """
    rule = next((found for code in codes if (found := rules.rule_for(code)) is not None), None)
    choice = choose(series, rule)
    if said is None or (said.series is not None and said.series not in {one.name for one in series}):
        return choice
    return overruled(choice, said.series, said.person)
