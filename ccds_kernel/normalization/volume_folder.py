"""The volumes of a project as a person chooses among them: `nifti/<study key>/<series>.nii.gz`, described by their sidecars.

A description comes from the sidecar alone, so that a list of thousands opens no image. What is wrong with a file is told
when it is read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.volume import AXES

if TYPE_CHECKING:
    from ccds_kernel.imaging.studies.taking import Takes
    from ccds_kernel.normalization.nifti import Stored

_SUFFIX = ".nii.gz"
_LONGEST_SIDECAR = 1 << 20
_LONGEST_WORDS = 80
_LARGEST = 1e6
_MODALITIES = frozenset(("CR", "CT", "DX", "IVUS", "MG", "MR", "NM", "OCT", "OPT", "PT", "RF", "RG", "US", "XA", "XC"))
"""DICOM's codes of what makes images (PS3.3 C.7.3.1.1.1), as far as anybody makes volumes of them."""
_KEYS = ("modality", "Modality")
"""How sidecars call it: ours, and those of dcm2niix and BIDS."""


def take_all() -> Takes:
    """Every one is."""
    return lambda *_: True


def take_only(ids: Collection[str]) -> Takes:
    """Those with these ids are, and no other one."""
    return lambda study, series: f"{study}/{series}" in ids


@dataclass(frozen=True, slots=True)
class VolumeEntry:
    """A volume that is there.

    Args:
        study: the study key.
        series: the file's name without its ending.
        modality: as DICOM writes it ("CT"); empty where the sidecar doesn't say.
        scanner: its model, or else its maker; empty where the sidecar doesn't say.
        shape: voxels along i, j, k; empty where the sidecar doesn't say.
        spacing_mm: along i, j, k; empty where the sidecar doesn't say.
    """

    study: str
    series: str
    modality: str = ""
    scanner: str = ""
    shape: tuple[int, ...] = ()
    spacing_mm: tuple[float, ...] = ()

    @property
    def id(self) -> str:
        """Its name in the project."""
        return f"{self.study}/{self.series}"


