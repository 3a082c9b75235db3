"""From labels, volumes and patients to a data list, and what of it was left out: a pure function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccds_kernel.dataset.entry import SPLITS, TRAINING, Entry
from ccds_kernel.dataset.soft_labels import SoftLabels
from ccds_kernel.dataset.split import split_of
from ccds_kernel.errors import CcdsError


@dataclass(frozen=True)
class Answers:
    """Which soft label means 1 and which 0; every other one is left out.

    Raises:
        CcdsError: both are the same.
    """

    positive: str = "present"
    negative: str = "absent"

    def __post_init__(self) -> None:
        if self.positive == self.negative:
            raise CcdsError(
                expected="two labels, one for each answer",
                found="the same twice",
                do="name the label that means no as negative",
            )

    def number(self, label: str) -> int | None:
        """1, 0, or None for a label that is neither."""
        return {self.positive: 1, self.negative: 0}.get(label)


@dataclass(frozen=True)
class Study:
    """What is there of a study.

    Args:
        volumes: the paths of its three-dimensional volumes, relative to the project's folder.
        patient: whose it is, as a `patient_key`; None where no header says it.
    """

    volumes: tuple[str, ...]
    patient: bytes | None


@dataclass(frozen=True)
class Made:
    """A data list that was made, with what was left out of it.

    Attributes:
        entries: its volumes.
        answers: which label means what.
        left_out: why → how many.
    """

    entries: tuple[Entry, ...]
    answers: Answers
    left_out: Mapping[str, int]

    def count(self, split: str, label: int) -> int:
        """How many volumes of a split have the label 0 or 1."""
        return sum((entry.split, entry.label) == (split, label) for entry in self.entries)

    def __str__(self) -> str:
        lines = [f"{len(self.entries)} volumes, each patient on one side only"]
        for split in SPLITS:
            positive, negative = self.count(split, 1), self.count(split, 0)
            lines.append(
                f"  {split}: {positive + negative} "
                f"({positive} {self.answers.positive}, {negative} {self.answers.negative})"
            )
        if self.left_out:
            lines += ["left out", *(f"  {why}: {count}" for why, count in self.left_out.items())]
        return "\n".join(lines)


def make(labels: SoftLabels, studies: Mapping[str, Study], answers: Answers) -> Made:
    """The data list of the `studies` (study key → what is there) that have one of the two labels, by study key."""
    left_out: Counter[str] = Counter()
    entries: list[Entry] = []
    for key, label in labels.items():
        if label is None:
            left_out["reports that no phrase matches"] += 1
        elif answers.number(label) is None:
            left_out[f"reports with another label ({label})"] += 1
        elif key not in studies:
            left_out["labelled reports without a volume"] += 1
    for key, study in sorted(studies.items()):
        if key not in labels:
            left_out["studies without a report"] += 1
            continue
        number = answers.number(labels[key] or "")
        if number is None:
            continue
        if study.patient is None:
            left_out["studies whose DICOM files don't say which patient"] += 1
            continue
        split = split_of(study.patient)
        entries += [Entry(image, number, split) for image in study.volumes]
    return Made(tuple(entries), answers, dict(left_out))


def check_learnable(entries: Sequence[Entry], answers: Answers) -> None:
    """Refuses a list from which nothing can be learned.

    Raises:
        CcdsError: nothing is in it, a split is empty, or the training volumes have one label only.
    """
    label = {1: answers.positive, 0: answers.negative}
    if not entries:
        raise CcdsError(
            expected=f"volumes of studies labelled {answers.positive} or {answers.negative}",
            found="none",
            do="look at the phrases' labels, and at the project's volumes",
        )
    for split in SPLITS:
        if not any(entry.split == split for entry in entries):
            raise CcdsError(
                expected=f"a patient for {split}",
                found=f"none among {len(entries)} volumes",
                do="add studies of more patients",
            )
    trained = {entry.label for entry in entries if entry.split == TRAINING}
    if len(trained) < len(label):
        (only,) = trained
        raise CcdsError(
            expected="both labels among the training volumes",
            found=f"only {label[only]}",
            do=f"add studies that are {label[1 - only]}, or phrases that find them",
        )
