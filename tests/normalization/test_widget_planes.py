"""How the preview cuts volumes into pictures: radiological convention, and slices linked by where they lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume
from ccds_widgets.normalization.planes import Cut, Plane
from support.affines import ANY_ORIENTATION, affines, places, rotation, shapes
from support.preview import coordinate_volume, oriented

R, A, S = 0, 1, 2
SHAPE = (5, 6, 7)
FACES = {
    Plane.AXIAL: (R, A, S, "RLAP"),
    Plane.CORONAL: (R, S, A, "RLSI"),
    Plane.SAGITTAL: (A, S, R, "APSI"),
}
"""For each plane the patient's axes across, down and through, and the letters left, right, top, bottom."""


def middle(volume: Volume) -> np.ndarray:
    """The middle of a volume in RAS, mm."""
    return volume.affine[:3, :3] @ ((np.array(volume.voxels.shape) - 1) / 2) + volume.affine[:3, 3]


def picture(affine, shape, plane, axis, number) -> np.ndarray:
    """A slice of a volume whose values are coordinates along the patient's `axis`."""
    volume = coordinate_volume(shape, affine, axis)
    return Cut.of(volume, plane, middle(volume)).slice(volume, number)


@pytest.mark.parametrize("plane", Plane)
@pytest.mark.parametrize("codes", ANY_ORIENTATION)
def test_every_orientation_gives_the_same_picture(codes, plane):
    """Right is left, anterior is up or left, superior is up, whatever order and direction the file has."""
    across, down, through, letters = FACES[plane]
    affine = oriented(codes)
    volume = coordinate_volume(SHAPE, affine, through)
    cut = Cut.of(volume, plane, middle(volume))

    columns = picture(affine, SHAPE, plane, across, 1)
    rows = picture(affine, SHAPE, plane, down, 1)
    slices = [cut.slice(volume, number) for number in range(cut.size[2])]

    assert cut.edges == letters
    assert np.all(np.diff(columns, axis=1) < 0)  # towards L or P
    assert np.all(np.diff(columns, axis=0) == 0)
    assert np.all(np.diff(rows, axis=0) < 0)  # towards P or I
    assert [np.ptp(one) for one in slices] == [0] * cut.size[2]
    assert [float(one[0, 0]) for one in slices] == pytest.approx([cut.position(n) for n in range(cut.size[2])])
    assert cut.step_mm > 0
    assert cut.tilt_deg == 0


@pytest.mark.parametrize("codes", ["RAS", "LPI", "SAR", "PIL"])
def test_spacing_goes_with_the_axes(codes):
    """Pixels and slices have the spacing of the file's axes that they come from."""
    volume = coordinate_volume(SHAPE, oriented(codes, (1.0, 2.0, 5.0)), S)
    lengths = {
        pair: (SHAPE[axis], (1.0, 2.0, 5.0)[axis])
        for axis, code in enumerate(codes)
        for pair in ("RL", "AP", "SI")
        if code in pair
    }

    cut = Cut.of(volume, Plane.CORONAL, middle(volume))

    expected = [lengths["RL"], lengths["SI"], lengths["AP"]]
    assert list(zip(cut.size, cut.spacing_mm, strict=True)) == expected


@pytest.mark.parametrize("codes", ["RAS", "LPS", "AIR"])
@pytest.mark.parametrize("plane", Plane)
def test_an_oblique_volume_is_shown_along_its_own_axes(codes, plane):
    """Tilted by 15 degrees: still right on the left and superior up, and the tilt is told."""
    turn = np.eye(4)
    turn[:3, :3] = rotation(np.array([1.0, 0, 0]), np.radians(15))
    affine = turn @ oriented(codes)
    across, down, through, letters = FACES[plane]
    volume = coordinate_volume(SHAPE, affine, through)
    cut = Cut.of(volume, plane, middle(volume))

    columns, rows = (picture(affine, SHAPE, plane, axis, 0) for axis in (across, down))

    assert cut.edges == letters
    assert np.all(columns[:, 0] > columns[:, -1])
    assert np.all(rows[0] > rows[-1])
    assert cut.tilt_deg == pytest.approx(0 if plane is Plane.SAGITTAL else 15)


