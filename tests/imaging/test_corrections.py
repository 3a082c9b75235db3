"""Leaning and uneven stacks: corrected where it was asked for, right to the rounding of stored values, and recorded."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.cli import main
from ccds_kernel.imaging.correction import Unevenness
from ccds_kernel.imaging.geometry import Grid, correction_line
from support.dicom import AXIAL, CORONAL, Stack, write_stack

SLOPES = np.array([3.0, -2.0, 5.0])


def real(lps: np.ndarray) -> np.ndarray:
    """A value that grows evenly with the place: linear interpolation gives it back exactly."""
    return 2000 + lps @ SLOPES


def write(folder: Path, stack: Stack, position) -> None:
    """Writes `stack` with slice `index` at `position(index)`, its pixels what `real` says of their places."""
    row, column = np.array(stack.orientation[:3]), np.array(stack.orientation[3:])
    rows, columns = np.indices((stack.rows, stack.columns))[..., None].astype(float)

    def change(data, index) -> None:
        origin = np.array(position(index))
        data.ImagePositionPatient = [float(value) for value in origin]
        places = origin + rows * column * stack.spacing[0] + columns * row * stack.spacing[1]
        data.PixelData = np.rint(real(places) - stack.intercept).astype("<u2").tobytes()

    write_stack(folder, stack, change)


def assert_inside_is_right(path: str, depth: float) -> int:
    """Each voxel that slices cover has the value of its place; how many there are."""
    image = nib.load(path)
    places = np.moveaxis(np.indices(image.shape), 0, -1) @ image.affine[:3, :3].T + image.affine[:3, 3]
    values = np.asarray(image.dataobj, dtype=float)
    covered = values != values.min()
    # A pixel at the very edge is half of what lies outside.
    inner = covered.copy()
    for axis in (0, 1):
        inner &= np.roll(covered, 1, axis) & np.roll(covered, -1, axis)
    off = np.abs(values - real(places * [-1, -1, 1]))[inner]
    assert off.max() <= depth
    return int(inner.sum())


@pytest.mark.parametrize("orientation", [AXIAL, CORONAL])
@pytest.mark.parametrize("lean", [0.9, -1.7])
def test_a_leaning_stack_is_put_upright(tmp_path, out, convert, orientation, lean) -> None:
    """Each slice is moved in its plane; nothing is cut off."""
    stack = Stack(slices=9, rows=40, columns=20, orientation=orientation)
    column = np.array(orientation[3:])
    write(tmp_path / "in", stack, lambda index: np.array(stack.position(index)) + index * lean * column)

    [refused] = convert(tmp_path / "in")
    status = main(["imaging", "convert", str(tmp_path / "in"), str(out), "--correct", "gantry-tilt"])

    assert refused["reason"].startswith("gantry-tilt: ")
    assert status == 0
    [path] = out.rglob("*.nii.gz")
    assert assert_inside_is_right(str(path), 1.01) > 0.7 * stack.slices * stack.rows * stack.columns
    sidecar = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
    assert sidecar["corrected"]["tilt_degrees"] == pytest.approx(
        np.degrees(np.arctan(abs(lean) / stack.distance)), abs=1e-3
    )
    assert any("corrected by interpolation" in warning for warning in sidecar["warnings"])


def test_uneven_slices_are_put_at_even_distances(tmp_path, out, convert) -> None:
    """Between two slices lies what is between their values; nothing beyond the last."""
    stack = Stack(slices=9, rows=20, columns=20)
    heights = [0, 1, 2, 3, 4.4, 5.8, 7.2, 8.7, 10.1]
    write(tmp_path / "in", stack, lambda index: stack.position(heights[index]))

    [refused] = convert(tmp_path / "in")
    status = main(["imaging", "convert", str(tmp_path / "in"), str(out), "--correct", "variable-spacing"])

    assert refused["reason"].startswith("irregular-spacing: ")
    assert status == 0
    [path] = out.rglob("*.nii.gz")
    assert_inside_is_right(str(path), 1.01)
    sidecar = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
    assert sidecar["corrected"]["slice_positions_mm"] == [pytest.approx(height * 2.5) for height in heights]


@pytest.mark.parametrize("asked", ["variable-spacing", "gantry-tilt"])
def test_a_missing_slice_is_no_variable_spacing(tmp_path, out, capsys, asked) -> None:
    """The numbers jump where it is missing: nothing is made up for it."""
    stack = Stack(slices=9)
    paths = write_stack(tmp_path / "in", stack)
    paths[4].unlink()

    main(["imaging", "convert", str(tmp_path / "in"), str(out), "--correct", asked])

    assert "missing-slices" in capsys.readouterr().out
    assert not list(out.rglob("*.nii.gz"))


def test_what_needs_no_correction_is_left_alone(tmp_path, convert) -> None:
    """Opting in changes nothing about good series."""
    stack = Stack()
    write_stack(tmp_path / "in", stack)
    [verdict] = convert(tmp_path / "in")
    before = Path(verdict["path"]).read_bytes()

    main(
        [
            "imaging",
            "convert",
            str(tmp_path / "in"),
            str(tmp_path / "again"),
            "--correct",
            "gantry-tilt",
            "--correct",
            "variable-spacing",
        ]
    )

    [path] = (tmp_path / "again").rglob("*.nii.gz")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("heights", "tilt", "line"),
    [
        ((0.0, 1.0, 2.0, 3.0), 4.0, "a lean of 4.00 degrees"),
        ((0.0, 1.0, 2.5, 3.5), 0.0, "slice distances from 1.000 to 1.500 mm, now 1.000 mm"),
        ((0.0, 1.0, 2.0, 3.0004), 0.0, "slice distances from 1.000 to 1.000 mm, now 1.000 mm"),
    ],
)
def test_what_was_corrected_is_never_left_unsaid(heights, tilt, line) -> None:
    """Even distances of slices that lean aren't; distances that differ by less than is printed are."""
    unevenness = Unevenness(heights, ((0.0, 0.0),) * len(heights), tilt)

    assert correction_line(Grid((), (1.0, 1.0, 1.0), 0.0, unevenness=unevenness)) == line
