"""What there is in a project for a task to name: its sections, and the cohorts that it can be kept to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ccds_kernel.labeling.text import normalise


@dataclass(frozen=True)
class Choices:
    """What a task may name.

    Attributes:
        sections: the names of the sections that the project's reports have, each once (case and white space don't count).
        cohorts: the names of the cohorts that it can be kept to now: the IRB application covers all of each.
    """

    sections: tuple[str, ...] = ()
    cohorts: tuple[str, ...] = ()

    @classmethod
    def of(cls, sections: Iterable[str], cohorts: Iterable[str]) -> Choices:
        """Both in order; of names of sections that are nearly the same the first one."""
        once = {normalise(name): name for name in sorted(sections, reverse=True)}
        return cls(tuple(sorted(once.values())), tuple(sorted(cohorts)))

    def sections_by(self, left_out: Collection[str]) -> tuple[str, ...]:
        """The sections as a task writes those that it leaves out; behind them what it leaves out and no report has."""
        own = {normalise(name): name for name in sorted(left_out)}
        known = {normalise(name) for name in self.sections}
        return (
            *(own.get(normalise(name), name) for name in self.sections),
            *(name for form, name in own.items() if form not in known),
        )