@settings(max_examples=80)
@given(affines(), shapes(1, 7), st.sampled_from(Plane))
def test_a_pixel_is_the_voxel_that_lies_there(affine, shape, plane):
    """From pixel to voxel and back; the picture shows that voxel's value."""
    volume = Volume.of(np.arange(np.prod(shape)).reshape(shape), affine)
    cut = Cut.of(volume, plane, middle(volume))

    for number in range(cut.size[2]):
        shown = cut.slice(volume, number)
        for (y, x), value in np.ndenumerate(shown):
            voxel = cut.voxel(x, y, number)
            assert volume.voxels[voxel] == value
            assert cut.pixel(voxel) == (x, y, number)


@settings(max_examples=80)
@given(affines(), shapes(1, 7), st.sampled_from(Plane))
def test_a_position_is_where_the_slice_crosses_the_line_through_the_middle(affine, shape, plane):
    """Also where slices are tilted: the middle slice's position is the middle's coordinate."""
    volume = Volume.of(np.zeros(shape), affine)
    centre = middle(volume)
    cut = Cut.of(volume, plane, centre)

    at = (cut.size[2] - 1) / 2

    assert cut.first_mm + at * cut.step_mm == pytest.approx(centre[cut.axis], abs=1e-6)
    assert cut.step_mm > 0


@settings(max_examples=60, deadline=None)
@given(affines(), shapes(2, 7), st.sampled_from(Plane), st.tuples(*[st.floats(0.5, 6)] * 3))
def test_the_nearest_slices_of_two_grids_lie_at_the_same_place(affine, shape, plane, spacing):
    """Reoriented and resampled: their planes are no farther apart than half a step of the other one."""
    steps = (
        make_step("reorient", {"to": "LPS"}),
        make_step("resample", {"spacing_mm": spacing, "interpolation": "nearest"}),
    )
    before = Volume.of(np.zeros(shape), affine)
    after = apply(Recipe("other grid", steps), before)
    cut, its_cut = (Cut.of(volume, plane, middle(before)) for volume in (before, after))

    pairs = [(number, its_cut.nearest(cut.position(number))) for number in range(cut.size[2])]

    normal = _normal(before.affine, cut)
    for number, its_number in pairs:
        positions = cut.position(number) - its_cut.position(its_number)
        assert abs(positions) <= its_cut.step_mm / 2 + 1e-6 or its_number in (0, its_cut.size[2] - 1)
        apart = normal @ (_point(before, cut, number) - _point(after, its_cut, its_number))
        assert abs(apart) == pytest.approx(abs(positions) * _steepness(normal, before, cut), abs=1e-3)


def _point(volume: Volume, cut: Cut, number: int) -> np.ndarray:
    return (volume.affine @ [*cut.voxel(0, 0, number), 1])[:3]


def _normal(affine: np.ndarray, cut: Cut) -> np.ndarray:
    x, y = (affine[:3, cut.turns[at][0]] for at in (0, 1))
    normal = np.cross(x, y)
    return normal / np.linalg.norm(normal)


def _steepness(normal: np.ndarray, volume: Volume, cut: Cut) -> float:
    """How far apart planes are, mm, for each mm of position."""
    through = volume.affine[:3, cut.turns[2][0]]
    return abs(normal @ through / through[cut.axis])


def test_places_are_what_the_volumes_of_these_tests_hold():
    """The values that the tests above read are coordinates."""
    affine = oriented("LPS")
    volume = coordinate_volume(SHAPE, affine, A)

    assert np.allclose(volume.voxels, places(affine, SHAPE)[..., A])
