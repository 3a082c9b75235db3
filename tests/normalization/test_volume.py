"""Volumes: what they refuse, what they keep."""

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.volume import Volume

CUBE = np.zeros((3, 4, 5), np.float32)


@pytest.mark.parametrize(
    ("voxels", "found"),
    [
        (CUBE[0], r"found 2 \(shape \(4, 5\)\)"),
        (CUBE[..., np.newaxis, np.newaxis].repeat(2, -1), "found 5"),
        (CUBE[:0], r"shape of \(0, 4, 5\)"),
        (np.broadcast_to(np.float32(0), (40_000, 1, 1)), r"shape of \(40000, 1, 1\)"),
        (np.broadcast_to(np.int16(0), (2000, 2000, 2000)), r"shape of \(2000, 2000, 2000\)"),
        (CUBE.astype(np.complex64), "type complex64"),
        (np.zeros((2, 2, 2), [("R", "u1"), ("G", "u1"), ("B", "u1")]), "found type"),
        (np.full((2, 2, 2), np.nan), "found 8 of 8 NaN or infinite"),
        (np.where(np.arange(8).reshape(2, 2, 2) == 3, np.inf, 0), "found 1 of 8 NaN or infinite"),
        (np.full((2, 2, 2), 1e300), "found 8 of 8 NaN or infinite"),
    ],
)
def test_what_is_no_finite_volume_is_refused(voxels, found) -> None:
    """One line that says what came instead."""
    with pytest.raises(CcdsError, match=found):
        Volume.of(voxels, np.eye(4))


@pytest.mark.parametrize(
    ("affine", "found"),
    [
        (np.eye(3), "4 x 4"),
        (np.diag([1, np.nan, 1, 1]), "4 x 4"),
        (np.diag([1, 1, 1, 2]), "4 x 4"),
        (np.diag([1, 0, 1, 1]), "a spacing of 1 x 0 x 1 mm"),
        (np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), "axes that lie in one plane"),
    ],
)
def test_an_affine_that_is_no_grid_is_refused(affine, found) -> None:
    """Singular ones, those without extent, those that are no affine."""
    with pytest.raises(CcdsError, match=found):
        Volume.of(CUBE, affine)


def test_other_types_are_refused_where_nothing_converts() -> None:
    """`Volume` itself converts nothing, so that no copy is made in silence."""
    with pytest.raises(CcdsError, match=r"found float64; make the volume by Volume\.of"):
        Volume(CUBE.astype(np.float64), np.eye(4))


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (np.array([-32768, 32767], np.int64), np.int16),
        (np.array([0, 255], np.uint8), np.int16),
        (np.array([0, 32768], np.uint16), np.float32),
        (np.array([0, 1], ">i2"), np.int16),
        (np.array([False, True]), np.int16),
        (np.array([0.5, 1.0]), np.float32),
    ],
)
def test_integers_that_fit_become_int16_all_else_float32(values, kept) -> None:
    """With the same values."""
    volume = Volume.of(values.reshape(2, 1, 1), np.eye(4))

    assert volume.voxels.dtype == kept
    assert volume.voxels.ravel().tolist() == values.tolist()


def test_nobody_changes_a_volume() -> None:
    """Neither its voxels nor its affine; the array it was made of stays as it was."""
    own = np.zeros((2, 2, 2), np.float32, order="F")

    volume = Volume(own, np.eye(4))

    assert np.shares_memory(volume.voxels, own)
    assert own.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        volume.voxels[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        volume.affine[0, 0] = 2


def test_the_digest_knows_voxels_type_shape_and_affine(ct) -> None:
    """Not how they lie in memory, nor the sign of a zero."""
    signless = ct.affine.copy()
    signless[0, 1] = -0.0
    moved = ct.affine.copy()
    moved[0, 3] += 0.001

    same = Volume.of(np.ascontiguousarray(ct.voxels), signless)
    others = [
        Volume.of(ct.voxels + 1, ct.affine),
        Volume.of(ct.voxels.astype(np.float32), ct.affine),
        Volume.of(ct.voxels.reshape(8, 9, 7, order="F"), ct.affine),
        Volume.of(ct.voxels, moved),
    ]

    assert same.digest() == ct.digest()
    assert len({ct.digest(), *(other.digest() for other in others)}) == 5
