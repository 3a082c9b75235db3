"""Whether the files of one series can belong to one volume, by their headers; geometry aside."""

from __future__ import annotations

from collections.abc import Sequence

from ccds_kernel.imaging.header import SAME_IN_SERIES, Instance
from ccds_kernel.imaging.verdict import QuarantineError

_TILT_DEGREES = 0.05
_BITS = {"8", "16"}


def unique_instances(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    """`instances` without identical copies of a file.

    Two different files of one SOPInstanceUID are both kept: that they exclude each other shows in the geometry.
    """
    kept: dict[str, list[Instance]] = {}
    for instance in instances:
        same_uid = kept.setdefault(instance.sop_uid, [])
        if not any(instance.path.read_bytes() == other.path.read_bytes() for other in same_uid):
            same_uid.append(instance)
    return tuple(instance for group in kept.values() for instance in group)


def check_headers(instances: Sequence[Instance]) -> None:
    """Refuses files that can't form one volume of grey values.

    Raises:
        QuarantineError: with the first reason found.
    """
    short = sum(not instance.complete for instance in instances)
    if short:
        raise QuarantineError("truncated", f"{short} of {len(instances)} files end before their pixel data does")
    varying = [keyword for keyword in SAME_IN_SERIES if len({instance.same[keyword] for instance in instances}) > 1]
    if varying:
        raise QuarantineError("inconsistent-headers", f"the files differ in {', '.join(varying)}")
    if any("MOSAIC" in instance.image_type for instance in instances):
        raise QuarantineError(
            "mosaic", "slices are tiled into one image; export the series as enhanced or single-slice DICOM"
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


def header_warnings(instances: Sequence[Instance]) -> list[str]:
    """What a person should know of a series that was accepted: one line each."""
    found = []
    numbers = {instance.number for instance in instances if instance.number is not None}
    if len(numbers) == len(instances) > 1 and (span := max(numbers) - min(numbers) + 1) != len(numbers):
        found.append(f"instance numbers span {span} for {len(numbers)} files: slices may be missing at an end")
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
