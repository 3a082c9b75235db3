"""What a fellow does beside and after confirming: batches, who does them, the gold set, the final word.

As in `labeling.repository` each method asks again whether the person may do it, and each change is one transaction whose audit
event is written before the commit. What was said about a study is never rewritten: the newest counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, select

from ccds_kernel.audit.events.confirmation import BatchAssigned, BatchMade, BatchRemoved, StudyCurated
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import ALLOWED, Action
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.confirmation import answer_rows, batch_rows, curation_rows, tables
from ccds_kernel.labeling.confirmation.answer import LONGEST_NOTE
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.batch import BatchItem, Planted, check_batch
from ccds_kernel.labeling.confirmation.batch_counts import BatchCounts, batch_counts
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.clock import Clock, site_clock
from ccds_kernel.labeling.confirmation.curation_rows import Curation, CurationKind, Word
from ccds_kernel.labeling.confirmation.permissions import CONFIRM, CURATE, READ_LABELS
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.rows import StoredReport
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.reaching import reach_for, reach_of
from ccds_kernel.labeling.tasks.task import Task
from ccds_kernel.labeling.text import is_valid_unicode
from ccds_kernel.labeling.wording import counted

_AT_ONCE = 500


@dataclass(frozen=True)
class Newest:
    """The numbers of a project's newest answer and of the newest word about a single study, 0 where there is none; and what the
    task reads of them.

    As neither is ever rewritten, what was worked out from them holds until one of these numbers is higher, or the reach another.
    """

    answer: int
    word: int
    reach: Reach


class Curating:
    """What is kept of one task beside its phrases, for the person who opened the project.

    What people said about studies that the task doesn't read (any more) is left out everywhere, and kept. Every method raises
    `ProjectAccessDenied` where that person may not do it (any more), and `CcdsError` where there is no such task, batch or study,
    or as `reaching.reach_of`.

    Args:
        project: the project.
        task_id: the task.
        clock: what time it is within a transaction.
    """

    def __init__(self, project: Project, task_id: int, *, clock: Clock = site_clock) -> None:
        self._project = project
        self._task_id = task_id
        self._clock = clock

    # --- batches

    def batches(self) -> tuple[StoredBatch, ...]:
        """The task's batches, the oldest first."""
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            return batch_rows.batches(connection, self._task_id)

    def make_batch(
        self,
        name: str,
        items: Sequence[BatchItem],
        *,
        overlap: int = 1,
        labelers: Iterable[str] = (),
        again: bool = True,
    ) -> StoredBatch:
        """Puts studies, in the order in which `compose` gave them, before labelers; others are assigned afterwards.

        Args:
            name: what people call the batch.
            items: its studies, each once.
            overlap: to how many labelers each study goes; a planted one goes to all.
            labelers: who may take studies of it at once.
            again: whether its ordinary studies may be in another batch of the task, too.

        Raises:
            CcdsError: a prefill has a label that the task doesn't have, a study isn't one that the task reads, or is in another
                batch, somebody may not confirm, fewer people are assigned than each study goes to, though not nobody, or the task
                has a batch of that name.
        """
        name, labelers = check_batch(name, overlap), tuple(labelers)
        self._project.require(CURATE)
        self._check_labelers(labelers)
        if 0 < len(set(labelers)) < overlap:
            raise CcdsError(
                expected=f"at least {overlap} people assigned, as each study goes to {overlap} labelers",
                found=str(len(set(labelers))),
                do="assign further ones, or let each study go to fewer",
            )
        with self._project.store.writing() as connection:
            task = task_rows.task(connection, self._task_id)
            if any(one.name.casefold() == name.casefold() for one in batch_rows.batches(connection, self._task_id)):
                raise CcdsError(
                    expected="a name that no batch of the task has", found=f"'{name}'", do="choose another one"
                )
            for item in items:
                if item.prefill:
                    task.checked_labels(item.prefill)
            self._report_ids(connection, task, [item.study_key for item in items])
            ordinary = {item.study_key for item in items if item.planted is Planted.NO}
            if not again and (used := ordinary & batch_rows.uses_of_studies(connection, self._task_id).keys()):
                raise CcdsError(
                    expected="studies that are in no batch yet",
                    found=f"{len(used)} that somebody has put into one meanwhile",
                    do="make the batch once more, of what is left",
                )
            stored = batch_rows.add_batch(connection, self._task_id, items, name=name, overlap=overlap, person=self._me)
            self._project.audit.write(
                BatchMade(
                    person=self._me,
                    project=self._project.id,
                    batch_id=stored.id,
                    task_id=self._task_id,
                    studies=len(ordinary),
                    planted=len(items) - len(ordinary),
                    overlap=overlap,
                )
            )
            for labeler in labelers:
                self._assign(connection, stored.id, labeler)
        return replace(stored, labelers=labelers)

    def labelers(self) -> list[str]:
        """Who stands on the roster with a role that confirms, by name."""
        return sorted(entry.person for entry in self._project.application.roster if CONFIRM in ALLOWED[entry.role])

    def assign(self, batch_id: int, labeler: str) -> None:
        """Lets `labeler`, who may confirm studies of the project, take studies of a batch."""
        self._project.require(CURATE)
        self._check_labelers([labeler])
        with self._project.store.writing() as connection:
            self._check_ours(connection, batch_id)
            self._assign(connection, batch_id, labeler)

    def withdraw(self, batch_id: int, labeler: str) -> None:
        """Lets `labeler` take no more of a batch; what they hold goes to others, what they said stays."""
        self._project.require(CURATE)
        with self._project.store.writing() as connection:
            self._check_ours(connection, batch_id)
            if batch_rows.withdraw(connection, batch_id, labeler):
                self._log_assignment(batch_id, labeler, "withdrawn")

    def remove_batch(self, batch_id: int) -> None:
        """Takes away a batch in which nobody has said anything that counts: its studies are free for others, what people hold of
        it is theirs no more, and what they say of it from then on is kept and not counted.

        What was undone doesn't count, a skip does: somebody has read the report.

        Raises:
            CcdsError: somebody has answered, or it was taken away already.
        """
        self._project.require(CURATE)
        with self._project.store.writing() as connection:
            self._check_ours(connection, batch_id)
            if said := answer_rows.counting(answer_rows.every(connection, batch_id=batch_id)):
                people = ", ".join(sorted({stored.labeler for stored in said}))
                raise CcdsError(
                    expected="a batch that nobody has answered yet",
                    found=f"{counted(len(said), 'answer')} of {people}",
                    do="withdraw who is assigned to it instead: then nobody is given more of it",
                )
            batch_rows.remove(connection, batch_id, self._me)
            self._project.audit.write(
                BatchRemoved(person=self._me, project=self._project.id, batch_id=batch_id, task_id=self._task_id)
            )

    def uses_of_studies(self) -> Mapping[str, int]:
        """Study key → in how many of the task's batches it is; studies that are in none are left out."""
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            return batch_rows.uses_of_studies(connection, self._task_id)

    def counts(self) -> Mapping[int, BatchCounts]:
        """The number of each of the task's batches → how far it is, for whoever has the answers already (`every_answer`)."""
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            return batch_counts(connection, self._reach(connection), self._task_id, self._clock(connection))

    def newest(self) -> Newest:
        """What is newest in the project, whatever the task, and the task's reach."""
        self._project.require(READ_LABELS)
        answer, word = tables.answer.c.id, tables.curation.c.id
        with self._project.store.reading() as connection:
            return Newest(
                connection.scalar(select(func.max(answer))) or 0,
                connection.scalar(select(func.max(word))) or 0,
                self._reach(connection),
            )

    def every_answer(self, after: int = 0) -> tuple[StoredAnswer, ...]:
        """The answers of all the task's batches with a number above `after`, in the order in which they came: refused and
        undone ones, and undos, too.
        """
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            reach = self._reach(connection)
            return tuple(answer_rows.every(connection, task_id=self._task_id, after=after, reach=reach))

    def answers(self) -> tuple[StoredAnswer, ...]:
        """The answers of all the task's batches that count now, in the order in which they came."""
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            reach = self._reach(connection)
            return answer_rows.counting(answer_rows.every(connection, task_id=self._task_id, reach=reach))

    # --- single studies

    def report(self, study_key: str) -> StoredReport:
        """The report of a study.

        Raises:
            CcdsError: the project has no such study, its application doesn't cover it any more, or the task doesn't read it.
        """
        self._project.require(Action.READ_REPORTS)
        with self._project.store.reading() as connection:
            task = task_rows.task(connection, self._task_id)
            report_id = self._report_ids(connection, task, [study_key])[study_key]
            return rows.reports_by_id(connection, reach_for(connection, self._project, task), [report_id])[report_id]

    def gold(self) -> Mapping[str, Curation]:
        """Study key → its gold label."""
        return self._standing(CurationKind.GOLD)

    def set_gold(
        self, study_key: str, labels: Iterable[str] | None, note: str = "", *, seen: Word | None = None
    ) -> None:
        """Takes a study into the gold set with these labels; None takes it out. `seen`, and what it raises: as `adjudicate`."""
        self._say(CurationKind.GOLD, study_key, labels, note, seen)

    def final_words(self) -> Mapping[str, Curation]:
        """Study key → the fellow's final word."""
        return self._standing(CurationKind.FINAL)

    def adjudicate(
        self, study_key: str, labels: Iterable[str] | None, note: str = "", *, seen: Word | None = None
    ) -> None:
        """Says what a study's labels are, whatever the labelers say; None takes that back.

        Args:
            study_key: the study.
            labels: what they are.
            note: why; may be empty.
            seen: the word that the person knows to stand there; None says it over any.

        Raises:
            CcdsError: another one stands there.
        """
        self._say(CurationKind.FINAL, study_key, labels, note, seen)

    @property
    def _me(self) -> str:
        return self._project.person

    def _standing(self, kind: CurationKind) -> Mapping[str, Curation]:
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            return curation_rows.standing(connection, self._task_id, kind, reach=self._reach(connection))

    def _say(
        self, kind: CurationKind, study_key: str, labels: Iterable[str] | None, note: str, seen: Word | None
    ) -> None:
        self._project.require(CURATE)
        if len(note) > LONGEST_NOTE or "\0" in note or not is_valid_unicode(note):
            raise CcdsError(
                expected=f"a note of at most {LONGEST_NOTE} whole characters",
                found=f"one of {len(note)}, or half a character in it",
                do="shorten it, or type it again",
            )
        with self._project.store.writing() as connection:
            task = task_rows.task(connection, self._task_id)
            said = None if labels is None else task.checked_labels(labels)
            if seen is not None:
                self._check_seen(connection, kind, study_key, seen)
            report_id = self._report_ids(connection, task, [study_key])[study_key]
            new = Curation(study_key, kind, said, note.strip(), self._me, self._clock(connection))
            curation_rows.add(connection, self._task_id, report_id, new)
            self._project.audit.write(
                StudyCurated(
                    person=self._me,
                    project=self._project.id,
                    task_id=self._task_id,
                    study_key=study_key,
                    kind=kind.value,
                    change="taken back" if said is None else "said",
                )
            )

    def _reach(self, connection: Connection) -> Reach:
        return reach_of(connection, self._project, self._task_id)

    def _report_ids(self, connection: Connection, task: Task, study_keys: Sequence[str]) -> Mapping[str, int]:
        """Study key → the number of its report. Raises a CcdsError where the task doesn't read one of them."""
        ids = batch_rows.report_ids(connection, study_keys)
        reach, numbers = reach_for(connection, self._project, task), list(ids.values())
        outside = 0
        for begin in range(0, len(numbers), _AT_ONCE):
            some = numbers[begin : begin + _AT_ONCE]
            outside += len(some) - len(rows.ids_within(connection, reach, some))
        if not outside:
            return ids
        many = "one" if outside == 1 else str(outside)
        if task.cohort is None:
            raise CcdsError(
                expected="a study that the IRB application covers",
                found=f"{many} that it doesn't cover any more",
                do="go on with another one",
            )
        raise CcdsError(
            expected=f"a study of the cohort {task.cohort}, to which the task '{task.name}' is kept",
            found=f"{many} that the task doesn't read",
            do="go on with another one",
        )

    def _check_seen(self, connection: Connection, kind: CurationKind, study_key: str, seen: Word) -> None:
        standing = curation_rows.standing(connection, self._task_id, kind, [study_key])
        if Word.of(standing.get(study_key)) != seen:
            raise CcdsError(
                expected="the word about the study that you saw",
                found="another one, which somebody said meanwhile",
                do="look at the study again",
            )

    def _check_labelers(self, people: Iterable[str]) -> None:
        if unknown := set(people) - set(self.labelers()):
            raise CcdsError(
                expected="labelers on the project's roster",
                found=f"{len(unknown)} who aren't, or may not confirm",
                do="choose others, or ask the principal investigator to put them there",
            )

    def _assign(self, connection: Connection, batch_id: int, labeler: str) -> None:
        if batch_rows.assign(connection, batch_id, labeler, self._me):
            self._log_assignment(batch_id, labeler, "assigned")

    def _check_ours(self, connection: Connection, batch_id: int) -> StoredBatch:
        batch = batch_rows.batch(connection, batch_id)
        if batch.task_id != self._task_id:
            raise CcdsError(expected="a batch of this task", found="one of another task", do="load the page anew")
        if batch.removed_by is not None:
            raise CcdsError(
                expected="a batch that is still there",
                found=f"'{batch.name}', which {batch.removed_by} has taken away",
                do="load the page anew",
            )
        return batch

    def _log_assignment(self, batch_id: int, labeler: str, change: str) -> None:
        self._project.audit.write(
            BatchAssigned(person=self._me, project=self._project.id, batch_id=batch_id, labeler=labeler, change=change)
        )
