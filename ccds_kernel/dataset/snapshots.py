"""Taking dataset snapshots of a project, reading and verifying them: files in its folder, audit events."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ccds_kernel.audit.events.dataset import DatasetTaken
from ccds_kernel.dataset import snapshot_file
from ccds_kernel.dataset.chances import chance_of, rows_of
from ccds_kernel.dataset.made import Answers
from ccds_kernel.dataset.patient import StudyHeader, header_of_study
from ccds_kernel.dataset.question import chosen_question
from ccds_kernel.dataset.sides import Placed, Split, check_every_side, sides_of
from ccds_kernel.dataset.snapshot import Basis, DatasetSnapshot, Item, counts_of
from ccds_kernel.dataset.volume_shape import is_3d, shape_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.taking import takes_of
from ccds_kernel.imaging.volume import digest as digest_of_file
from ccds_kernel.imaging.volume import workers
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.study_key import study_key_secret
from ccds_kernel.labeling.confirmation.permissions import READ_LABELS
from ccds_kernel.labeling.confirmation.snapshot import LabelRow
from ccds_kernel.labeling.confirmation.snapshots import FOLDER, LabelSnapshots
from ccds_kernel.normalization.volume_folder import VolumeEntry, VolumeFolder

_PATIENT_DIGITS = 16
_HASH = re.compile("[0-9a-f]{6,64}")
_UNREADABLE = (OSError, EOFError, zlib.error, ValueError)

Tell = Callable[[int, int], None]
"""Is told how many volumes are read, and of how many."""


def _silent(_done: int, _all: int) -> None:
    pass


@dataclass(frozen=True)
class Taken:
    """A dataset that is there, whether it is new, and what was left out of it: why → how many."""

    snapshot: DatasetSnapshot
    is_new: bool
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Verified:
    """What became of a dataset's volumes: how many are as they were, have other voxels, and are gone or can't be read."""

    same: int
    changed: int
    gone: int


class DatasetSnapshots:
    """The dataset snapshots of `project`, for the person who opened it.

    Every method raises `ProjectAccessDenied` where that person may not do it (any more): whoever takes or reads one may train and
    see the labels.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self._project.folder / FOLDER

    def names(self) -> list[str]:
        """The names of all, in their order."""
        self._require()
        return snapshot_file.names(self.folder)

    def read(self, name: str) -> DatasetSnapshot:
        """The dataset of that name, as it was taken; no patient is on two sides of it.

        Raises:
            CcdsError: there is none, or its file was changed.
        """
        self._require()
        return snapshot_file.read(self.folder, name)

    def take(
        self,
        name: str,
        *,
        normalized: str,
        labels: str,
        label: str | None = None,
        answers: Answers | None = None,
        split: Split | None = None,
        tell: Tell = _silent,
    ) -> Taken:
        """Takes a dataset of the normalized volumes that have a label. Every volume is read, for its digest.

        Args:
            name: what it is to be called: small letters, digits, hyphens.
            normalized: the recipe's hash, or how it begins (6 digits or more): the folder in `normalized/`.
            labels: the label snapshot's name.
            label: which label, in a task in which each is decided by itself.
            answers: which label is yes and which no; present and absent, where it isn't given.
            split: how patients come to their sides; by chance, 70, 15 and 15 %, where it isn't given.
            tell: is told how far it is.

        Raises:
            CcdsError: there is no such label snapshot or recipe; nothing can be learned from what there is; a side would stay
                empty; another dataset has the name.
        """
        self._require()
        snapshot_file.path_of(self.folder, name)  # a bad name is told before the work
        answers, split = answers or Answers(), split or Split()
        of_labels = LabelSnapshots(self._project).read(labels)
        question = chosen_question(tuple(dict.fromkeys(row.question for row in of_labels.rows)), label)
        rows = rows_of(of_labels.rows, question)
        folder = self._normalized(normalized)
        gathered = _Gathered(self._project, folder, rows, answers)
        sides = sides_of(gathered.placed, split)
        check_every_side(sides.values(), split)
        items = tuple(gathered.items(sides, tell))
        check_every_side(list({item.patient: item.side for item in items}.values()), split)  # some couldn't be read
        _check_both(items, answers)
        relative = folder.relative_to(self._project.folder).as_posix()
        snapshot = DatasetSnapshot(
            name,
            Basis(of_labels.digest, question, answers, relative, split),
            items,
            self._project.person,
            datetime.now(UTC).replace(microsecond=0),
        )
        is_new = snapshot_file.keep(self.folder, snapshot)
        if is_new:
            self._project.audit.write(
                DatasetTaken(
                    person=self._project.person,
                    project=self._project.id,
                    digest=snapshot.digest,
                    studies=snapshot.studies,
                    volumes=len(items),
                )
            )
        return Taken(snapshot_file.read(self.folder, name), is_new, dict(gathered.left_out))

    def verify(self, name: str, tell: Tell = _silent) -> Verified:
        """Reads every volume of a dataset and compares it with what was taken; the split is checked again, too.

        Raises:
            CcdsError: as `read`.
        """
        snapshot = self.read(name)
        paths = [self._project.folder / item.image for item in snapshot.items]
        found = Counter(
            "gone" if digest is None else "same" if digest == item.sha256 else "changed"
            for item, digest in zip(snapshot.items, _digests(paths, tell), strict=True)
        )
        return Verified(found["same"], found["changed"], found["gone"])

    def _require(self) -> None:
        self._project.require(Action.TRAIN)
        self._project.require(READ_LABELS)

    def _normalized(self, begin: str) -> Path:
        """The folder of the one recipe whose hash begins so."""
        root = self._project.folder / "normalized"
        there = sorted(path.name for path in root.glob("*") if path.is_dir() and _HASH.fullmatch(path.name))
        found = [one for one in there if _HASH.fullmatch(begin) and one.startswith(begin)]
        if len(found) != 1:
            raise CcdsError(
                expected="the hash of a recipe that this project's volumes were normalized by, or its first digits",
                found=f"{len(found)} that begin so" if found else "none that begins so",
                do=f"name one of {', '.join(one[:12] for one in there)}"
                if there
                else "normalize first, with 'ccds normalization run'",
            )
        return root / found[0]