@dataclass(frozen=True)
class VolumeFolder:
    """A project's folder of volumes.

    Args:
        folder: its `nifti`.
        takes: says which of its volumes are to be taken; is called once for each answer, which passes on what it raises.
    """

    folder: Path
    takes: Callable[[], Takes] = take_all

    def as_now(self) -> VolumeFolder:
        """The folder, with one answer of `takes` for all that is asked of it: for whoever goes through its studies."""
        takes = self.takes()
        return replace(self, takes=lambda: takes)

    def entries(self) -> tuple[VolumeEntry, ...]:
        """Every volume that is there now, by study key and series; none where the folder is missing.

        Raises:
            CcdsError: the folder can't be read.
        """
        takes = self.takes()
        try:
            return tuple(
                sorted(
                    (_described_at(path) for path in self._find() if takes(*_name(path))), key=lambda entry: entry.id
                )
            )
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unread(error) from None

    def left_out(self, studies: Collection[str] | None = None) -> tuple[str, ...]:
        """The ids of volumes that lie there, in these `studies` (all), and aren't to be taken; opens none of them.

        Raises:
            CcdsError: the folder can't be read.
        """
        takes = self.takes()
        try:
            names = sorted(_name(path) for path in self._find(studies))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unread(error) from None
        return tuple("/".join(name) for name in names if not takes(*name))

    def studies(self) -> list[str]:
        """The keys of the studies that have a folder, in their order; opens none of them.

        Raises:
            CcdsError: the folder can't be read.
        """
        try:
            with os.scandir(self.folder) as found:
                return sorted(one.name for one in found if not one.name.startswith(".") and one.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unread(error) from None

    def of_study(self, study: str) -> tuple[VolumeEntry, ...]:
        """The volumes of one study that are there now, by series; none where it has none, or `study` is no study key."""
        if not study or Path(study).name != study or study.startswith("."):
            return ()
        takes = self.takes()
        try:
            found = [_described_at(path) for path in _volumes_in(self.folder / study) if takes(*_name(path))]
            return tuple(sorted(found, key=lambda entry: entry.id))
        except OSError as error:
            raise _unread(error) from None

    def path(self, entry: VolumeEntry) -> Path:
        """Where `entry` lies."""
        return self.folder / entry.study / f"{entry.series}{_SUFFIX}"

    def version(self, entry: VolumeEntry) -> str:
        """The identity of `entry`'s file: another text once that was replaced, or written anew.

        Raises:
            CcdsError: it is gone.
        """
        try:
            about = self.path(entry).stat()
        except OSError as error:
            raise CcdsError(
                expected="a volume that is there",
                found=error.strerror or "an error",
                do="choose another, or convert it again",
            ) from None
        return f"{about.st_ino:x}-{about.st_mtime_ns:x}-{about.st_size:x}"

    def read(self, entry: VolumeEntry) -> Stored:
        """The volume itself.

        Raises:
            CcdsError: as `read_nifti`.
        """
        from ccds_kernel.normalization.nifti import read_nifti  # noqa: PLC0415 - brings nibabel: nothing for a list

        return read_nifti(self.path(entry))

    def _find(self, studies: Collection[str] | None = None) -> Iterator[Path]:
        for study in self.folder.iterdir() if studies is None else map(self.folder.joinpath, studies):
            if study.name.startswith(".") or not study.is_dir():
                continue  # a conversion at work, or no study
            yield from _volumes_in(study)


def _unread(error: OSError) -> CcdsError:
    return CcdsError(
        expected="to read the project's folder nifti",
        found=error.strerror or "an error",
        do="ask the administrators of this site",
    )


def _volumes_in(study: Path) -> Iterator[Path]:
    for path in study.glob(f"*{_SUFFIX}"):
        if path.name != _SUFFIX and not path.name.startswith("."):
            yield path


def _name(volume: Path) -> tuple[str, str]:
    """Its study key and series."""
    return volume.parent.name, volume.name.removesuffix(_SUFFIX)


def _described_at(volume: Path) -> VolumeEntry:
    study, series = _name(volume)
    return VolumeEntry(study, series, **_described(volume.with_name(f"{series}.json")))


def modality_beside(volume: Path) -> str:
    """DICOM's code of the modality that the sidecar beside a volume's file says; empty where there is none, or no such code."""
    name = volume.name.removesuffix(_SUFFIX).removesuffix(".nii")
    said = str(_described(volume.with_name(f"{name}.json")).get("modality", ""))
    return said if said in _MODALITIES else ""


def _described(sidecar: Path) -> dict[str, Any]:
    """What `sidecar` says of a volume, as far as it says it; it is a file that anybody of the project may have written."""
    try:
        with sidecar.open("rb") as file:
            content = json.loads(file.read(_LONGEST_SIDECAR))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, Mapping):
        return {}
    scanner = content.get("scanner")
    keys = ("ManufacturerModelName", "Manufacturer")
    names = [scanner.get(key) for key in keys] if isinstance(scanner, Mapping) else []
    modality = next((said for key in _KEYS if isinstance(said := content.get(key), str)), "")
    return {
        "modality": modality.strip().upper()[:_LONGEST_WORDS],
        "scanner": next((name[:_LONGEST_WORDS] for name in names if isinstance(name, str) and name), ""),
        "shape": tuple(int(length) for length in _numbers(content.get("shape"))),
        "spacing_mm": tuple(_numbers(content.get("spacing_mm"))),
    }


def _numbers(value: object) -> list[float]:
    """`value` where it is three lengths, one for each axis; else none."""
    if (
        isinstance(value, list)
        and len(value) == AXES
        and all(type(one) in (int, float) and 0 < one < _LARGEST for one in value)
    ):
        return [float(one) for one in value]
    return []
