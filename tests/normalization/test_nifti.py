"""NIfTI files: what is read from them, what is refused, what is written."""

import gzip

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.volume import digest
from ccds_kernel.normalization.nifti import read_nifti, read_times, write_nifti
from ccds_kernel.normalization.volume import Volume
from support.affines import affines, shapes

OBLIQUE = np.array([[0.8, 0.1, 0, -40], [-0.1, 0.8, 0.2, 30], [0, -0.2, 2.5, 12], [0, 0, 0, 1]])


def save(path, voxels, affine=OBLIQUE, *, sform=1, qform=1, scaling=None, units="mm"):
    """Writes a NIfTI-1 file by nibabel; returns its path."""
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units(units)
    if scaling:
        image.header.set_slope_inter(*scaling)
    image.set_sform(affine, sform)
    image.set_qform(affine, qform)
    nib.save(image, path)
    return path


NUMBERS = np.arange(60).reshape(3, 4, 5)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("stored", "scaling", "real"),
    [
        (NUMBERS.astype(np.int16), None, NUMBERS.astype(np.int16)),
        (NUMBERS.astype(np.uint16), (1, -1024), (NUMBERS - 1024).astype(np.int16)),
        (NUMBERS.astype(np.uint16), (1, 32767), (NUMBERS + 32767).astype(np.float32)),
        (NUMBERS.astype(np.int16), (0.5, 3), (NUMBERS * 0.5 + 3).astype(np.float32)),
        (NUMBERS.astype(np.float64) / 4, None, (NUMBERS / 4).astype(np.float32)),
        (NUMBERS.astype(np.uint8), None, NUMBERS.astype(np.int16)),
    ],
)
def test_real_values_are_read_whatever_the_file_holds(tmp_path, suffix, stored, scaling, real) -> None:
    """With the scaling applied; the digest is the one that imaging gives the file."""
    path = save(tmp_path / f"in{suffix}", stored, scaling=scaling)

    found = read_nifti(path)

    assert found.volume.voxels.dtype == real.dtype
    assert np.array_equal(found.volume.voxels, real)
    assert np.allclose(found.volume.affine, OBLIQUE)
    assert found.digest == digest(path)


@pytest.mark.parametrize(
    ("sform", "qform", "space"), [(1, 1, 1), (4, 1, 4), (0, 1, 1), (2, 0, 2), (0, 3, 3), (5, 1, 2)]
)
def test_the_space_is_carried_over(tmp_path, sform, qform, space) -> None:
    """The sform's code, or the qform's where there is no sform; a space without a name of its own is 'aligned'."""
    straight = np.diag([-1.5, 1, 2, 1])
    path = save(tmp_path / "in.nii", NUMBERS.astype(np.int16), straight, sform=sform if sform < 5 else 1, qform=qform)
    if sform == 5:
        raw = bytearray(path.read_bytes())
        raw[254:256] = (5).to_bytes(2, "little")
        path.write_bytes(raw)

    found = read_nifti(path)

    assert found.space == space
    assert found.digest == digest(path)
    assert np.allclose(found.volume.affine, straight)


@settings(max_examples=40)
@given(affines(largest_angle=3), shapes(), st.sampled_from([np.int16, np.float32]), st.integers(1, 4))
def test_what_is_written_is_read_back(tmp_path_factory, affine, shape, dtype, space) -> None:
    """Voxels, affine in both forms, units, space, display range; the digest is the volume's own."""
    path = tmp_path_factory.mktemp("nifti") / "out.nii"
    volume = Volume(np.arange(np.prod(shape), dtype=dtype).reshape(shape) - 5, affine)

    write_nifti(volume, path, space)

    image = nib.load(path)
    assert np.array_equal(np.asarray(image.dataobj), volume.voxels)
    assert image.get_data_dtype() == dtype
    assert np.allclose(image.get_sform(), affine, atol=1e-4)
    assert image.header["qform_code"] == 0 or np.allclose(image.get_qform(), affine, atol=0.01)
    assert image.header["sform_code"] == space
    assert image.header.get_xyzt_units()[0] == "mm"
    assert (image.header["cal_min"], image.header["cal_max"]) == (-5, np.prod(shape) - 6)
    assert np.allclose(image.header.get_zooms(), volume.spacing_mm)
    assert digest(path) == volume.digest() == read_nifti(path).digest


def test_a_qform_that_can_t_hold_the_affine_is_marked_unknown(tmp_path) -> None:
    """Sheared axes: other programs would put the voxels elsewhere."""
    sheared = np.array([[1, 0, 0, 5], [0, 1, 0.3, 6], [0, 0, 2, 7], [0, 0, 0, 1]], float)

    write_nifti(Volume.of(NUMBERS, sheared), tmp_path / "out.nii", 1)

    header = nib.load(tmp_path / "out.nii").header
    assert (header["sform_code"], header["qform_code"]) == (1, 0)
    assert np.allclose(header.get_sform(), sheared)


