"""`ccds normalization apply --labels` and `undo` as people and scripts meet them: processes."""

import json
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply_file import apply_to_file, read_recipe
from ccds_kernel.normalization.undo_file import undo_to_file

RECIPE = """\
name: head CT
steps:
- reorient: {to: LPI}
- resample: {spacing_mm: [1.4, 1.4, 2], interpolation: linear, antialias: gaussian}
- foreground: {method: above, above: -900, keep: largest}
- crop_pad: {shape: [8, 6, 12], to: foreground, fill: -1000}
- z_score: {mask: foreground}
"""


def ccds(verb, *words) -> subprocess.CompletedProcess:
    """Runs `ccds normalization <verb>`."""
    command = [sys.executable, "-m", "ccds_kernel.cli", "normalization", verb, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def saved(path, voxels, affine):
    """A file of these."""
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    return path


@pytest.fixture
def files(tmp_path, ct):
    """Recipe, image and a mask on it, and the folder that they are in."""
    (tmp_path / "r.yaml").write_text(RECIPE)
    saved(tmp_path / "in.nii.gz", np.asarray(ct.voxels), ct.affine)
    (tmp_path / "in.json").write_text('{"modality": "MR"}')
    mask = np.zeros(ct.voxels.shape, np.uint8)
    mask[2:6, 2:6, 2:5] = 1
    saved(tmp_path / "mask.nii.gz", mask, ct.affine)
    return tmp_path


def test_a_mask_goes_along_and_comes_back(files) -> None:
    """On the image's grid there, on the first one back; JSON says the hashes, provenances name no file."""
    made = ccds(
        "apply", "--recipe", files / "r.yaml", files / "in.nii.gz", files / "out.nii.gz", "--json",
        "--labels", files / "mask.nii.gz", "--labels-out", files / "mask-out.nii.gz",
    )  # fmt: skip
    back = ccds("undo", "--provenance", files / "out.json", files / "mask-out.nii.gz", files / "back.nii.gz", "--json")

    out, mask_out, mask_back = (nib.load(files / name) for name in ("out.nii.gz", "mask-out.nii.gz", "back.nii.gz"))
    assert (made.stderr, back.stderr) == ("", "")
    assert mask_out.shape == out.shape == (8, 6, 12)
    assert np.array_equal(mask_out.affine, out.affine)
    assert set(np.unique(mask_out.dataobj)) == {0, 1}
    assert np.array_equal(mask_back.affine, nib.load(files / "mask.nii.gz").affine)
    old, new = np.asarray(nib.load(files / "mask.nii.gz").dataobj) > 0, np.asarray(mask_back.dataobj) > 0
    assert 2 * (old & new).sum() / (old.sum() + new.sum()) > 0.6
    assert json.loads(made.stdout)["labels"][0]["output_sha256"] == json.loads(back.stdout)["input_sha256"]
    assert json.loads(back.stdout)["shape"] == [9, 8, 7]
    assert not any("nii" in path.read_text() for path in files.glob("*.json"))


def test_labels_need_a_place_each(files) -> None:
    """One line, status 1."""
    told = ccds(
        "apply",
        "--recipe",
        files / "r.yaml",
        files / "in.nii.gz",
        files / "out.nii.gz",
        "--labels",
        files / "mask.nii.gz",
    )

    assert told.returncode == 1
    assert told.stderr == "ccds: expected a --labels-out for each --labels; found 0 for 1; give both as often\n"


def test_labels_of_another_image_are_one_clear_line(files) -> None:
    """Status 1, no traceback."""
    apply_to_file(read_recipe(files / "r.yaml"), files / "in.nii.gz", files / "out.nii.gz")

    told = ccds("undo", "--provenance", files / "out.json", files / "in.nii.gz", files / "new.nii.gz")

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(
        "ccds: expected labels on the grid of the normalized image, 8 x 6 x 12 voxels; found 9 x 8 x 7;"
    )
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("provenance", "labels", "found"),
    [
        ("none.json", "out.nii.gz", "expected to read --provenance; found No such file or directory"),
        ("r.yaml", "out.nii.gz", "expected in --provenance the provenance of a normalized image"),
        ("back.json", "out.nii.gz", "expected in --provenance the provenance of a normalized image"),
        ("out.json", "out.nii.gz", "expected labels that are whole numbers"),
        ("out.json", "r.yaml", "expected in LABELS a NIfTI-1 image"),
    ],
)
def test_what_does_not_fit_is_refused(files, provenance, labels, found) -> None:
    """Nothing is made."""
    apply_to_file(read_recipe(files / "r.yaml"), files / "in.nii.gz", files / "out.nii.gz")
    (files / "back.json").write_text('{"geometry": {"shape": [1, 2], "affine": 3, "moves": [4], "space": 1}}')

    with pytest.raises(CcdsError, match=found):
        undo_to_file(files / provenance, files / labels, files / "new.nii.gz")

    assert not (files / "new.nii.gz").exists()


@pytest.mark.parametrize(
    ("back", "found"),
    [
        ("new.nii", "expected BACK as a file name that ends in .nii.gz"),
        ("mask-out.nii.gz", "expected two files, LABELS and BACK; found the same one twice"),
        ("in.nii.gz", "expected the .json beside BACK to be free"),
        ("out.nii.gz", "expected BACK to be free, or to hold this very image"),
    ],
)
def test_where_nothing_may_be_written_is_called_as_the_command_calls_it(files, back, found) -> None:
    """What is there stays."""
    labels = [(files / "mask.nii.gz", files / "mask-out.nii.gz")]
    apply_to_file(read_recipe(files / "r.yaml"), files / "in.nii.gz", files / "out.nii.gz", labels=labels)
    before = {path: path.read_bytes() for path in files.iterdir()}

    with pytest.raises(CcdsError, match=found):
        undo_to_file(files / "out.json", files / "mask-out.nii.gz", files / back)

    assert {path: path.read_bytes() for path in files.iterdir()} == before
