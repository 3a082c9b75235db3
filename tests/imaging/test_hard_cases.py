"""Real files that converters get wrong: each verdict was decided by looking at the files, and stays."""

import json
import shutil
import subprocess
from pathlib import Path

import dcm2niix
import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.cli import main
from ccds_kernel.quiet_pydicom import quiet_pydicom
from support.as_the_files_say import difference, placed_images

VERDICTS = {
    # gantry tilt of 14 degrees: dcm2niix writes a raw image with a wrong affine beside a resampled one
    "failing/gantrytilting/001": "quarantined gantry-tilt",
    # four images of a contrast monitoring at one position
    "failing/notavolume/001": "quarantined one-position",
    "failing/slicecount/001": "quarantined too-few-slices",
    "failing/sliceincrement/001": "quarantined missing-slices",
    # tilted 15.5 degrees, and a slice is missing too
    "failing/sliceincrement/002": "quarantined gantry-tilt",
    # two stacks of different orientation under one SeriesInstanceUID
    "failing/sliceorientation/001": "quarantined orientation-varies",
    # two time points of four slices
    "ge/fmri/001": "accepted",
    "ge/fmri/001_implicit": "accepted",
    "generic/compressed/001": "accepted",
    "generic/compressed_j2k/001": "accepted",
    "generic/compressed_jpeg/001": "accepted",
    "generic/compressed_jpegls/001": "accepted",
    "generic/compressed_rle/001": "accepted",
    "generic/rgb/001": "excluded secondary-capture",
    "philips_enhanced/anatomical/001": "accepted",
    "philips_enhanced/anatomical/001_implicit": "accepted",
    "siemens_multiframe/anatomical/001": "accepted",
}


@pytest.mark.parametrize("case", VERDICTS)
def test_each_hard_case_has_its_verdict(hard_cases, convert, case) -> None:
    """One series, one verdict; a path exactly when it is accepted."""
    folder = hard_cases / case

    [verdict] = convert(folder)

    code = "" if verdict["reason"] is None else " " + verdict["reason"].split(":")[0]
    assert verdict["status"] + code == VERDICTS[case]
    assert (verdict["path"] is not None) == (verdict["status"] == "accepted")


def test_every_case_of_the_archive_is_listed(hard_cases) -> None:
    """A folder with DICOM files that this file forgot would go untested."""
    found = {str(path.parent.relative_to(hard_cases)) for path in hard_cases.rglob("*") if path.suffix == ".dcm"}

    assert found == set(VERDICTS)


def reference(hard_cases: Path, case: str) -> nib.Nifti1Image:
    """The image that another converter's authors checked by hand."""
    return nib.load(hard_cases / f"{case}_ground_truth.nii.gz")


@pytest.mark.parametrize("case", [case for case, verdict in VERDICTS.items() if verdict == "accepted"])
def test_accepted_hard_cases_equal_the_reference(hard_cases, convert, case) -> None:
    """Brought into the reference's orientation, voxels and affine are the reference's."""
    expected = reference(hard_cases, case)

    [verdict] = convert(hard_cases / case)

    found = nib.load(verdict["path"])
    turn = nib.orientations.ornt_transform(nib.io_orientation(found.affine), nib.io_orientation(expected.affine))
    turned = found.as_reoriented(turn)
    np.testing.assert_allclose(turned.affine, expected.affine, atol=1e-3)
    # Two references carry a fourth axis of length 1.
    np.testing.assert_allclose(turned.get_fdata(), expected.get_fdata().reshape(turned.shape), rtol=1e-5)


@pytest.mark.parametrize("case", [case for case, verdict in VERDICTS.items() if verdict == "accepted"])
def test_accepted_hard_cases_are_what_another_reader_finds(hard_cases, convert, case) -> None:
    """Every voxel, and its place, by pydicom and arithmetic of its own."""
    paths = [path for path in (hard_cases / case).iterdir() if path.suffix == ".dcm"]

    [verdict] = convert(hard_cases / case)

    with quiet_pydicom():
        found = difference(verdict["path"], placed_images(paths))
    assert found.value < 1e-3
    assert found.place_mm < 1e-3


def test_several_series_in_one_folder_get_a_verdict_each(hard_cases, convert, tmp_path) -> None:
    """A bad series doesn't keep a good one from being converted."""
    for case in ("failing/gantrytilting/001", "generic/compressed_rle/001", "generic/rgb/001"):
        shutil.copytree(hard_cases / case, tmp_path / "in" / case)

    verdicts = convert(tmp_path / "in")

    assert sorted(verdict["status"] for verdict in verdicts) == ["accepted", "excluded", "quarantined"]


def test_encodings_of_one_series_give_one_volume(hard_cases, convert, tmp_path) -> None:
    """JPEG, JPEG-LS, JPEG 2000 and RLE are lossless here: the volume's hash is the same."""
    hashes = set()
    for kind in ("compressed", "compressed_j2k", "compressed_jpeg", "compressed_jpegls", "compressed_rle"):
        [verdict] = convert(hard_cases / "generic" / kind, tmp_path / kind)
        sidecar = json.loads(Path(verdict["path"].removesuffix(".nii.gz") + ".json").read_text())
        hashes.add(sidecar["output"]["sha256"])

    assert len(hashes) == 1


def test_a_real_tilt_is_corrected_as_dcm2niix_corrects_it(hard_cases, out, tmp_path) -> None:
    """Two programs' interpolation of the same slices: within half a unit but at edges, on the same grid turned over."""
    source = hard_cases / "failing/gantrytilting/001"
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    options = ["-b", "n", "-z", "n", "-x", "i", "-d", "0", "-f", "volume", "-o", str(theirs), str(source)]
    subprocess.run([dcm2niix.bin, *options], capture_output=True, check=False)  # 0 or not: the image counts

    status = main(["imaging", "convert", str(source), str(out), "--correct", "gantry-tilt"])

    assert status == 0
    [path] = out.rglob("*.nii.gz")
    ours, [other] = nib.load(path), theirs.glob("*_Tilt*.nii")
    peer = nib.load(other)
    turned = np.linalg.inv(peer.affine) @ ours.affine
    np.testing.assert_allclose(turned, [[1, 0, 0, 0], [0, -1, 0, 520], [0, 0, 1, 0], [0, 0, 0, 1]], atol=1e-3)
    differences = np.abs(ours.get_fdata() - peer.get_fdata()[:, ::-1])
    assert np.percentile(differences, 99) <= 0.5


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        # its numbers run without a gap: nothing is missing, the distance changes
        ("failing/sliceincrement/001", "accepted"),
        # its numbers don't: upright, it would still lack a slice
        ("failing/sliceincrement/002", "quarantined missing-slices"),
        ("failing/notavolume/001", "quarantined one-position"),
        ("failing/slicecount/001", "quarantined too-few-slices"),
        ("failing/sliceorientation/001", "quarantined orientation-varies"),
    ],
)
def test_what_opting_in_to_corrections_makes_of_the_failing_cases(hard_cases, out, capsys, case, verdict) -> None:
    """No correction makes up what was never measured."""
    main(
        [
            "imaging",
            "convert",
            str(hard_cases / case),
            str(out),
            "--json",
            "--correct",
            "gantry-tilt",
            "--correct",
            "variable-spacing",
        ]
    )

    [found] = json.loads(capsys.readouterr().out)
    code = "" if found["reason"] is None else " " + found["reason"].split(":")[0]
    assert found["status"] + code == verdict
