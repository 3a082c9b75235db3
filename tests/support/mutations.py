"""Ways to spoil a good series of DICOM files, each with what is promised of the converter.

What is promised depends on what the files still tell:

- SAME: nothing about the images changed: the volume is accepted.
- REFUSED: the files contradict each other, or lack something: no volume.
- TOLD: a part is missing and only hints are left: no volume, or one with a warning.
- AS_SAID: the files are in order, though they lie: a volume, if there is one, of what they say.

Whatever is accepted must be, voxel by voxel, what the mutated files say (`as_the_files_say`), and nothing may crash.
"""

from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from support.dicom import Stack

Random = np.random.Generator


class Promise(Enum):
    """What must become of a mutated series."""

    SAME = auto()
    REFUSED = auto()
    TOLD = auto()
    AS_SAID = auto()


class Victim:
    """A series in a folder, whose files a mutation may change."""

    def __init__(self, folder: Path, stack: Stack, random: Random) -> None:
        self.folder, self.stack, self.random = folder, stack, random

    @property
    def paths(self) -> list[Path]:
        """Its files, in the order of their positions."""
        return sorted(self.folder.glob("image*"))

    def inner(self) -> int:
        """A slice that is at neither end."""
        return int(self.random.integers(1, len(self.paths) - 1))

    def inner_frame(self) -> int:
        """A frame of an enhanced file that is at neither end."""
        return int(self.random.integers(1, self.stack.slices - 1))

    def any(self) -> int:
        """A slice."""
        return int(self.random.integers(len(self.paths)))

    def edit(self, index: int, change: Callable[[Dataset], object]) -> None:
        """Writes slice `index` anew."""
        data = pydicom.dcmread(self.paths[index])
        change(data)
        data.save_as(self.paths[index])

    def edit_all(self, change: Callable[[Dataset, int], object]) -> None:
        """Writes all slices anew."""
        for index in range(len(self.paths)):
            self.edit(index, lambda data, index=index: change(data, index))

    def copy(self, index: int, change: Callable[[Dataset], object]) -> None:
        """Adds a file that is slice `index` but for `change`."""
        data = pydicom.dcmread(self.paths[index])
        change(data)
        data.save_as(self.folder / "image-copy")


def _set(**values: object) -> Callable[[Dataset], None]:
    def change(data: Dataset) -> None:
        for keyword, value in values.items():
            setattr(data, keyword, value)

    return change


def _new_uid(data: Dataset) -> None:
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()


