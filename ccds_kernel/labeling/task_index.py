"""A task's phrases over its reports: one list where labels exclude each other, one for each label where it is decided by itself.

Every list is a `PhraseIndex` over the same scanner, so that a further label costs its phrases only, and the same words in several
lists are looked for once. Phrases are named by their list and their place in it; the list of a phrase follows from the task's
kind and the phrase's label. A task of kind `one` has the one list `ONLY`, whatever its labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.corpus import Corpus, Posting
from ccds_kernel.labeling.cues import RADIOLOGY, Cues
from ccds_kernel.labeling.matches import Conflict, Counts, Preview, SoftLabels, Span
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.outcome import label_by_itself, one_label
from ccds_kernel.labeling.phrase import Phrase, check_count
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.scanner import Scanner
from ccds_kernel.labeling.tasks.task import Task, TaskKind

ONLY = ""
"""The name of the list of a task of kind `one`; no label is blank."""


class TaskIndex:
    """The phrases of a task over n reports.

    Args:
        kind: how the task's labels go together.
        texts: per report its sections; blank those that are left out (`Report.texts_without`).
        cues: by which phrases with options read the sentences around them.
        progress: as of `Corpus`.
    """

    def __init__(
        self,
        kind: TaskKind,
        texts: Sequence[Sequence[str]],
        *,
        cues: Cues = RADIOLOGY,
        progress: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._kind = kind
        self._scanner = Scanner(Corpus(texts, progress=progress), cues)
        self._lists: dict[str, PhraseIndex] = {}
        if kind is TaskKind.ONE:
            self._lists[ONLY] = PhraseIndex(self._scanner, outcome_of=one_label)

    @classmethod
    def of(
        cls, task: Task, reports: Sequence[Report], *, progress: Callable[[float], None] = lambda _: None
    ) -> TaskIndex:
        """An index without phrases over `reports`, without the sections that `task` leaves out; `progress` as of `Corpus`."""
        texts = [report.texts_without(task.left_out) for report in reports]
        return cls(task.kind, texts, cues=task.cues, progress=progress)

    def __len__(self) -> int:
        """How many phrases there are, over all lists."""
        return sum(map(len, self._lists.values()))

    @property
    def corpus(self) -> Corpus:
        """The texts that are searched: those of the reports without the sections that are left out."""
        return self._scanner.corpus

    @property
    def lists(self) -> Mapping[str, PhraseIndex]:
        """The lists by their names, to be read: `ONLY`, or each label that has phrases, in the order in which it came up."""
        return {name: index for name, index in self._lists.items() if name == ONLY or len(index)}

    def list_of(self, phrase: Phrase) -> str:
        """The name of the list to which `phrase` belongs."""
        return ONLY if self._kind is TaskKind.ONE else phrase.label

    def list_for(self, phrase: Phrase) -> PhraseIndex:
        """The list to which `phrase` belongs, to be read; it begins, empty, where its label has none."""
        name = self.list_of(phrase)
        if name not in self._lists:
            self._lists[name] = PhraseIndex(self._scanner, outcome_of=label_by_itself)
        return self._lists[name]

    def insert(self, phrase: Phrase, position: int) -> None:
        """Puts `phrase` at `position` of its list; see `PhraseIndex.insert`.

        Raises:
            CcdsError: see there; or there are too many phrases over all lists.
        """
        check_count(len(self) + 1)
        self.list_for(phrase).insert(phrase, position)

    def remove(self, name: str, position: int) -> Phrase:
        """Takes the phrase at `position` of list `name` out and returns it; see `PhraseIndex.remove`."""
        return self._list(name).remove(position)

    def move(self, name: str, old: int, new: int) -> None:
        """Gives the phrase at `old` of list `name` the position `new`; see `PhraseIndex.move`."""
        self._list(name).move(old, new)

    def replace(self, name: str, position: int, phrase: Phrase) -> None:
        """Puts `phrase` in the place of that at `position` of list `name`; below its own list, where its label has another one.

        Raises:
            CcdsError: see `PhraseIndex.replace`; nothing was changed then.
        """
        if self.list_of(phrase) == name:
            self._list(name).replace(position, phrase)
            return
        self._list(name).reports_of(position)  # refuses a place that isn't there before anything is changed
        goal = self.list_for(phrase)
        goal.insert(phrase, len(goal))
        self.remove(name, position)

    def preview(self, phrase: Phrase) -> Preview:
        """What `phrase` would do in its list; see `PhraseIndex.preview`."""
        return self.list_for(phrase).preview(phrase)

    def counts(self) -> dict[str, tuple[Counts, ...]]:
        """Per list the counts of its phrases, in order."""
        return {name: index.counts for name, index in self.lists.items()}

    def soft_labels(self) -> dict[str, SoftLabels]:
        """Per list what is said of each report.

        In a task of kind `one`, `ONLY` → a label. In one of kind `several`, label → `outcome.PRESENT`, `outcome.ABSENT` or the
        phrase's word for the uncertain.
        """
        return {name: index.soft_labels() for name, index in self.lists.items()}

    def conflicts(self) -> dict[str, tuple[Conflict, ...]]:
        """Per list which phrase hides which other one that says something else; see `PhraseIndex.conflicts`."""
        return {name: index.conflicts() for name, index in self.lists.items()}

    def reports_of(self, name: str, position: int, *, captured_only: bool = False) -> Posting:
        """The reports of the phrase at `position` of list `name`; see `PhraseIndex.reports_of`."""
        return self._list(name).reports_of(position, captured_only=captured_only)

    def spans(self, report: int, *, with_negated: bool = False) -> dict[str, list[Span]]:
        """Per list the places in report `report` where its phrases stand; see `PhraseIndex.spans`."""
        return {name: index.spans(report, with_negated=with_negated) for name, index in self.lists.items()}

    def _list(self, name: str) -> PhraseIndex:
        if name not in self._lists:
            raise CcdsError(
                expected="a phrase that is on the list", found="a label without phrases", do="load the list anew"
            )
        return self._lists[name]
