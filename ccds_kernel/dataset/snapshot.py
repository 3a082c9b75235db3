"""A dataset snapshot: volumes by their voxels, each with its label and its side of the split, as one text. Pure.

Its digest is the SHA-256 of all that stands in it but who took it and when: the same volumes with the same labels, split the same
way, are one dataset whoever takes it, under whatever name. A volume is known by the digest of voxels and affine, not by its
file's bytes, which are the affair of gzip and its versions. A patient is known by a keyed hash, so that whoever reads the file
can check that none is on two sides; that is checked whenever one is made or read.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Self

from ccds_kernel.cohort.cohort import check_name
from ccds_kernel.dataset.made import Answers
from ccds_kernel.dataset.sides import SIDES, By, Split, check_sides
from ccds_kernel.errors import CcdsError

FORMAT = 1
_SHA256 = re.compile("[0-9a-f]{64}")
_PATIENT = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True)
class Item:
    """One volume.

    Args:
        image: its path relative to the project's folder, inside it.
        sha256: of its voxels and affine.
        study: the study key.
        patient: the first 16 hexadecimal digits of the `patient_key`.
        label: 1 for yes, 0 for no.
        chance: how likely the answer is yes, 0 to 1: see `chances`.
        side: one of `SIDES`.

    Raises:
        CcdsError: a field is none of that.
    """

    image: str
    sha256: str
    study: str
    patient: str
    label: int
    chance: float
    side: str

    def __post_init__(self) -> None:
        if not (
            _is_inside(self.image)
            and isinstance(self.sha256, str)
            and _SHA256.fullmatch(self.sha256)
            and isinstance(self.study, str)
            and self.study
            and isinstance(self.patient, str)
            and _PATIENT.fullmatch(self.patient)
            and type(self.label) is int
            and self.label in (0, 1)
            and type(self.chance) is float
            and math.isfinite(self.chance)
            and 0 <= self.chance <= 1
            and self.side in SIDES
        ):
            raise CcdsError(
                expected="a volume of a dataset snapshot", found="a field that is none", do="take the dataset again"
            )


@dataclass(frozen=True)
class Basis:
    """What a dataset is made of.

    Args:
        labels: the SHA-256 of the label snapshot.
        question: which of its questions.
        answers: the label that is yes, and the one that is no.
        volumes: the folder of the volumes, relative to the project's.
        split: how patients came to their sides.
    """

    labels: str
    question: str
    answers: Answers
    volumes: str
    split: Split


@dataclass(frozen=True)
class DatasetSnapshot:
    """A dataset that never changes.

    Args:
        name: what people call it.
        basis: what it is made of.
        items: its volumes, in the order of their paths.
        made_by: who took it.
        made_at: when, in UTC.

    Raises:
        CcdsError: it can't be called so, it has no volume or one twice, or a patient is on two sides.
    """

    name: str
    basis: Basis
    items: tuple[Item, ...]
    made_by: str
    made_at: datetime

    def __post_init__(self) -> None:
        check_name(self.name)
        images = [item.image for item in self.items]
        if not images or images != sorted(set(images)):
            raise CcdsError(
                expected="volumes in the order of their paths, each once",
                found="none" if not images else "another order, or one twice",
                do="take the dataset again",
            )
        check_sides([(bytes.fromhex(item.patient), item.side) for item in self.items])

    @property
    def digest(self) -> str:
        """SHA-256 of all of it but its name, who took it, and when."""
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()

    @property
    def studies(self) -> int:
        """How many studies it has."""
        return len({item.study for item in self.items})

    def of(self, side: str) -> tuple[Item, ...]:
        """The volumes of one side."""
        return tuple(item for item in self.items if item.side == side)

    def to_text(self) -> str:
        """The snapshot as JSON, one volume a line."""
        head = {
            "format": FORMAT,
            "name": self.name,
            "digest": self.digest,
            "made_by": self.made_by,
            "made_at": self.made_at.isoformat(),
            **self._basis(),
        }
        items = ",\n".join(json.dumps(asdict(item)) for item in self.items)
        return json.dumps(head, indent=1, ensure_ascii=False)[:-2] + ',\n "volumes": [\n' + items + "\n]}\n"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The snapshot that `text` holds.

        Raises:
            CcdsError: it holds none, or something else than when it was written.
        """
        try:
            found = json.loads(text)
            snapshot = cls._from_values(found)
            same = found["format"] == FORMAT and found["digest"] == snapshot.digest
        except (CcdsError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            same = False
        if not same:
            raise ChangedSnapshotError
        return snapshot

    @classmethod
    def _from_values(cls, found: Mapping[str, Any]) -> Self:
        answers, split = found["answers"], found["split"]
        basis = Basis(
            found["labels"],
            found["question"],
            Answers(answers["yes"], answers["no"]),
            found["folder"],
            Split(By(split["by"]), tuple(split["shares"]), split["seed"]),
        )
        items = tuple(Item(**one) for one in found["volumes"])
        return cls(found["name"], basis, items, found["made_by"], datetime.fromisoformat(found["made_at"]))

    def _basis(self) -> dict[str, Any]:
        basis = self.basis
        return {
            "labels": basis.labels,
            "question": basis.question,
            "answers": {"yes": basis.answers.positive, "no": basis.answers.negative},
            "folder": basis.volumes,
            "split": {"by": basis.split.by.value, "shares": list(basis.split.shares), "seed": basis.split.seed},
        }

    def _content(self) -> dict[str, Any]:
        return {"format": FORMAT, **self._basis(), "volumes": [asdict(item) for item in self.items]}


class ChangedSnapshotError(CcdsError):
    """A dataset snapshot's file isn't what was written."""

    def __init__(self) -> None:
        super().__init__(
            expected="the dataset snapshot as it was written",
            found="something else in its file",
            do="restore it from the backup, or take the dataset again under another name",
        )


def counts_of(items: Sequence[Item]) -> tuple[int, int, int]:
    """How many patients, and how many volumes of label 1 and of label 0."""
    yes = sum(item.label for item in items)
    return len({item.patient for item in items}), yes, len(items) - yes


def _is_inside(path: object) -> bool:
    """Whether it is a path relative to the project's folder that doesn't lead out of it."""
    if not isinstance(path, str) or not path or "\0" in path:
        return False
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts
