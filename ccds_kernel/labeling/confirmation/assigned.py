"""What a labeler is to do, and in which words: the batches that they are assigned to, with their tasks and groups.

A labeler may read neither the phrase list nor the tasks of a project; of the batches that they are assigned to they are given the
task, and the phrases by which its studies are grouped. Counts are of planted and other studies alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from ccds_kernel.irb.project import Project
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.confirmation import batch_rows, lease_rows
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.clock import Clock, site_clock
from ccds_kernel.labeling.confirmation.permissions import CONFIRM
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.reaching import reach_for
from ccds_kernel.labeling.tasks.task import Task


@dataclass(frozen=True)
class AssignedBatch:
    """A batch that somebody is to work on.

    Attributes:
        id: its number.
        name: what people call it.
        task_id: the task's number.
        task: what is labelled.
        studies: how many studies it has.
        open: how many of them they can still be given, those that they hold among them.
    """

    id: int
    name: str
    task_id: int
    task: Task
    studies: int
    open: int


@dataclass(frozen=True)
class Outline:
    """A batch before its studies: what is asked, and how it is grouped.

    Attributes:
        task_id: the task's number.
        task: what is labelled.
        name: the batch's.
        phrases: number → phrase, of those that group it and are still on the list.
        sizes: number of a phrase, None for no phrase → how many studies it groups.
        is_shared: whether others do a part of them.
    """

    task_id: int
    task: Task
    name: str
    phrases: Mapping[int, Phrase]
    sizes: Mapping[int | None, int]
    is_shared: bool


class Assigned:
    """The batches that the person who opened the project is assigned to.

    Every method raises `ProjectAccessDenied` where that person may not confirm (any more).
    """

    def __init__(self, project: Project, *, clock: Clock = site_clock) -> None:
        self._project = project
        self._clock = clock

    def batches(self, task_id: int | None = None) -> tuple[AssignedBatch, ...]:
        """These batches, or those of a task, the oldest first. Raises as `reaching.reach_of`."""
        self._project.require(CONFIRM)
        with self._project.store.reading() as connection:
            ours = [batch for batch in batch_rows.batches(connection, task_id) if self._me in batch.labelers]
            numbers = {batch.task_id for batch in ours} if task_id is None else {task_id}
            tasks = {number: task_rows.task(connection, number) for number in numbers}
            reaches = {number: reach_for(connection, self._project, task) for number, task in tasks.items()}
            return tuple(self._seen(connection, batch, tasks[batch.task_id], reaches[batch.task_id]) for batch in ours)

    def outline(self, batch_id: int) -> Outline:
        """What one of them asks.

        Raises:
            CcdsError: there is no such batch, or they aren't assigned to it; or as `reaching.reach_of`.
        """
        self._project.require(CONFIRM)
        with self._project.store.reading() as connection:
            batch = batch_rows.assigned_batch(connection, batch_id, self._me)
            task = task_rows.task(connection, batch.task_id)
            sizes = batch_rows.group_sizes(connection, reach_for(connection, self._project, task), batch_id)
            phrases = {
                stored.id: stored.phrase for stored in rows.phrases(connection, batch.task_id) if stored.id in sizes
            }
        return Outline(batch.task_id, task, batch.name, phrases, sizes, batch.overlap < len(batch.labelers))

    def labels(self, task_id: int) -> tuple[str, ...]:
        """The labels of a task, in the order of their keys."""
        self._project.require(CONFIRM)
        with self._project.store.reading() as connection:
            return tuple(label.name for label in task_rows.task(connection, task_id).labels)

    @property
    def _me(self) -> str:
        return self._project.person

    def _seen(self, connection: Connection, batch: StoredBatch, task: Task, reach: Reach) -> AssignedBatch:
        is_open = lease_rows.still_open(connection, reach, batch, self._me, self._clock(connection))
        studies = sum(batch_rows.group_sizes(connection, reach, batch.id).values())
        return AssignedBatch(batch.id, batch.name, batch.task_id, task, studies, is_open)
