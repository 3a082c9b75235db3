"""Segmentations written by highdicom come out on the volume's grid, or are refused with what is wrong."""

from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.pixels import pack_bits
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.reading import read_mask
from support.dicom import Stack, write_stack


def segmentation(files, drawn, path: Path, segments=2) -> Path:
    """Writes `drawn` (frames, rows, columns) on `files` as a DICOM segmentation."""
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=f"part {number}",
            segmented_property_category=codes.SCT.Organ,
            segmented_property_type=codes.SCT.Liver,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number in range(1, segments + 1)
    ]
    for data in files:
        data.StudyID, data.PatientBirthDate, data.PatientSex, data.StudyTime = "1", "19400102", "F", "101010"
    hd.seg.Segmentation(
        source_images=files,
        pixel_array=drawn,
        segmentation_type="BINARY",
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=100,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Tests",
        manufacturer_model_name="Tests",
        software_versions="1",
        device_serial_number="1",
    ).save_as(path)
    return path


def test_segments_lie_where_they_were_drawn(tmp_path, scan) -> None:
    """Slice by slice, whichever way the volume's axes run."""
    path = segmentation(scan.files, scan.drawn, tmp_path / "seg.dcm")

    mask = read_mask(path, scan.grid)

    assert np.array_equal(mask.labels, scan.on_grid())
    assert mask.names == {1: "part 1", 2: "part 2"}
    assert mask.voxels() == {1: int((scan.drawn == 1).sum()), 2: int((scan.drawn == 2).sum())}


def test_the_order_of_the_frames_means_nothing(tmp_path, scan) -> None:
    """Their own positions say where they lie."""
    path = segmentation(scan.files[::-1], scan.drawn[::-1], tmp_path / "seg.dcm")

    assert np.array_equal(read_mask(path, scan.grid).labels, scan.on_grid())


def _moved(data: pydicom.Dataset) -> None:
    for group in data.PerFrameFunctionalGroupsSequence:
        position = group.PlanePositionSequence[0]
        x, y, z = position.ImagePositionPatient
        position.ImagePositionPatient = [float(x) + 0.3, y, z]


def _outside(data: pydicom.Dataset) -> None:
    normal = np.array([0.058711, -0.189796, 0.980067])
    for group in data.PerFrameFunctionalGroupsSequence:
        position = group.PlanePositionSequence[0]
        place = np.array(position.ImagePositionPatient, float) + normal * 25
        position.ImagePositionPatient = [float(value) for value in place]


def _no_reference(data: pydicom.Dataset) -> None:
    del data.ReferencedSeriesSequence


def _other_series(data: pydicom.Dataset) -> None:
    data.ReferencedSeriesSequence[0].SeriesInstanceUID = generate_uid()


def _measures(data: pydicom.Dataset) -> list[pydicom.Dataset]:
    groups = [*data.get("SharedFunctionalGroupsSequence", []), *data.PerFrameFunctionalGroupsSequence]
    return [one for group in groups for one in group.get("PixelMeasuresSequence", [])]


def _half_the_matrix(data: pydicom.Dataset) -> None:
    """Pixels of twice the size, whose middles lie on every second voxel."""
    coarse = np.ascontiguousarray(data.pixel_array[:, ::2, ::2])
    data.Rows, data.Columns = coarse.shape[1:]
    packed = pack_bits(coarse)
    data.PixelData = packed + b"\0" * (len(packed) % 2)
    for one in _measures(data):
        one.PixelSpacing = [2 * float(value) for value in one.PixelSpacing]


def _one_percent_larger(data: pydicom.Dataset) -> None:
    for one in _measures(data):
        one.PixelSpacing = [1.01 * float(value) for value in one.PixelSpacing]


def _rows_run_as_columns(data: pydicom.Dataset) -> None:
    """Both along one axis."""
    for group in [*data.SharedFunctionalGroupsSequence, *data.PerFrameFunctionalGroupsSequence]:
        for one in group.get("PlaneOrientationSequence", []):
            along = list(one.ImageOrientationPatient)[:3]
            one.ImageOrientationPatient = [*along, *along]


def _twice_the_distance(data: pydicom.Dataset) -> None:
    for one in _measures(data):
        one.SpacingBetweenSlices = 5.0


def _every_second_plane_twice_as_thick(data: pydicom.Dataset) -> None:
    """Of another grid, which says only how thick its slices are."""
    first = data.PerFrameFunctionalGroupsSequence
    z = [float(one.PlanePositionSequence[0].ImagePositionPatient[2]) for one in first]
    places = sorted(set(z))[::2]
    kept = [index for index, place in enumerate(z) if place in places]
    planes = data.pixel_array[kept]
    data.PerFrameFunctionalGroupsSequence = [first[index] for index in kept]
    data.NumberOfFrames = len(kept)
    packed = pack_bits(np.ascontiguousarray(planes))
    data.PixelData = packed + b"\0" * (len(packed) % 2)
    for one in _measures(data):
        del one.SpacingBetweenSlices
        one.SliceThickness = 5.0


def _cut(data: pydicom.Dataset) -> None:
    data.PixelData = data.PixelData[:4]


WRONG = {
    "between the voxels": (_moved, "voxels off it"),
    "beyond the volume": (_outside, "off it|outside of the volume"),
    "no reference": (_no_reference, "doesn't say of which series"),
    "another series": (_other_series, "of another series"),
    "pixels twice as large": (_half_the_matrix, "pixels of 2 × 2 voxels"),
    "pixels hardly larger": (_one_percent_larger, "pixels of 1.01 × 1.01 voxels"),
    "no plane": (_rows_run_as_columns, "pixels of .* voxels, or turned against them"),
    "slices twice as far apart": (_twice_the_distance, "planes 2 slices apart"),
    "slices twice as thick": (_every_second_plane_twice_as_thick, "planes 2 slices apart and 2 thick"),
    "cut short": (_cut, "a broken file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused(tmp_path, scan, name) -> None:
    """Nothing is moved or resampled to make it fit."""
    spoil, said = WRONG[name]
    path = segmentation(scan.files, scan.drawn, tmp_path / "seg.dcm")
    data = pydicom.dcmread(path)
    spoil(data)
    data.save_as(path)

    with pytest.raises(CcdsError, match=said):
        read_mask(path, scan.grid)


@pytest.mark.parametrize("thickness", [2.5, 3.5, 5.0])
def test_slices_may_overlap(tmp_path, scan, thickness) -> None:
    """A series of slices that are thicker than they are apart; its segmentation needn't name the distance."""
    data = pydicom.dcmread(segmentation(scan.files, scan.drawn, tmp_path / "seg.dcm"))
    for one in _measures(data):
        del one.SpacingBetweenSlices
        one.SliceThickness = thickness
    data.save_as(tmp_path / "seg.dcm")

    assert np.array_equal(read_mask(tmp_path / "seg.dcm", scan.grid).labels, scan.on_grid())


def test_segments_that_overlap_are_refused(tmp_path, scan) -> None:
    """A label map holds one label in each voxel."""
    both = np.stack([scan.drawn == 1, scan.drawn >= 1], axis=-1).astype(np.uint8)
    path = segmentation(scan.files, both, tmp_path / "seg.dcm", segments=2)

    with pytest.raises(CcdsError, match="segments 1 and 2 that overlap"):
        read_mask(path, scan.grid)


def test_other_dicom_is_no_mask(tmp_path, scan) -> None:
    """An image, for example."""
    [path, *_] = write_stack(tmp_path / "other", Stack())

    with pytest.raises(CcdsError, match="neither a DICOM segmentation nor a structure set"):
        read_mask(path, scan.grid)
