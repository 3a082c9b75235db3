"""Which versions of a file count, found out before any is loaded: a correction takes the place of what came before it.

A long file is read twice, so that no more of it is in memory than one report at a time: to learn what comes later, and to load.
Decided against keeping the versions until the end of the file (a year of reports fills the memory), and against loading first
and replacing then (nothing that a project has is ever overwritten).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ccds_kernel.labeling.incoming.version import Entry, Standing, Unreadable
from ccds_kernel.labeling.report import Report


@dataclass(frozen=True)
class Survey:
    """What is in a file.

    Attributes:
        entries: how many versions and unreadable messages.
        unreadable: what makes no report.
        preliminary: how many versions aren't final yet.
        withdrawn: how many say that there is no report.
        repeated: how many final or corrected ones say the same as an earlier one of their accession number.
        turns: accession number → place in the file, from 0, of its last correction or withdrawal, where it has one.
    """

    entries: int
    unreadable: tuple[Unreadable, ...]
    preliminary: int
    withdrawn: int
    repeated: int
    turns: Mapping[str, int]

    @property
    def signed(self) -> int:
        """How many versions are final or corrected, superseded ones among them."""
        return self.entries - len(self.unreadable) - self.preliminary - self.withdrawn


def survey(entries: Iterable[Entry]) -> Survey:
    """Looks through a file. Of a report, eight bytes are kept."""
    count = preliminary = withdrawn = repeated = 0
    unreadable: list[Unreadable] = []
    turns: dict[str, int] = {}
    seen: set[int] = set()
    for place, entry in enumerate(entries):
        count += 1
        if isinstance(entry, Unreadable):
            unreadable.append(entry)
        elif entry.standing is Standing.PRELIMINARY:
            preliminary += 1
        elif entry.standing is Standing.WITHDRAWN:
            withdrawn += 1
            turns[entry.report.accession] = place
        else:
            if entry.standing is Standing.CORRECTED:
                turns[entry.report.accession] = place
            digest = _digest(entry.report)
            repeated += digest in seen
            seen.add(digest)
    return Survey(count, tuple(unreadable), preliminary, withdrawn, repeated, turns)


def standing_reports(entries: Iterable[Entry], found: Survey) -> Iterator[Report]:
    """The reports that count, in their order: final and corrected ones from the last correction or withdrawal on.

    Args:
        entries: those of the file of which `found` tells.
        found: what `survey` said of them.
    """
    for place, entry in enumerate(entries):
        if isinstance(entry, Unreadable) or entry.standing in {Standing.PRELIMINARY, Standing.WITHDRAWN}:
            continue
        if place >= found.turns.get(entry.report.accession, 0):
            yield entry.report


def _digest(report: Report) -> int:
    words = [report.accession, *(word for section in report.sections for word in (section.name, section.text))]
    framed = "".join(f"{len(word)}:{word}" for word in words)
    return int.from_bytes(hashlib.blake2b(framed.encode(), digest_size=8).digest())
