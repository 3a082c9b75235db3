"""Changing a task's phrase list, with its history: statements on a connection whose transaction a repository holds.

The list is read once and held while a step lasts; the places of its phrases are written once, at its end. A step may be an import
of thousands: each of them writing the places of all others would hold the project's write lock for minutes.

A phrase that gets another list by its new label (in a task of kind `several`, where each label has its own) goes below it, as in
`task_index`: at the end of the task's one order. So it hides none of that list's phrases before somebody has seen what it does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.outcome import one_label
from ccds_kernel.labeling.phrase import Phrase, check_count
from ccds_kernel.labeling.rows import StoredPhrase
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.history import Change, Form, StepKind
from ccds_kernel.labeling.tasks.meanwhile import GONE, ChangedMeanwhileError
from ccds_kernel.labeling.tasks.task import TaskKind


class PhraseEditor:
    """One step of one person on the phrase list of one task.

    Args:
        connection: of a writing transaction.
        task_id: whose list.
        person: who edits.
        kind: whether the step is done by hand, or undoes or redoes `of_step`.
        of_step: the step that is undone or redone.

    Attributes:
        changes: what was done so far, in its order; `keep` writes it down.
    """

    def __init__(
        self,
        connection: Connection,
        task_id: int,
        person: str,
        *,
        kind: StepKind = StepKind.DO,
        of_step: int | None = None,
    ) -> None:
        self._connection = connection
        self._task_id = task_id
        self._person = person
        self._kind = kind
        self._of_step = of_step
        self._step = task_rows.next_step(connection)
        self._task = task_rows.task(connection, task_id)
        self._list = list(rows.phrases(connection, task_id))
        self._ids = {self.key_of(stored.phrase): stored.id for stored in self._list}
        self._count = rows.phrase_count(connection)
        self._free = self._count
        self._order_holds = True
        self.changes: list[Change] = []

    def insert(
        self, phrase: Phrase, position: int, phrase_id: int | None = None, *, known: Collection[str] = ()
    ) -> StoredPhrase:
        """Puts `phrase` at `position` (0 … number of phrases); with `phrase_id`, one that was removed comes back.

        Raises:
            CcdsError: the phrase is there already, the list is shorter than that by now, or it is full; or one of the labels that
                the person took for `known` isn't the task's (any more).
        """
        self._check_known(known)
        self._check_new(phrase)
        _check_position(position, len(self._list) + 1)
        check_count(self._count + 1)
        self._order_holds &= position == len(self._list)
        stored = self._add(phrase, position, phrase_id)
        self._note(stored.id, None, Form(phrase, position))
        return stored

    def append(self, phrases: Sequence[Phrase]) -> None:
        """Puts `phrases`, none of which is there, below the list.

        Raises:
            CcdsError: it would be too long, or a phrase doesn't belong here.
        """
        check_count(self._count + len(phrases))
        for phrase in phrases:
            self._check_belongs(phrase)
            place = len(self._list)
            self._note(self._add(phrase, place, None).id, None, Form(phrase, place))

    def replace(
        self,
        phrase_id: int,
        phrase: Phrase,
        position: int | None = None,
        *,
        seen: Phrase | None = None,
        known: Collection[str] = (),
    ) -> None:
        """Puts `phrase` (other words, another label) in the place of phrase `phrase_id`, below the list to which it comes where
        that is another one; or at `position`.

        Raises:
            CcdsError: the phrase is gone, or isn't as it was `seen` any more; the new one is there already at another place; or
                one of the labels that the person took for `known` isn't the task's (any more).
        """
        place = _place_of(phrase_id, self._list, seen)
        self._check_known(known)
        before = self._list[place]
        self._check_new(phrase, instead_of=phrase_id)
        if position is None:
            stays = self.list_of(before.phrase) == self.list_of(phrase)
            position = place if stays else len(self._list) - 1
        rows.change_phrase(self._connection, phrase_id, phrase)
        del self._ids[self.key_of(before.phrase)]
        self._ids[self.key_of(phrase)] = phrase_id
        self._list.pop(place)
        self._list.insert(position, replace(before, phrase=phrase))
        self._order_holds &= position == place
        self._note(phrase_id, Form(before.phrase, place), Form(phrase, position))

    def move(
        self, phrase_id: int, position: int, *, seen: Phrase | None = None, order: Sequence[int] | None = None
    ) -> None:
        """Gives phrase `phrase_id` the position `position`; those between move by one.

        Raises:
            CcdsError: the phrase is gone, or isn't as it was `seen` any more; or the list is shorter than that by now, or doesn't
                begin with the ids `order`, as the person had it.
        """
        place = _place_of(phrase_id, self._list, seen)
        if order is not None and [stored.id for stored in self._list[: len(order)]] != list(order):
            raise ChangedMeanwhileError("order")
        _check_position(position, len(self._list))
        moved = self._list.pop(place)
        self._list.insert(position, moved)
        self._order_holds &= position == place
        self._note(phrase_id, Form(moved.phrase, place), Form(moved.phrase, position))

    def remove(self, phrase_id: int, *, seen: Phrase | None = None) -> None:
        """Takes phrase `phrase_id` off the list; those after it move one up.

        Raises:
            CcdsError: the phrase is gone already, or isn't as it was `seen` any more.
        """
        place = _place_of(phrase_id, self._list, seen)
        rows.remove_phrase(self._connection, phrase_id)
        gone = self._list.pop(place)
        del self._ids[self.key_of(gone.phrase)]
        self._count -= 1
        self._order_holds = False  # of every task: no place may stay empty
        self._note(phrase_id, Form(gone.phrase, place), None)

    def carry_out(self, wanted: Iterable[Change]) -> None:
        """Makes of each phrase what stands in `after`; a place that the list doesn't have by now is its end.

        Raises:
            CcdsError: the same words are on the list by now, it is full, or a phrase is gone.
        """
        for change in wanted:
            if change.after is None:
                self.remove(change.phrase_id)
            elif change.before is None:
                self.insert(change.after.phrase, min(change.after.position, len(self._list)), change.phrase_id)
            elif change.before.phrase == change.after.phrase:
                self.move(change.phrase_id, min(change.after.position, len(self._list) - 1))
            elif change.before.position == change.after.position:
                self.replace(change.phrase_id, change.after.phrase)
            else:
                self.replace(change.phrase_id, change.after.phrase, min(change.after.position, len(self._list) - 1))

    def keep(self) -> None:
        """Writes the step into the history, the places that changed, and gives the task the labels that its phrases need."""
        if not self._order_holds:
            rows.write_order(self._connection, [stored.id for stored in self._list])
        task_rows.add_changes(self._connection, self._task_id, self.changes)
        new = [change.after.phrase for change in self.changes if change.after is not None]
        task_rows.admit_labels(self._connection, self._task_id, new)

    def key_of(self, phrase: Phrase) -> tuple[str, str]:
        """What a list has once: the words, for each label where labels are decided by themselves."""
        return phrase.normalised, self.list_of(phrase)

    def list_of(self, phrase: Phrase) -> str:
        """Which of the task's lists `phrase` belongs to: the label's, where labels are decided by themselves."""
        return phrase.label if self._task.kind is TaskKind.SEVERAL else ""

    def listed(self) -> tuple[StoredPhrase, ...]:
        """The list as it is now."""
        return tuple(self._list)

    def _add(self, phrase: Phrase, position: int, phrase_id: int | None) -> StoredPhrase:
        """Puts `phrase` at `position`, behind everything in its row; `keep` says where it stands."""
        stored = rows.append_phrase(
            self._connection, phrase, self._free, self._person, task_id=self._task_id, phrase_id=phrase_id
        )
        self._free += 1
        self._count += 1
        self._list.insert(position, stored)
        self._ids[self.key_of(phrase)] = stored.id
        return stored

    def _note(self, phrase_id: int, before: Form | None, after: Form | None) -> None:
        now = datetime.now(UTC)
        self.changes.append(
            Change(0, self._step, phrase_id, self._person, now, before, after, self._kind, self._of_step)
        )

    def _check_new(self, phrase: Phrase, instead_of: int | None = None) -> None:
        self._check_belongs(phrase)
        other = self._ids.get(self.key_of(phrase), instead_of)
        if other is not None and other != instead_of:
            raise CcdsError(
                expected="a phrase that isn't on the list yet",
                found=f"the one at place {_place_of(other, self._list) + 1} again (case and white space don't count)",
                do="change that one instead",
            )

    def _check_known(self, labels: Collection[str]) -> None:
        if not {*labels} <= {*self._task.words}:
            raise ChangedMeanwhileError("label", GONE)

    def _check_belongs(self, phrase: Phrase) -> None:
        if self._task.kind is TaskKind.ONE:
            one_label(phrase)  # refuses one that says nothing about the other labels


def _place_of(phrase_id: int, listed: Sequence[StoredPhrase], seen: Phrase | None = None) -> int:
    for place, other in enumerate(listed):
        if other.id != phrase_id:
            continue
        if seen is not None and other.phrase != seen:
            raise ChangedMeanwhileError("phrase")
        return place
    raise ChangedMeanwhileError("phrase", GONE)


def _check_position(position: int, end: int) -> None:
    if not 0 <= position < end:
        raise CcdsError(
            expected=f"a place from 1 to {end}",
            found=f"place {position + 1}",
            do="load the list anew: somebody may have changed it",
        )
