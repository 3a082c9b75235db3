"""Whether the files of one series can belong to one volume, by their headers; geometry aside."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydicom.uid import UID

from ccds_kernel.imaging.geometry import SAME_POSITION_MM, Grid
from ccds_kernel.imaging.header import SAME_IN_SERIES, Instance
from ccds_kernel.imaging.order import exchanged
from ccds_kernel.imaging.verdict import QuarantineError

_TILT_DEGREES = 0.05
_BITS = {"8", "16"}
_SPACING_FRACTION = 0.05
_GAP = 1.5


def unique_instances(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    """`instances` without identical copies of a file.

    Two different files of one SOPInstanceUID are both kept: `check_headers` refuses them. No file is read twice, however many
    have one UID.
    """
    files = Counter(instance.sop_uid for instance in instances)
    seen: set[tuple[str, bytes]] = set()
    unique = []
    for instance in instances:
        if files[instance.sop_uid] > 1:
            copy = instance.sop_uid, _digest(instance.path)
            if copy in seen:
                continue
            seen.add(copy)
        unique.append(instance)
    return tuple(unique)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def check_headers(instances: Sequence[Instance]) -> None:
    """Refuses files that can't form one volume of grey values.

    Raises:
        QuarantineError: with the first reason found.
    """
    if not all(_known(instance.transfer_syntax) for instance in instances):
        raise QuarantineError("unknown-encoding", "a transfer syntax that isn't one of DICOM's")
    short = sum(not instance.complete for instance in instances)
    if short:
        raise QuarantineError("truncated", f"{short} of {len(instances)} files end before their pixel data does")
    if conflicting := len(instances) - len({instance.sop_uid for instance in instances}):
        raise QuarantineError(
            "uid-conflict", f"{conflicting} file(s) have the SOPInstanceUID of another one, and other content"
        )
    varying = [keyword for keyword in SAME_IN_SERIES if len({instance.same[keyword] for instance in instances}) > 1]
    if varying:
        raise QuarantineError("inconsistent-headers", f"the files differ in {', '.join(varying)}")
    if any(
        "MOSAIC" in instance.image_type and any(frame.tile is None for frame in instance.frames)
        for instance in instances
    ):
        raise QuarantineError(
            "mosaic",
            "slices are tiled into one image, and the scanner's own header, which says where they lie, is missing",
        )
    same = instances[0].same
    grey = same["PhotometricInterpretation"].startswith("MONOCHROME") and same["SamplesPerPixel"] == "1"
    # Readers disagree about values that don't end at bit 0.
    low_bits = same["HighBit"].isdigit() and same["BitsStored"] == str(int(same["HighBit"]) + 1)
    linear = all(instance.linear for instance in instances)
    if not (grey and low_bits and linear and same["BitsAllocated"] in _BITS):
        raise QuarantineError(
            "unsupported-pixels", "expected grey values of 8 or 16 bits with a linear rescale; found another pixel type"
        )


def _known(transfer_syntax: str) -> bool:
    uid = UID(transfer_syntax)
    return not uid.is_private and uid.name != uid and uid.type == "Transfer Syntax"


def check_kinds(instances: Sequence[Instance], grid: Grid) -> None:
    """Refuses slices of different kinds (ImageType's third value: magnitude, phase, a map) that would alternate in one volume.

    Time points may differ: dcm2niix then makes an image of each kind.

    Raises:
        QuarantineError: they are of several.
    """
    kinds = {instance.path: instance.image_type[2:3] for instance in instances}
    if any(len({kinds[frame.path] for frame in volume}) > 1 for volume in grid.volumes):
        raise QuarantineError("inconsistent-headers", "the files differ in ImageType")


def check_locations(instances: Sequence[Instance], grid: Grid) -> None:
    """Refuses slices whose SliceLocation runs in another order than their positions: one of the two is wrong.

    Where they lack it, or share it, it says nothing.

    Raises:
        QuarantineError: they contradict each other.
    """
    by_path = {instance.path: instance.location for instance in instances}
    found = [by_path[frame.path] for frame in grid.frames]
    locations = [location for location in found if location is not None]
    if len(locations) < len(found) or len(instances) < len(found):
        return
    steps = [after - before for before, after in itertools.pairwise(locations)]
    if min(abs(after - before) for before, after in itertools.pairwise(sorted(locations))) <= SAME_POSITION_MM:
        return
    against = sum(step < 0 for step in steps)
    if 0 < against < len(steps):
        raise QuarantineError(
            "positions-contradict",
            f"SliceLocation and ImagePositionPatient order the slices differently at {min(against, len(steps) - against)}"
            " or more places",
        )


def check_numbers(instances: Sequence[Instance], grid: Grid) -> None:
    """Refuses slices of which a few are numbered against the order of all others: their positions may have been exchanged.

    Numbers that are missing or repeat say nothing, as do those of the frames of one file.

    Raises:
        QuarantineError: a few are.
    """
    numbers = _numbers(instances, grid)
    if len(set(numbers)) < len(numbers) or len(numbers) < len(grid.frames):
        return
    if against := exchanged(numbers):
        raise QuarantineError(
            "positions-contradict",
            f"{against} of {len(numbers)} slices are numbered against the order of all others: positions may have been exchanged",
        )


def header_warnings(instances: Sequence[Instance], grid: Grid) -> list[str]:
    """What a person should know of a series that was accepted: one line each."""
    found = _number_warnings(instances, grid)
    between = {instance.spacing_between for instance in instances if instance.spacing_between}
    if any(abs(abs(said) - grid.spacing[2]) > _SPACING_FRACTION * grid.spacing[2] for said in between):
        found.append(
            f"SpacingBetweenSlices isn't the {grid.spacing[2]:.3f} mm between positions: slices may be missing; positions were "
            "believed"
        )
    thick = {instance.thickness for instance in instances if instance.thickness}
    if thick and grid.spacing[2] > _GAP * max(thick):
        found.append(
            f"slices lie {grid.spacing[2]:.3f} mm apart and are {max(thick):.3f} mm thick: every second one may be missing"
        )
    if any(abs(instance.tilt) > _TILT_DEGREES for instance in instances):
        found.append("the header names a gantry tilt, the slice positions show none; positions were believed")
    if any(instance.lossy for instance in instances):
        found.append("the images were compressed with loss")
    if instances[0].same["PhotometricInterpretation"] == "MONOCHROME1":
        found.append("MONOCHROME1: values are kept as stored, low ones were meant to be shown bright")
    scalings = {(frame.slope, frame.intercept) for instance in instances for frame in instance.frames}
    if len(scalings) > 1:
        found.append(f"rescale differs between slices ({len(scalings)} scalings): stored as real values")
    return found


def _number_warnings(instances: Sequence[Instance], grid: Grid) -> list[str]:
    """What is odd about the instance numbers of files of one slice each, where they all have one."""
    numbers = _numbers(instances, grid)
    if len(numbers) < len(instances) or len(set(numbers)) == 1:
        return []
    if len(set(numbers)) < len(numbers):
        return ["instance numbers repeat: files of several series or exports may be mixed"]
    found = []
    if (span := max(numbers) - min(numbers) + 1) != len(numbers):
        found.append(f"instance numbers span {span} for {len(numbers)} files: slices may be missing at an end")
    elif min(numbers) > 1:
        found.append(f"instance numbers begin at {min(numbers)}: slices may be missing at an end")
    if len({before < after for before, after in itertools.pairwise(numbers)}) > 1:
        found.append("instance numbers don't follow the positions; positions were believed")
    return found


def _numbers(instances: Sequence[Instance], grid: Grid) -> list[int]:
    """The numbers of the slices of the first time point, in order of their heights, of those that have one; none of frames."""
    if len(instances) < len(grid.frames):
        return []
    by_path = {instance.path: instance.number for instance in instances}
    return [number for frame in grid.frames if (number := by_path[frame.path]) is not None]
