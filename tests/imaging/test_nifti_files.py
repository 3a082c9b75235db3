"""The bytes of a volume: header, hash, compression."""

import gzip
import os
import struct
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.imaging.volume import BLOCK, compress, digest, rewrite_header


@pytest.fixture
def image(tmp_path):
    """An uncompressed image with text in its header."""
    made = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.diag([1.0, 2, 3, 1]))
    made.header["descrip"] = b"TE=3;Time=132518.000"
    made.header["aux_file"] = b"for Anna"
    nib.save(made, tmp_path / "image.nii")
    return tmp_path / "image.nii"


def test_the_header_loses_its_text_and_gets_the_affine(image) -> None:
    """Voxels stay."""
    affine = np.array([[0.0, -2, 0, 5], [1, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1]])

    rewrite_header(image, affine)

    read = nib.load(image)
    assert np.array_equal(read.affine, affine)
    assert (int(read.header["sform_code"]), int(read.header["qform_code"])) == (1, 1)
    assert np.allclose(read.get_qform(), affine, atol=1e-5)
    assert (read.header["descrip"], read.header["aux_file"]) == (b"", b"")
    assert np.array_equal(read.dataobj, np.arange(60).reshape(3, 4, 5))


def test_a_qform_that_can_t_hold_the_affine_is_marked_unknown(image) -> None:
    """A thousandth of a radian from half a turn is lost in a float32 quaternion; 0.1 mm at the edge of this image."""
    nib.save(nib.Nifti1Image(np.zeros((100, 4, 5), dtype=np.int16), np.eye(4)), image)
    c, s = np.cos(0.0005), np.sin(0.0005)
    affine = np.array([[-c, s, 0, 0], [-s, -c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])

    rewrite_header(image, affine)

    header = nib.load(image).header
    assert (int(header["sform_code"]), int(header["qform_code"])) == (1, 0)
    assert np.allclose(header.get_sform(), affine)


@given(size=st.integers(0, 3 * BLOCK + 5), seed=st.integers(0, 9))
@settings(max_examples=15, deadline=None)
def test_compressed_voxels_come_back(tmp_path_factory, size, seed) -> None:
    """Python's own gzip reads what the parallel writer wrote, over any number of blocks."""
    folder = tmp_path_factory.mktemp("gzip")
    voxels = np.random.default_rng(seed).integers(0, 4, max(size, 1)).astype(np.uint8)
    header = nib.Nifti1Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape((1, 1, 1))
    header["vox_offset"], header["magic"] = 352, b"n+1"
    (folder / "x.nii").write_bytes(header.binaryblock + bytes(4) + voxels.tobytes())

    found = compress(folder / "x.nii", folder / "x.nii.gz")

    assert gzip.decompress((folder / "x.nii.gz").read_bytes()) == (folder / "x.nii").read_bytes()
    assert found == digest(folder / "x.nii") == digest(folder / "x.nii.gz")


@pytest.mark.parametrize(
    "change",
    [
        lambda image: nib.Nifti1Image(np.asarray(image.dataobj) + np.int16(1), image.affine),
        lambda image: nib.Nifti1Image(np.asarray(image.dataobj), image.affine + np.diag([1e-3, 0, 0, 0])),
        lambda image: nib.Nifti1Image(np.asarray(image.dataobj).reshape(4, 3, 5), image.affine),
        lambda image: nib.Nifti1Image(np.asarray(image.dataobj).astype(np.int32), image.affine),
    ],
)
def test_the_hash_tells_volumes_apart(image, tmp_path, change) -> None:
    """By voxels, affine, shape and type."""
    nib.save(change(nib.load(image)), tmp_path / "other.nii")

    assert digest(tmp_path / "other.nii") != digest(image)


def test_the_hash_ignores_text_and_compression(image, tmp_path) -> None:
    """The same volume from another program is the same volume."""
    plain = nib.load(image)
    nib.save(nib.Nifti1Image(np.asarray(plain.dataobj), plain.affine), tmp_path / "other.nii.gz")

    assert digest(tmp_path / "other.nii.gz") == digest(image)


def test_no_nifti_is_a_value_error(tmp_path) -> None:
    """Whatever nibabel thinks of it."""
    (tmp_path / "x.nii").write_bytes(struct.pack("<i", 348) + bytes(100))

    with pytest.raises(ValueError, match="NIfTI-1"):
        digest(tmp_path / "x.nii")


@pytest.mark.parametrize(("told", "most"), [("1", 1), ("2", 2), ("", 8), ("0", 8), ("many", 8)])
def test_a_worker_that_has_one_core_compresses_by_one_thread(told, most) -> None:
    """No more threads than OMP_NUM_THREADS says, where it is a number of threads."""
    printed = subprocess.run(
        [sys.executable, "-c", "from ccds_kernel.imaging.volume import workers; print(workers())"],
        env=os.environ | {"OMP_NUM_THREADS": told}, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert int(printed.stdout) == min(most, len(os.sched_getaffinity(0)))
