"""NIfTI masks: the volume's own grid, whichever way the axes run; nothing else."""

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.reading import read_mask


def write(labels, affine, path):
    """Writes an image; its place in both forms."""
    image = nib.Nifti1Image(labels, affine)
    image.set_sform(affine, 1)
    nib.save(image, path)
    return path


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("axes", ["LPS", "RAS", "SPL", "AIL"])
def test_any_order_of_axes_is_the_same_mask(tmp_path, scan, axes, kind) -> None:
    """Other programs turn volumes as they like."""
    image = nib.Nifti1Image(scan.on_grid(), scan.grid.affine)
    turn = nib.orientations.ornt_transform(nib.io_orientation(image.affine), nib.orientations.axcodes2ornt(tuple(axes)))
    turned = image.as_reoriented(turn)
    path = write(np.asarray(turned.dataobj).astype(kind), turned.affine, tmp_path / "mask.nii.gz")

    mask = read_mask(path, scan.grid)

    assert np.array_equal(mask.labels, scan.on_grid())
    assert set(mask.names) == {1, 2}


def _shifted(labels, affine):
    moved = affine.copy()
    moved[:3, 3] += affine[:3, 0] * 0.5
    return labels, moved


WRONG = {
    "half a voxel aside": (_shifted, "voxels off it"),
    "another spacing": (lambda labels, affine: (labels, affine @ np.diag([1.02, 1, 1, 1])), "voxels off it"),
    "another shape": (lambda labels, affine: (labels[:-1], affine), "of shape"),
    "four axes": (lambda labels, affine: (np.stack([labels, labels], axis=-1), affine), "of shape"),
    "halves": (lambda labels, affine: (labels / np.float32(2), affine), "no whole numbers"),
    "negative": (lambda labels, affine: (-labels.astype(np.int16), affine), "no whole numbers"),
    "too many": (lambda labels, affine: (labels.astype(np.int16) * 200, affine), "no whole numbers"),
    "not a number": (
        lambda labels, affine: (np.where(labels, np.nan, 0).astype(np.float32), affine),
        "no whole numbers",
    ),
    "nothing": (lambda labels, affine: (labels * 0, affine), "no labelled voxel"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused(tmp_path, scan, name) -> None:
    """Labels are never resampled or rounded."""
    spoil, said = WRONG[name]
    path = write(*spoil(scan.on_grid(), scan.grid.affine), tmp_path / "mask.nii.gz")

    with pytest.raises(CcdsError, match=said):
        read_mask(path, scan.grid)


def test_an_image_that_does_not_say_where_it_lies_is_refused(tmp_path, scan) -> None:
    """Its grid would be a guess."""
    image = nib.Nifti1Image(scan.on_grid(), None)
    image.header["sform_code"] = image.header["qform_code"] = 0
    nib.save(image, tmp_path / "mask.nii")

    with pytest.raises(CcdsError, match="doesn't say where it lies"):
        read_mask(tmp_path / "mask.nii", scan.grid)


@pytest.mark.parametrize("content", [b"", b"no image"])
def test_a_broken_file_is_one_clear_line(tmp_path, scan, content) -> None:
    """Whatever its name says."""
    (tmp_path / "mask.nii").write_bytes(content)

    with pytest.raises(CcdsError, match="a broken file"):
        read_mask(tmp_path / "mask.nii", scan.grid)
