"""Keeping answers, one after the other, in one transaction that holds the write lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import Connection

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation import answer_rows, batch_rows, lease_rows
from ccds_kernel.labeling.confirmation.answer import (
    TOLD,
    Answer,
    AnswerKind,
    Lease,
    LeaseState,
    Refused,
    judge,
    judge_undo,
)
from ccds_kernel.labeling.confirmation.batch import Planted, Said
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch, StoredItem
from ccds_kernel.labeling.confirmation.lease_rows import HeldItem
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.task import Task


@dataclass(frozen=True)
class Acknowledged:
    """What became of one answer.

    Attributes:
        id: the answer's.
        counts: whether it does.
        refusal: why not, in one line for the labeler; None where it counts.
        kept: whether it is in the database. The page may forget an answer that is kept, and one that never can be.
    """

    id: str
    counts: bool
    refusal: CcdsError | None = None
    kept: bool = True


class Keeping:
    """Answers of one call, kept one after the other in one transaction; `counts` says how many of each kind are new."""

    def __init__(
        self, connection: Connection, batch_id: int, labeler: str, answers: Sequence[Answer], *, now: datetime
    ) -> None:
        self._connection = connection
        self._batch_id = batch_id
        self._labeler = labeler
        self._now = now
        named = [told for one in answers for told in (one.id, one.undoes) if told is not None]
        self._known = answer_rows.by_client_id(connection, named)
        self._leases: Mapping[int, HeldItem] = lease_rows.leases(
            connection, batch_id, labeler, (one.lease for one in answers)
        )
        self.counts: Counter[str] = Counter()

    def keep(self, answer: Answer, term: timedelta) -> Acknowledged:
        """Keeps one answer, if it is new; says what became of it."""
        known = self._known.get(answer.id)
        if known is not None:
            if (known.answer, known.labeler) != (answer, self._labeler):
                return _unfit(answer, "an id of its own for each answer", "one that another answer has")
            return _acknowledged(answer, known.refused)
        held = self._leases.get(answer.lease)
        item = self._item_of(held)
        if held is None or item is None or item.study_key != answer.study_key:
            return _unfit(answer, "a study of this batch that you were given", "another one")
        if answer.labels is not None:
            try:
                self._task.checked_labels(answer.labels)
            except CcdsError as error:
                return Acknowledged(answer.id, counts=False, refusal=error, kept=False)
        if answer.kind is AnswerKind.CONFIRM and not self._is_whole(item.prefill):
            return _unfit(answer, "a label", "none that is preselected, to be confirmed")
        refused = self._judged(answer, held.lease, item)
        answer_rows.add(self._connection, answer, item, self._labeler, now=self._now, refused=refused)
        if refused is None:
            self._carry_out(answer, held, item, term)
        self.counts["refused" if refused is not None else answer.kind.value] += 1
        self._refresh(answer)
        return _acknowledged(answer, refused)

    @cached_property
    def _batch(self) -> StoredBatch:
        return batch_rows.batch(self._connection, self._batch_id)  # where somebody has a lease of it, there is one

    @cached_property
    def _task(self) -> Task:
        return task_rows.task(self._connection, self._batch.task_id)

    def _judged(self, answer: Answer, lease: Lease, item: StoredItem) -> Refused | None:
        if self._labeler not in self._batch.labelers or self._batch.removed_by is not None:
            return Refused.STALE
        seats = lease_rows.seats(self._connection, item, self._labeler, self._now)
        if answer.undoes is None:
            return judge(lease, seats, self._now)
        return judge_undo(lease, seats, answer_rows.last_that_counts(self._connection, lease.id), answer.undoes)

    def _carry_out(self, answer: Answer, held: HeldItem, item: StoredItem, term: timedelta) -> None:
        skipped = held.lease.state is LeaseState.SKIPPED
        if answer.kind is AnswerKind.UNDO:
            lease_rows.move(self._connection, [held.lease.id], LeaseState.HELD)
            lease_rows.renew(self._connection, [held.lease.id], self._now + term)
            change = 0 if skipped else 1
        elif answer.kind is AnswerKind.SKIP:
            lease_rows.move(self._connection, [held.lease.id], LeaseState.SKIPPED)
            change = 0
        else:
            lease_rows.move(self._connection, [held.lease.id], LeaseState.ANSWERED)
            change = -1
        if change and item.planted is Planted.NO:
            batch_rows.change_seats(self._connection, item.id, change)

    def _refresh(self, answer: Answer) -> None:
        """A later answer of the same call meets what this one left."""
        self._known.update(answer_rows.by_client_id(self._connection, [answer.id]))
        self._leases = {
            **self._leases,
            **lease_rows.leases(self._connection, self._batch_id, self._labeler, [answer.lease]),
        }

    def _item_of(self, held: HeldItem | None) -> StoredItem | None:
        if held is None:
            return None
        return batch_rows.items(self._connection, self._batch_id, [held.item_id])[held.item_id]

    def _is_whole(self, prefill: Said) -> bool:
        try:
            self._task.checked_labels(prefill)
        except CcdsError:
            return False
        return True


def _acknowledged(answer: Answer, refused: Refused | None) -> Acknowledged:
    return Acknowledged(answer.id, counts=refused is None, refusal=None if refused is None else TOLD[refused])


def _unfit(answer: Answer, expected: str, found: str) -> Acknowledged:
    refusal = CcdsError(expected=expected, found=found, do="load the page anew")
    return Acknowledged(answer.id, counts=False, refusal=refusal, kept=False)
