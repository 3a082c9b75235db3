"""A project's tasks, for one person. As in `labeling.repository` each method asks again whether the person may do it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection

from ccds_kernel.audit.events.labeling import TaskChanged
from ccds_kernel.cohort import rows as cohort_rows
from ccds_kernel.irb.project import Project
from ccds_kernel.labeling import rows as labeling_rows
from ccds_kernel.labeling.confirmation import batch_rows
from ccds_kernel.labeling.confirmation.permissions import CONFIRM, CURATE, READ_LABELS
from ccds_kernel.labeling.confirmation.word_uses import judged_studies, uses_of_words
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.tasks import rows, step_rows
from ccds_kernel.labeling.tasks.changing import (
    TaskPartError,
    changed_since,
    refuse_another_kind,
    refuse_beyond_limits,
    refuse_lost_words,
)
from ccds_kernel.labeling.tasks.choices import Choices
from ccds_kernel.labeling.tasks.history import StepKind
from ccds_kernel.labeling.tasks.no_work import NoWorkError
from ccds_kernel.labeling.tasks.own_steps import open_steps
from ccds_kernel.labeling.tasks.reaching import can_be_kept_to, require_reach
from ccds_kernel.labeling.tasks.rows import StoredTask
from ccds_kernel.labeling.tasks.task import Task
from ccds_kernel.labeling.tasks.task_history import TaskChange, carried_out
from ccds_kernel.labeling.text import normalise

__all__ = ["StoredTask", "TaskRepository"]


class TaskRepository:
    """The tasks of `project`, for the person who opened it; each method raises `ProjectAccessDenied` where they may not do it."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def tasks(self) -> tuple[StoredTask, ...]:
        """Every task, the oldest first; a project has at least one. The first one, which nobody made, is left out where nobody
        has used it and there are others. For somebody who only confirms those of the batches that they are assigned to, the
        newest batch's first.

        Raises:
            NoWorkError: they only confirm, and are assigned to no batch.
        """
        only_confirms = self._project.may(CONFIRM) and not self._project.may(READ_LABELS)
        self._project.require(CONFIRM if only_confirms else READ_LABELS)
        with self._project.store.reading() as connection:
            every = rows.tasks(connection)
            if only_confirms:
                return _of_batches(connection, every, self._project.person)
            unused = _unused(connection, every)
        return tuple(stored for stored in every if stored != unused or len(every) == 1)

    def unused(self, name: str) -> StoredTask | None:
        """The first task, where nobody has used it and a new one called `name` can take its place: there is no other, or it has
        that name already.
        """
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            every = rows.tasks(connection)
            unused = _unused(connection, every)
        return unused if unused is not None and (len(every) == 1 or unused.task.name == name) else None

    def unknown_sections(self, task: Task) -> list[str]:
        """The sections that `task` leaves out and that no report has; none where there is no report yet."""
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            known = set(map(normalise, labeling_rows.section_names(connection, Reach.of(self._project.application))))
        return [name for name in sorted(task.left_out) if known and normalise(name) not in known]

    def choices(self) -> Choices:
        """What a task may name. The sections are those of every report: with a million of them that takes seconds."""
        self._project.require(CURATE)
        with self._project.store.reading() as connection:
            sections = labeling_rows.section_names(connection, Reach.of(self._project.application))
        return Choices.of(sections, self.cohorts())

    def cohorts(self) -> tuple[str, ...]:
        """The names of the cohorts that a task can be kept to now."""
        self._project.require(CURATE)
        with self._project.store.reading() as connection:
            names = [kept.name for kept in cohort_rows.cohorts(connection)]
            return tuple(name for name in names if can_be_kept_to(connection, self._project, name))

    def make(self, task: Task) -> StoredTask:
        """Adds a task.

        Raises:
            ProjectAccessDenied: also where the IRB application doesn't cover the cohort that it is to be kept to.
            TaskPartError: another one has its name.
            CcdsError: it has too many labels, or one that is too long, or there is no such cohort.
        """
        self._project.require(CURATE)
        refuse_beyond_limits(None, task)
        with self._project.store.writing() as connection:
            _check_name(task, rows.tasks(connection))
            require_reach(connection, self._project, task)
            stored = rows.add_task(connection, task, self._project.person)
            self._log("made", stored.id)
        return stored

    def change(self, task_id: int, before: Task, after: Task) -> None:
        """Changes of a task what differs between `before`, as this person read it, and `after`; the rest stays as it is by now.

        Raises:
            ProjectAccessDenied: also where the IRB application doesn't cover another cohort that it is to be kept to.
            TaskOvertakenError: somebody else has changed the same since.
            TaskPartError: another one has the name, or a label or strata tag would go that is still in use.
            CcdsError: the task is gone; there would be too many labels; or the kind would change though the phrases don't
                fit another one, or studies were shown or labelled by it; or there is no such cohort.
        """
        self._project.require(CURATE)
        with self._project.store.writing() as connection:
            self._put(connection, task_id, changed_since(rows.task(connection, task_id), before, after))

    def changes(self, task_id: int) -> tuple[TaskChange, ...]:
        """The history of a task, the oldest change first; its phrases have their own (`LabelingRepository.changes`)."""
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            return rows.task_changes(connection, task_id)

    def undo(self, task_id: int) -> TaskChange:
        """Takes back this person's newest change of the task that isn't taken back yet; returns what it was. One from or to a
        cohort that it can't be kept to any more is passed over.

        Raises:
            CcdsError: there is none, somebody else has changed the same since, or as `change`.
        """
        return self._step_back(task_id, StepKind.UNDO)

    def redo(self, task_id: int) -> TaskChange:
        """Does again what this person took back last; returns what it was. Raises as `undo`."""
        return self._step_back(task_id, StepKind.REDO)

    def _step_back(self, task_id: int, kind: StepKind) -> TaskChange:
        self._project.require(CURATE)
        with self._project.store.writing() as connection:
            me = self._project.person
            possible = partial(can_be_kept_to, connection, self._project)
            of_step = open_steps(step_rows.own_task_steps(connection, task_id, me, possible)).wanted(kind).step
            (change,) = step_rows.task_changes_of(connection, task_id, me, of_step)
            wanted = change.swapped if kind is StepKind.UNDO else change
            task = carried_out(rows.task(connection, task_id), wanted)
            self._put(connection, task_id, task, kind=kind, of_step=of_step)
        return change

    def _put(
        self,
        connection: Connection,
        task_id: int,
        changed: Task,
        *,
        kind: StepKind = StepKind.DO,
        of_step: int | None = None,
    ) -> None:
        """Puts `changed` in the place of a task, where it may be, and notes it."""
        now = rows.task(connection, task_id)
        _check_name(changed, (one for one in rows.tasks(connection) if one.id != task_id))
        refuse_beyond_limits(now, changed)
        # one that is gone, or isn't covered any more, keeps nobody from changing the rest
        if changed.cohort != now.cohort:
            require_reach(connection, self._project, changed)
        if {*now.words} - {*changed.words} or {*now.strata} - {*changed.strata}:  # the uses are those of every answer
            refuse_lost_words(now, changed, uses_of_words(connection, task_id))
        phrases = [stored.phrase for stored in labeling_rows.phrases(connection, task_id)]
        refuse_another_kind(now, changed, studies=judged_studies(connection, task_id), phrases=phrases)
        rows.change_task(connection, task_id, changed)
        rows.admit_labels(connection, task_id, phrases)
        step, at = rows.next_step(connection), datetime.now(UTC)
        new = TaskChange(step, self._project.person, at, now, rows.task(connection, task_id), kind, of_step)
        rows.add_task_change(connection, task_id, new)
        self._log("changed", task_id)

    def _log(self, change: str, task_id: int) -> None:
        self._project.audit.write(
            TaskChanged(person=self._project.person, project=self._project.id, change=change, task_id=task_id)
        )