def test_an_axis_of_one_after_the_third_is_no_axis(tmp_path) -> None:
    """One volume in a file for several."""
    path = save(tmp_path / "in.nii", NUMBERS.astype(np.int16)[..., np.newaxis])

    found = read_nifti(path)

    assert found.volume.voxels.shape == (3, 4, 5)
    assert found.digest == digest(path)


def test_time_points_are_read_one_by_one(tmp_path) -> None:
    """In their order, with the real values of each; an image with three axes has one."""
    stored = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    series, single = tmp_path / "series.nii.gz", tmp_path / "single.nii.gz"
    save(series, stored, scaling=(2, 1))
    save(single, stored[..., 0])

    times = read_times(series)

    assert len(times) == 5
    for time, volume in enumerate(times):
        assert np.array_equal(volume.voxels, stored[..., time] * 2 + 1)
        np.testing.assert_allclose(volume.affine, OBLIQUE, atol=1e-5)
    [one] = read_times(single)
    assert np.array_equal(one.voxels, read_nifti(single).volume.voxels)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5, 2), (2, 3)])
def test_what_is_no_series_of_volumes_has_no_time_points(tmp_path, shape) -> None:
    """A fifth axis, or too few."""
    save(tmp_path / "x.nii", np.zeros(shape, np.int16))

    with pytest.raises(CcdsError, match="a volume with 3 axes"):
        read_times(tmp_path / "x.nii")


def _cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def _other(path):
    path.write_bytes(b"no image at all" * 100)


def _empty(path):
    path.write_bytes(b"")


def _claims_too_much(path):
    raw = bytearray(path.read_bytes())
    raw[40:48] = b"".join(size.to_bytes(2, "little") for size in (3, 32767, 32767, 32767))
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (_cut, "found something else, or a damaged one"),
        (_other, "found something else, or a damaged one"),
        (_empty, "found something else, or a damaged one"),
        (_claims_too_much, r"found a shape of \(32767, 32767, 32767\)"),
        (lambda path: path.unlink(), "found No such file or directory"),
    ],
)
def test_a_broken_file_is_one_clear_line(tmp_path, damage, found) -> None:
    """Also one whose header claims more memory than there is."""
    path = save(tmp_path / "in.nii", NUMBERS.astype(np.int16))
    damage(path)

    with pytest.raises(CcdsError, match=found):
        read_nifti(path)


def test_a_cut_gzip_is_one_clear_line(tmp_path) -> None:
    """Its end is missing."""
    path = save(tmp_path / "in.nii", NUMBERS.astype(np.int16))
    packed = tmp_path / "in.nii.gz"
    packed.write_bytes(gzip.compress(path.read_bytes())[:-30])

    with pytest.raises(CcdsError, match="found something else, or a damaged one"):
        read_nifti(packed)


@pytest.mark.parametrize(
    ("voxels", "options", "found"),
    [
        (NUMBERS.astype(np.int16)[..., np.newaxis].repeat(2, -1), {}, "found 4 "),
        (NUMBERS.astype(np.int16)[0], {}, "found 2 "),
        (NUMBERS.astype(np.float32) + np.float32(np.nan), {}, "found 60 of 60 NaN or infinite"),
        (NUMBERS.astype(np.complex64), {}, "found type complex64"),
        (NUMBERS.astype(np.int16), {"sform": 0, "qform": 0}, "where it lies .*; found neither"),
        (NUMBERS.astype(np.int16), {"units": "meter"}, "expected an image in mm; found one in meter"),
        (NUMBERS.astype(np.int16), {"units": "micron"}, "expected an image in mm; found one in micron"),
    ],
)
def test_what_is_no_volume_in_space_is_refused(tmp_path, voxels, options, found) -> None:
    """Never a guess at what it might be."""
    path = save(tmp_path / "in.nii", voxels, **options)

    with pytest.raises(CcdsError, match=found):
        read_nifti(path)


def test_a_header_without_extent_is_refused(tmp_path) -> None:
    """An sform whose third column is 0."""
    path = save(tmp_path / "in.nii", NUMBERS.astype(np.int16))
    raw = bytearray(path.read_bytes())
    for row in range(3):
        raw[280 + 16 * row + 8 : 280 + 16 * row + 12] = bytes(4)
    path.write_bytes(raw)

    with pytest.raises(CcdsError, match=r"found a spacing of .* x 0 mm"):
        read_nifti(path)
