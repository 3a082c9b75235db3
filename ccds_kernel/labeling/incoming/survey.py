"""Which versions of a file count, found out before any is loaded: a correction takes the place of what came before it.

What was sent later came later, where both say when by the same clock: many systems write the newest first. Else what stands
later in the file did.

A long file is read twice, so that no more of it is in memory than one report at a time: to learn what comes later, and to load.
Decided against keeping the versions until the end of the file (a year of reports fills the memory), and against loading first
and replacing then (nothing that a project has is ever overwritten).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ccds_kernel.labeling.incoming.version import Entry, Sent, Standing, Unreadable, Version
from ccds_kernel.labeling.report import Report


class Turn(NamedTuple):
    """The last correction or withdrawal of an accession number: its place in the file, from 0, and when it was sent."""

    place: int
    sent: Sent | None

    def comes_after(self, place: int, sent: Sent | None) -> bool:
        """Whether what stands at `place`, and was sent then, was there before it."""
        if self.sent and sent and self.sent.clock == sent.clock:
            return (self.sent.at, self.place) > (sent.at, place)
        return self.place > place


@dataclass(frozen=True)
class Survey:
    """What is in a file.

    Attributes:
        entries: how many versions and unreadable messages.
        unreadable: what makes no report.
        preliminary: how many versions aren't final yet.
        withdrawn: how many say that there is no report.
        repeated: how many final or corrected ones say the same as an earlier one of their accession number.
        commented: how many of them came with comments that aren't read.
        turns: accession number → its last correction or withdrawal, where it has one, if one that makes no report.
    """

    entries: int
    unreadable: tuple[Unreadable, ...]
    preliminary: int
    withdrawn: int
    repeated: int
    commented: int
    turns: Mapping[str, Turn]

    @property
    def signed(self) -> int:
        """How many versions are final or corrected, superseded ones among them."""
        return self.entries - len(self.unreadable) - self.preliminary - self.withdrawn


def survey(entries: Iterable[Entry]) -> Survey:
    """Looks through a file. Of a report, eight bytes are kept; of a correction, where it stands."""
    count = preliminary = withdrawn = repeated = commented = 0
    unreadable: list[Unreadable] = []
    turns: dict[str, list[Turn]] = {}
    seen: set[int] = set()
    for place, entry in enumerate(entries):
        count += 1
        for accession, sent in entry.takes_back:
            turns.setdefault(accession, []).append(Turn(place, sent))
        if isinstance(entry, Unreadable):
            unreadable.append(entry)
        elif entry.standing is Standing.PRELIMINARY:
            preliminary += 1
        elif entry.standing is Standing.WITHDRAWN:
            withdrawn += 1
        else:
            digest = _digest(entry.report)
            repeated += digest in seen
            commented += entry.commented
            seen.add(digest)
    last = {accession: _last(some) for accession, some in turns.items()}
    return Survey(count, tuple(unreadable), preliminary, withdrawn, repeated, commented, last)


def standing_versions(entries: Iterable[Entry], found: Survey) -> Iterator[Version]:
    """The versions that count: final and corrected ones from the last correction or withdrawal on.

    They come in the order of the file, but that of a last correction before others of its accession number: where they say
    different things, the first one is kept.

    Args:
        entries: those of the file of which `found` tells.
        found: what `survey` said of them.
    """
    held: dict[str, list[Version]] = {}
    for place, entry in enumerate(entries):
        if isinstance(entry, Version) and entry.standing in {Standing.FINAL, Standing.CORRECTED}:
            accession = entry.report.accession
            turn = found.turns.get(accession)
            if turn is None or (place >= turn.place and not turn.comes_after(place, entry.sent)):
                yield entry
            elif not turn.comes_after(place, entry.sent):
                held.setdefault(accession, []).append(entry)
        for accession, _ in entry.takes_back:
            if found.turns[accession].place == place:
                yield from held.pop(accession, ())


def _last(turns: Sequence[Turn]) -> Turn:
    """The last one by the clock that all of them have, else the one that stands last in the file."""
    if len({turn.sent and turn.sent.clock for turn in turns}) > 1:
        return turns[-1]
    last = turns[0]
    for turn in turns[1:]:
        if turn.comes_after(last.place, last.sent):
            last = turn
    return last


def _digest(report: Report) -> int:
    words = [report.accession, *(word for section in report.sections for word in (section.name, section.text))]
    framed = "".join(f"{len(word)}:{word}" for word in words)
    return int.from_bytes(hashlib.blake2b(framed.encode(), digest_size=8).digest())
