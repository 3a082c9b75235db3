"""What a DICOM file says about its images, read without the pixels.

Only the elements that a check or the sidecar needs are read, so that an archive's worth of private elements and names costs
neither time nor memory. That the pixels are all there is seen from lengths alone, without decoding.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from ccds_kernel.imaging.mosaic import tiles
from ccds_kernel.imaging.plane import Frame, Plane

SAME_IN_SERIES = (
    "StudyInstanceUID", "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "FrameOfReferenceUID", "Modality",
    "SOPClassUID", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "ConvolutionKernel", "KVP",
)  # fmt: skip
"""What a volume has only one of, whatever it is of: the sidecar tells one kernel and one voltage for all slices and time points.
Who the patient is is compared, never shown."""

TECHNICAL = (
    "Manufacturer", "ManufacturerModelName", "SoftwareVersions", "ConvolutionKernel", "SliceThickness", "KVP",
    "MagneticFieldStrength", "ScanningSequence", "SequenceVariant", "ScanOptions", "MRAcquisitionType", "EchoTime",
    "RepetitionTime", "InversionTime", "FlipAngle", "EchoTrainLength", "ReconstructionDiameter",
    "SpacingBetweenSlices", "LossyImageCompression",
)  # fmt: skip
"""What the sidecar may keep: coded or numeric. Free text that people type (protocol, descriptions, comments) stays out."""

PROTOCOL_MARK = "ProtocolMark"
"""The begin of the SHA-256 of ProtocolName: tells one protocol from another without the text, which people type."""

_NEEDED = (
    *SAME_IN_SERIES, "LossyImageCompression", "SOPInstanceUID", "SeriesInstanceUID", "InstanceNumber", "ImageType",
    "NumberOfFrames", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept",
    "GantryDetectorTilt", "SliceLocation", "SpacingBetweenSlices", "SliceThickness", "PixelPaddingValue",
    "ModalityLUTSequence", "DimensionOrganizationType", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
)  # fmt: skip

_PROTOCOL = "ProtocolName"
_OVERLAY_BIT = "OverlayBitPosition"
_TAGS = {keyword: Tag(keyword) for keyword in (*_NEEDED, *TECHNICAL, _PROTOCOL)} | {_OVERLAY_BIT: Tag(0x60000102)}
"""pydicom looks keywords up anew at each access; over thousands of files that is half of the time."""

_MOSAIC = "MOSAIC"
_PREAMBLE = 128
_SUFFIXES = {".dcm", ".dicom", ".ima"}
_PIXEL_DATA = 0x7FE00010
_UNDEFINED = 0xFFFFFFFF
_ITEM, _END_OF_ITEMS = 0xFFFEE000, 0xFFFEE0DD
_DICOMDIR = "1.2.840.10008.1.3.10"


class UnreadableError(Exception):
    """A file that is DICOM, or looks like it, can't be read or says of no series that it belongs to it."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One DICOM file of a series.

    Args:
        path: the file.
        sop_uid: SOPInstanceUID.
        series_uid: SeriesInstanceUID, never empty.
        transfer_syntax: UID of the encoding.
        number: InstanceNumber, None if absent.
        image_type: ImageType's values.
        same: the values of `SAME_IN_SERIES` as text, "" where absent.
        lossy: whether it was ever compressed with loss.
        tilt: GantryDetectorTilt, degrees.
        location: SliceLocation, mm, from a point and in a direction that only the scanner knows; None if absent.
        spacing_between: SpacingBetweenSlices, mm; None if absent.
        thickness: SliceThickness, mm; None if absent.
        padding: PixelPaddingValue, which may need more bits than pixels do; None if absent.
        overlay: whether it says that unused bits of its pixels hold an overlay.
        tiled: whether its frames are tiles of one large image.
        frames: its images; none for an object without pixels.
        complete: whether the file has all its pixel data.
        linear: whether real values are slope * stored + intercept.

    Raises:
        ValueError: no SeriesInstanceUID.
    """

    path: Path
    sop_uid: str
    series_uid: str
    transfer_syntax: str
    number: int | None
    image_type: tuple[str, ...]
    same: Mapping[str, str]
    lossy: bool
    tilt: float
    location: float | None
    spacing_between: float | None
    thickness: float | None
    padding: float | None
    overlay: bool
    tiled: bool
    frames: tuple[Frame, ...]
    complete: bool
    linear: bool

    def __post_init__(self) -> None:
        if not self.series_uid:
            raise ValueError("expected a SeriesInstanceUID; found none")


def read_instance(path: Path) -> Instance | None:
    """The header of a file; None if it isn't DICOM, or is a DICOMDIR.

    Raises:
        UnreadableError: the file is DICOM but broken, or can't be opened; or it is empty, or begins with nothing but zeros, as
            what is left of a copy that was broken off.
    """
    try:
        with path.open("rb") as file:
            start = file.read(132)
            if start[128:] == b"DICM":
                file.seek(0)
                return _instance(path, file)
    except UnreadableError:
        raise
    except Exception as error:  # broken input makes pydicom raise nearly anything
        raise UnreadableError(type(error).__name__) from error
    if not start.strip(b"\0"):
        raise UnreadableError("nothing in it")
    if path.suffix.lower() in _SUFFIXES:
        raise UnreadableError("named as DICOM, but it isn't")
    if start.startswith((b"\x08\x00", b"\x00\x08")) and len(start) > _PREAMBLE:
        # Group 8 first: a data set without the preamble of a DICOM file. dcm2niix and pydicom would each guess its encoding.
        raise UnreadableError("a DICOM data set without a file header")
    return None


def _instance(path: Path, file: BinaryIO) -> Instance | None:
    data = pydicom.dcmread(
        file, stop_before_pixels=True, specific_tags=[_TAGS[keyword] for keyword in (*_NEEDED, _OVERLAY_BIT)]
    )
    meta = data.file_meta
    if meta.get("MediaStorageSOPClassUID") == _DICOMDIR:
        return None
    if _is_cut(data, "SeriesInstanceUID"):
        raise UnreadableError("ends within its SeriesInstanceUID")  # what is left of it would be another series
    series_uid = _text(data, "SeriesInstanceUID")
    if not series_uid:
        raise UnreadableError("no SeriesInstanceUID")
    syntax = str(meta.get("TransferSyntaxUID", ""))
    number = _text(data, "InstanceNumber")
    image = "Rows" in data and "Columns" in data
    return Instance(
        path=path,
        sop_uid=_text(data, "SOPInstanceUID"),
        series_uid=series_uid,
        transfer_syntax=syntax,
        number=int(number) if number.lstrip("-").isdigit() else None,
        image_type=_values(data, "ImageType"),
        same={keyword: _text(data, keyword) for keyword in SAME_IN_SERIES},
        lossy=_text(data, "LossyImageCompression") == "01",
        tilt=_number(data, "GantryDetectorTilt") or 0.0,
        location=_number(data, "SliceLocation"),
        spacing_between=_number(data, "SpacingBetweenSlices"),
        thickness=_thickness(data),
        padding=_number(data, "PixelPaddingValue"),
        overlay=bool(_number(data, _OVERLAY_BIT)),
        tiled=_text(data, "DimensionOrganizationType").startswith("TILED"),
        frames=_frames(path, data) if image else (),
        complete=image and _pixels_complete(file, data, syntax),
        linear="ModalityLUTSequence" not in data,
    )


def technical_values(path: Path) -> dict[str, object]:
    """The values of `TECHNICAL` that a file has: numbers, text, lists of them; and `PROTOCOL_MARK` if it names a protocol.

    Raises:
        OSError: the file can't be read any more.
    """
    wanted = [_TAGS[keyword] for keyword in (*TECHNICAL, _PROTOCOL)]
    data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=wanted)
    found: dict[str, object] = {
        keyword: _plain(data[_TAGS[keyword]].value) for keyword in TECHNICAL if _text(data, keyword)
    }
    if protocol := _text(data, _PROTOCOL):
        found[PROTOCOL_MARK] = hashlib.sha256(protocol.encode(errors="replace")).hexdigest()[:12]
    return found


def _is_cut(data: Dataset, keyword: str) -> bool:
    """Whether the file ends within an element, whose value pydicom takes for as long as it is. Asked before it is decoded."""
    element = data.get_item(_TAGS[keyword])
    return isinstance(element, RawDataElement) and len(element.value or b"") < element.length


def _text(data: Dataset, keyword: str) -> str:
    tag = _TAGS[keyword]
    if tag not in data:
        return ""
    value = data[tag].value
    return "" if value is None else str(value).strip()


def _number(data: Dataset, keyword: str) -> float | None:
    """A finite number; None where there is none."""
    try:
        value = float(_text(data, keyword))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _thickness(data: Dataset) -> float | None:
    """SliceThickness, in enhanced files that of the first frame that has it."""
    groups = [
        *(data.get("SharedFunctionalGroupsSequence") or []),
        *(data.get("PerFrameFunctionalGroupsSequence") or []),
    ]
    measures = (item for group in groups for item in group.get("PixelMeasuresSequence") or [])
    return next((found for one in (data, *measures) if (found := _number(one, "SliceThickness")) is not None), None)


def _values(data: Dataset, keyword: str) -> tuple[str, ...]:
    value = data.get(keyword)
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, MultiValue) else (str(value),)


def _plain(value: Any) -> object:  # noqa: ANN401 - pydicom's element values have any type
    """A value that JSON can hold; text cut to a length that a technical field never needs."""
    if isinstance(value, MultiValue):
        return [_plain(one) for one in value]
    if isinstance(value, float | int):
        return float(value)
    return str(value)[:64]


def _frames(path: Path, data: Dataset) -> tuple[Frame, ...]:
    shared = data.get("SharedFunctionalGroupsSequence") or [Dataset()]
    per_frame = data.get("PerFrameFunctionalGroupsSequence")
    number = _number(data, "InstanceNumber")
    if per_frame:
        return tuple(_enhanced_frame(path, index, group, shared[0], number) for index, group in enumerate(per_frame))
    slope, intercept = _rescale(data)
    count = int(_text(data, "NumberOfFrames") or 1)
    plane = _plane(data, data, data) if count == 1 else None
    frames = [Frame(path, index, plane, slope, intercept, _time(number, index)) for index in range(count)]
    if _MOSAIC in _values(data, "ImageType") and plane is not None:
        return tiles(frames[0])
    return tuple(frames)


def _time(number: float | None, index: int) -> tuple[int, int] | None:
    return None if number is None else (int(number), index)


def _enhanced_frame(path: Path, index: int, group: Dataset, shared: Dataset, number: float | None) -> Frame:
    def macro(keyword: str) -> Dataset:
        items = group.get(keyword) or shared.get(keyword)
        return items[0] if items else Dataset()

    slope, intercept = _rescale(macro("PixelValueTransformationSequence"))
    plane = _plane(macro("PlanePositionSequence"), macro("PlaneOrientationSequence"), macro("PixelMeasuresSequence"))
    return Frame(path, index, plane, slope, intercept, _time(number, index))


def _rescale(data: Dataset) -> tuple[float, float]:
    return float(_text(data, "RescaleSlope") or 1), float(_text(data, "RescaleIntercept") or 0)


def _plane(position: Dataset, orientation: Dataset, measures: Dataset) -> Plane | None:
    try:
        x, y, z = map(float, position.ImagePositionPatient)
        directions = tuple(map(float, orientation.ImageOrientationPatient))
        rows, columns = map(float, measures.PixelSpacing)
        (a, b, c), (d, e, f) = directions[:3], directions[3:]
        return Plane((x, y, z), (a, b, c), (d, e, f), (rows, columns))
    except (AttributeError, TypeError, ValueError):
        return None


def _pixels_complete(file: BinaryIO, data: FileDataset, syntax: str) -> bool:
    """Whether the file holds all pixels that its header promises. `file` stands where the reading of the header ended."""
    if syntax == DeflatedExplicitVRLittleEndian:
        return True  # deflated as a whole: a cut shows while reading
    order = "big" if syntax == ExplicitVRBigEndian else "little"
    size = os.fstat(file.fileno()).st_size

    def number(length: int) -> int:
        return int.from_bytes(file.read(length), order)  # type: ignore[arg-type] # "big" or "little", see above

    def tag() -> int:
        return number(2) << 16 | number(2)

    if tag() != _PIXEL_DATA:
        return False
    if syntax != ImplicitVRLittleEndian:
        file.seek(4, os.SEEK_CUR)
    length = number(4)
    if length != _UNDEFINED:
        return _promised(data) <= length <= size - file.tell()
    while file.tell() < size:
        kind, length = tag(), number(4)
        if kind == _END_OF_ITEMS:
            return True
        if kind != _ITEM:
            return False
        file.seek(length, os.SEEK_CUR)
    return False


def _promised(data: Dataset) -> int:
    """Bytes of uncompressed pixel data."""
    frames = int(_text(data, "NumberOfFrames") or 1)
    samples = int(_text(data, "SamplesPerPixel") or 1)
    bits = frames * samples * int(_text(data, "BitsAllocated") or 0) * int(data.Rows) * int(data.Columns)
    if _text(data, "PhotometricInterpretation") == "YBR_FULL_422":
        bits = bits * 2 // 3
    return (bits + 7) // 8
