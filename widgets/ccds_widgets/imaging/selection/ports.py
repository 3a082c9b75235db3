"""What the series screen needs of whatever knows a project's studies. Each method asks anew whether the person may do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ccds_kernel.imaging.selection.rules import Choice
from ccds_kernel.imaging.studies.deciding import Said
from ccds_kernel.imaging.studies.overview import Changes, Outline
from ccds_kernel.imaging.studies.rows import Judgement, KeptRules


class Studies(Protocol):
    """A project's studies as a whole; `ccds_kernel.imaging.studies.overview.StudiesOverview` is one."""

    def outlines(self) -> list[Outline]:
        """Every study, by key."""

    def read_all(self) -> None:
        """Reads those that weren't read yet, and those to which files came."""

    def study(self, study_key: str) -> Outline:
        """One study as it is now. Raises a CcdsError where there is none."""

    def volumes(self, study_key: str) -> Mapping[str, Judgement]:
        """What became of those of its series that were converted, by name."""

    def said(self, study_key: str) -> list[Said]:
        """What people said about it, the newest first."""

    def thumbnail(self, study_key: str, series: str) -> bytes:
        """The middle slice of a series as a PNG. Raises a NoThumbnail where there is none."""

    def kept_rules(self) -> list[KeptRules]:
        """The rules, the newest first: those hold."""

    def would_change(self, text: str) -> Changes:
        """What other rules would change. Raises a WrongRules where they are none."""


class Choosing(Protocol):
    """Who may say what is chosen; `ccds_kernel.imaging.studies.repository.ImageStudies` is one."""

    def overrule(self, study_key: str, series: str | None, note: str) -> Choice:
        """Chooses a series above the rules. Raises a CcdsError where that isn't allowed, or there is none."""

    def keep_rules(self, text: str, *, seen: str | None = None) -> bool:
        """Keeps rules, as `ImageStudies` does. Raises a CcdsError where they are none, or others were kept meanwhile."""


class Errands(Protocol):
    """Where long work goes on beside the page."""

    @property
    def busy(self) -> bool:
        """Whether a work goes on."""

    def begin(self, work: Callable[[], object]) -> bool:
        """Begins a work, unless one goes on."""
