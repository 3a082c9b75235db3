"""A recipe as the workflow's operator: the same as apply, and nothing of an earlier input is left where it misleads."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.nifti import read_nifti
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_items import LIBRARIES, items_of, memory_needed
from ccds_kernel.normalization.run_operator import Normalization, code_version
from ccds_kernel.normalization.volume_folder import VolumeFolder
from ccds_kernel.workflow.attempt import attempt
from ccds_kernel.workflow.manifest import Cause, Manifest, Record, State
from support.normalizing import RECIPE, SIDE, digests, study_key, write_study


@pytest.fixture
def recipe() -> Recipe:
    """Resample, window, z-score."""
    return Recipe.from_yaml(RECIPE)


@pytest.fixture
def operator(tmp_path, recipe) -> Normalization:
    """Sets aside into the project's quarantine."""
    return Normalization(recipe, tmp_path / "quarantine")


@pytest.fixture
def tried(tmp_path, operator):
    """Tries every volume there is; the records."""

    def one_after_the_other() -> list[Record]:
        items = items_of(VolumeFolder(tmp_path / "nifti"), operator.recipe)
        manifest = Manifest(tmp_path / "manifest")
        return [attempt(operator, item, tmp_path / "made", manifest, 1).record for item in items]

    return one_after_the_other


def _save(path: Path, voxels: np.ndarray) -> None:
    image = nib.Nifti1Image(voxels, np.eye(4))
    image.header.set_xyzt_units("mm")
    nib.save(image, path)


def _nan(path: Path) -> None:
    voxels = np.ones((SIDE,) * 3, np.float32)
    voxels[1, 2, 3] = np.nan
    _save(path, voxels)


def _too_large_header(path: Path) -> None:
    header = nib.Nifti1Header()
    header.set_data_shape((20000, 20000, 20000))
    header.set_data_dtype(np.int16)
    header.set_xyzt_units("mm")
    header.set_sform(np.eye(4), 1)
    path.write_bytes(gzip.compress(header.binaryblock + b"\0" * 4))


BAD = {
    "NaN": (_nan, "read", "finite voxels"),
    "empty mask": (lambda path: _save(path, np.zeros((SIDE,) * 3, np.int16)), "3 z_score", "voxels in the mask"),
    "4D": (lambda path: _save(path, np.ones((SIDE, SIDE, SIDE, 3), np.int16)), "read", "3 axes"),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-900]), "read", "a NIfTI-1 image"),
    "no gzip": (lambda path: path.write_bytes(b"not an image" * 50), "read", "a NIfTI-1 image"),
    "empty file": (lambda path: path.write_bytes(b""), "read", "a NIfTI-1 image"),
    "too large a header": (_too_large_header, "read", "voxels along each axis"),
}


def test_it_makes_what_apply_makes(tmp_path, operator, tried):
    """The same voxels and affine, the hashes in the record, the provenance beside it."""
    path = write_study(tmp_path, 1)

    (record,) = tried()

    key = f"{study_key(1)}/series-a"
    made = tmp_path / "made" / f"{key}.nii.gz"
    assert record.state is State.DONE
    assert record.output_sha256 == apply(operator.recipe, read_nifti(path).volume).digest()
    assert record.input_sha256 == read_nifti(path).digest
    assert digests(tmp_path / "made") == {key: record.output_sha256}
    assert record.files == {
        f"{key}.nii.gz": made.stat().st_size,
        f"{key}.json": (made.parent / "series-a.json").stat().st_size,
    }


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named_by_step_and_reason(tmp_path, tried, what):
    """Nothing is made of it, and it's the volume's affair."""
    spoil, step, expected = BAD[what]
    spoil(write_study(tmp_path, 1))

    (record,) = tried()

    assert record.state is State.FAILED
    assert (record.failure.cause, record.failure.step) == (Cause.REFUSED, step)
    assert expected in record.failure.expected
    assert digests(tmp_path / "made") == {}


def test_a_replaced_volume_takes_the_place_of_the_one_before(tmp_path, operator, tried):
    """What was made of the earlier one is set aside, with its provenance; a second time with a number."""
    for seed in range(3):
        path = write_study(tmp_path, 1, seed=seed)
        (record,) = tried()

    aside = f"normalized-{operator.digest[:12]}-series-a"
    assert record.output_sha256 == apply(operator.recipe, read_nifti(path).volume).digest()
    assert digests(tmp_path / "made") == {f"{study_key(1)}/series-a": record.output_sha256}
    assert sorted(path.name for path in (tmp_path / "quarantine" / study_key(1)).iterdir()) == sorted(
        f"{aside}{number}{end}" for number in ("", "-2") for end in (".json", ".nii.gz")
    )


def test_nothing_stays_of_a_volume_that_is_refused_now(tmp_path, tried):
    """It would be of an input that isn't there any more."""
    write_study(tmp_path, 1)
    tried()
    BAD["truncated"][0](write_study(tmp_path, 1))

    (record,) = tried()

    assert record.failure.cause is Cause.REFUSED
    assert digests(tmp_path / "made") == {}
    assert len(list((tmp_path / "quarantine").rglob("*.nii.gz"))) == 1


def test_what_can_t_be_written_is_the_machine_s_affair(tmp_path, tried):
    """The next run tries it again."""
    write_study(tmp_path, 1)
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / study_key(1)).write_text("a file where a folder is to be")

    (record,) = tried()

    assert record.failure.cause is Cause.MACHINE


def test_the_same_again_changes_nothing(tmp_path, tried):
    """A worker that was thought dead may come second."""
    write_study(tmp_path, 1)
    (first,) = tried()
    made = tmp_path / "made" / f"{study_key(1)}/series-a.nii.gz"
    before = made.stat().st_ino

    (second,) = tried()

    assert second.output_sha256 == first.output_sha256
    assert made.stat().st_ino == before


def test_the_code_has_a_version_that_stays():
    """The same in each process; it begins with the distribution's."""
    assert code_version() == code_version()
    assert code_version().startswith("0.1.0+")


def test_memory_is_reckoned_from_the_header(tmp_path, recipe):
    """More for a larger volume and for a finer grid; the least for what is refused anyway."""
    small, large, broken = (write_study(tmp_path, number) for number in range(3))
    _save(large, np.zeros((4 * SIDE,) * 3, np.int16))
    broken.write_bytes(b"")
    finer = Recipe.from_yaml(RECIPE.replace("[2, 2, 2]", "[0.25, 0.25, 0.25]"))

    needs = [memory_needed(path, recipe)[0] for path in (small, large, broken)]

    assert needs[1] > needs[0] > needs[2] == LIBRARIES
    assert memory_needed(small, finer)[0] - LIBRARIES > 50 * (needs[0] - LIBRARIES)
