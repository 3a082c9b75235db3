"""A project's reports and phrase list, for one person: what the labeling stage keeps in the project's database.

Every method asks the project again whether the person may do it. Every change is one transaction that holds the write lock
from its begin, so that two people who edit at once change the list one after the other; its audit event is written before
the commit: what can't be logged isn't done. A phrase is named by its id, which nobody else's change shifts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice

from ccds_kernel.audit.event import Event
from ccds_kernel.audit.events.labeling import PhraseChanged, PhrasesChanged, ReportsLoaded, ReportsSealed
from ccds_kernel.cohort.cohort import CohortSnapshot
from ccds_kernel.cohort.coverage import require_covered
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.study_key import study_key_secret
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.phrase import Phrase, check_telling
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.rows import StoredPhrase, StoredReport
from ccds_kernel.labeling.seal import sealed
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks import step_rows
from ccds_kernel.labeling.tasks.editing import PhraseEditor
from ccds_kernel.labeling.tasks.history import Change, StepKind, carried_back
from ccds_kernel.labeling.tasks.own_steps import ToldSteps, open_steps
from ccds_kernel.labeling.tasks.reaching import can_be_kept_to, reach_of

__all__ = ["Appended", "LabelingRepository", "Loaded", "StoredPhrase", "StoredReport"]

_AT_ONCE = 500
"""Reports per statement: SQLite takes a few thousand parameters."""
_TOLD_AFTER = 5_000
"""Reports that are read until it is told how many there are by now."""


@dataclass(frozen=True)
class Loaded:
    """What became of the reports of one `load_reports`: counts that add up to all of them.

    Attributes:
        added: new ones.
        known: those that the project has already, word for word, or that came twice.
        empty: left out, because there is nothing to read in them.
        conflicting: left out, because the project had another text, exam code or date under that accession number before.
        contradicting: left out, because an earlier one of the same load has another text, exam code or date under it.
        beyond: left out, because the IRB application doesn't cover their exam code or date.
    """

    added: int = 0
    known: int = 0
    empty: int = 0
    conflicting: int = 0
    contradicting: int = 0
    beyond: int = 0

    @property
    def left_out(self) -> int:
        """How many were neither added nor known."""
        return self.empty + self.conflicting + self.contradicting + self.beyond


@dataclass(frozen=True)
class Appended:
    """What became of the phrases of one `append_phrases`: counts that add up to all of them.

    Attributes:
        added: new ones.
        known: those that the list has already, for the same label and with the same options.
        conflicting: left out, because the list has them for another label, or for its absence instead of its presence.
        differing: left out, because the list has them with other options: "not if negated", or another label where uncertain.
        conflicting_at: the places of the conflicting ones among those that were to come, from 0.
        differing_at: likewise of the differing ones.
    """

    added: int = 0
    known: int = 0
    conflicting: int = 0
    differing: int = 0
    conflicting_at: tuple[int, ...] = ()
    differing_at: tuple[int, ...] = ()


class LabelingRepository:
    """The reports and the phrase list of `project`, for the person who opened it.

    Args:
        project: the project.
        task_id: whose phrase list; that of the task that every project has, where it isn't given.

    Every method raises `ProjectAccessDenied` where that person may not do it (any more).
    """

    def __init__(self, project: Project, task_id: int = rows.FIRST_TASK) -> None:
        self._project = project
        self._task_id = task_id

    def reports(self, cohort: Criteria | CohortSnapshot | None = None) -> tuple[StoredReport, ...]:
        """Every report of the project that the IRB application covers now, in the order in which they were loaded, whatever the
        task reads; or those of a cohort, as they are now or in a snapshot of it.

        Raises:
            ProjectAccessDenied: also where the IRB application doesn't cover the cohort (any more).
            CcdsError: the snapshot's reports were changed since it was taken.
        """
        self._project.require(Action.READ_REPORTS)
        if cohort is not None:
            require_covered(self._project, cohort.cohort.criteria if isinstance(cohort, CohortSnapshot) else cohort)
        with self._project.store.reading() as connection:
            found = tuple(rows.reports(connection, Reach.of(self._project.application), cohort))
        if isinstance(cohort, CohortSnapshot):
            cohort.require_members(stored.study_key for stored in found)
        return found

    def reach(self) -> Reach:
        """Which reports the task reads now. Raises as `reaching.reach_of`."""
        self._project.require(Action.READ_REPORTS)
        with self._project.store.reading() as connection:
            return reach_of(connection, self._project, self._task_id)

    def task_reports(
        self, cohort: Criteria | None = None, *, progress: Callable[[int, int], None] = lambda _, __: None
    ) -> tuple[StoredReport, ...]:
        """Every report that the task reads, in the order in which they were loaded; or those of them that are in a cohort, too.

        Args:
            cohort: the cohort.
            progress: is told from time to time how many are read, and how many reports the task reads.

        Raises:
            ProjectAccessDenied: also where the IRB application doesn't cover the cohort, or that of the task (any more).
            CcdsError: the cohort that the task is kept to is gone.
        """
        self._project.require(Action.READ_REPORTS)
        if cohort is not None:
            require_covered(self._project, cohort)
        with self._project.store.reading() as connection:
            reach = reach_of(connection, self._project, self._task_id)
            total = rows.report_count(connection, reach)
            found: list[StoredReport] = []
            reports = rows.reports(connection, reach, cohort)
            while batch := tuple(islice(reports, _TOLD_AFTER)):
                found += batch
                progress(len(found), total)
        return tuple(found)

    def task_report_ids(self) -> set[int]:
        """The ids of every report that the task reads. Raises as `reach`."""
        self._project.require(Action.READ_REPORTS)
        with self._project.store.reading() as connection:
            return rows.report_ids(connection, reach_of(connection, self._project, self._task_id))

    def newest_report(self) -> int:
        """The number of the report that was loaded last; 0 where there is none."""
        self._project.require(Action.READ_REPORTS)
        with self._project.store.reading() as connection:
            return rows.newest_report(connection)

    def load_reports(
        self,
        reports: Iterable[Report],
        *,
        code_needed: bool = False,
        date_needed: bool = False,
        tell: Callable[[str, int], None] = lambda _what, _place: None,
    ) -> Loaded:
        """Takes in those of `reports` that are new, readable and covered; overwrites nothing. All in one transaction.

        What was added is sealed in the audit log when it is there to stay: an earlier seal, of a load that then failed, would
        break for ever. A load that a crash ends just between stays unsealed.

        Args:
            reports: in their order.
            code_needed: whether a report without an exam code counts as not covered by the application.
            date_needed: likewise for the study date.
            tell: called with what became of each report, as the attribute of `Loaded` that counts it, and its place from 0.
        """
        self._project.require(Action.LOAD_REPORTS)
        application, secret = self._project.application, study_key_secret(self._project.store)
        verdicts: Counter[str] = Counter()
        coming = iter(reports)
        with self._project.store.writing() as connection:
            before = rows.newest_report(connection)
            while batch := list(islice(coming, _AT_ONCE)):
                stored = rows.reports_by_accession(connection, [report.accession for report in batch])
                known = {accession: one.report for accession, one in stored.items()}
                ours = {accession for accession, one in stored.items() if one.id > before}
                new: list[Report] = []
                for report in batch:
                    if not report.is_covered_by(application, code_needed=code_needed, date_needed=date_needed):
                        verdict = "beyond"
                    elif report.is_empty:
                        verdict = "empty"
                    elif report.accession in known:
                        other = "contradicting" if report.accession in ours else "conflicting"
                        verdict = "known" if report.says_the_same(known[report.accession]) else other
                    else:
                        verdict = "added"
                        known[report.accession] = report
                        ours.add(report.accession)
                        new.append(report)
                    tell(verdict, verdicts.total())
                    verdicts[verdict] += 1
                rows.add_reports(connection, new, secret)
            loaded = Loaded(**verdicts)
            self._project.audit.write(
                ReportsLoaded(
                    person=self._project.person,
                    project=self._project.id,
                    added=loaded.added,
                    known=loaded.known,
                    refused=loaded.left_out,
                )
            )
            seal = sealed(rows.sealed_reports(connection, before)) if loaded.added else None
        if seal:
            self._project.audit.write(
                ReportsSealed(
                    person=self._project.person,
                    project=self._project.id,
                    first=seal.first,
                    last=seal.last,
                    digest=seal.digest,
                )
            )
        return loaded

    def phrases(self) -> tuple[StoredPhrase, ...]:
        """The phrase list, the highest priority first."""
        self._project.require(Action.READ_PHRASES)
        with self._project.store.reading() as connection:
            return rows.phrases(connection, self._task_id)

    def insert_phrase(self, phrase: Phrase, position: int, *, known: Collection[str] = ()) -> StoredPhrase:
        """Puts `phrase` at `position` (0 … number of phrases); those from there on move one down. The task gets the labels that
        it needs, but for those that the person took for `known`: these are to be there.

        Raises:
            CcdsError: the phrase is there already, or `check_telling` refuses it; the list is shorter than that by now, or it is
                full; or one of `known` isn't the task's (any more).
        """
        check_telling(phrase)
        with self._editing() as editor:
            return editor.insert(phrase, position, known=known)

    def append_phrases(self, phrases: Iterable[Phrase]) -> Appended:
        """Puts those of `phrases` that are new below the list, in their order; changes none that is there.

        Raises:
            CcdsError: the list would be too long, or `check_telling` refuses a new phrase; nothing was added then.
        """
        verdicts: Counter[str] = Counter()
        places: defaultdict[str, list[int]] = defaultdict(list)
        new: list[Phrase] = []
        with self._editing() as editor:
            there = {editor.key_of(stored.phrase): stored.phrase for stored in editor.listed()}
            for place, phrase in enumerate(phrases):
                key = editor.key_of(phrase)
                if key in there:
                    verdict = _verdict(there[key], phrase)
                    verdicts[verdict] += 1
                    places[verdict].append(place)
                    continue
                verdicts["added"] += 1
                check_telling(phrase)
                there[key] = phrase
                new.append(phrase)
            editor.append(new)
        return Appended(
            **verdicts, conflicting_at=tuple(places["conflicting"]), differing_at=tuple(places["differing"])
        )

    def replace_phrase(
        self, phrase_id: int, phrase: Phrase, *, seen: Phrase | None = None, known: Collection[str] = ()
    ) -> None:
        """Puts `phrase` (other words, another label) in the place of phrase `phrase_id`, which the person saw as `seen`; where
        that is None, whatever it is by now. `known` as of `insert_phrase`.

        Raises:
            CcdsError: the phrase is gone, or isn't as it was seen any more, or the new one is there already at another place; or
                one of `known` isn't the task's (any more); or `check_telling` refuses the new one.
        """
        check_telling(phrase)
        with self._editing() as editor:
            editor.replace(phrase_id, phrase, seen=seen, known=known)

    def move_phrase(
        self, phrase_id: int, position: int, *, seen: Phrase | None = None, order: Sequence[int] | None = None
    ) -> None:
        """Gives phrase `phrase_id` the position `position`; those between move by one.

        Raises:
            CcdsError: the phrase is gone, or isn't as it was `seen` any more; or the list is shorter than that by now, or doesn't
                begin with the ids `order`, which `position` was meant in.
        """
        with self._editing() as editor:
            editor.move(phrase_id, position, seen=seen, order=order)

    def remove_phrase(self, phrase_id: int, *, seen: Phrase | None = None) -> None:
        """Takes phrase `phrase_id` off the list; those after it move one up.

        Raises:
            CcdsError: the phrase is gone already, or isn't as it was `seen` any more.
        """
        with self._editing() as editor:
            editor.remove(phrase_id, seen=seen)

    def changes(self) -> tuple[Change, ...]:
        """The history of the list, the oldest change first."""
        self._project.require(Action.READ_PHRASES)
        with self._project.store.reading() as connection:
            return task_rows.changes(connection, self._task_id)

    def open_steps(self) -> ToldSteps:
        """What this person would take back next, of the phrases or of the task itself, and what they would do again."""
        self._project.require(Action.READ_PHRASES)
        with self._project.store.reading() as connection:
            possible = partial(can_be_kept_to, connection, self._project)
            return step_rows.told_steps(connection, self._task_id, self._project.person, possible)

    def undo(self) -> tuple[Change, ...]:
        """Takes back this person's newest step that isn't taken back yet; returns what it changed.

        Raises:
            CcdsError: there is none, somebody else has changed one of its phrases since, or the list has its words again.
        """
        return self._step_back(StepKind.UNDO)

    def redo(self) -> tuple[Change, ...]:
        """Does again what this person took back last; returns what it changed.

        Raises:
            CcdsError: as `undo`.
        """
        return self._step_back(StepKind.REDO)

    def _step_back(self, kind: StepKind) -> tuple[Change, ...]:
        self._project.require(Action.EDIT_PHRASES)
        with self._project.store.writing() as connection:
            me = self._project.person
            own = open_steps(step_rows.own_phrase_steps(connection, self._task_id, me)).wanted(kind)
            whole = step_rows.changes_of(connection, self._task_id, me, own.step)
            others = step_rows.others_since(connection, self._task_id, me, own)
            editor = PhraseEditor(connection, self._task_id, me, kind=kind, of_step=own.step)
            editor.carry_out(carried_back(whole, others, kind))
            self._keep(editor)
        return tuple(editor.changes)

    @contextmanager
    def _editing(self) -> Iterator[PhraseEditor]:
        self._project.require(Action.EDIT_PHRASES)
        with self._project.store.writing() as connection:
            editor = PhraseEditor(connection, self._task_id, self._project.person)
            yield editor
            self._keep(editor)

    def _keep(self, editor: PhraseEditor) -> None:
        editor.keep()
        if editor.changes:
            self._project.audit.write(_event(self._project, self._task_id, editor.changes))


def _event(project: Project, task_id: int, changes: Sequence[Change]) -> Event:
    """What is logged of a step: one event, as each waits for the disk while the write lock is held."""
    if len(changes) == 1:
        (change,) = changes
        return PhraseChanged(person=project.person, project=project.id, change=change.what, phrase_id=change.phrase_id)
    how = Counter(change.what for change in changes)
    return PhrasesChanged(
        person=project.person,
        project=project.id,
        task_id=task_id,
        step=changes[0].step,
        inserted=how["inserted"],
        removed=how["removed"],
        moved=how["moved"],
        edited=how["edited"],
    )


def _verdict(there: Phrase, again: Phrase) -> str:
    """What becomes of a phrase whose words are on the list already, by the count of `Appended`."""
    if (there.label, there.excludes) != (again.label, again.excludes):
        return "conflicting"
    same = (there.negatable, there.uncertain_label) == (again.negatable, again.uncertain_label)
    return "known" if same else "differing"
