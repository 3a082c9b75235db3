"""One task of a project as the screens of its phrases share it: the reports, the phrases over them, and changing them.

What is kept is the truth; the index here follows it before each answer, so that two fellows who label at once see each other's
phrases. The page is told a revision with everything that depends on the list and throws away what has an older one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.everywhere import everywhere
from ccds_kernel.labeling.phrase import Phrase, check_telling
from ccds_kernel.labeling.tasks.history import Change
from ccds_kernel.labeling.tasks.meanwhile import GONE, ChangedMeanwhileError
from ccds_kernel.labeling.tasks.task import Task, TaskKind, checked_word
from ccds_kernel.labeling.tasks.task_history import TaskChange
from ccds_kernel.labeling.trial import changed, replaced
from ccds_kernel.labeling.wording import counted
from ccds_widgets.labeling.among import Among, Conflict, OfPhrase, Words
from ccds_widgets.labeling.asked import MatchesEverythingError, NewLabelError
from ccds_widgets.labeling.phrase_messages import Given
from ccds_widgets.labeling.ports import HasAppended, HasReport, HasTask, Repository, Tasks
from ccds_widgets.labeling.readings import Reader
from ccds_widgets.labeling.searching import Search
from ccds_widgets.labeling.task_phrases import Place, TaskPhrases
from ccds_widgets.labeling.told_steps import is_of_task, told_step
from ccds_widgets.opening import Opening, Tell

Answer = dict[str, Any]
Numbers = npt.NDArray[np.intp]


class Desk:
    """What is on it for one person.

    Args:
        repository: where the task's phrases are kept.
        tasks: where tasks are kept.
        task_id: the task.
        reports: the project's, in a fixed order.
        permit: raises a CcdsError where that person may not (any more), or the task reads other reports by now; asked before each
            answer.
        tell: is told how far it is: with a million reports it takes a minute until all phrases are matched.
    """

    def __init__(
        self,
        repository: Repository,
        tasks: Tasks,
        task_id: int,
        *,
        reports: Sequence[HasReport],
        permit: Callable[[], None],
        tell: Tell = lambda _: None,
    ) -> None:
        self.repository = repository
        self._tasks = tasks
        self._task_id = task_id
        self.permit = permit
        self.reports = reports
        task, listed = self._task(), repository.phrases()

        def prepared(share: float) -> None:
            tell(Opening(f"Preparing {counted(len(reports), 'report')} for the search", share))

        def matched(share: float) -> None:
            tell(Opening(f"Matching {counted(len(listed), 'phrase')}", share))

        prepared(0.0)
        self.phrases = TaskPhrases(task, [stored.report for stored in reports], progress=prepared)
        self.phrases.follow(task, listed, progress=matched)
        self._steps: tuple[tuple[int, Task], Answer] | None = None

    def follow(self) -> None:
        """Asks whether the person may go on, and becomes what is kept now."""
        self.permit()
        self.phrases.follow(self._task(), self.repository.phrases())

    def overview(self) -> Answer:
        """Totals, labels, phrases with their counts, and what would be undone and done again."""
        now = self.phrases.revision, self.phrases.task
        if self._steps is None or self._steps[0] != now:
            self._steps = (now, self._undoable())
        return {"reports": len(self.reports), **self._steps[1], **self.phrases.shown()}

    def reader(self, among: Among | None = None) -> Reader:
        """Reads reports by the phrases as they are now; what is searched is marked, too."""
        return Reader(self.phrases, Search(among.text, among.whole) if isinstance(among, Words) else None)

    def among(self, wanted: Among | None) -> Numbers:
        """The numbers of the reports that are meant, ascending.

        Raises:
            CcdsError: a phrase is gone, or there is nothing to search for.
        """
        match wanted:
            case None:
                return np.arange(len(self.reports))
            case Words():
                return Search(wanted.text, wanted.whole).reports(self.phrases.index.corpus).astype(np.intp)
            case Conflict():
                by, hidden = self.phrases.place(wanted.captured_by), self.phrases.place(wanted.hidden)
                if by.name != hidden.name:
                    raise CcdsError(expected="two phrases of one list", found="of two", do="reload the page")
                index = self.phrases.index_of(by.name)
                return index.reports_in_conflict(by.position, hidden.position).astype(np.intp)
            case OfPhrase():
                return self._of_phrase(wanted)

    def check_report(self, number: int) -> None:
        """Looks whether there is a report of that number.

        Raises:
            CcdsError: there isn't.
        """
        if number >= len(self.reports):
            raise CcdsError(
                expected=f"a report from 1 to {len(self.reports)}",
                found=str(number + 1),
                do="choose one of those" if self.reports else "load reports first",
            )

    # --- changes

    def phrase(self, given: Given, text: str) -> tuple[Phrase, frozenset[str]]:
        """What a page asks for: these words, with the labels as the task writes them, new ones tidied; and those of the labels
        that the page has among the task's. They are to be there: a key that is pressed makes no new label.
        """
        phrase = given.as_phrase(text, self.phrases.label(given.label))
        known = {phrase.label} if given.known else set()
        if phrase.uncertain_label is not None and self.phrases.task.kind is TaskKind.ONE:  # elsewhere it is no label
            uncertain = self.phrases.label(phrase.uncertain_label)
            phrase = replace(phrase, uncertain_label=uncertain)
            known |= {uncertain} if given.known_uncertain else set()
        return phrase, frozenset(known)

    def insert(
        self,
        phrase: Phrase,
        position: int | None,
        *,
        known: Collection[str] = (),
        sure: bool,
        new_labels: bool | None = None,
        meant: Collection[str] = (),
    ) -> int:
        """Puts `phrase` at `position` of its list, or below it; returns its id.

        Args:
            phrase: the phrase.
            position: its place in the list of its label.
            known: those of its labels that the task has to have: see `phrase`.
            sure: whether the person was asked where the phrase stands in every report.
            new_labels: whether the person was asked about labels that the task doesn't have: they are then a step of their own;
                None where nobody need be. A task without any label takes those of the phrase.
            meant: labels that are written to be new ones: about them nobody is asked, and they come with the phrase.

        Raises:
            CcdsError: it stands in every report and nobody was asked, or likewise about a label; it is on the list already, the
                list has changed, or a label is gone.
        """
        if not sure and self.phrases.alike(phrase) is None:
            self._refuse_all(self.phrases.index.preview(phrase).raw)
        self._admit(phrase, {*known, *meant}, asked=new_labels)
        name = self.phrases.index.list_of(phrase)
        last = len(self.phrases.ids.get(name, []))
        place = self.phrases.at(Place(name, last if position is None else min(position, last)))
        stored = self.repository.insert_phrase(phrase, place, known=known)
        self.changed()
        return stored.id

    def replace(
        self,
        phrase_id: int,
        phrase: Phrase,
        *,
        seen: Phrase,
        known: Collection[str] = (),
        sure: bool,
        new_labels: bool | None = None,
    ) -> None:
        """Puts `phrase` in the place of phrase `phrase_id`. Raises as `insert`, and where that phrase is gone, or not as the page
        showed it: `seen`.
        """
        self._place_as_seen(phrase_id, seen)
        if not sure and seen.normalised != phrase.normalised and self.phrases.alike(phrase) is None:
            self._refuse_all(self.phrases.index.preview(phrase).raw)
        self._admit(phrase, known, asked=new_labels, instead_of=phrase_id)
        self.repository.replace_phrase(phrase_id, phrase, seen=seen, known=known)
        self.changed()

    def move(self, phrase_id: int, position: int, *, seen: Phrase, order: Sequence[int]) -> None:
        """Brings phrase `phrase_id` to `position` of its list, or to its end where that is beyond.

        Raises:
            CcdsError: the phrase, or the order of its list, isn't what the page showed. What came below since shifts nothing.
        """
        place = self._place_as_seen(phrase_id, seen)
        if self.phrases.ids[place.name][: len(order)] != list(order):
            raise ChangedMeanwhileError("order")
        goal = min(max(position, 0), len(self.phrases.ids[place.name]) - 1)
        if goal != place.position:
            position = self.phrases.at_after_move(phrase_id, goal)
            self.repository.move_phrase(phrase_id, position, seen=seen, order=self.phrases.order)
            self.changed()

    def remove(self, phrase_id: int, *, seen: Phrase) -> None:
        """Takes phrase `phrase_id` off the list. Raises a CcdsError where it is gone, or not as the page showed it: `seen`."""
        self.repository.remove_phrase(phrase_id, seen=seen)
        self.changed()

    def append(self, phrases: Sequence[Phrase], *, sure: bool) -> HasAppended:
        """Puts those of `phrases` that are new below the list. Raises as `insert`; nothing was added then."""
        if not sure:
            new = [phrase for phrase in phrases if self.phrases.alike(phrase) is None]
            if everywhere(self.phrases.task, (stored.report for stored in self.reports), new):
                raise MatchesEverythingError(len(self.reports))
        appended = self.repository.append_phrases(phrases)
        self.changed()
        return appended

    def undo(self) -> Answer:
        """Takes back this person's newest step, of the phrases or of the task; returns what it was."""
        if is_of_task(self.repository.open_steps().undo):
            return self._stepped([self._tasks.undo(self._task_id)])
        return self._stepped(self.repository.undo())

    def redo(self) -> Answer:
        """Does again what this person took back last; returns what it was."""
        if is_of_task(self.repository.open_steps().redo):
            return self._stepped([self._tasks.redo(self._task_id)])
        return self._stepped(self.repository.redo())

    def changes(self) -> list[Change | TaskChange]:
        """The history of the task and its phrases, the oldest change first."""
        return sorted([*self.repository.changes(), *self._tasks.changes(self._task_id)], key=lambda one: one.step)

    def other_tasks(self) -> list[HasTask]:
        """The project's other tasks."""
        return [stored for stored in self._tasks.tasks() if stored.id != self._task_id]

    def set_labels(self, names: Sequence[str], *, seen: Sequence[str]) -> None:
        """Gives the task these labels in this order; those that it has keep their colours.

        Raises:
            CcdsError: the task's aren't those that the page showed, `seen`; one that would go is in use, one is there twice, or
                the person may not.
        """
        task = self.phrases.task
        if task.words != tuple(seen):
            raise ChangedMeanwhileError("list of labels")
        wanted = [checked_word(name, "label") for name in names]
        coloured = {label.name: label for label in task.with_labels(wanted).labels}
        self._tasks.change(self._task_id, task, replace(task, labels=tuple(coloured[name] for name in wanted)))
        self.changed()

    def changed(self) -> None:
        """Becomes what is kept after a change of one's own."""
        self._steps = None
        self.phrases.follow(self._task(), self.repository.phrases())

    def _admit(
        self, phrase: Phrase, known: Collection[str], *, asked: bool | None, instead_of: int | None = None
    ) -> None:
        """Gives the task the labels of `phrase` that are neither its own nor `known`, as a step of its own, where the person was
        `asked`.
        """
        task = self.phrases.task
        if asked is None or not task.labels or self.phrases.alike(phrase) not in (None, instead_of):
            return
        words = [phrase.label] if task.kind is TaskKind.SEVERAL else [phrase.label, phrase.uncertain_label]
        new = [word for word in words if word is not None and word not in {*task.words, *known}]
        if not new:
            return
        check_telling(phrase)
        if not asked:
            raise NewLabelError(new[0])
        self._tasks.change(self._task_id, task, task.with_labels(new))
        self.changed()

    def _place_as_seen(self, phrase_id: int, seen: Phrase) -> Place:
        """Where phrase `phrase_id` stands, which is as the page showed it; else raises a ChangedMeanwhileError."""
        if all(phrase_id not in ids for ids in self.phrases.ids.values()):
            raise ChangedMeanwhileError("phrase", GONE)
        place = self.phrases.place(phrase_id)
        if self.phrases.phrase(place) != seen:
            raise ChangedMeanwhileError("phrase")
        return place

    def _stepped(self, changes: Sequence[Change | TaskChange]) -> Answer:
        self.permit()  # of another cohort, to which the task is kept then, there are no reports here
        self.changed()
        return told_step(changes[0], len(changes))

    def _refuse_all(self, raw: int) -> None:
        if raw == len(self.reports) > 1:
            raise MatchesEverythingError(raw)

    def _of_phrase(self, wanted: OfPhrase) -> Numbers:
        name, position = self.phrases.place(wanted.phrase)
        index = self.phrases.index_of(name)
        match wanted.which:
            case "captured":
                found = index.reports_of(position, captured_only=True)
            case "matched":
                found = index.reports_of(position)
            case "shadowed":
                captured = index.reports_of(position, captured_only=True)
                found = np.setdiff1d(index.reports_of(position), captured, assume_unique=True)
            case "uncertain":
                found = index.uncertain_reports_of(position)
            case "negated":
                found = index.negated_reports_of(position)
            case "if negated":
                before = index.soft_labels()
                phrase = index.phrases[position]
                with replaced(
                    index, position, replace(phrase, negatable=not phrase.negatable)
                ):  # or what it did change
                    return changed(before, index.soft_labels()).astype(np.intp)
        return found.astype(np.intp)

    def _undoable(self) -> Answer:
        steps = self.repository.open_steps()
        return {
            name: step and told_step(step.first, step.changes)
            for name, step in (("undo", steps.undo), ("redo", steps.redo))
        }

    def _task(self) -> Task:
        found = [stored.task for stored in self._tasks.tasks() if stored.id == self._task_id]
        if not found:
            raise CcdsError(expected="a task of this project", found="one that is gone", do="reload the page")
        return found[0]
