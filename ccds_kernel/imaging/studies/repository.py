"""What a project makes of its studies, for one person: selection, volumes, quarantine, masks.

As other repositories: every method asks the project again whether the person may do it, every change is one transaction with
its audit event before the commit. Who may write images may do everything here; who may read them may look. Notes are for the
people of the project: they stay in its database.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from sqlalchemy import Connection

from ccds_kernel.audit.events.imaging import MaskKept, SelectionRulesKept, SeriesChosen, SeriesPassed, VolumesMade
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.grid import Mask, VolumeGrid
from ccds_kernel.imaging.masks.keeping import write_mask
from ccds_kernel.imaging.masks.reading import read_mask
from ccds_kernel.imaging.output import SERIES
from ccds_kernel.imaging.selection.rules import Choice, SelectionRules, overruled
from ccds_kernel.imaging.selection.rules_file import parse_rules
from ccds_kernel.imaging.series import Inventory, find_series
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.converting import Brief, Made, make_study
from ccds_kernel.imaging.studies.not_kept import not_kept
from ccds_kernel.imaging.studies.one_at_a_time import making
from ccds_kernel.imaging.studies.read_rows import keep_series, series_kept
from ccds_kernel.imaging.studies.rows import Judgement, KeptMask
from ccds_kernel.imaging.studies.series_read import series_of, stamp_of
from ccds_kernel.imaging.verdict import PASSABLE, Status
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action

_STUDY_KEY = re.compile(r"[a-z2-7]{16}")
_LONGEST_NOTE = 400
NONE = "none"
"""What people say instead of a series where none is to be the volume."""

NO_RULES = ""
"""Instead of a digest of rules: there were none."""


class ImageStudies:
    """The studies of `project`, for the person who opened it.

    Every method raises `ProjectAccessDenied` where that person may not do it (any more).
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def study_keys(self) -> tuple[str, ...]:
        """The studies whose files are in the project."""
        self._project.require(Action.READ_IMAGES)
        try:
            names = os.listdir(self._project.folder / "dicom")  # noqa: PTH208 - 100,000 paths take longer than all else
        except FileNotFoundError:
            names = []
        return tuple(sorted(filter(_STUDY_KEY.fullmatch, names)))

    def rules(self) -> SelectionRules:
        """The rules in force; without rules where none were kept."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            newest = rows.kept_rules(connection)
        return parse_rules(newest[0].text) if newest else SelectionRules(())

    def keep_rules(self, text: str, *, seen: str | None = None) -> bool:
        """Keeps rules, which hold from now on; False where they hold already.

        Args:
            text: the rules, as YAML.
            seen: the digest of those that they are to replace, `NO_RULES` where none are to hold yet; None: whichever hold.

        Raises:
            CcdsError: they are none, or others hold than were seen.
        """
        self._project.require(Action.WRITE_IMAGES)
        parse_rules(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        with self._project.store.writing() as connection:
            newest = rows.kept_rules(connection)
            if seen is not None and newest and newest[0].digest not in {seen, digest}:
                raise CcdsError(
                    expected="the rules that you saw to hold still",
                    found=f"others, which {newest[0].person} kept meanwhile",
                    do="look at those first",
                )
            if not rows.add_rules(connection, text, digest, self._project.person):
                return False
            self._project.audit.write(
                SelectionRulesKept(person=self._project.person, project=self._project.id, digest=digest)
            )
        return True

    def choice(self, study_key: str) -> Choice:
        """Which series of a study is chosen, and why the others are not.

        Raises:
            CcdsError: no such study, or nothing readable in it.
        """
        self._project.require(Action.READ_IMAGES)
        return self._choice(study_key, self._inventory(study_key))

    def overrule(self, study_key: str, series: str | None, note: str) -> Choice:
        """Chooses a series of a study above the rules, or None for none of them; what holds then.

        Raises:
            CcdsError: no such study or series, or no note.
        """
        self._project.require(Action.WRITE_IMAGES)
        _check_note(note)
        choice = self._choice(study_key, self._inventory(study_key))
        try:
            now = overruled(choice, series, self._project.person)
        except ValueError as error:
            raise CcdsError(
                expected="a series of slices of the study, by its name",
                found="none of that name",
                do="choose one that the study has",
            ) from error
        with self._project.store.writing() as connection:
            rows.add_choice(connection, study_key, series, note, self._project.person)
            self._project.audit.write(
                SeriesChosen(
                    person=self._project.person, project=self._project.id, study_key=study_key, series=series or ""
                )
            )
        return now

    def make_volumes(self, study_key: str) -> list[Judgement]:
        """Converts the chosen series of a study into its volume; what became of it. Nothing where no series is chosen.

        What is no volume of it any more is set aside; where there are no rules yet and nobody chose, volumes that were made in
        another way stay.

        Raises:
            CcdsError: no such study, or the volumes can't be written.
        """
        self._project.require(Action.WRITE_IMAGES)
        folder = self.folder(study_key)
        nifti = self._project.folder / "nifti"
        with making(nifti, study_key):
            return self._kept(study_key, make_study(folder, nifti, study_key, self._brief(study_key)))

    def brief(self, study_key: str) -> Brief:
        """What the project's database says now of how a study is to be converted: for `make_study` and `keep_made`."""
        self._project.require(Action.WRITE_IMAGES)
        return self._brief(study_key)

    def keep_made(self, study_key: str, brief: Brief, made: Made) -> bool:
        """Keeps what `make_study` came to elsewhere, as `make_volumes` does; waits for nobody.

        False, and nothing is kept, where another is at the study, where files came or went since, or the volume was moved away,
        or where `brief` isn't what the database says any more.

        Raises:
            CcdsError: volumes or database can't be written.
        """
        self._project.require(Action.WRITE_IMAGES)
        try:
            with making(self._project.folder / "nifti", study_key, wait=False) as ours:
                if not (ours and self._holds(study_key, brief, made)):
                    return False
                self._kept(study_key, made)
                return True
        except OSError as error:
            raise not_kept(error) from error

    def series_numbers(self, study_key: str) -> dict[str, int]:
        """Series → SeriesNumber, of those of a study that have one, as they were read last."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            kept = series_kept(connection, study_key)
        return {one.facts.name: one.facts.number for one in kept.series if one.facts.number is not None} if kept else {}

    def judgement(self, study_key: str, series: str) -> Judgement | None:
        """The newest verdict of one series; None where it was never converted here."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.judgement(connection, study_key, series)

    def quarantine(self) -> list[Judgement]:
        """Every series that is in quarantine."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.judgements(connection, Status.QUARANTINED)

    def quarantine_counts(self) -> dict[tuple[str, str], int]:
        """(reason code, scanner) → how many series are in quarantine."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.quarantine_counts(connection)

    def check_pass(self, study_key: str, series: str, note: str) -> None:
        """Refuses what `let_pass` would refuse, before anything is converted.

        Raises:
            CcdsError: it isn't in quarantine, its reason is no matter of opinion, or no note.
        """
        self._project.require(Action.WRITE_IMAGES)
        _check_note(note)
        with self._project.store.reading() as connection:
            _passable(connection, study_key, series)

    def let_pass(self, study_key: str, series: str, note: str) -> list[Judgement]:
        """Lets the reason for which a series is in quarantine pass, and converts it again; what became of the study.

        Raises:
            CcdsError: it isn't in quarantine, its reason is no matter of opinion, or no note.
        """
        self._project.require(Action.WRITE_IMAGES)
        _check_note(note)
        with self._project.store.writing() as connection:
            judged, code = _passable(connection, study_key, series)
            rows.add_pass(connection, judged, code, note, self._project.person)
            who = {"person": self._project.person, "project": self._project.id}
            self._project.audit.write(SeriesPassed(**who, study_key=study_key, series=series, code=code))
        return self.make_volumes(study_key)

    def import_mask(self, study_key: str, series: str, path: Path) -> KeptMask:
        """Keeps the mask at `path` for the volume of a series.

        Raises:
            CcdsError: no such volume, or the mask isn't on its grid.
        """
        volume = self._volume(study_key, series)
        return self._keep(study_key, read_mask(path, volume), volume)

    def keep_drawn(self, study_key: str, series: str, mask: Mask) -> KeptMask:
        """Keeps a mask that was drawn or corrected on the volume itself, beside those before it.

        Raises:
            CcdsError: no such volume, or the mask isn't on its grid.
        """
        volume = self._volume(study_key, series)
        if mask.labels.shape != volume.shape:
            raise CcdsError(
                expected=f"labels of shape {volume.shape}", found=str(mask.labels.shape), do="draw on the volume itself"
            )
        return self._keep(study_key, mask, volume)

    def masks(self, study_key: str | None = None) -> Sequence[KeptMask]:
        """The masks of a study, or of all, the oldest first: the newest of a volume is the one that holds."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.masks(connection, study_key)

    def set_aside(self, study_key: str) -> None:
        """Moves a study's files and volumes into the project's quarantine, and forgets what became of them. Masks stay.

        Raises:
            CcdsError: the project can't be written.
        """
        self._project.require(Action.WRITE_IMAGES)
        files, aside = self._project.folder / "dicom" / study_key, self._project.folder / "quarantine" / study_key
        with making(self._project.folder / "nifti", study_key):
            self._set_aside(study_key, set())
            if files.is_dir():
                aside.mkdir(parents=True, exist_ok=True)
                files.rename(aside / _free_name(aside, "dicom", [files.with_name("dicom")]))
            with self._project.store.writing() as connection:
                rows.replace_verdicts(connection, study_key, [], self._project.person)

    def folder(self, study_key: str) -> Path:
        """Where the files of a study lie.

        Raises:
            CcdsError: no such study.
        """
        if not self.has(study_key):
            raise CcdsError(
                expected=f"a study of {self._project.id}, by its key",
                found="none of that key with files",
                do=f"'ccds imaging select --project {self._project.id}' lists them",
            )
        return self._project.folder / "dicom" / study_key

    def has(self, study_key: str) -> bool:
        """Whether the files of a study are in the project."""
        self._project.require(Action.READ_IMAGES)
        return bool(_STUDY_KEY.fullmatch(study_key)) and (self._project.folder / "dicom" / study_key).is_dir()

    def _inventory(self, study_key: str) -> Inventory:
        return find_series(self.folder(study_key))

    def _choice(self, study_key: str, inventory: Inventory) -> Choice:
        return self._brief(study_key).choice([one.facts for one in series_of(inventory, self.folder(study_key))])

    def _brief(self, study_key: str) -> Brief:
        reports = self._project.may(Action.READ_REPORTS)
        with self._project.store.reading() as connection:
            newest = rows.kept_rules(connection)
            codes = rows.exam_codes(connection, [study_key], reports=reports).get(study_key, ())
            said = rows.choices(connection, study_key)
            passed = rows.passes(connection, [study_key])
        return Brief(
            parse_rules(newest[0].text) if newest else SelectionRules(()),
            codes,
            said[0] if said else None,
            {series: frozenset(one.code for one in all_of_it) for (_, series), all_of_it in passed.items()},
        )

    def _holds(self, study_key: str, brief: Brief, made: Made) -> bool:
        """Whether what was made is of the files and the word of now, and still there."""
        nifti = self._project.folder / "nifti" / study_key
        return (
            self._brief(study_key) == brief
            and stamp_of(self._project.folder / "dicom" / study_key) == made.stamp
            and all((nifti / f"{name}.nii.gz").exists() for name in made.accepted)
        )

    def _kept(self, study_key: str, made: Made) -> list[Judgement]:
        if self._something_chooses(study_key):
            self._set_aside(study_key, made.accepted)
        with self._project.store.writing() as connection:
            rows.replace_verdicts(connection, study_key, made.verdicts, self._project.person)
            keep_series(connection, study_key, made.stamp, made.read)
            self._project.audit.write(
                VolumesMade(
                    person=self._project.person,
                    project=self._project.id,
                    study_key=study_key,
                    accepted=len(made.accepted),
                    quarantined=len(made.verdicts) - len(made.accepted),
                )
            )
            return rows.judgements_of(connection, study_key)

    def _something_chooses(self, study_key: str) -> bool:
        with self._project.store.reading() as connection:
            return bool(rows.kept_rules(connection) or rows.choices(connection, study_key))

    def _set_aside(self, study_key: str, kept: AbstractSet[str]) -> None:
        """Moves what is no volume of a study any more into the project's quarantine: nobody trains on it, and it isn't lost.

        Beside what was set aside before: a volume and its sidecar get a number where one of their names is taken.
        """
        aside = self._project.folder / "quarantine" / study_key
        left: dict[str, list[Path]] = {}
        for path in sorted((self._project.folder / "nifti" / study_key).glob(f"{SERIES}*"), reverse=True):
            left.setdefault(path.name.split(".")[0], []).append(path)  # the volume before its sidecar
        for series, paths in left.items():
            if series in kept:
                continue
            aside.mkdir(parents=True, exist_ok=True)
            name = _free_name(aside, series, paths)
            for path in paths:
                path.replace(aside / path.name.replace(series, name))

    def _volume(self, study_key: str, series: str) -> VolumeGrid:
        self._project.require(Action.WRITE_IMAGES)
        with self._project.store.reading() as connection:
            judged = rows.judgement(connection, study_key, series)
        if judged is None or judged.status is not Status.ACCEPTED:
            raise CcdsError(
                expected="a volume of the project, by study key and series",
                found="none of that name",
                do=f"convert it first: 'ccds imaging volumes --project {self._project.id}'",
            )
        return VolumeGrid.of(self._project.folder / "nifti" / study_key / f"{series}.nii.gz")

    def _keep(self, study_key: str, mask: Mask, volume: VolumeGrid) -> KeptMask:
        path, digest = write_mask(mask, volume, self._project.folder / "masks" / study_key)
        kept = {"study_key": study_key, "series": volume.name, "file": path.name, "digest": digest, "kind": mask.kind}
        with self._project.store.writing() as connection:
            number = rows.add_mask(connection, kept, mask.names, self._project.person)
            self._project.audit.write(
                MaskKept(
                    person=self._project.person,
                    project=self._project.id,
                    study_key=study_key,
                    series=volume.name,
                    kind=mask.kind,
                    digest=digest,
                )
            )
            return next(one for one in rows.masks(connection, study_key) if one.id == number)


def _free_name(folder: Path, series: str, paths: Sequence[Path]) -> str:
    """`series`, or that with a number, so that none of its `paths` finds its name taken in `folder`."""
    numbered = (series if number == 1 else f"{series}-{number}" for number in itertools.count(1))
    return next(
        name for name in numbered if not any((folder / path.name.replace(series, name)).exists() for path in paths)
    )


def _passable(connection: Connection, study_key: str, series: str) -> tuple[Judgement, str]:
    """What became of a series that may be let pass, and the code of its reason."""
    judged = rows.judgement(connection, study_key, series)
    code = None if judged is None or judged.reason is None else judged.reason.code
    if judged is None or judged.status is not Status.QUARANTINED or code not in PASSABLE:
        raise CcdsError(
            expected=f"a series in quarantine for one of: {', '.join(PASSABLE)}",
            found=code or "a series that isn't in quarantine",
            do="look at what is in quarantine now; other reasons end with other files",
        )
    return judged, code


def _check_note(note: str) -> None:
    if not 0 < len(note.strip()) <= _LONGEST_NOTE:
        raise CcdsError(
            expected=f"a note of at most {_LONGEST_NOTE} characters that says why",
            found=f"{len(note)} characters",
            do="write why",
        )
