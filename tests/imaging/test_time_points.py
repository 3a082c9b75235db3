"""Several images at every place: a 4D image where their numbers tell which belong together, else no volume."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from support.as_the_files_say import difference, placed_images
from support.dicom import ENHANCED_MR, MR, Stack, write_enhanced, write_stack

TIMES = {
    "one volume after the other": lambda index: (index % 4, index + 1),
    "one place after the other": lambda index: (index // 2, index + 1),
}


@pytest.mark.parametrize("order", TIMES)
def test_time_points_are_one_4d_image(tmp_path, convert, order) -> None:
    """Each voxel at its place and time."""
    stack = Stack(slices=8)

    def change(data, index) -> None:
        place, data.InstanceNumber = TIMES[order](index)
        data.ImagePositionPatient = stack.position(place)

    paths = write_stack(tmp_path / "in", stack, change)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted", verdict["reason"]
    assert nib.load(verdict["path"]).shape == (stack.columns, stack.rows, 4, 2)
    found = difference(verdict["path"], placed_images(paths))
    assert (found.value, found.place_mm < 1e-4) == (0, True)


def _same_number(data, index) -> None:
    data.InstanceNumber = index % 4 + 1


def _jumbled(data, index) -> None:
    data.InstanceNumber = [1, 2, 3, 4, 5, 7, 6, 9][index]


def _other_place(data, index) -> None:
    if index >= 4:
        x, y, z = data.ImagePositionPatient
        data.ImagePositionPatient = [x + 1, y, z]


def _same_pixels(data, index) -> None:
    data.PixelData = bytes([index % 4]) * len(data.PixelData)


def _one_time_short(data, index) -> None:
    if index == 7:
        data.ImagePositionPatient = Stack().position(9)


UNTOLD = {
    "the same numbers twice": ("several-volumes", _same_number),
    "numbers that jump": ("several-volumes", _jumbled),
    "another place": ("several-volumes", _other_place),
    "a volume stored twice": ("several-volumes", _same_pixels),
    "a volume that is not whole": ("duplicate-slices", _one_time_short),
}


@pytest.mark.parametrize("name", UNTOLD)
def test_what_is_not_surely_a_time_point_is_no_volume(tmp_path, convert, name) -> None:
    """A series that was sent twice, mixed up or cut is refused."""
    code, spoil = UNTOLD[name]
    stack = Stack(slices=8)

    def change(data, index) -> None:
        data.ImagePositionPatient = stack.position(index % 4)
        spoil(data, index)

    write_stack(tmp_path / "in", stack, change)

    [verdict] = convert(tmp_path / "in")

    assert (verdict["status"], (verdict["reason"] or "").split(":")[0]) == ("quarantined", code)


def test_an_enhanced_file_of_time_points_is_one_4d_image(tmp_path, convert) -> None:
    """Two volumes in one file, one after the other."""
    stack = Stack(sop_class=ENHANCED_MR, slices=8, intercept=0)

    def change(frame, index) -> None:
        frame.PlanePositionSequence[0].ImagePositionPatient = stack.position(index % 4)
        frame.FrameContentSequence[0].DimensionIndexValues = [index // 4 + 1, index % 4 + 1]
        frame.FrameContentSequence[0].TemporalPositionIndex = index // 4 + 1

    path = write_enhanced(tmp_path / "in", stack, change)
    data = pydicom.dcmread(path)
    data.DimensionIndexSequence = [pydicom.Dataset(), pydicom.Dataset()]
    for item, pointer in zip(data.DimensionIndexSequence, (0x00209128, 0x00209057), strict=True):
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, 0x00209111
    data.save_as(path)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted", verdict["reason"]
    assert difference(verdict["path"], placed_images([path])).value == 0


@pytest.fixture
def mosaics(tmp_path) -> Path:
    """Two real mosaics of diffusion, of nibabel's tests; their pixels, which are blank there, are noise here."""
    folder, random = tmp_path / "in", np.random.default_rng(5)
    folder.mkdir()
    for name in ("siemens_dwi_0", "siemens_dwi_1000"):
        real = Path(nib.__file__).parent / "nicom" / "tests" / "data" / f"{name}.dcm.gz"
        (folder / name).write_bytes(gzip.decompress(real.read_bytes()))
        data = pydicom.dcmread(folder / name)
        data.PixelData = random.integers(0, 4096, (data.Rows, data.Columns)).astype("<u2").tobytes()
        data.save_as(folder / name)
    return folder


def test_mosaics_are_cut_into_their_slices(mosaics, convert) -> None:
    """Tile by tile, at the place that the scanner's private header gives."""
    [verdict] = convert(mosaics)

    assert verdict["status"] == "accepted", verdict["reason"]
    image = nib.load(verdict["path"])
    assert image.shape == (128, 128, 48, 2)
    for time, name in enumerate(("siemens_dwi_0", "siemens_dwi_1000")):
        data = pydicom.dcmread(mosaics / name)
        tiles = data.pixel_array.reshape(7, 128, 7, 128).swapaxes(1, 2).reshape(49, 128, 128)[:48]
        row, column = np.array(data.ImageOrientationPatient, float).reshape(2, 3)
        spacing = float(data.PixelSpacing[0])
        # The centre of the whole mosaic, as one large slice, is the centre of the first slice.
        centre = np.array(data.ImagePositionPatient, float) + (row + column) * spacing * (896 - 1) / 2
        normal = np.cross(row, column)
        for number in (0, 17, 47):
            first = centre - (row + column) * spacing * 127 / 2 + normal * 3.0 * number
            lps = np.array([first, first + 127 * spacing * row, first + 127 * spacing * column])
            index = nib.affines.apply_affine(np.linalg.inv(image.affine), lps * [-1, -1, 1])
            np.testing.assert_allclose(index, np.rint(index), atol=1e-2)
            (i, j, k), right, down = np.rint(index).astype(int)
            found = np.asarray(image.dataobj)[:, :, k, time]
            found = found[:: 1 if right[0] > i else -1, :: 1 if down[1] > j else -1]
            assert np.array_equal(found.T, tiles[number])


def test_a_mosaic_without_the_private_header_is_refused(mosaics, convert) -> None:
    """Nothing else says where its slices lie."""
    for path in mosaics.iterdir():
        data = pydicom.dcmread(path)
        data.remove_private_tags()
        data.save_as(path)

    [verdict] = convert(mosaics)

    assert verdict["reason"].startswith("mosaic: ")


def test_time_points_need_a_series_of_their_own(tmp_path, convert) -> None:
    """Two echoes under one UID give two images: refused."""
    stack = Stack(sop_class=MR, slices=8)

    def change(data, index) -> None:
        data.ImagePositionPatient = stack.position(index % 4)
        data.EchoTime, data.EchoNumbers = 10 + 20 * (index // 4), index // 4 + 1
        data.SOPInstanceUID = generate_uid()

    write_stack(tmp_path / "in", stack, change)

    [verdict] = convert(tmp_path / "in")

    assert verdict["reason"].startswith("several-outputs: ")
