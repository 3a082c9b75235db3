"""What keeps a written series from becoming a volume, and what only earns a warning."""

import shutil
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom import DataElement, config
from pydicom.uid import DeflatedExplicitVRLittleEndian, generate_uid

from ccds_kernel.imaging.consistency import unique_instances
from ccds_kernel.imaging.header import read_instance
from support.dicom import (
    ENHANCED_MR,
    MR,
    RADIOGRAPH,
    SECONDARY_CAPTURE,
    SR,
    Stack,
    write_enhanced,
    write_object,
    write_stack,
)


def element(**values):
    """Sets elements in slice 2 only."""

    def change(data, index) -> None:
        if index == 2:
            for keyword, value in values.items():
                setattr(data, keyword, value)

    return change


def moved(place):
    """Puts slice `index` at `place(index)` slice distances."""

    def change(data, index) -> None:
        data.ImagePositionPatient = Stack().position(place(index))

    return change


def sheared(data, index) -> None:
    """A gantry tilt: each slice a little lower in its own plane."""
    x, y, z = Stack().position(index)
    data.ImagePositionPatient = [x, y + index, z]


def not_a_number(data, _index) -> None:
    """A spacing that a writer without checks leaves behind."""
    data["PixelSpacing"] = DataElement("PixelSpacing", "DS", ["nan", "1"], validation_mode=config.IGNORE)


def without(*keywords):
    """Deletes elements from slice 2."""

    def change(data, index) -> None:
        if index == 2:
            for keyword in keywords:
                delattr(data, keyword)

    return change