def _noise(random: Random) -> Callable[[Dataset], None]:
    def change(data: Dataset) -> None:
        data.PixelData = random.integers(0, 1024, len(data.PixelData) // 2).astype("<u2").tobytes()

    return change


def remove_inner(v: Victim) -> Promise:
    """A slice of the middle is gone."""
    v.paths[v.inner()].unlink()
    return Promise.REFUSED


def remove_first(v: Victim) -> Promise:
    """The first slice is gone: only the numbers tell."""
    v.paths[0].unlink()
    return Promise.TOLD


def remove_last(v: Victim) -> Promise:
    """The last slice is gone: nothing tells."""
    v.paths[-1].unlink()
    return Promise.AS_SAID


def remove_every_second(v: Victim) -> Promise:
    """What is left is evenly spaced, at twice the distance."""
    for path in v.paths[1::2]:
        path.unlink()
    return Promise.TOLD


def copy_exact(v: Victim) -> Promise:
    """A file exported twice."""
    (v.folder / "image-copy").write_bytes(v.paths[v.any()].read_bytes())
    return Promise.SAME


def copy_other_uid(v: Victim) -> Promise:
    """A slice stored twice under two UIDs."""
    v.copy(v.any(), _new_uid)
    return Promise.REFUSED


def copy_other_pixels(v: Victim) -> Promise:
    """Two contents of one UID."""
    v.copy(v.any(), _noise(v.random))
    return Promise.REFUSED


def copy_same_uid_beyond_the_end(v: Victim) -> Promise:
    """Two contents of one UID, of which the second would fit as one more slice."""
    v.copy(v.any(), _set(ImagePositionPatient=v.stack.position(len(v.paths)), InstanceNumber=len(v.paths) + 1))
    return Promise.REFUSED


def copy_half_way(v: Victim) -> Promise:
    """One slice more, between two others."""
    place = v.any()
    v.copy(place, lambda data: (_new_uid(data), _set(ImagePositionPatient=v.stack.position(place + 0.5))(data)))
    return Promise.REFUSED


def swap_names(v: Victim) -> Promise:
    """Names of files mean nothing."""
    first, second = v.paths[0], v.paths[v.inner()]
    first.rename(v.folder / "aside")
    second.rename(first)
    (v.folder / "aside").rename(second)
    return Promise.SAME


def _swap(v: Victim, *keywords: str) -> None:
    one, other = (int(index) for index in v.random.choice(len(v.paths), 2, replace=False))
    first, second = (pydicom.dcmread(v.paths[index]) for index in (one, other))
    for keyword in keywords:
        a, b = first[keyword].value, second[keyword].value
        first[keyword].value, second[keyword].value = b, a
    first.save_as(v.paths[one])
    second.save_as(v.paths[other])


def swap_positions(v: Victim) -> Promise:
    """SliceLocation still says where each was."""
    _swap(v, "ImagePositionPatient")
    return Promise.REFUSED


def swap_positions_and_locations(v: Victim) -> Promise:
    """Only the numbers still tell."""
    _swap(v, "ImagePositionPatient", "SliceLocation")
    return Promise.REFUSED


def swap_numbers(v: Victim) -> Promise:
    """Nothing tells whether numbers or positions were exchanged."""
    _swap(v, "InstanceNumber")
    return Promise.REFUSED


def swap_pixels(v: Victim) -> Promise:
    """Nobody can tell."""
    _swap(v, "PixelData")
    return Promise.AS_SAID


def truncate(v: Victim) -> Promise:
    """A file ends somewhere: in its preamble, header or pixels."""
    path = v.paths[v.any()]
    content = path.read_bytes()
    path.write_bytes(content[: int(v.random.integers(0, len(content)))])
    return Promise.TOLD if len(path.read_bytes()) < len(content) else Promise.SAME


def overwrite_start(v: Victim) -> Promise:
    """A file begins with garbage: it is no DICOM any more."""
    path = v.paths[v.any()]
    content = path.read_bytes()
    path.write_bytes(v.random.bytes(200) + content[200:])
    return Promise.TOLD


def respace_one(v: Victim) -> Promise:
    """A slice of another pixel spacing."""
    factor = float(v.random.uniform(1.01, 2))
    v.edit(v.any(), _set(PixelSpacing=[round(one * factor, 5) for one in v.stack.spacing]))
    return Promise.REFUSED


def respace_none(v: Victim) -> Promise:
    """A slice without a usable pixel spacing."""
    v.edit(v.any(), _set(PixelSpacing=[[0, 1], [-0.8, 0.6], None][v.random.integers(3)]))
    return Promise.REFUSED


def respace_all_pixels(v: Victim) -> Promise:
    """Every slice says another pixel spacing."""
    v.edit_all(lambda data, _index: _set(PixelSpacing=[1.1, 0.9])(data))
    return Promise.AS_SAID


def respace_stack(v: Victim) -> Promise:
    """Positions farther apart than SpacingBetweenSlices says, or than the slices are thick."""
    factor = float(v.random.uniform(1.6, 3))
    v.edit_all(lambda data, index: _set(ImagePositionPatient=v.stack.position(index * factor))(data))
    return Promise.TOLD


def move_along(v: Victim) -> Promise:
    """A slice is off its place along the normal."""
    index = v.inner()
    shift = float(v.random.uniform(0.1, 0.9)) * v.random.choice([-1, 1])
    v.edit(index, _set(ImagePositionPatient=v.stack.position(index + shift)))
    return Promise.REFUSED


def move_aside(v: Victim) -> Promise:
    """A slice is off its place in its own plane."""
    index = v.any()
    aside = np.array(v.stack.orientation[:3]) * v.random.uniform(0.3, 20)
    v.edit(index, _set(ImagePositionPatient=[float(one) for one in np.array(v.stack.position(index)) + aside]))
    return Promise.REFUSED


def shear(v: Victim) -> Promise:
    """A gantry tilt."""
    aside = np.array(v.stack.orientation[3:]) * v.random.uniform(0.2, 2)
    v.edit_all(
        lambda data, index: _set(
            ImagePositionPatient=[float(one) for one in np.array(v.stack.position(index)) + index * aside]
        )(data)
    )
    return Promise.REFUSED


def another_person(v: Victim) -> Promise:
    """A slice that names somebody else."""
    keyword, value = [
        ("PatientID", "ID-2"), ("PatientName", "Other^Otto"), ("PatientBirthDate", "19500101"), ("PatientSex", "M"),
        ("StudyInstanceUID", generate_uid()), ("FrameOfReferenceUID", generate_uid()), ("PatientID", None),
    ][v.random.integers(7)]  # fmt: skip
    v.edit(v.any(), _set(**{keyword: value}))
    return Promise.REFUSED


def another_persons_slice(v: Victim) -> Promise:
    """A slice replaced by one of another person, under this series' UIDs and at its place."""

    def change(data: Dataset) -> None:
        _noise(v.random)(data)
        _new_uid(data)
        data.PatientID, data.PatientName = "ID-2", "Other^Otto"

    v.edit(v.any(), change)
    return Promise.REFUSED


def another_acquisition(v: Victim) -> Promise:
    """Every second slice is of another reconstruction, voltage or kind of image, of the same person and under the same UIDs."""
    keyword, values = [
        ("ConvolutionKernel", ("H31s", "H70h")), ("KVP", ("80", "140")),
        ("ImageType", (["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"])),
    ][v.random.integers(3)]  # fmt: skip
    v.edit_all(lambda data, index: setattr(data, keyword, values[index % 2]))
    return Promise.REFUSED


def another_series_beside(v: Victim) -> Promise:
    """Files of another person's series in the same folder."""
    for index in range(3):
        data = pydicom.dcmread(v.paths[index])
        _noise(v.random)(data)
        _new_uid(data)
        data.SeriesInstanceUID, data.PatientID = "1.2.826.0.1.3680043.8.498.1", "ID-2"
        data.save_as(v.folder / f"other{index}")
    return Promise.SAME


def flip_one(v: Victim) -> Promise:
    """A slice whose rows, columns or both run the other way, or are exchanged."""
    row, column = np.array(v.stack.orientation[:3]), np.array(v.stack.orientation[3:])
    pairs = [(-row, column), (row, -column), (-row, -column), (column, row), (column, -row)]
    first, second = pairs[v.random.integers(len(pairs))]
    v.edit(v.any(), _set(ImageOrientationPatient=[float(one) for one in (*first, *second)]))
    return Promise.REFUSED


def flip_all(v: Victim) -> Promise:
    """Every slice says that its rows run the other way."""
    row = [-one for one in v.stack.orientation[:3]]
    v.edit_all(lambda data, _index: _set(ImageOrientationPatient=[*row, *v.stack.orientation[3:]])(data))
    return Promise.AS_SAID


def corrupt_pixels(v: Victim) -> Promise:
    """Random bytes among the pixels of a slice, compressed or not: what decoders agree on is what the file says."""
    path = v.paths[v.any()]
    content = bytearray(path.read_bytes())
    start = content.rindex(b"\xe0\x7f\x10\x00") + 12
    for _ in range(int(v.random.integers(1, 30))):
        content[int(v.random.integers(start, len(content)))] = int(v.random.integers(256))
    path.write_bytes(content)
    return Promise.AS_SAID


def corrupt_many_pixels(v: Victim) -> Promise:
    """A slice's pixels are random bytes: more bits than BitsStored says."""
    v.edit(v.any(), lambda data: setattr(data, "PixelData", v.random.bytes(len(data.PixelData))))
    return Promise.REFUSED


def corrupt_header(v: Victim) -> Promise:
    """Random bytes anywhere in a file."""
    path = v.paths[v.any()]
    content = bytearray(path.read_bytes())
    for _ in range(int(v.random.integers(1, 12))):
        content[int(v.random.integers(132, len(content)))] = int(v.random.integers(256))
    path.write_bytes(content)
    return Promise.AS_SAID


def other_pixel_type(v: Victim) -> Promise:
    """A slice of another pixel type."""
    change = [
        _set(BitsStored=10, HighBit=9), _set(PixelRepresentation=1), _set(PhotometricInterpretation="MONOCHROME1"),
        _set(Rows=v.stack.columns, Columns=v.stack.rows),
    ][v.random.integers(4)]  # fmt: skip
    v.edit(v.any(), change)
    return Promise.REFUSED


def other_scaling(v: Victim) -> Promise:
    """A slice of another rescale slope is as good as PET."""
    v.edit(v.any(), _set(RescaleSlope=float(v.random.uniform(0.5, 3))))
    return Promise.AS_SAID


def without(v: Victim) -> Promise:
    """A slice that doesn't say where it lies, or has no pixels."""
    keywords = ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "PixelData"]
    v.edit(v.any(), lambda data: delattr(data, keywords[v.random.integers(len(keywords))]))
    return Promise.REFUSED


