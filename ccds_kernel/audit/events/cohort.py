"""Cohorts."""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class CohortKept(Event):
    """The criteria of a cohort were kept under a name; it is named by its id."""

    cohort_id: int


@dataclass(frozen=True, kw_only=True)
class CohortSnapshotTaken(Event):
    """A cohort's members of now were kept: how many, and the SHA-256 over their study keys."""

    cohort_id: int
    digest: str
    members: int
