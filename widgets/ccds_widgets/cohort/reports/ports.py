"""What the screen Reports needs of whatever keeps cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ccds_kernel.cohort.cohort import Cohort, CohortSnapshot
from ccds_kernel.cohort.counts import CohortCounts
from ccds_kernel.cohort.criteria import Criteria


class Cohorts(Protocol):
    """The cohorts of a project; `ccds_kernel.cohort.repository.CohortRepository` is one.

    Every method asks anew whether the person may do it and the application covers it, and raises a CcdsError where not.
    """

    def count(self, criteria: Criteria) -> CohortCounts:
        """How many reports meet `criteria`, and why the others don't."""

    def cohorts(self) -> Sequence[Cohort]:
        """Every cohort that is kept, by name."""

    def keep(self, name: str, criteria: Criteria) -> Cohort:
        """Keeps `criteria` as the cohort `name`."""

    def snapshots(self, name: str) -> Sequence[CohortSnapshot]:
        """Every snapshot of cohort `name`, the oldest first."""

    def take_snapshot(self, name: str) -> tuple[CohortSnapshot, bool]:
        """A snapshot of cohort `name` as it is now, and whether it is a new one."""
