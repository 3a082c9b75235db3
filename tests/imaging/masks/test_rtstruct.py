"""Contours of a structure set, filled on the volume's grid: where a voxel's middle is inside."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.reading import read_mask
from ccds_kernel.imaging.masks.rtstruct import SOP_CLASS, filled
from support.dicom import save

FRAME, OTHER_FRAME = "1.2.3", "1.2.4"


def structure_set(scan, structures, path: Path) -> Path:
    """Writes structures: name → contours as (slice, corners of (column, row)), in the pixels of the series, in its frame."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = UID(SOP_CLASS), generate_uid(), "RTSTRUCT"
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = scan.stack.series_uid
    study.RTReferencedSeriesSequence = [series]
    frame.RTReferencedStudySequence, frame.FrameOfReferenceUID = [study], FRAME
    data.ReferencedFrameOfReferenceSequence = [frame]
    data.StructureSetROISequence, data.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(structures.items(), start=1):
        said, drawn = Dataset(), Dataset()
        said.ROINumber, said.ROIName, said.ReferencedFrameOfReferenceUID = number, name, FRAME
        drawn.ReferencedROINumber, drawn.ContourSequence = number, []
        for index, corners in contours:
            places = np.array([[c, r, index, 1] for c, r in corners]) @ scan.stack.affine().T
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(corners)
            contour.ContourData = [f"{value:.3f}" for value in (places[:, :3] * [-1, -1, 1]).ravel()]
            drawn.ContourSequence.append(contour)
        data.StructureSetROISequence.append(said)
        data.ROIContourSequence.append(drawn)
    return save(data, path, ExplicitVRLittleEndian)


def box(first: int, last: int, top: int, bottom: int) -> list[tuple[float, float]]:
    """The outline of columns `first` to `last` and rows `top` to `bottom`, all included."""
    return [(first - 0.4, top - 0.4), (last + 0.4, top - 0.4), (last + 0.4, bottom + 0.4), (first - 0.4, bottom + 0.4)]


def test_contours_are_filled_where_they_were_drawn(tmp_path, scan) -> None:
    """A contour within another is a hole."""
    hole = (2, box(4, 4, 3, 3))
    one = [*((index, box(3, 8, 2, 6)) for index in (1, 2, 3)), hole]
    two = [(index, box(1, 3, 9, 12)) for index in (3, 4)]
    path = structure_set(scan, {"organ": one, "lesion": two}, tmp_path / "rt.dcm")

    mask = read_mask(path, scan.grid)

    assert np.array_equal(mask.labels, scan.on_grid())
    assert mask.names == {1: "organ", 2: "lesion"}


