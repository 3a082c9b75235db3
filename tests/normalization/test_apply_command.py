"""`ccds normalization apply` as people and scripts meet it."""

import gzip
import json
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.cli import main
from ccds_kernel.imaging.volume import digest
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.apply_file import read_recipe
from ccds_kernel.normalization.geometry import tilt
from ccds_kernel.normalization.nifti import read_nifti
from support.affines import rotation

RECIPE = """\
name: head CT
steps:
- reorient: {to: RAS}
- resample: {spacing_mm: [1, 1, 1], interpolation: linear}
- window: {center: 40, width: 400}
- z_score: {mask: none}
output: float32
"""


def ccds(*words, **options) -> subprocess.CompletedProcess:
    """Runs `ccds normalization apply`."""
    command = [sys.executable, "-m", "ccds_kernel.cli", "normalization", "apply", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def called(capfd, monkeypatch):
    """The same without a process of its own, which takes a second: for what doesn't depend on there being one."""

    def call(*words, cwd=".") -> subprocess.CompletedProcess:
        monkeypatch.chdir(cwd)
        status = main(["normalization", "apply", *map(str, words)])
        told = capfd.readouterr()
        return subprocess.CompletedProcess(words, status, told.out, told.err)

    return call


@pytest.fixture
def recipe(tmp_path):
    """A recipe's file."""
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def source(tmp_path, ct):
    """A CT whose header holds what people type."""
    image = nib.Nifti1Image(np.asarray(ct.voxels), ct.affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(ct.affine, 1)
    image.header["descrip"] = b"DOE^JANE"
    path = tmp_path / "in.nii.gz"
    nib.save(image, path)
    path.with_name("in.json").write_text('{"modality": "CT"}')
    return path


def test_the_file_is_what_apply_gives(recipe, source, tmp_path) -> None:
    """Preview in a notebook and command: the same hash of voxels and affine; one JSON document says it."""
    out = tmp_path / "new" / "out.nii.gz"

    told = ccds("--recipe", recipe, source, out, "--json")

    expected = apply(read_recipe(recipe), read_nifti(source).volume)
    said = json.loads(told.stdout)
    assert told.stderr == ""
    assert said == {
        "path": str(out),
        "recipe_sha256": read_recipe(recipe).digest(),
        "input_sha256": digest(source),
        "output_sha256": expected.digest(),
        "shape": list(expected.voxels.shape),
        "spacing_mm": pytest.approx([1, 1, 1]),
        "skipped": [],
        "labels": [],
        "oblique_degrees": 0,
        "sheared_degrees": 0,
        "unit_assumed": False,
    }
    assert digest(out) == expected.digest()
    assert np.array_equal(nib.load(out).get_fdata(dtype=np.float32), expected.voxels)
    assert sorted(path.name for path in out.parent.iterdir()) == ["out.json", "out.nii.gz"]


def test_the_provenance_says_how_it_came_about_and_nothing_of_the_patient(recipe, source, tmp_path) -> None:
    """Recipe, hashes, versions; no names of files, nothing of the header's text."""
    out = tmp_path / "out.nii.gz"

    told = ccds("--recipe", recipe, source, out, "--json")

    beside = (tmp_path / "out.json").read_text()
    provenance = json.loads(beside)
    said = json.loads(told.stdout)
    assert provenance["recipe"] == {"sha256": said["recipe_sha256"], **read_recipe(recipe).as_json()}
    assert provenance["input"]["sha256"] == said["input_sha256"]
    assert provenance["output"]["sha256"] == said["output_sha256"]
    assert set(provenance["versions"]) == {"ccds", "nibabel", "numpy", "simpleitk"}
    assert "in.nii" not in beside
    assert nib.load(out).header["descrip"] == b""


def test_twice_is_once(recipe, source, tmp_path) -> None:
    """The same input gives the same hash; the image that is there is left alone."""
    out = tmp_path / "out.nii.gz"
    first = ccds("--recipe", recipe, source, out, "--json")
    before = out.stat()

    second = ccds("--recipe", recipe, source, out, "--json")

    assert second.returncode == 0
    assert second.stdout == first.stdout
    assert (out.stat().st_ino, out.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_people_get_lines_with_the_hashes(recipe, source, tmp_path) -> None:
    """Without --json."""
    out = tmp_path / "out.nii.gz"

    told = ccds("--recipe", recipe, source, out)

    assert told.stdout.splitlines() == [
        f"{out}: 6 x 6 x 17 voxels of 1 x 1 x 1 mm",
        f"recipe {read_recipe(recipe).digest()}",
        f"input  {digest(source)}",
        f"output {digest(out)}",
    ]


def test_tilted_axes_are_told(called, recipe, tmp_path, ct) -> None:
    """Whoever expects a straight grid hears that it isn't one: a tilted gantry's."""
    affine = ct.affine.copy()
    affine[1, 2] = 2.5 * np.tan(np.radians(20))
    nib.save(nib.Nifti1Image(np.asarray(ct.voxels), affine), tmp_path / "in.nii")

    told = called("--recipe", recipe, tmp_path / "in.nii", tmp_path / "out.nii.gz")

    assert "\nthe axes stay oblique by 20° and sheared by 20°: no step turns by less than whole axes\n" in told.stdout


def test_an_oblique_grid_is_not_sheared(ct) -> None:
    """Turned by 12 degrees, its axes are still at right angles."""
    affine = ct.affine.copy()
    affine[:3, :3] = rotation(np.array([1.0, 0, 0]), np.radians(12)) @ affine[:3, :3]

    oblique, sheared = tilt(affine)

    assert oblique == pytest.approx(12)
    assert sheared == pytest.approx(0, abs=1e-6)


def _another_image(out, source):
    out.write_bytes(source.read_bytes())


def _no_image(out, _source):
    out.write_bytes(b"my notes")


def _a_folder(out, _source):
    out.mkdir()


def _foreign_sidecar(out, _source):
    out.with_name("out.json").write_text('{"modality": "CT"}')


@pytest.mark.parametrize("taken", [_another_image, _no_image, _a_folder, _foreign_sidecar])
def test_what_is_there_is_never_overwritten(called, recipe, source, tmp_path, taken) -> None:
    """One line, status 1, everything as it was."""
    out = tmp_path / "out.nii.gz"
    taken(out, source)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    told = called("--recipe", recipe, source, out)

    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr.startswith("ccds: expected ")
    assert told.stderr.endswith("move it away, or choose another OUT\n")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"recipe": "nowhere.yaml"}, "found No such file or directory; name a readable recipe"),
        ({"source": "nowhere.nii.gz"}, "found No such file or directory"),
        ({"source": "r.yaml"}, "found something else, or a damaged one"),
        ({"out": "out.nii"}, "expected OUT as a file name that ends in .nii.gz"),
        ({"out": "in.nii.gz"}, "expected two files, IN and OUT; found the same one twice"),
        ({"out": "r.yaml/out.nii.gz"}, "expected an output folder that can be written"),
    ],
)
def test_a_wrong_call_is_one_clear_line(called, recipe, source, tmp_path, *, change, found) -> None:
    """Status 1, nothing on stdout, no traceback."""
    names = {"recipe": recipe.name, "source": source.name, "out": "out.nii.gz"} | change

    told = called("--recipe", names["recipe"], names["source"], names["out"], cwd=tmp_path)

    assert told.returncode == 1
    assert told.stdout == ""
    assert found in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_recipe_in_another_encoding_is_one_clear_line(called, recipe, source, tmp_path) -> None:
    """Bytes that are no UTF-8."""
    recipe.write_bytes(RECIPE.replace("head", "Schädel").encode("latin-1"))

    told = called("--recipe", recipe, source, tmp_path / "out.nii.gz")

    assert told.returncode == 1
    assert "expected a recipe in UTF-8" in told.stderr


