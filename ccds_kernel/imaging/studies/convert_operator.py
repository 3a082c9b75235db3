"""The conversion of a project's studies as what the workflow does to each: what `make_volumes` does, by several processes.

A worker has the files only. What became of a study stands in the project's database, which the run itself reads before and
writes afterwards, in the name of whoever runs it: `KeepsVerdicts`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.converting import Brief, Made, make_study
from ccds_kernel.imaging.studies.one_at_a_time import making
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.workflow.operator import Item, Outcome


@dataclass(frozen=True, slots=True)
class Study(Item):
    """A study: `source` is the folder of its files.

    Args:
        brief: how it is to be converted; None before it is handed out.
    """

    brief: Brief | None = None


@dataclass(frozen=True)
class Conversion:
    """`make_study`, for one study after another.

    It may be killed and called again, also beside another call: the study's lock is held meanwhile and ends with its process,
    and volumes appear whole.

    Args:
        digest: the run's own, so that its records count in no other: what waits follows from the database.
        code_version: of ccds.
    """

    digest: str
    code_version: str = field(default_factory=lambda: version("ccds"))

    name: str = field(default="convert", init=False)

    def run(self, item: Item, into: Path) -> Outcome:
        """Makes the volume of a study below `into`, and tells what came of it: in quarantine it is done, too.

        Raises:
            CcdsError: its files are gone, or the volume can't be written: there is no verdict.
        """
        assert isinstance(item, Study)  # noqa: S101 - tells mypy what `KeepsVerdicts` hands out
        assert item.brief is not None  # noqa: S101 - likewise
        with making(into, item.key):
            if not item.source.is_dir():
                raise CcdsError(expected="the study's files", found="none any more", do="see what became of it")
            made = make_study(item.source, into, item.key, item.brief)
        return Outcome("", "", (), told=made)  # the digests are in the volume's sidecar


@dataclass(frozen=True)
class KeepsVerdicts:
    """Implements the workflow's `Keeper`, for the person who opened the project."""

    studies: ImageStudies

    def brief(self, item: Item) -> Item:
        """See `Keeper`.

        Raises:
            ProjectAccessDenied: that person may not any more.
            CcdsError: the database doesn't answer.
        """
        assert isinstance(item, Study)  # noqa: S101 - tells mypy what a run of conversions has
        return replace(item, brief=self.studies.brief(item.key))

    def keep(self, item: Item, told: object) -> bool:
        """See `Keeper`.

        Raises:
            ProjectAccessDenied: that person may not any more.
            CcdsError: the database or the audit log can't be written.
        """
        assert isinstance(item, Study)  # noqa: S101 - as above
        assert item.brief is not None  # noqa: S101 - as above
        assert isinstance(told, Made)  # noqa: S101 - tells mypy what `Conversion` tells
        return self.studies.keep_made(item.key, item.brief, told)