PLAIN = (
    remove_inner, remove_first, remove_last, remove_every_second, copy_exact, copy_other_uid, copy_other_pixels,
    copy_same_uid_beyond_the_end, copy_half_way, swap_names, swap_positions, swap_positions_and_locations, swap_numbers,
    swap_pixels, truncate, overwrite_start, respace_one, respace_none, respace_all_pixels, respace_stack, move_along,
    move_aside, shear, another_person, another_persons_slice, another_series_beside, flip_one, flip_all, corrupt_pixels,
    corrupt_many_pixels, corrupt_header, other_pixel_type, other_scaling, without, another_acquisition,
)  # fmt: skip
"""Mutations of a series of one file per slice, uncompressed."""

COMPRESSED = (
    remove_inner,
    copy_exact,
    truncate,
    corrupt_pixels,
    corrupt_pixels,
    corrupt_header,
    swap_positions,
    flip_one,
)
"""What is worth trying on compressed files."""


def frames_moved(v: Victim) -> Promise:
    """The frames of an enhanced file in another order than their positions."""
    order = v.random.permutation(v.stack.slices)
    _each_frame(v, lambda frame, index: _place(frame, v.stack.position(int(order[index]))))
    return Promise.AS_SAID


def frame_lost(v: Victim) -> Promise:
    """An enhanced file that describes one frame less than it has."""
    v.edit(0, lambda data: data.PerFrameFunctionalGroupsSequence.pop(v.inner_frame()))
    return Promise.REFUSED


