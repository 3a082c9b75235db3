"""Which side of a dataset snapshot's split each patient is on: by chance, by date, or by scanner. Pure.

A side is chosen for patients, never for studies or volumes, so that no way of splitting puts one on two sides.

- `random`: the patient's keyed hash and the seed throw the dice. A patient who comes later moves nobody.
- `date`: who was examined last is tested on. A patient stands where their *latest* study does, so that nothing that is trained on
  is later than the cut; studies of one day are never parted.
- `site`: whole scanners stay together; a patient seen on two joins them. The largest group goes where most is missing.

Shares are of patients (`random`, `date`) or of studies (`site`), and are met as far as that allows. Rejected: balancing the
labels, which would make the side depend on the phrases.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby

from ccds_kernel.errors import CcdsError

SIDES = ("training", "validation", "test")
_WHOLE = 100
_BYTES, _BITS = 8, 53
_SPARE = 8 * _BYTES - _BITS


class By(StrEnum):
    """How patients come to their sides."""

    RANDOM = "random"
    DATE = "date"
    SITE = "site"


@dataclass(frozen=True)
class Split:
    """How a dataset is split.

    Args:
        by: see the module.
        shares: percent for training, validation and test; whole numbers that make 100.
        seed: another one throws the dice anew; only chance knows it.

    Raises:
        CcdsError: the shares don't make 100, training has none, or a seed is given to what throws no dice.
    """

    by: By = By.RANDOM
    shares: tuple[int, int, int] = (70, 15, 15)
    seed: int = 0

    def __post_init__(self) -> None:
        whole = all(type(share) is int and 0 <= share <= _WHOLE for share in self.shares)
        if len(self.shares) != len(SIDES) or not whole or sum(self.shares) != _WHOLE or not self.shares[0]:
            raise CcdsError(
                expected="three shares for training, validation and test that make 100, some for training",
                found=",".join(map(str, self.shares))[:40] or "none",
                do="write them as in 70,15,15",
            )
        if type(self.seed) is not int or not 0 <= self.seed < 2**32:
            raise CcdsError(expected="a seed from 0 to 4294967295", found=repr(self.seed)[:40], do="correct the seed")
        if self.seed and self.by is not By.RANDOM:
            raise CcdsError(
                expected=f"no seed for a split by {self.by}, which throws no dice",
                found=f"seed {self.seed}",
                do="leave the seed out",
            )


@dataclass(frozen=True)
class Placed:
    """A study, as far as a split asks for it.

    Args:
        key: the study key.
        patient: whose it is, as a `patient_key`.
        day: when it was made; None where no header says it.
        site: its scanner; empty where nothing says it.
    """

    key: str
    patient: bytes
    day: date | None = None
    site: str = ""


def sides_of(studies: Sequence[Placed], split: Split) -> dict[bytes, str]:
    """Patient → one of `SIDES`, of every patient of `studies`.

    Raises:
        CcdsError: a study has no date, or no scanner, and the split asks for it.
    """
    if split.by is By.RANDOM:
        return {study.patient: _side_at(_thrown(study.patient, split.seed), split.shares) for study in studies}
    if split.by is By.DATE:
        return _by_date(studies, split.shares)
    return _by_site(studies, split.shares)


def check_sides(placed: Sequence[tuple[bytes, str]]) -> None:
    """Refuses what has a patient on two sides.

    Args:
        placed: patient and side, of each study or volume.

    Raises:
        CcdsError: how many patients are.
    """
    found: defaultdict[bytes, set[str]] = defaultdict(set)
    for patient, side in placed:
        found[patient].add(side)
    if torn := sum(len(sides) > 1 for sides in found.values()):
        raise CcdsError(
            expected="each patient on one side of the split",
            found=f"{torn} on two or more",
            do="take the dataset again with 'ccds dataset snapshot'",
        )


def check_every_side(sides: Collection[str], split: Split) -> None:
    """Refuses a split in which a side that was asked for has no patient.

    Args:
        sides: that of each patient.
        split: what was asked for.

    Raises:
        CcdsError: a side is empty; says which.
    """
    for side, share in zip(SIDES, split.shares, strict=True):
        if share and side not in sides:
            raise CcdsError(
                expected=f"a patient for {side} ({share} %)",
                found=f"none among {len(sides)}, split by {split.by}",
                do="add studies, give other shares, or split otherwise",
            )


def _side_at(place: float, shares: tuple[int, int, int]) -> str:
    """The side at `place`, 0 to below 1, of a line that the shares cut."""
    if place * _WHOLE < shares[0]:
        return SIDES[0]
    return SIDES[1] if place * _WHOLE < shares[0] + shares[1] else SIDES[2]


def _thrown(patient: bytes, seed: int) -> float:
    thrown = hashlib.sha256(b"ccds dataset side\0" + seed.to_bytes(4, "big") + patient).digest()
    return (int.from_bytes(thrown[:_BYTES], "big") >> _SPARE) / 2.0**_BITS  # as many as a float holds: never 1


def _by_date(studies: Sequence[Placed], shares: tuple[int, int, int]) -> dict[bytes, str]:
    latest: dict[bytes, date] = {}
    undated = 0
    for study in studies:
        if study.day is None:
            undated += 1
            continue
        latest[study.patient] = max(study.day, latest.get(study.patient, study.day))
    if undated:
        raise CcdsError(
            expected="the date of every study in its DICOM files",
            found=f"{undated} without one",
            do="fetch them again, or split by random",
        )
    sides: dict[bytes, str] = {}
    ordered = sorted(latest, key=lambda patient: (latest[patient], patient))
    for _, of_day in groupby(ordered, key=latest.__getitem__):
        side = _side_at(len(sides) / len(ordered), shares)
        sides.update(dict.fromkeys(of_day, side))
    return sides


def _by_site(studies: Sequence[Placed], shares: tuple[int, int, int]) -> dict[bytes, str]:
    unknown = sum(not study.site for study in studies)
    if unknown:
        raise CcdsError(
            expected="the scanner of every study in its volume's .json",
            found=f"{unknown} without one",
            do="convert them again, or split by random",
        )
    group_of = _joined(studies)
    sizes = Counter(group_of[study.site] for study in studies)
    missing = [share * len(studies) / _WHOLE for share in shares]
    side_of: dict[str, str] = {}
    for group, size in sorted(sizes.items(), key=lambda one: (-one[1], one[0])):
        # Sides with a share come before those without, whatever is missing there.
        emptiest = max(range(len(SIDES)), key=lambda side: (shares[side] > 0, missing[side], -side))
        missing[emptiest] -= size
        side_of[group] = SIDES[emptiest]
    return {study.patient: side_of[group_of[study.site]] for study in studies}


def _joined(studies: Sequence[Placed]) -> dict[str, str]:
    """Scanner → the first, by name, of those that patients join it with."""
    head: dict[str, str] = {study.site: study.site for study in studies}

    def top(site: str) -> str:
        while head[site] != site:
            site = head[site]
        return site

    first: dict[bytes, str] = {}
    for study in studies:
        one, other = sorted((top(study.site), top(first.setdefault(study.patient, study.site))))
        head[other] = one
    return {site: top(site) for site in head}
