"""Written series come out as they were written: every voxel at the place that the headers give it, as its real value."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from ccds_kernel.imaging.convert import convert_series
from ccds_kernel.imaging.series import find_series
from ccds_kernel.imaging.verdict import Status
from support.dicom import (
    AXIAL,
    CORONAL,
    CT,
    ENHANCED_MR,
    MR,
    PET,
    SAGITTAL,
    Stack,
    read_where_dicom_says,
    write_enhanced,
    write_stack,
)

OBLIQUE = (0.955336, 0.295520, 0.0, -0.289629, 0.936293, 0.198669)


def setting(**values):
    """A change that sets elements; a callable value gets the slice's number."""

    def change(data, index) -> None:
        for keyword, value in values.items():
            setattr(data, keyword, value(index) if callable(value) else value)

    return change


def assert_volume(path: Path, stack: Stack, real: np.ndarray | None = None) -> None:
    """The image at `path` holds `stack`, in place."""
    expected = stack.real() if real is None else real
    found = read_where_dicom_says(path, stack.affine(), expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


STACKS = {
    "axial": Stack(),
    "coronal": Stack(sop_class=MR, orientation=CORONAL, intercept=0),
    "sagittal": Stack(sop_class=MR, orientation=SAGITTAL, intercept=0),
    "oblique": Stack(orientation=OBLIQUE),
    "feet first": Stack(distance=-2.5),
    "signed": Stack(dtype="<i2", low=-2000, high=3000, intercept=0),
    "all 16 bits": Stack(high=65535),
    "8 bits": Stack(dtype="u1", high=255, intercept=0),
    "fractional slope": Stack(slope=4.258852258852259, intercept=0.123456),
    "negative slope": Stack(slope=-1.5, intercept=10),
    "big endian": Stack(syntax=ExplicitVRBigEndian, dtype=">u2"),
    "implicit": Stack(syntax=ImplicitVRLittleEndian),
}


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_comes_out_in_place(tmp_path, convert, name) -> None:
    """Orientation, direction of the stack, pixel type and encoding change nothing."""
    stack = STACKS[name]
    write_stack(tmp_path / "in", stack)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted", verdict["reason"]
    assert_volume(verdict["path"], stack)


def test_sagittal_3d_mr_keeps_its_slices_along_k(tmp_path, convert) -> None:
    """dcm2niix would turn the axes of such a series; nobody asked for that."""
    stack = Stack(sop_class=MR, orientation=SAGITTAL, intercept=0)
    write_stack(tmp_path / "in", stack, setting(MRAcquisitionType="3D"))

    [verdict] = convert(tmp_path / "in")

    assert nib.load(verdict["path"]).shape == (stack.columns, stack.rows, stack.slices)
    assert_volume(verdict["path"], stack)


@pytest.mark.parametrize(
    "changed",
    [
        setting(InstanceNumber=lambda index: 10 - index),
        setting(InstanceNumber=lambda index: [4, 8, 3, 7, 2, 6, 1, 5][index]),
        setting(InstanceNumber=1),
        setting(AcquisitionNumber=lambda index: index // 2),
        setting(GantryDetectorTilt=15),
        setting(PixelPaddingValue=0),
        setting(PhotometricInterpretation="MONOCHROME1"),
    ],
)
def test_positions_are_believed_above_all_else(tmp_path, convert, changed) -> None:
    """Instance and acquisition numbers, a tilt that positions don't show, padding: none of them moves or changes a voxel."""
    stack = Stack(slices=8)
    write_stack(tmp_path / "in", stack, changed)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted", verdict["reason"]
    assert_volume(verdict["path"], stack)


def test_overlay_bits_above_the_stored_ones_are_no_part_of_the_value(tmp_path, convert) -> None:
    """Twelve bits are stored; what stands in the other four is an overlay, as the header says."""
    stack = Stack(high=65535)

    def change(data, _index) -> None:
        data.BitsStored, data.HighBit = 12, 11
        data.add_new(0x60000100, "US", 16)
        data.add_new(0x60000102, "US", 12)

    write_stack(tmp_path / "in", stack, change)

    [verdict] = convert(tmp_path / "in")

    assert_volume(verdict["path"], stack, (stack.stored() & 0xFFF).astype(float).transpose(2, 1, 0) - 1024)


@pytest.mark.parametrize("sop_class", [PET, CT])
def test_a_rescale_of_its_own_for_each_slice_gives_real_values(tmp_path, convert, sop_class) -> None:
    """PET scales every slice; the volume holds what the values mean."""
    stack = Stack(sop_class=sop_class, intercept=0)
    write_stack(tmp_path / "in", stack, setting(RescaleSlope=lambda index: 1 + index / 4))

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted", verdict["reason"]
    assert_volume(verdict["path"], stack, stack.real() * (1 + np.arange(stack.slices) / 4))
    assert any("rescale differs" in warning for warning in verdict["warnings"])


@pytest.mark.parametrize("digits", [1, 2])
def test_rounded_positions_don_t_add_up(tmp_path, convert, digits) -> None:
    """dcm2niix extrapolates the first distance: 7 mm off after 300 slices 0.625 mm apart whose positions have one digit."""
    stack = Stack(slices=300, rows=4, columns=4, distance=0.625)
    write_stack(
        tmp_path / "in",
        stack,
        setting(ImagePositionPatient=lambda index: [round(x, digits) for x in stack.position(index)]),
    )

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted", verdict["reason"]
    affine = nib.load(verdict["path"]).affine
    corners = nib.affines.apply_affine(affine, [[0, 3, 0], [0, 3, 299]])
    expected = np.array([stack.position(0), stack.position(299)]) * [-1, -1, 1]
    np.testing.assert_allclose(corners, expected, atol=0.1)


@pytest.mark.parametrize("distance", [2.0, -2.0])
def test_an_enhanced_file_comes_out_in_place(tmp_path, convert, distance) -> None:
    """One file with all slices is a series like any other."""
    stack = Stack(sop_class=ENHANCED_MR, slope=1.7, intercept=3, distance=distance)
    write_enhanced(tmp_path / "in", stack)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted", verdict["reason"]
    assert_volume(verdict["path"], stack)


def test_compressed_slices_are_decoded(tmp_path, convert) -> None:
    """RLE, written by pydicom."""
    stack = Stack(slices=11)
    for path in write_stack(tmp_path / "in", stack):
        data = pydicom.dcmread(path)
        data.compress(RLELossless, generate_instance_uid=False)
        data.save_as(path)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted", verdict["reason"]
    assert_volume(verdict["path"], stack)


@given(
    angles=st.tuples(*[st.floats(-3.1, 3.1)] * 3),
    origin=st.tuples(*[st.floats(-500, 500)] * 3),
    spacing=st.tuples(st.floats(0.2, 3), st.floats(0.2, 3)),
    distance=st.floats(0.5, 10),
)
@settings(max_examples=25, deadline=None)
def test_any_orientation_comes_out_in_place(tmp_path_factory, angles, origin, spacing, distance) -> None:
    """However the patient lay: columns, rows and slices land where the headers put them."""
    folder = tmp_path_factory.mktemp("any")
    stack = Stack(orientation=rotated(*angles), origin=origin, spacing=spacing, distance=distance)
    write_stack(folder / "in", stack, setting(ImagePositionPatient=lambda index: decimal(stack.position(index))))
    [series] = find_series(folder / "in").series

    verdict = convert_series(series, folder / "out")

    assert verdict.status is Status.ACCEPTED, verdict.reason
    assert_volume(verdict.path, stack)


def rotated(a: float, b: float, c: float) -> list[float]:
    """Directions of rows and columns, turned from axial by three angles, in digits that DICOM can hold."""
    turn = np.eye(3)
    for angle, (i, j) in zip((a, b, c), ((0, 1), (0, 2), (1, 2)), strict=True):
        step = np.eye(3)
        step[i, i] = step[j, j] = np.cos(angle)
        step[i, j], step[j, i] = -np.sin(angle), np.sin(angle)
        turn = step @ turn
    return decimal([*(turn @ AXIAL[:3]), *(turn @ AXIAL[3:])])


def decimal(values: list[float]) -> list[float]:
    """Values of at most 16 characters."""
    return [float(f"{value:.8f}") for value in values]