def _unused(connection: Connection, every: Iterable[StoredTask]) -> StoredTask | None:
    """That of `every` task which the project had from the beginning, where it is as it was then: nothing was changed or put
    before labelers (a batch that was taken away was), and no phrase has given it a label.
    """
    first = next((stored for stored in every if stored.id == labeling_rows.FIRST_TASK), None)
    if first is None or first.task != Task(first.task.name) or rows.task_changes(connection, first.id):
        return None
    return None if judged_studies(connection, first.id) else first


def _of_batches(connection: Connection, every: Iterable[StoredTask], labeler: str) -> tuple[StoredTask, ...]:
    """Those of `every` task of which `labeler` is assigned to a batch."""
    ours = [batch.task_id for batch in batch_rows.batches(connection) if labeler in batch.labelers]
    if not ours:
        raise NoWorkError
    by_id = {stored.id: stored for stored in every}
    return tuple(by_id[task_id] for task_id in dict.fromkeys(reversed(ours)))


def _check_name(task: Task, others: Iterable[StoredTask]) -> None:
    if any(normalise(other.task.name) == normalise(task.name) for other in others):
        raise TaskPartError(
            "name",
            expected="a name that no other task has",
            found=f"'{task.name}' again (case and white space don't count)",
            do="choose another name",
        )