SPOILED = {
    "sheared": ("gantry-tilt", sheared),
    "one slice aside": (
        "not-collinear",
        element(ImagePositionPatient=[Stack().position(2)[0] + 1, *Stack().position(2)[1:]]),
    ),
    "one slice turned": ("orientation-varies", element(ImageOrientationPatient=[0, 1, 0, -1, 0, 0])),
    "other spacing": ("inconsistent-headers", element(PixelSpacing=[0.8, 0.7])),
    "a gap": ("missing-slices", moved(lambda index: index + (index > 2))),
    "uneven": ("irregular-spacing", moved(lambda index: index + 0.5 * (index > 2))),
    "one position": ("one-position", moved(lambda _index: 0)),
    "a position twice": ("duplicate-slices", moved(lambda index: min(index, 3))),
    "no position": ("no-geometry", without("ImagePositionPatient")),
    "no orientation": ("no-geometry", without("ImageOrientationPatient")),
    "zero spacing": ("no-geometry", element(PixelSpacing=[0, 0.6])),
    "no orthonormal directions": ("no-geometry", element(ImageOrientationPatient=[1, 0, 0, 1, 0, 0])),
    "not a number": ("no-geometry", not_a_number),
    "another patient": ("inconsistent-headers", element(PatientID="somebody else")),
    "another study": ("inconsistent-headers", element(StudyInstanceUID=generate_uid())),
    "another frame of reference": ("inconsistent-headers", element(FrameOfReferenceUID=generate_uid())),
    "other bits": ("inconsistent-headers", element(BitsStored=12, HighBit=11)),
    "mosaic": ("mosaic", lambda data, _index: setattr(data, "ImageType", ["ORIGINAL", "PRIMARY", "M", "MOSAIC"])),
    "bits not from 0": ("unsupported-pixels", lambda data, _index: data.update({"BitsStored": 12, "HighBit": 15})),
    "bits that nothing explains": (
        "value-range",
        lambda data, _index: data.update({"BitsStored": 12, "HighBit": 11, "PixelData": b"\xff" * 240}),
    ),
    "palette": ("unsupported-pixels", lambda data, _index: setattr(data, "PhotometricInterpretation", "PALETTE COLOR")),
    "modality LUT": ("unsupported-pixels", element(ModalityLUTSequence=[pydicom.Dataset()])),
    "two echoes": ("several-outputs", lambda data, index: setattr(data, "EchoTime", 10 + index // 3)),
    "no pixels": ("truncated", without("PixelData")),
    "too few pixels": ("truncated", element(PixelData=b"\0" * 100)),
}


def code_of(verdict) -> str:
    """The stable part of the reason."""
    return (verdict["reason"] or "none").split(":")[0]


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_series_is_quarantined_with_its_code(tmp_path, out, convert, name) -> None:
    """Nothing is written for it, and the line tells what was seen without naming a patient."""
    code, change = SPOILED[name]
    write_stack(tmp_path / "in", Stack(sop_class=MR) if name == "two echoes" else Stack(), change)

    [verdict] = convert(tmp_path / "in")

    assert (verdict["status"], code_of(verdict)) == ("quarantined", code)
    assert verdict["path"] is None
    assert not list(out.rglob("*.nii*"))


@pytest.mark.parametrize("slices", [1, 2])
def test_two_slices_show_no_regular_distance(tmp_path, convert, slices) -> None:
    """Three are the least."""
    write_stack(tmp_path / "in", Stack(slices=slices))

    [verdict] = convert(tmp_path / "in")

    assert code_of(verdict) == "too-few-slices"


def test_frames_out_of_order_are_never_stacked_wrongly(tmp_path, convert) -> None:
    """dcm2niix takes the frames of an enhanced file as they come."""
    stack = Stack(sop_class=ENHANCED_MR, intercept=0)

    def swap(frame, index) -> None:
        frame.PlanePositionSequence[0].ImagePositionPatient = stack.position([0, 2, 1, 3, 4][index])

    write_enhanced(tmp_path / "in", stack, swap)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "quarantined"
    assert code_of(verdict) in {"voxel-mismatch", "geometry-mismatch"}


TWO_ACQUISITIONS = {
    "ConvolutionKernel": ("H31s", "H70h"),
    "KVP": ("80", "140"),
    "ImageType": (["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"]),
}


@pytest.mark.parametrize("keyword", TWO_ACQUISITIONS)
def test_acquisitions_that_alternate_are_no_volume(tmp_path, convert, keyword) -> None:
    """Of one person, at even distances, under one UID: the sidecar would tell the middle slice's for all."""
    ways = TWO_ACQUISITIONS[keyword]
    write_stack(tmp_path / "in", Stack(slices=8), lambda data, index: setattr(data, keyword, ways[index % 2]))

    [verdict] = convert(tmp_path / "in")

    assert verdict["reason"] == f"inconsistent-headers: the files differ in {keyword}"


@pytest.mark.parametrize("keyword", ["ConvolutionKernel", "KVP"])
def test_two_reconstructions_are_no_time_points(tmp_path, convert, keyword) -> None:
    """Though each is whole, and numbered after the other."""
    stack = Stack(slices=8)

    def change(data, index) -> None:
        data.ImagePositionPatient = stack.position(index % 4)
        setattr(data, keyword, TWO_ACQUISITIONS[keyword][index // 4])

    write_stack(tmp_path / "in", stack, change)

    [verdict] = convert(tmp_path / "in")

    assert verdict["reason"] == f"inconsistent-headers: the files differ in {keyword}"


def test_an_encoding_that_dcm2niix_lacks_is_quarantined(tmp_path, convert) -> None:
    """Deflated files are legal DICOM; the converter gives nothing for them."""
    write_stack(tmp_path / "in", Stack(syntax=DeflatedExplicitVRLittleEndian))

    [verdict] = convert(tmp_path / "in")

    assert code_of(verdict) == "conversion-failed"


@pytest.mark.parametrize(
    ("sop_class", "code"), [(SECONDARY_CAPTURE, "secondary-capture"), (RADIOGRAPH, "not-cross-sectional")]
)
def test_images_that_are_no_slices_are_excluded(tmp_path, convert, sop_class, code) -> None:
    """They are told apart from bad volumes: nothing is wrong with them."""
    write_stack(tmp_path / "in", Stack(sop_class=sop_class, slices=1))

    [verdict] = convert(tmp_path / "in")

    assert (verdict["status"], code_of(verdict), verdict["path"]) == ("excluded", code, None)


def test_reports_are_excluded(tmp_path, convert) -> None:
    """A structured report has no pixels."""
    write_object(tmp_path / "in", SR)

    [verdict] = convert(tmp_path / "in")

    assert (verdict["status"], code_of(verdict), verdict["modality"]) == ("excluded", "not-an-image", "SR")


def test_a_localizer_series_is_excluded(tmp_path, convert) -> None:
    """ImageType says so."""
    write_stack(tmp_path / "in", Stack(image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")))

    [verdict] = convert(tmp_path / "in")

    assert (verdict["status"], code_of(verdict)) == ("excluded", "localizer")


def test_a_localizer_among_slices_is_left_out(tmp_path, convert) -> None:
    """The volume is made of the others, and says so."""
    stack = Stack()
    write_stack(tmp_path / "in", stack)
    scout = Stack(
        slices=1,
        series_uid=stack.series_uid,
        study_uid=stack.study_uid,
        image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"),
    )
    write_stack(tmp_path / "in" / "scout", scout)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted"
    assert "1 file(s) left out: localizer: localizer" in verdict["warnings"]


def test_identical_copies_count_once(tmp_path, convert) -> None:
    """A file exported twice is no second slice."""
    first = write_stack(tmp_path / "in", Stack())[0]
    shutil.copy(first, tmp_path / "in" / "copy")

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted"
    assert "1 identical copies of files left out" in verdict["warnings"]


def test_many_files_of_one_uid_are_read_once_each(tmp_path) -> None:
    """A broken export may give all of a thousand files the same."""
    opened: list[str] = []

    class Watched(type(tmp_path)):
        def open(self, *args, **more):
            opened.append(self.name)
            return super().open(*args, **more)

    paths = write_stack(tmp_path / "in", Stack(slices=6), lambda data, _: setattr(data, "SOPInstanceUID", "1.2.3"))
    paths.append(shutil.copy(paths[0], tmp_path / "in" / "copy"))
    instances = [replace(read_instance(Path(path)), path=Watched(path)) for path in paths]

    assert unique_instances(instances) == tuple(instances[:6])
    assert sorted(opened) == sorted(Path(path).name for path in paths)


def test_a_copy_that_differs_is_no_copy(tmp_path, convert) -> None:
    """Two files of one SOPInstanceUID with different pixels: nobody can say which is right."""
    first = write_stack(tmp_path / "in", Stack())[0]
    data = pydicom.dcmread(first)
    data.PixelData = b"\1" * len(data.PixelData)
    data.save_as(tmp_path / "in" / "copy")

    [verdict] = convert(tmp_path / "in")

    assert code_of(verdict) == "uid-conflict"


def test_a_gap_in_instance_numbers_earns_a_warning(tmp_path, convert) -> None:
    """A slice missing at an end leaves no gap between positions."""
    paths = write_stack(
        tmp_path / "in", Stack(), lambda data, index: setattr(data, "InstanceNumber", index + 1 + (index == 4))
    )

    [verdict] = convert(tmp_path / "in")

    assert len(paths) == 5
    assert "instance numbers span 6 for 5 files: slices may be missing at an end" in verdict["warnings"]
