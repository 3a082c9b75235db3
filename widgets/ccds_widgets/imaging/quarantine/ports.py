"""What the quarantine screen needs of whatever knows a project's studies. Each method asks anew whether the person may do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ccds_kernel.imaging.studies.rows import Judgement
from ccds_kernel.imaging.studies.runs import Run


class Quarantine(Protocol):
    """What is in quarantine; `ccds_kernel.imaging.studies.overview.StudiesOverview` is one."""

    def quarantined(
        self, *, code: str | None, scanner: str | None, begin: int, most: int
    ) -> tuple[Sequence[Judgement], int]:
        """A page of it, and how much there is in all."""

    def quarantine_counts(self) -> Mapping[tuple[str, str], int]:
        """(reason code, scanner) → how many series."""

    def thumbnail(self, study_key: str, series: str) -> bytes:
        """The middle slice of a series as a PNG. Raises a NoThumbnail where there is none."""


class Passing(Protocol):
    """Who lets a reason pass; `ccds_kernel.imaging.studies.repository.ImageStudies` is one."""

    def check_pass(self, study_key: str, series: str, note: str) -> None:
        """Raises a CcdsError where that wouldn't be let pass."""

    def let_pass(self, study_key: str, series: str, note: str) -> list[Judgement]:
        """Lets it pass and converts again; what became of the study. Raises a CcdsError where it can't."""


class Runs(Protocol):
    """Making the volumes of all studies that wait; `ccds_kernel.imaging.studies.runs.VolumeRuns` is one."""

    def newest(self) -> Run | None:
        """The one that was begun last."""

    def waiting(self) -> list[str]:
        """The studies that wait for volumes."""

    def begin(self) -> Run:
        """Begins one, or takes over one that was left. Raises a CcdsError where somebody is at it, or nothing waits."""

    def stop(self) -> None:
        """Ends the one that goes on after the study in hands."""

    def work(self, run: Run) -> None:
        """Does it."""