def test_a_step_that_makes_no_sense_leaves_nothing_behind(called, recipe, source, tmp_path) -> None:
    """A window beside all values leaves a constant: said with the step's place."""
    recipe.write_text(RECIPE.replace("center: 40", "center: 9000"))
    before = sorted(tmp_path.iterdir())

    told = called("--recipe", recipe, source, tmp_path / "out.nii.gz")

    assert told.returncode == 1
    assert "the same value in all of them (step 4, z_score)" in told.stderr
    assert sorted(tmp_path.iterdir()) == before


UNKNOWN = "ccds: warning: modality not known (the .json beside IN names none): advice on steps is left out\n"
FOR_MR = "ccds: warning: step 3 for MR: a window is in HU, which MR doesn't have: "


@pytest.mark.parametrize(
    ("sidecar", "warned"),
    [
        ('{"modality": "MR"}', FOR_MR),
        ('{"Modality": "mr"}', FOR_MR),
        ('{"modality": "CT"}', ""),
        ('{"Modality": "ct "}', ""),
        ('{"modality": "MRI"}', UNKNOWN),
        ('{"modality": "\\u001b[2J"}', UNKNOWN),
        ("{}", UNKNOWN),
        ("{", UNKNOWN),
    ],
)
def test_a_step_that_isn_t_sensible_for_the_modality_is_told(
    called, tmp_path, recipe, source, *, sidecar, warned
) -> None:
    """The one that the sidecar beside the input names, as we or dcm2niix do; the volume is made all the same."""
    (tmp_path / "in.json").write_text(sidecar)

    ended = called("--recipe", recipe, source, tmp_path / "out.nii.gz")

    assert ended.returncode == 0
    assert ended.stderr.startswith(warned)
    assert ended.stderr.count("\n") == bool(warned)
    assert (tmp_path / "out.nii.gz").exists()


