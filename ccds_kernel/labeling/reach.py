"""Which reports a task reads: those that the IRB application covers, and of these the members of the cohort that it is kept to.

Everything that a task's screens, batches, gold set, figures and snapshots are made of is read within a reach, in the statement
itself; `tasks.reaching` says which one. What lies outside is read by nothing, and stays as it is: what people decided about it
counts again when the reach is wider again. Only whether a label is in use is asked beyond it, so that no word of theirs is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.irb.application import IrbApplication


@dataclass(frozen=True)
class Reach:
    """Reports of these exam codes and study dates (first and last day), and of `cohort` only, where there is one.

    As `Report.is_covered_by` has it: a code or date that isn't known was loaded knowingly, and isn't held against a report. To a
    cohort such a report doesn't belong.
    """

    exam_codes: frozenset[str]
    study_dates: tuple[date, date]
    cohort: Criteria | None = None

    @classmethod
    def of(cls, application: IrbApplication) -> Reach:
        """All that `application` covers."""
        return cls(frozenset(application.exam_codes), application.study_dates)

    @property
    def whole(self) -> Reach:
        """That of a task that is kept to no cohort."""
        return replace(self, cohort=None)
