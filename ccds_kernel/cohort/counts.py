"""How many reports a cohort has, by month and exam code, and what of the project's index isn't in it and why. Pure.

Whoever may ask may read the reports themselves, so that no small number is held back here; what leaves the project goes through
the airlock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.months import Span


@dataclass(frozen=True)
class CohortCounts:
    """The reports of a project's index by whether they meet `criteria`: all counts together are all reports.

    Attributes:
        criteria: what was asked for.
        cells: (exam code, month) → its reports, where there are any.
        without_code: left out though the study date fits: the exam code isn't known.
        without_date: likewise without a study date.
        without_both: neither is known.
        others: of other exam codes or dates.
    """

    criteria: Criteria
    cells: Mapping[tuple[str, str], int]
    without_code: int = 0
    without_date: int = 0
    without_both: int = 0
    others: int = 0

    @property
    def reports(self) -> int:
        """How many are in the cohort."""
        return sum(self.cells.values())

    @property
    def by_month(self) -> dict[str, Counter[str]]:
        """Month → exam code → reports: every month from the first to the last that has any, those without between them, too."""
        present = sorted({month for _, month in self.cells})
        if not present:
            return {}
        found: dict[str, Counter[str]] = {month: Counter() for month in Span(first=present[0], last=present[-1]).months}
        for (code, month), count in sorted(self.cells.items()):
            found[month][code] += count
        return found

    @property
    def by_code(self) -> dict[str, int]:
        """Exam code → reports, for every code that was asked for."""
        totals: Counter[str] = Counter()
        for (code, _), count in self.cells.items():
            totals[code] += count
        return {code: totals[code] for code in self.criteria.codes}

    def as_json(self) -> dict[str, object]:
        """The counts as one JSON document."""
        criteria = self.criteria
        return {
            "exam_codes": list(criteria.codes),
            "study_dates": [f"{criteria.first}", f"{criteria.last}"],
            "reports": self.reports,
            "months": [
                {"month": month, "reports": codes.total(), "codes": dict(codes)}
                for month, codes in self.by_month.items()
            ],
            "codes": self.by_code,
            "left_out": {
                "without_code": self.without_code,
                "without_date": self.without_date,
                "without_both": self.without_both,
                "others": self.others,
            },
        }
