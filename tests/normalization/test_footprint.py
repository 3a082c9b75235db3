"""What a recipe takes of memory, by the header alone, and what a session has."""

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import StepError
from ccds_kernel.normalization.apply_file import apply_to_file
from ccds_kernel.normalization.footprint import check_memory, footprint
from ccds_kernel.normalization.memory import session_memory
from ccds_kernel.normalization.nifti import Header, read_header
from ccds_kernel.normalization.recipe import Recipe

VOXELS = 100 * 100 * 100


def recipe(steps: str) -> Recipe:
    """A recipe of these steps, as YAML."""
    return Recipe.from_yaml(f"name: r\nsteps: {steps}")


def header(stored: type = np.int16, *, scaled: bool = False, mm: float = 1) -> Header:
    """Of 100 x 100 x 100 voxels."""
    return Header((100, 100, 100), np.diag([mm, mm, mm, 1]), np.dtype(stored), scaled)


@pytest.mark.parametrize(
    ("given", "steps", "bytes_a_voxel"),
    [
        (header(), "[]", 2 + 4),
        (header(scaled=True), "[]", 2 + 4),
        (header(np.float64), "[]", 12),
        (header(), "[window: {center: 0, width: 1}]", 2 + 4),
        (header(), "[window: {center: 0, width: 1}, clip: {percentiles: [1, 99]}]", 2 + 4),
        (header(), "[reorient: {to: LPS}]", 2 + 2 + 4),
        (header(), "[resample: {shape: [200, 200, 200], interpolation: linear}]", 2 + 8 * 4),
        (header(), "[resample: {shape: [200, 200, 200], interpolation: nearest}]", 2 + 8 * 2 + 8 * 4),
        (header(), "[foreground: {method: otsu, keep: largest}]", 2 + 6),
        (header(), "[window: {center: 0, width: 1}, n4: {mask: otsu, spacing_mm: 4}]", 2 + 4 + 8),
        (header(), "[resample: {shape: [200, 100, 100], interpolation: linear}, reorient: {to: LPS}]", 2 + 8 + 8),
    ],
)
def test_a_footprint_is_the_voxels_held_at_once(given, steps, bytes_a_voxel) -> None:
    """By hand: the image as it came, the one of the step before, the new one."""
    assert footprint(recipe(steps), given) == bytes_a_voxel * VOXELS


def test_a_step_that_takes_too_much_is_named_before_a_voxel_is_read(tmp_path) -> None:
    """The file holds none: its header alone is asked."""
    image = nib.Nifti1Image(np.zeros((10, 10, 10), np.int16), np.eye(4))
    path = tmp_path / "cut.nii"
    nib.save(image, path)
    path.write_bytes(path.read_bytes()[:400])
    steps = recipe("[reorient: {to: RAS}, resample: {spacing_mm: [0.02, 0.02, 0.02], interpolation: linear}]")

    with pytest.raises(StepError, match=r"found a need of 0.429 GB \(step 2, resample\); take a coarser") as raised:
        apply_to_file(steps, path, tmp_path / "out.nii.gz", memory=400_000_000)

    assert raised.value.place == 2


def test_an_image_too_large_to_read_is_refused() -> None:
    """Before it is."""
    with pytest.raises(CcdsError, match=r"for which 0.001 GB of memory suffice; found a need of 0.002 GB to read it"):
        check_memory(recipe("[]"), header(), 1_000_000)


def test_a_header_says_what_its_file_holds(tmp_path, ct) -> None:
    """Shape, affine, type, scaling."""
    image = nib.Nifti1Image(np.asarray(ct.voxels), ct.affine)
    image.header.set_slope_inter(2, 0)
    nib.save(image, tmp_path / "x.nii.gz")

    found = read_header(tmp_path / "x.nii.gz")

    assert (found.shape, found.stored, found.scaled) == ((9, 8, 7), np.int16, True)
    assert np.allclose(found.affine, ct.affine)


@pytest.mark.parametrize(
    ("groups", "files", "limit"),
    [
        ("0::/session/kernel\n", {"session/memory.max": "1000\n", "session/kernel/memory.max": "max\n"}, 1000),
        ("0::/seen/from/outside\n", {"memory.max": "1000\n"}, 1000),
        ("3:cpu:/x\n4:cpuset,memory:/x/y\n", {"memory/x/y/memory.limit_in_bytes": "1000\n"}, 1000),
        ("0::/\n", {"../outside/memory.max": "1000\n"}, None),
        ("", {}, None),
    ],
    ids=["version 2", "container", "version 1", "without a limit", "none"],
)
def test_a_session_has_what_its_group_may_use(tmp_path, groups, files, limit):
    """The least of all limits above it; else what the machine has, or its own limit."""
    top = tmp_path / "sys" / "fs" / "cgroup"
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(groups)

    found = session_memory(tmp_path)

    assert found == (limit or session_memory(tmp_path / "nothing"))
