"""What is read from a series for the rules, from classic and from enhanced files."""

import pydicom
import pytest

from ccds_kernel.imaging.output import hashed_name
from ccds_kernel.imaging.selection.facts import SeriesFacts, facts_of
from ccds_kernel.imaging.series import find_series
from support.dicom import (
    AXIAL,
    CORONAL,
    CT,
    ENHANCED_MR,
    SAGITTAL,
    SR,
    Stack,
    write_enhanced,
    write_object,
    write_stack,
)


def facts(folder) -> SeriesFacts:
    """Of the one series of a folder."""
    [series] = find_series(folder).series
    return facts_of(series)


def test_a_classic_series(tmp_path) -> None:
    """Its name is the hash of its UID; nothing that people type is in it."""
    stack = Stack(slices=7)

    def change(data, _index) -> None:
        data.SeriesNumber, data.ConvolutionKernel, data.ContrastBolusAgent = 4, ["H31s", "2"], "iodine"

    write_stack(tmp_path / "in", stack, change)

    assert facts(tmp_path / "in") == SeriesFacts(
        name=hashed_name("series", stack.series_uid), number=4, modality="CT", orientation="axial", thickness_mm=2.5,
        kernel="H31s\\2", contrast=True, images=7, scanner="Synthetic One",
    )  # fmt: skip


def test_an_enhanced_series(tmp_path) -> None:
    """Thickness, kernel and contrast stand in its functional groups and sequences."""
    path = write_enhanced(tmp_path / "in", Stack(sop_class=ENHANCED_MR, slices=6))
    data = pydicom.dcmread(path)
    del data.SliceThickness
    reconstruction = pydicom.Dataset()
    reconstruction.ConvolutionKernel = "J30"
    data.SharedFunctionalGroupsSequence[0].CTReconstructionSequence = [reconstruction]
    data.ContrastBolusAgentSequence = [pydicom.Dataset()]
    data.save_as(path)

    found = facts(tmp_path / "in")

    assert (found.images, found.thickness_mm, found.kernel, found.contrast) == (6, 2.5, "J30", True)


def test_what_is_not_said_is_empty(tmp_path) -> None:
    """No contrast agent means none."""

    def change(data, _index) -> None:
        del data.SliceThickness, data.SeriesNumber, data.Manufacturer, data.ManufacturerModelName
        data.ImageOrientationPatient = None

    write_stack(tmp_path / "in", Stack(), change)

    found = facts(tmp_path / "in")

    assert (found.number, found.orientation, found.thickness_mm, found.kernel, found.scanner) == (
        None,
        "",
        None,
        "",
        "",
    )
    assert not found.contrast


TURNED_40 = (0.766, 0.6428, 0.0, 0.0, 0.0, -1.0)
TURNED_30 = (0.866, 0.5, 0.0, 0.0, 0.0, -1.0)


@pytest.mark.parametrize(
    ("orientation", "name"),
    [(AXIAL, "axial"), (CORONAL, "coronal"), (SAGITTAL, "sagittal"), (TURNED_30, "coronal"), (TURNED_40, "oblique")],
)
def test_orientation_is_that_of_the_nearest_axis(tmp_path, orientation, name) -> None:
    """Beyond 37 degrees it is none."""
    write_stack(tmp_path / "in", Stack(sop_class=CT, orientation=orientation))

    assert facts(tmp_path / "in").orientation == name


def test_a_series_without_slices_says_why(tmp_path) -> None:
    """A report, for example: it is shown, and can't be chosen."""
    write_object(tmp_path / "in", SR)

    found = facts(tmp_path / "in")

    assert (found.images, found.excluded.code) == (0, "not-an-image")