def frames_miscounted(v: Victim) -> Promise:
    """An enhanced file that says another number of frames."""
    v.edit(0, _set(NumberOfFrames=v.stack.slices + int(v.random.choice([-1, 1]))))
    return Promise.REFUSED


def frame_displaced(v: Victim) -> Promise:
    """A frame of an enhanced file off its place."""
    victim = v.inner_frame()
    place = v.stack.position(victim + float(v.random.uniform(0.2, 0.8)))
    _each_frame(v, lambda frame, index: _place(frame, place) if index == victim else None)
    return Promise.REFUSED


def frame_turned(v: Victim) -> Promise:
    """A frame of an enhanced file turned over."""
    victim = v.inner_frame()
    turned = [-one for one in v.stack.orientation]
    _each_frame(
        v,
        lambda frame, index: (
            setattr(frame.PlaneOrientationSequence[0], "ImageOrientationPatient", turned) if index == victim else None
        ),
    )
    return Promise.REFUSED


def _each_frame(v: Victim, change: Callable[[Dataset, int], object]) -> None:
    def edit(data: Dataset) -> None:
        for index, frame in enumerate(data.PerFrameFunctionalGroupsSequence):
            change(frame, index)

    v.edit(0, edit)


def _place(frame: Dataset, position: list[float]) -> None:
    frame.PlanePositionSequence[0].ImagePositionPatient = position


ENHANCED = (frames_moved, frame_lost, frames_miscounted, frame_displaced, frame_turned, corrupt_pixels, corrupt_header)
"""Mutations of one enhanced multi-frame file."""
