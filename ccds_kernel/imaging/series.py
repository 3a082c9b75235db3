"""Which series a folder holds, and which of their files are slices.

Selection is by SOP class and ImageType. The second value of ImageType is no help: derived volumes that are worth
having carry SECONDARY too, so only the SOP class tells a secondary capture.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.header import Instance, UnreadableError, read_instance
from ccds_kernel.imaging.verdict import Reason
from ccds_kernel.quiet_pydicom import quiet_pydicom

_STORAGE = "1.2.840.10008.5.1.4.1.1."

CROSS_SECTIONAL = frozenset(
    _STORAGE + suffix
    for suffix in (
        "2", "2.1", "2.2",  # CT: classic, enhanced, legacy converted enhanced
        "4", "4.1", "4.4",  # MR
        "128", "130", "128.1",  # PET
        "20",  # nuclear medicine: goes on to the geometry checks, which mostly refuse it
    )
)  # fmt: skip
"""SOP classes whose images are slices."""

SECONDARY_CAPTURE = _STORAGE + "7"
"""With its multi-frame kinds, which add a suffix."""

WHOLE_SLIDE = _STORAGE + "77.1.6"
"""Images of pathology: a pyramid of tiles, which no stack of slices holds."""

_LOCALIZER = {"LOCALIZER", "SCOUT", "TOPOGRAM"}


@dataclass(frozen=True, slots=True)
class Series:
    """The files of one SeriesInstanceUID.

    Args:
        uid: SeriesInstanceUID.
        modality: DICOM's code, "" where absent.
        slices: the files that may form the volume.
        excluded: reason → number of files that are no slices.
        broken: unreadable DICOM files in folders that hold no other series: they must be taken for this one's.
        broken_nearby: unreadable DICOM files in folders that it shares with other series.
        others_nearby: files in its folders that aren't DICOM.

    Raises:
        ValueError: neither slices nor excluded files.
    """

    uid: str
    modality: str
    slices: tuple[Instance, ...]
    excluded: tuple[tuple[Reason, int], ...]
    broken: int = 0
    broken_nearby: int = 0
    others_nearby: int = 0

    def __post_init__(self) -> None:
        if not self.slices and not self.excluded:
            raise ValueError("expected a series to have files; found none")


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a folder holds.

    Args:
        series: in the order of their UIDs.
        unreadable: DICOM files and folders that could not be read.
    """

    series: tuple[Series, ...]
    unreadable: tuple[Path, ...]


def find_series(source: Path, seen: Callable[[], object] = lambda: None) -> Inventory:
    """Reads the header of every file under `source`, a folder or one file; `seen` is called after each.

    Raises:
        CcdsError: `source` isn't there, or holds no DICOM file.
    """
    if not source.exists():
        raise CcdsError(
            expected="a folder of DICOM files, or one of them",
            found="no such file or folder",
            do="check the path of SRC",
        )
    by_uid: dict[str, list[Instance]] = {}
    unreadable: list[Path] = []
    others: Counter[Path] = Counter()
    with quiet_pydicom():
        for path in _files(source, unreadable):
            try:
                instance = read_instance(path)
            except UnreadableError:
                unreadable.append(path)
            else:
                if instance is None:
                    others[path.parent] += path.name.upper() != "DICOMDIR"
                else:
                    by_uid.setdefault(instance.series_uid, []).append(instance)
            seen()
    if not by_uid:
        broken = f" ({len(unreadable)} broken)" if unreadable else ""
        raise CcdsError(
            expected="at least one readable DICOM file in SRC",
            found=f"none{broken}",
            do="name the folder that holds the images; it is searched with all folders below it",
        )
    uids_in: defaultdict[Path, set[str]] = defaultdict(set)
    for uid, instances in by_uid.items():
        for instance in instances:
            uids_in[instance.path.parent].add(uid)
    around = [uids_in[path.parent] for path in unreadable]
    series = [
        _series(
            uid,
            by_uid[uid],
            broken=sum(uids == {uid} for uids in around),
            nearby=sum(uid in uids and len(uids) > 1 for uids in around),
            others=sum(count for folder, count in others.items() if uid in uids_in[folder]),
        )
        for uid in sorted(by_uid)
    ]
    return Inventory(tuple(series), tuple(unreadable))


def _files(source: Path, unreadable: list[Path]) -> Iterator[Path]:
    """Regular files in a stable order; links to folders aren't followed. Folders that can't be opened go to `unreadable`."""
    if source.is_file():
        yield source
        return
    for folder, below, names in os.walk(source, onerror=lambda error: unreadable.append(Path(error.filename))):
        below.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file():
                yield path


def _series(uid: str, instances: list[Instance], broken: int, nearby: int, others: int) -> Series:
    reasons = [_exclusion(instance) for instance in instances]
    slices = tuple(instance for instance, reason in zip(instances, reasons, strict=True) if reason is None)
    counted = Counter(reason for reason in reasons if reason is not None)
    modality = (slices or instances)[0].same["Modality"][:16]
    return Series(uid, modality, slices, tuple(counted.items()), broken, nearby, others)


def _exclusion(instance: Instance) -> Reason | None:
    """Why a file is no slice; None if it is one."""
    sop_class = instance.same["SOPClassUID"]
    if sop_class == SECONDARY_CAPTURE or sop_class.startswith(SECONDARY_CAPTURE + "."):
        return Reason("secondary-capture", "secondary capture")
    if sop_class == WHOLE_SLIDE or instance.tiled:
        return Reason("tiled-image", "tiles of one large image, as of pathology; there is no pathway for these")
    if sop_class in CROSS_SECTIONAL:
        if _LOCALIZER.intersection(value.upper() for value in instance.image_type):
            return Reason("localizer", "localizer")
        return None
    if not instance.frames:
        return Reason("not-an-image", "an object without pixels")
    return Reason("not-cross-sectional", "an image that is no slice of a stack")
