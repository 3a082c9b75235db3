"""One study's conversion apart from the project's database: what that says beforehand, and what came of the study's files.

So it can be done where no database is reached, as by a worker on another host; before it is kept, whoever does that asks whether
the database still says the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.convert import convert_series
from ccds_kernel.imaging.selection.facts import SeriesFacts
from ccds_kernel.imaging.selection.rules import Choice, SelectionRules
from ccds_kernel.imaging.series import find_series
from ccds_kernel.imaging.studies.deciding import Said, decide
from ccds_kernel.imaging.studies.rows import Verdict
from ccds_kernel.imaging.studies.series_read import SeriesRead, series_of, stamp_of
from ccds_kernel.imaging.verdict import Reason, Status


@dataclass(frozen=True, slots=True)
class Brief:
    """What a study's volume depends on beside its files.

    Args:
        rules: those in force.
        codes: its exam codes.
        said: what a person said last about its series; None where nobody did.
        passed: series → the codes that people let pass of it.
    """

    rules: SelectionRules
    codes: tuple[str, ...]
    said: Said | None
    passed: Mapping[str, frozenset[str]]

    def choice(self, facts: Sequence[SeriesFacts]) -> Choice:
        """Which of these series of the study is chosen."""
        return decide(facts, self.rules, self.codes, self.said)


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a study's files.

    Args:
        stamp: of its folder, before anything was read.
        read: its series; none where nothing could be read.
        verdicts: of the chosen one, or of the study as a whole; none where no series is chosen.
    """

    stamp: str
    read: tuple[SeriesRead, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def accepted(self) -> frozenset[str]:
        """The series that are volumes."""
        return frozenset(one.facts.name for one in self.verdicts if one.facts and one.status is Status.ACCEPTED)


def make_study(folder: Path, nifti: Path, study_key: str, brief: Brief) -> Made:
    """Converts the chosen series of the study at `folder` into its volume below `nifti`, by whoever holds the study's lock.

    Raises:
        CcdsError: the volume can't be written, or a file vanished meanwhile.
    """
    stamp = stamp_of(folder)
    try:
        inventory = find_series(folder)
    except CcdsError:
        files = sum(path.is_file() for path in folder.rglob("*"))
        unreadable = Reason("unreadable", "the study holds no readable DICOM file")
        return Made(stamp, (), (Verdict(None, Status.QUARANTINED, unreadable, files),))
    read = series_of(inventory, folder)
    chosen = brief.choice([one.facts for one in read]).chosen
    if chosen is None:
        return Made(stamp, read, ())
    found, series = next(
        (one, series) for one, series in zip(read, inventory.series, strict=True) if one.facts.name == chosen
    )
    verdict = convert_series(
        series,
        nifti,
        study_folder=study_key,
        correct=brief.rules.correct,
        passed=brief.passed.get(chosen, frozenset()),
    )
    told = Verdict(found.facts, verdict.status, verdict.reason, found.files, verdict.warnings)
    return Made(stamp, read, (told,))
