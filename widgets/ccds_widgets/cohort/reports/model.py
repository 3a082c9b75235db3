"""The rules of the screen Reports: what its page may see and do. No SQL, no network, no files, no browser.

Counts are of the project's own index of reports, not of an archive; only what the IRB application covers is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ccds_kernel.cohort.cohort import Cohort, CohortSnapshot
from ccds_kernel.cohort.counts import CohortCounts
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError
from ccds_widgets.cohort.criteria_request import CriteriaRequest
from ccds_widgets.cohort.findings_shown import count_ticks, numbers_shown
from ccds_widgets.cohort.ports import Approved
from ccds_widgets.cohort.reports import messages
from ccds_widgets.cohort.reports.ports import Cohorts

Answer = dict[str, Any]


class ReportsModel:
    """One person's cohorts of reports in one project.

    Args:
        cohorts: where they are kept.
        approved: what the application covers now.
        may_keep: whether this person may keep cohorts now: for what the page offers.
        permit: raises a CcdsError where the person may not see them (any more); asked before each answer.
    """

    def __init__(
        self,
        cohorts: Cohorts,
        *,
        approved: Callable[[], Approved],
        may_keep: Callable[[], bool],
        permit: Callable[[], None],
    ) -> None:
        self._cohorts = cohorts
        self._approved = approved
        self._may_keep = may_keep
        self._permit = permit

    def start(self) -> Answer:
        """What the page shows first."""
        self._permit()
        approved = self._approved()
        return {
            "approved": {"codes": list(approved.codes), "first": f"{approved.first}", "last": f"{approved.last}"},
            "may_keep": self._may_keep(),
            "cohorts": self._kept(),
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        self._permit()
        match request:
            case messages.Check():
                approved = self._approved()
                self._cohorts.count(Criteria(frozenset({request.code.strip()}), approved.first, approved.last))
                return {"code": request.code.strip()}
            case messages.Count():
                return {"found": counts_shown(self._cohorts.count(_criteria(request.criteria)))}
            case messages.Keep():
                kept = self._cohorts.keep(request.name.strip(), _criteria(request.criteria))
                return {"named": kept.name, "cohorts": self._kept()}
            case messages.Take():
                taken, is_new = self._cohorts.take_snapshot(request.name)
                return {"snapshot": _snapshot(taken), "new": is_new, "cohorts": self._kept()}

    def _kept(self) -> list[Answer]:
        return [self._cohort(one) for one in self._cohorts.cohorts()]

    def _cohort(self, one: Cohort) -> Answer:
        criteria = one.criteria
        return {
            "name": one.name,
            "codes": list(criteria.codes),
            "first": f"{criteria.first}",
            "last": f"{criteria.last}",
            "by": one.created_by,
            "at": one.created_at.isoformat(),
            "snapshots": [_snapshot(taken) for taken in self._cohorts.snapshots(one.name)],
        }


def counts_shown(counts: CohortCounts) -> Answer:
    """Counts as the page draws them: every month of the criteria, also those without reports."""
    criteria, by_month = counts.criteria, counts.by_month
    totals = {month: codes.total() for month, codes in by_month.items()}
    return {
        "criteria": {"codes": list(criteria.codes), "first": f"{criteria.first}", "last": f"{criteria.last}"},
        "reports": counts.reports,
        "months": [{"month": month, "number": number} for month, number in totals.items()],
        "ticks": count_ticks(max(totals.values(), default=0)),
        "tables": [numbers_shown("Exam code", counts.by_code)],
        "left_out": [
            {"number": number, "why": why}
            for number, why in (
                (counts.without_code, "without an exam code"),
                (counts.without_date, "without a study date"),
                (counts.without_both, "without exam code and study date"),
                (counts.others, "of other exam codes or dates"),
            )
            if number
        ],
    }


def _snapshot(taken: CohortSnapshot) -> Answer:
    return {
        "name": taken.name,
        "digest": taken.digest,
        "members": taken.members,
        "by": taken.taken_by,
        "at": taken.taken_at.isoformat(),
    }


def _criteria(asked: CriteriaRequest) -> Criteria:
    if asked.consecutive is not None:
        raise CcdsError(expected="all reports of the criteria", found="some of them", do="reload the page")
    return asked.criteria()