WRONG = {
    "between two slices": ({"a": [(2.5, box(1, 3, 1, 3))]}, "slices off the nearest one"),
    "above the stack": ({"a": [(9, box(1, 3, 1, 3))]}, "outside of the volume"),
    "beyond the edge": ({"a": [(2, box(1, 30, 1, 3))]}, "reaches beyond the volume"),
    "too small": ({"a": [(2, [(1.2, 1.2), (1.4, 1.2), (1.3, 1.4)])]}, "no structure that holds"),
    "overlapping": ({"a": [(2, box(1, 3, 1, 3))], "b": [(2, box(3, 5, 3, 5))]}, "structures 1 and 2 that overlap"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused(tmp_path, scan, name) -> None:
    """Nothing is moved to the nearest slice, nor cut off."""
    structures, said = WRONG[name]

    with pytest.raises(CcdsError, match=said):
        read_mask(structure_set(scan, structures, tmp_path / "rt.dcm"), scan.grid)


def test_points_are_no_contour(tmp_path, scan) -> None:
    """Nor open lines."""
    path = structure_set(scan, {"a": [(2, box(1, 3, 1, 3))]}, tmp_path / "rt.dcm")
    data = pydicom.dcmread(path)
    data.ROIContourSequence[0].ContourSequence[0].ContourGeometricType = "POINT"
    data.save_as(path)

    with pytest.raises(CcdsError, match="of type POINT, not CLOSED_PLANAR"):
        read_mask(path, scan.grid)


def _with_another_series(data: Dataset, frame: str) -> Dataset:
    """`data`, that of another series, too, in `frame`; an image of that."""
    other = deepcopy(data.ReferencedFrameOfReferenceSequence[0])
    [series] = other.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    image = Dataset()
    image.ReferencedSOPInstanceUID = generate_uid()
    other.FrameOfReferenceUID, series.SeriesInstanceUID = frame, generate_uid()
    series.ContourImageSequence = [image]
    data.ReferencedFrameOfReferenceSequence.append(other)
    return image


def _of_another_frame(data: Dataset) -> None:
    _with_another_series(data, OTHER_FRAME)
    data.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = OTHER_FRAME


def _of_an_unknown_frame(data: Dataset) -> None:
    data.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = "1.2.5"


def _of_one_of_two_frames(data: Dataset) -> None:
    _with_another_series(data, OTHER_FRAME)
    del data.StructureSetROISequence[1].ReferencedFrameOfReferenceUID


def _on_images_of_another_series(data: Dataset) -> None:
    image = _with_another_series(data, FRAME)
    data.ROIContourSequence[1].ContourSequence[0].ContourImageSequence = [image]


def _reading_two(scan, path: Path, change):
    path = structure_set(scan, {"own": [(2, box(3, 8, 2, 6))], "other": [(3, box(1, 3, 9, 12))]}, path)
    data = pydicom.dcmread(path)
    change(data)
    data.save_as(path)
    return lambda: read_mask(path, scan.grid)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_of_another_frame, "of another frame of reference"),
        (_of_an_unknown_frame, "of another frame of reference"),
        (_of_one_of_two_frames, "of another frame of reference"),
        (_on_images_of_another_series, "on images of another series"),
    ],
)
def test_a_structure_of_elsewhere_is_refused(tmp_path, scan, change, said) -> None:
    """Its numbers would be laid in as if they were of this series."""
    read = _reading_two(scan, tmp_path / "rt.dcm", change)

    with pytest.raises(CcdsError, match=said):
        read()


def _no_frame(data: Dataset) -> None:
    for structure in data.StructureSetROISequence:
        del structure.ReferencedFrameOfReferenceUID


def _elsewhere_and_empty(data: Dataset) -> None:
    _of_another_frame(data)
    del data.ROIContourSequence[1].ContourSequence


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda data: _with_another_series(data, OTHER_FRAME), ["own", "other"]),
        (lambda data: _with_another_series(data, FRAME), ["own", "other"]),
        (_no_frame, ["own", "other"]),
        (_elsewhere_and_empty, ["own"]),
    ],
)
def test_other_series_beside_stop_nothing(tmp_path, scan, change, names) -> None:
    """As long as no contour is of them."""
    mask = _reading_two(scan, tmp_path / "rt.dcm", change)()

    assert list(mask.names.values()) == names


@given(
    corners=st.lists(st.tuples(st.floats(-2, 12), st.floats(-2, 12)), min_size=3, max_size=9),
)
def test_filling_is_the_even_odd_rule(corners) -> None:
    """Point by point, by a ray to the right: the textbook's rule, corner cases of the lattice left out."""
    polygon = np.array(corners)
    edges = list(zip(polygon, np.roll(polygon, -1, axis=0), strict=True))

    found = filled(polygon, (10, 10))

    for i in range(10):
        for j in range(10):
            crossings = [b + (i - a) * (d - b) / (c - a) for (a, b), (c, d) in edges if (a <= i) != (c <= i)]
            if all(abs(crossing - j) > 1e-6 for crossing in crossings) and i not in polygon[:, 0]:
                assert found[i, j] == (sum(crossing < j for crossing in crossings) % 2 == 1)
