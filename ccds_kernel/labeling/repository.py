"""A project's reports and phrase list, for one person: what the labeling stage keeps in the project's database.

Every method asks the project again whether the person may do it. Every change is one transaction that holds the write lock
from its begin, so that two people who edit at once change the list one after the other; its audit event is written before
the commit: what can't be logged isn't done. A phrase is named by its id, which nobody else's change shifts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from ccds_kernel.audit.events import PhraseChanged, ReportsLoaded, ReportsSealed
from ccds_kernel.cohort.cohort import CohortSnapshot
from ccds_kernel.cohort.coverage import require_covered
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.study_key import study_key_secret
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.phrase import Phrase, check_count
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.rows import StoredPhrase, StoredReport
from ccds_kernel.labeling.seal import sealed

__all__ = ["Appended", "LabelingRepository", "Loaded", "StoredPhrase", "StoredReport"]

_AT_ONCE = 500
"""Reports per statement: SQLite takes a few thousand parameters."""


@dataclass(frozen=True)
class Loaded:
    """What became of the reports of one `load_reports`: counts that add up to all of them.

    Attributes:
        added: new ones.
        known: those that the project has already, word for word, or that came twice.
        empty: left out, because there is nothing to read in them.
        conflicting: left out, because the project has another text, exam code or date under that accession number.
        beyond: left out, because the IRB application doesn't cover their exam code or date.
    """

    added: int = 0
    known: int = 0
    empty: int = 0
    conflicting: int = 0
    beyond: int = 0


@dataclass(frozen=True)
class Appended:
    """What became of the phrases of one `append_phrases`: counts that add up to all of them.

    Attributes:
        added: new ones.
        known: those that the list has already, with the same label.
        conflicting: left out, because the list has them with another label.
    """

    added: int = 0
    known: int = 0
    conflicting: int = 0


class LabelingRepository:
    """The reports and the phrase list of `project`, for the person who opened it.

    Every method raises `ProjectAccessDenied` where that person may not do it (any more).
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def reports(self, cohort: Criteria | CohortSnapshot | None = None) -> tuple[StoredReport, ...]:
        """Every report, in the order in which they were loaded; or those of a cohort, as they are now or in a snapshot of it.

        Raises:
            ProjectAccessDenied: also where the IRB application doesn't cover the cohort (any more).
            CcdsError: the snapshot's reports were changed since it was taken.
        """
        self._project.require(Action.READ_REPORTS)
        if cohort is not None:
            require_covered(self._project, cohort.cohort.criteria if isinstance(cohort, CohortSnapshot) else cohort)
        with self._project.store.reading() as connection:
            found = tuple(rows.reports(connection, cohort))
        if isinstance(cohort, CohortSnapshot):
            cohort.require_members(stored.study_key for stored in found)
        return found

    def load_reports(
        self, reports: Iterable[Report], *, code_needed: bool = False, date_needed: bool = False
    ) -> Loaded:
        """Takes in those of `reports` that are new, readable and covered; overwrites nothing. All in one transaction.

        What was added is sealed in the audit log when it is there to stay: an earlier seal, of a load that then failed, would
        break for ever. A load that a crash ends just between stays unsealed.

        Args:
            reports: in their order.
            code_needed: whether a report without an exam code counts as not covered by the application.
            date_needed: likewise for the study date.
        """
        self._project.require(Action.LOAD_REPORTS)
        application, secret = self._project.application, study_key_secret(self._project.store)
        verdicts: Counter[str] = Counter()
        coming = iter(reports)
        with self._project.store.writing() as connection:
            before = rows.newest_report(connection)
            while batch := list(islice(coming, _AT_ONCE)):
                known = rows.reports_by_accession(connection, [report.accession for report in batch])
                new: list[Report] = []
                for report in batch:
                    if not report.is_covered_by(application, code_needed=code_needed, date_needed=date_needed):
                        verdict = "beyond"
                    elif report.is_empty:
                        verdict = "empty"
                    elif report.accession in known:
                        verdict = "known" if report.says_the_same(known[report.accession]) else "conflicting"
                    else:
                        verdict = "added"
                        known[report.accession] = report
                        new.append(report)
                    verdicts[verdict] += 1
                rows.add_reports(connection, new, secret)
            loaded = Loaded(**verdicts)
            self._project.audit.write(
                ReportsLoaded(
                    person=self._project.person,
                    project=self._project.id,
                    added=loaded.added,
                    known=loaded.known,
                    refused=loaded.empty + loaded.conflicting + loaded.beyond,
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
            return rows.phrases(connection)

    def insert_phrase(self, phrase: Phrase, position: int) -> StoredPhrase:
        """Puts `phrase` at `position` (0 … number of phrases); those from there on move one down.

        Raises:
            CcdsError: the phrase is there already, the list is shorter than that by now, or it is full.
        """
        self._project.require(Action.EDIT_PHRASES)
        with self._project.store.writing() as connection:
            listed = rows.phrases(connection)
            _check_new(phrase, listed)
            _check_position(position, len(listed) + 1)
            check_count(len(listed) + 1)
            stored = rows.append_phrase(connection, phrase, len(listed), self._project.person)
            ids = [other.id for other in listed]
            rows.write_order(connection, [*ids[:position], stored.id, *ids[position:]])
            self._log("inserted", stored.id)
        return stored

    def append_phrases(self, phrases: Iterable[Phrase]) -> Appended:
        """Puts those of `phrases` that are new below the list, in their order; changes none that is there.

        Raises:
            CcdsError: the list would be too long; nothing was added then.
        """
        self._project.require(Action.EDIT_PHRASES)
        verdicts: Counter[str] = Counter()
        new: list[Phrase] = []
        with self._project.store.writing() as connection:
            labels = {stored.phrase.normalised: stored.phrase.label for stored in rows.phrases(connection)}
            begin = len(labels)
            for phrase in phrases:
                if phrase.normalised in labels:
                    verdicts["known" if labels[phrase.normalised] == phrase.label else "conflicting"] += 1
                    continue
                verdicts["added"] += 1
                labels[phrase.normalised] = phrase.label
                new.append(phrase)
            check_count(len(labels))
            for position, phrase in enumerate(new, begin):
                self._log("inserted", rows.append_phrase(connection, phrase, position, self._project.person).id)
        return Appended(**verdicts)

    def replace_phrase(self, phrase_id: int, phrase: Phrase) -> None:
        """Puts `phrase` (other words, another label) in the place of phrase `phrase_id`.

        Raises:
            CcdsError: the phrase is gone, or the new one is there already at another place.
        """
        self._project.require(Action.EDIT_PHRASES)
        with self._project.store.writing() as connection:
            listed = rows.phrases(connection)
            _check_listed(phrase_id, listed)
            _check_new(phrase, listed, instead_of=phrase_id)
            rows.change_phrase(connection, phrase_id, phrase)
            self._log("edited", phrase_id)

    def move_phrase(self, phrase_id: int, position: int) -> None:
        """Gives phrase `phrase_id` the position `position`; those between move by one.

        Raises:
            CcdsError: the phrase is gone, or the list is shorter than that by now.
        """
        self._project.require(Action.EDIT_PHRASES)
        with self._project.store.writing() as connection:
            listed = rows.phrases(connection)
            _check_listed(phrase_id, listed)
            _check_position(position, len(listed))
            ids = [other.id for other in listed if other.id != phrase_id]
            rows.write_order(connection, [*ids[:position], phrase_id, *ids[position:]])
            self._log("moved", phrase_id)

    def remove_phrase(self, phrase_id: int) -> None:
        """Takes phrase `phrase_id` off the list; those after it move one up.

        Raises:
            CcdsError: the phrase is gone already.
        """
        self._project.require(Action.EDIT_PHRASES)
        with self._project.store.writing() as connection:
            listed = rows.phrases(connection)
            _check_listed(phrase_id, listed)
            rows.remove_phrase(connection, phrase_id)
            rows.write_order(connection, [other.id for other in listed if other.id != phrase_id])
            self._log("removed", phrase_id)

    def _log(self, change: str, phrase_id: int) -> None:
        self._project.audit.write(
            PhraseChanged(person=self._project.person, project=self._project.id, change=change, phrase_id=phrase_id)
        )


def _check_new(phrase: Phrase, listed: Sequence[StoredPhrase], instead_of: int | None = None) -> None:
    for place, other in enumerate(listed, 1):
        if other.phrase.normalised == phrase.normalised and other.id != instead_of:
            raise CcdsError(
                expected="a phrase that isn't on the list yet",
                found=f"the one at place {place} again (case and white space don't count)",
                do="change that one instead",
            )


def _check_listed(phrase_id: int, listed: Sequence[StoredPhrase]) -> None:
    if all(other.id != phrase_id for other in listed):
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
