"""Changing a task's phrase list, with its history: statements on a connection whose transaction a repository holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.outcome import one_label
from ccds_kernel.labeling.phrase import Phrase, check_count
from ccds_kernel.labeling.rows import StoredPhrase
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.history import Change, Form, StepKind
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
        self._kind_of_task = task_rows.task(connection, task_id).kind
        self.changes: list[Change] = []

    def insert(self, phrase: Phrase, position: int, phrase_id: int | None = None) -> StoredPhrase:
        """Puts `phrase` at `position` (0 … number of phrases); with `phrase_id`, one that was removed comes back.

        Raises:
            CcdsError: the phrase is there already, the list is shorter than that by now, or it is full.
        """
        listed = self.listed()
        self._check_new(phrase, listed)
        _check_position(position, len(listed) + 1)
        free = rows.phrase_count(self._connection)
        check_count(free + 1)
        stored = rows.append_phrase(
            self._connection, phrase, free, self._person, task_id=self._task_id, phrase_id=phrase_id
        )
        ids = [other.id for other in listed]
        rows.write_order(self._connection, [*ids[:position], stored.id, *ids[position:]])
        self._note(stored.id, None, Form(phrase, position))
        return stored

    def append(self, phrases: Sequence[Phrase]) -> None:
        """Puts `phrases`, none of which is there, below the list.

        Raises:
            CcdsError: it would be too long, or a phrase doesn't belong here.
        """
        free, place = rows.phrase_count(self._connection), len(self.listed())
        check_count(free + len(phrases))
        for number, phrase in enumerate(phrases):
            self._check_belongs(phrase)
            stored = rows.append_phrase(self._connection, phrase, free + number, self._person, task_id=self._task_id)
            self._note(stored.id, None, Form(phrase, place + number))

    def replace(self, phrase_id: int, phrase: Phrase) -> None:
        """Puts `phrase` (other words, another label) in the place of phrase `phrase_id`.

        Raises:
            CcdsError: the phrase is gone, or the new one is there already at another place.
        """
        listed = self.listed()
        place = _place_of(phrase_id, listed)
        self._check_new(phrase, listed, instead_of=phrase_id)
        rows.change_phrase(self._connection, phrase_id, phrase)
        self._note(phrase_id, Form(listed[place].phrase, place), Form(phrase, place))

    def move(self, phrase_id: int, position: int) -> None:
        """Gives phrase `phrase_id` the position `position`; those between move by one.

        Raises:
            CcdsError: the phrase is gone, or the list is shorter than that by now.
        """
        listed = self.listed()
        place = _place_of(phrase_id, listed)
        _check_position(position, len(listed))
        ids = [other.id for other in listed if other.id != phrase_id]
        rows.write_order(self._connection, [*ids[:position], phrase_id, *ids[position:]])
        phrase = listed[place].phrase
        self._note(phrase_id, Form(phrase, place), Form(phrase, position))

    def remove(self, phrase_id: int) -> None:
        """Takes phrase `phrase_id` off the list; those after it move one up.

        Raises:
            CcdsError: the phrase is gone already.
        """
        listed = self.listed()
        place = _place_of(phrase_id, listed)
        rows.remove_phrase(self._connection, phrase_id)
        rows.write_order(self._connection, [other.id for other in listed if other.id != phrase_id])
        self._note(phrase_id, Form(listed[place].phrase, place), None)

    def carry_out(self, wanted: Iterable[Change]) -> None:
        """Makes of each phrase what stands in `after`; a place that the list doesn't have by now is its end.

        Raises:
            CcdsError: the same words are on the list by now, it is full, or a phrase is gone.
        """
        for change in wanted:
            if change.after is None:
                self.remove(change.phrase_id)
            elif change.before is None:
                place = min(change.after.position, len(self.listed()))
                self.insert(change.after.phrase, place, change.phrase_id)
            elif change.before.phrase != change.after.phrase:
                self.replace(change.phrase_id, change.after.phrase)
            else:
                self.move(change.phrase_id, min(change.after.position, len(self.listed()) - 1))

    def keep(self) -> None:
        """Writes the step into the history, and gives the task the labels that its phrases need."""
        task_rows.add_changes(self._connection, self._task_id, self.changes)
        new = [change.after.phrase for change in self.changes if change.after is not None]
        task_rows.admit_labels(self._connection, self._task_id, new)

    def key_of(self, phrase: Phrase) -> tuple[str, str]:
        """What a list has once: the words, for each label where labels are decided by themselves."""
        return phrase.normalised, phrase.label if self._kind_of_task is TaskKind.SEVERAL else ""

    def listed(self) -> tuple[StoredPhrase, ...]:
        """The list as it is now."""
        return rows.phrases(self._connection, self._task_id)

    def _note(self, phrase_id: int, before: Form | None, after: Form | None) -> None:
        now = datetime.now(UTC)
        self.changes.append(
            Change(0, self._step, phrase_id, self._person, now, before, after, self._kind, self._of_step)
        )

    def _check_new(self, phrase: Phrase, listed: Sequence[StoredPhrase], instead_of: int | None = None) -> None:
        self._check_belongs(phrase)
        for place, other in enumerate(listed, 1):
            if self.key_of(other.phrase) == self.key_of(phrase) and other.id != instead_of:
                raise CcdsError(
                    expected="a phrase that isn't on the list yet",
                    found=f"the one at place {place} again (case and white space don't count)",
                    do="change that one instead",
                )

    def _check_belongs(self, phrase: Phrase) -> None:
        if self._kind_of_task is TaskKind.ONE:
            one_label(phrase)  # refuses one that says nothing about the other labels


def _place_of(phrase_id: int, listed: Sequence[StoredPhrase]) -> int:
    for place, other in enumerate(listed):
        if other.id == phrase_id:
            return place
    raise CcdsError(
        expected="a phrase that is on the list",
        found="one that is gone",
        do="load the list anew: somebody removed it",
    )


def _check_position(position: int, end: int) -> None:
    if not 0 <= position < end:
        raise CcdsError(
            expected=f"a place from 1 to {end}",
            found=f"place {position + 1}",
            do="load the list anew: somebody may have changed it",
        )
