"""A task's phrases as the app last saw them, over its reports, brought up to date by touching only what differs.

Phrases are named by their ids. In a task of kind `several` each label has a list of its own, which the repository keeps in one
order: a place in a list is turned into a place of that order here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.outcome import ABSENT, PRESENT
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.task_index import ONLY, TaskIndex
from ccds_kernel.labeling.tasks.task import Task, TaskKind
from ccds_kernel.labeling.text import normalise
from ccds_widgets.labeling.model import shown_task
from ccds_widgets.labeling.ports import HasPhrase


class Place(NamedTuple):
    """Where a phrase stands: at `position` of list `name`."""

    name: str
    position: int


class TaskPhrases:
    """The phrases that a repository listed, matched against `reports`.

    Args:
        task: as it is now.
        reports: in the order in which they are numbered everywhere.
        progress: as of `Corpus`.

    Attributes:
        task: the task as `follow` saw it last.
        index: the phrases over the reports.
        ids: list → the ids of its phrases, in the index's order.
        order: the ids of all phrases, in the repository's order.
        revision: another number whenever phrases or task have changed.
    """

    def __init__(
        self, task: Task, reports: Sequence[Report], *, progress: Callable[[float], None] = lambda _: None
    ) -> None:
        self._reports = reports
        self.task = task
        self.index = TaskIndex.of(task, reports, progress=progress)
        self.ids: dict[str, list[int]] = {}
        self.revision = 0
        self.order: list[int] = []

    def follow(
        self, task: Task, stored: Sequence[HasPhrase], *, progress: Callable[[float], None] = lambda _: None
    ) -> None:
        """Becomes what is kept now, the highest priority first; `progress` is told which share of the phrases is matched."""
        changed = task != self.task
        if (task.kind, task.left_out, task.cues) != (self.task.kind, self.task.left_out, self.task.cues):
            self.index, self.ids = TaskIndex.of(task, self._reports), {}
        self.task = task
        wanted: dict[str, list[tuple[int, Phrase]]] = {}
        for one in stored:
            wanted.setdefault(self.index.list_of(one.phrase), []).append((one.id, one.phrase))
        for name in list(self.ids):
            changed |= self._drop(name, wanted.get(name, []))
        arranged = count(1)
        for name, listed in wanted.items():
            changed |= self._arrange(name, listed, lambda: progress(next(arranged) / len(stored)))
        self.order = [one.id for one in stored]
        self.revision += changed

    def _drop(self, name: str, listed: Sequence[tuple[int, Phrase]]) -> bool:
        """Takes out what isn't listed any more, or has other words: these may be another phrase's by now."""
        words = {row: phrase.normalised for row, phrase in listed}
        index, changed = self.index.lists.get(name), False
        for row, phrase in list(zip(self.ids[name], index.phrases if index else (), strict=True)):
            if words.get(row) != phrase.normalised:
                self.index.remove(name, self.ids[name].index(row))
                self.ids[name].remove(row)
                changed = True
        return changed

    def _arrange(self, name: str, listed: Sequence[tuple[int, Phrase]], done: Callable[[], None]) -> bool:
        """Brings a list into its order; `done` is called for each phrase."""
        ids = self.ids.setdefault(name, [])
        index = self.index.lists.get(name)
        known = dict(zip(ids, index.phrases if index else (), strict=True))
        changed = False
        for position, (row, phrase) in enumerate(listed):
            if row not in known:
                self.index.insert(phrase, position)
                ids.insert(position, row)
                changed = True
            elif ids[position] != row or known[row] != phrase:
                old = ids.index(row)
                self.index.move(name, old, position)
                ids.insert(position, ids.pop(old))
                if known[row] != phrase:
                    self.index.replace(name, position, phrase)
                changed = True
            done()
        return changed

    def place(self, phrase_id: int) -> Place:
        """Where phrase `phrase_id` stands.

        Raises:
            CcdsError: it isn't on the list (any more).
        """
        for name, ids in self.ids.items():
            if phrase_id in ids:
                return Place(name, ids.index(phrase_id))
        raise CcdsError(expected="a phrase of the list", found="one that was removed", do="choose another one")

    def phrase(self, place: Place) -> Phrase:
        """The phrase at `place`."""
        return self.index_of(place.name).phrases[place.position]

    def index_of(self, name: str) -> PhraseIndex:
        """The list of that name, to be read; empty where it has no phrases."""
        label = name or "-"  # in a task of kind `one` any label leads to the one list
        return self.index.list_for(Phrase("-", label))

    def at(self, place: Place) -> int:
        """The position in the repository's order of what is to stand at `place`; behind its list where that ends before it."""
        others = self.ids.get(place.name, [])
        if place.position < len(others):
            return self.order.index(others[place.position])
        return self.order.index(others[-1]) + 1 if others else len(self.order)

    def at_after_move(self, phrase_id: int, position: int) -> int:
        """The position in the repository's order that brings phrase `phrase_id` to `position` of its list."""
        others = [row for row in self.ids[self.place(phrase_id).name] if row != phrase_id]
        order = [row for row in self.order if row != phrase_id]
        if position < len(others):
            return order.index(others[position])
        return order.index(others[-1]) + 1 if others else self.order.index(phrase_id)

    def alike(self, phrase: Phrase) -> int | None:
        """The id of the phrase of the same list with the same normal form; None where there is none."""
        name = self.index.list_of(phrase)
        index = self.index.lists.get(name)
        pairs = zip(self.ids.get(name, []), index.phrases if index else (), strict=True)
        return next((row for row, other in pairs if other.normalised == phrase.normalised), None)

    def label(self, name: str) -> str:
        """`name` as the task writes it already, whatever its case and white space; else tidied."""
        if name in self.task.words:
            return name
        alike = (word for word in self.task.words if normalise(word) == normalise(name))
        return next(alike, " ".join(name.split()))

    def unsettled(self) -> npt.NDArray[np.bool_]:
        """Per report whether no phrase of any list captures it, shape (n,)."""
        unsettled = np.ones(len(self._reports), dtype=np.bool_)
        for index in self.index.lists.values():
            unsettled &= index.first < 0
        return unsettled

    def shown(self) -> dict[str, Any]:
        """What a page shows: labels in the order of their keys, phrases by list and order, both with their counts."""
        said = {name: labels.counts for name, labels in self.index.soft_labels().items()}
        one = self.task.kind is TaskKind.ONE
        labels = [
            {
                **label,
                "captured": said.get(ONLY if one else label["name"], {}).get(label["name"] if one else PRESENT, 0),
                "absent": 0 if one else said.get(label["name"], {}).get(ABSENT, 0),
            }
            for label in shown_task(self.task)["labels"]
        ]
        names = [ONLY] if one else [*self.task.words]
        return {
            "revision": self.revision,
            "kind": self.task.kind.value,
            "labelled": int(len(self._reports) - self.unsettled().sum()),
            "labels": labels,
            "phrases": [phrase for name in names for phrase in self.shown_list(name)],
        }

    def shown_list(self, name: str) -> list[dict[str, Any]]:
        """The phrases of one list, with their counts."""
        index = self.index.lists.get(name)
        if index is None:
            return []
        return [
            {
                "id": row,
                "list": name,
                "text": phrase.text,
                "label": phrase.label,
                "negatable": phrase.negatable,
                "uncertain_label": phrase.uncertain_label,
                "excludes": phrase.excludes,
                "captured": count.captured,
                "matched": count.raw,
                "shadowed": count.shadowed,
                "uncertain": count.uncertain,
                "negated": count.negated,
            }
            for row, phrase, count in zip(self.ids.get(name, []), index.phrases, index.counts, strict=True)
        ]