def test_a_modality_that_makes_no_difference_is_not_missed(called, tmp_path, recipe, source) -> None:
    """Voxels are moved alike whatever they show; nothing is asked for then."""
    recipe.write_text("name: straight\nsteps:\n- reorient: {to: RAS}\n")
    (tmp_path / "in.json").unlink()

    ended = called("--recipe", recipe, source, tmp_path / "out.nii.gz")

    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_header_without_a_unit_is_taken_for_mm_and_that_is_told(called, tmp_path, recipe, source, ct) -> None:
    """Once, also with --json, whose document says it too."""
    nib.save(nib.Nifti1Image(ct.voxels, ct.affine), source)

    ended = called("--recipe", recipe, source, tmp_path / "out.nii.gz", "--json")

    assert json.loads(ended.stdout)["unit_assumed"] is True
    assert ended.stderr == "ccds: warning: the header of IN says no unit of length: it was taken for mm\n"


def _not_finite(path, ct):
    voxels = ct.voxels.astype(np.float32)
    voxels[1, 2, 3] = np.nan
    nib.save(nib.Nifti1Image(voxels, ct.affine), path)


def _four_axes(path, ct):
    nib.save(nib.Nifti1Image(np.stack([ct.voxels, ct.voxels], axis=3), ct.affine), path)


def _damaged(path, _ct):
    path.write_bytes(path.read_bytes()[:200])


def _no_spacing(path, ct):
    image = nib.Nifti1Image(ct.voxels, ct.affine)
    image.set_sform(None)
    image.set_qform(ct.affine, 1)
    image.header["pixdim"][3] = 0
    path.write_bytes(gzip.compress(image.header.binaryblock + bytes(4) + ct.voxels.tobytes(order="F")))


@pytest.mark.parametrize("wrong", [_not_finite, _four_axes, _damaged, _no_spacing])
@pytest.mark.parametrize("part", ["IN", "--labels 2"])
def test_what_is_wrong_with_a_file_says_which_of_the_command_s(called, recipe, source, ct, *, wrong, part) -> None:
    """By its part, not its path; one line, nothing of the reading library's."""
    labels = [source.parent / "one.nii.gz", source.parent / "two.nii.gz"]
    for one in labels:
        one.write_bytes(source.read_bytes())
    wrong(source if part == "IN" else labels[1], ct)
    along = [word for one in labels for word in ("--labels", one, "--labels-out", source.parent / f"out-{one.name}")]

    ended = called("--recipe", recipe, source, source.parent / "out.nii.gz", *along)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"ccds: expected in {part} ")
    assert ended.stderr.count("\n") == 1
    assert "two.nii.gz" not in ended.stderr
    assert "in.nii.gz" not in ended.stderr