class _Gathered:
    """The labelled studies that have volumes, and what was left out."""

    def __init__(self, project: Project, folder: Path, rows: Mapping[str, LabelRow], answers: Answers) -> None:
        self.left_out: Counter[str] = Counter()
        self.placed: list[Placed] = []
        self._project, self._rows, self._answers = project, rows, answers
        self._volumes: dict[str, list[Path]] = {}
        normalized = VolumeFolder(folder, partial(takes_of, project)).as_now()
        plain = VolumeFolder(project.folder / "nifti")
        there = set(normalized.studies())
        self.left_out["volumes that no verdict accepts"] = len(normalized.left_out(rows))
        self.left_out["normalized studies without a label row"] = len(there - rows.keys())
        secret = study_key_secret(project.store)
        for key, row in sorted(rows.items()):
            if chance_of(row, answers) is None:
                self.left_out["studies without a label" if row.value is None else "studies with another label"] += 1
            elif key not in there:
                self.left_out["labelled studies that aren't normalized"] += 1
            else:
                self._add(key, normalized, plain, header_of_study(project.folder / "dicom" / key, secret))
        self.left_out = +self.left_out

    def items(self, sides: Mapping[bytes, str], tell: Tell) -> Iterator[Item]:
        """The volumes, in the order of their paths."""
        patient_of = {one.key: one.patient for one in self.placed}
        pairs = [(key, path) for key, paths in self._volumes.items() for path in paths]
        pairs.sort(key=lambda pair: self._relative(pair[1]))
        for (key, path), digest in zip(pairs, _digests([path for _, path in pairs], tell), strict=True):
            row = self._rows[key]
            number, chance = self._answers.number(row.value or ""), chance_of(row, self._answers)
            if digest is None or number is None or chance is None:
                self.left_out["volumes that can't be read"] += 1
                continue
            patient = patient_of[key]
            yield Item(
                self._relative(path),
                digest,
                key,
                patient.hex()[:_PATIENT_DIGITS],
                number,
                float(chance),
                sides[patient],
            )

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._project.folder).as_posix()

    def _add(self, key: str, normalized: VolumeFolder, plain: VolumeFolder, header: StudyHeader | None) -> None:
        fit = []
        for entry in normalized.of_study(key):
            shape = shape_of(normalized.path(entry))
            if shape is None or not is_3d(shape):
                self.left_out["volumes that can't be read" if shape is None else "volumes that aren't 3-D"] += 1
            else:
                fit.append(normalized.path(entry))
        if not fit:
            self.left_out["labelled studies that aren't normalized"] += 1
        elif header is None:
            self.left_out["studies whose DICOM files don't say which patient"] += 1
        else:
            self._volumes[key] = fit
            self.placed.append(Placed(key, header.patient, header.day, _scanner(plain.of_study(key))))


def _scanner(entries: tuple[VolumeEntry, ...]) -> str:
    """A study's scanner: the first that a sidecar names."""
    return next((entry.scanner for entry in entries if entry.scanner), "")


def _digests(paths: list[Path], tell: Tell) -> Iterator[str | None]:
    """The digest of each volume's voxels and affine; None for one that can't be read."""
    with ThreadPoolExecutor(workers()) as pool:  # zlib and hashlib work beside each other
        for done, digest in enumerate(pool.map(_digest, paths), start=1):
            tell(done, len(paths))
            yield digest


def _digest(path: Path) -> str | None:
    try:
        return digest_of_file(path)
    except _UNREADABLE:
        return None


def _check_both(items: tuple[Item, ...], answers: Answers) -> None:
    """Refuses what nothing can be learned from."""
    trained = [item for item in items if item.side == "training"]
    _, yes, no = counts_of(trained)
    if not yes or not no:
        only = answers.positive if yes else answers.negative if no else "none"
        raise CcdsError(
            expected=f"both labels ({answers.positive}, {answers.negative}) among the training volumes",
            found=f"only {only}" if trained else "no volume",
            do="take another label snapshot, name its labels, or add studies",
        )
