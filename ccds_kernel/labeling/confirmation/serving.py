"""Which studies of a batch a labeler is given next: pure.

An ordinary study is for as many labelers as the overlap says, a planted one for each of them. Given by their places in the batch
alone, the planted ones among what others have done would come one upon the other, and whoever came last would be given nothing
else. So a labeler is given the studies of a *group* (those of one phrase)

- in the batch's order, planted ones among them, as long as nobody else has taken an ordinary one of it before them;
- else with planted ones at chance among the ordinary ones that are left: as large a share of what this labeler is given as the
  batch has, and none where no ordinary one is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from math import ceil

Group = int | None
"""The phrase by which studies are grouped; None where none matched."""


@dataclass(frozen=True)
class Waiting:
    """A study that a labeler can be given.

    Attributes:
        id: its number.
        position: its place in the batch.
        group: its phrase.
    """

    id: int
    position: int
    group: Group


@dataclass(frozen=True)
class GroupLeft:
    """What a group has for one labeler.

    Attributes:
        ordinary: how many ordinary studies they can be given.
        had: how many they have had, or hold.
        taken: how many they can't be given any more, or not now, because of others.
        planted: how many planted ones they can be given.
        all_planted: how many planted ones there are.
    """

    ordinary: int
    had: int
    taken: int
    planted: int
    all_planted: int

    @property
    def due(self) -> int:
        """How many planted ones they are still to be given."""
        if not self.taken:
            return self.planted
        if not self.ordinary:
            return 0
        share = ceil(self.all_planted * (self.had + self.ordinary) / (self.had + self.ordinary + self.taken))
        return max(0, share - (self.all_planted - self.planted))


def how_many(groups: Iterable[GroupLeft]) -> int:
    """How many studies a labeler can be given."""
    return sum(group.ordinary + group.due for group in groups)


def next_studies(
    ordinary: Sequence[Waiting],
    planted: Sequence[Waiting],
    groups: Mapping[Group, GroupLeft],
    *,
    most: int,
    chance: Callable[[], float],
) -> list[int]:
    """The numbers of the studies that a labeler is given next.

    Args:
        ordinary: the first ones that they can be given, at least `most` where there are so many, in the order of their places.
        planted: all that they haven't had, in the same order.
        groups: what each group has for them.
        most: at most so many.
        chance: a number of [0, 1).
    """
    in_order = [study for study in planted if not groups[study.group].taken]
    drawn: dict[Group, list[Waiting]] = {}
    for study in planted:
        if groups[study.group].taken:
            drawn.setdefault(study.group, []).append(study)
    due = {group: waiting[: groups[group].due] for group, waiting in drawn.items()}
    left = {group: groups[group].ordinary for group in due}
    given: list[int] = []
    for study in merge(ordinary, in_order, key=lambda one: one.position):
        waiting = due.get(study.group, [])
        # Selection sampling: each order of what this labeler is still to be given is as likely as any other.
        while waiting and chance() * (len(waiting) + left[study.group]) < len(waiting):
            given.append(waiting.pop(0).id)
        if study.group in left:
            left[study.group] -= 1
        given.append(study.id)
        if len(given) >= most:
            break
    return given[:most]
