"""Where the preview's volumes come from and its recipes go: a project's folders."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply_file import read_recipe
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.recipe_folder import RecipeFolder, file_stem
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume_folder import VolumeEntry, VolumeFolder
from support.preview import SIDECAR, head, write_image

BRAIN = make_step("window", {"center": 40, "width": 80})
BONE = make_step("window", {"center": 500, "width": 2000})


@pytest.fixture
def volumes(tmp_path):
    """An empty folder of volumes."""
    return VolumeFolder(tmp_path / "nifti")


@pytest.fixture
def recipes(tmp_path):
    """A folder of recipes that isn't there yet."""
    return RecipeFolder(tmp_path / "recipes")


def test_volumes_are_listed_with_what_their_sidecars_say(volumes):
    """By study key and series; a conversion that is at work, and other files, are none."""
    for name in ("b/one.nii.gz", "a/two.nii.gz", "a/one.nii.gz", ".ccds-converting-x/one.nii.gz", "a/.half.nii.gz"):
        write_image(volumes.folder / name, head())
    (volumes.folder / "a" / "notes.txt").write_text("x")
    (volumes.folder / "readme.nii.gz").write_text("x")

    entries = volumes.entries()

    assert [entry.id for entry in entries] == ["a/one", "a/two", "b/one"]
    assert entries[0] == VolumeEntry("a", "one", "CT", "Sample Scan 64", (20, 24, 12), (3.2, 3.2, 5.0))


def test_the_volumes_of_one_study_are_found_by_its_key(volumes):
    """Those of others aren't, and what is no study key finds nothing, whatever lies there."""
    for name in ("a/two.nii.gz", "a/one.nii.gz", "b/one.nii.gz", ".hidden/one.nii.gz", "loose.nii.gz"):
        write_image(volumes.folder / name, head())

    found = {
        study: [entry.id for entry in volumes.of_study(study)]
        for study in ("a", "none", "", ".", "../nifti/a", ".hidden")
    }

    assert found == {"a": ["a/one", "a/two"], "none": [], "": [], ".": [], "../nifti/a": [], ".hidden": []}


def test_a_missing_folder_has_no_volumes(volumes):
    """Before the first conversion."""
    assert volumes.entries() == ()
    assert volumes.of_study("a") == ()


def test_another_file_in_its_place_is_another_version(volumes):
    """Also where its size and time are the same; a file that is gone is told in one line."""
    path = volumes.folder / "a" / "one.nii.gz"
    write_image(path, head())
    (entry,) = volumes.entries()
    first, again = volumes.version(entry), volumes.version(entry)
    shutil.copy2(path, path.with_name("copy"))
    path.with_name("copy").replace(path)

    replaced = volumes.version(entry)
    path.unlink()

    assert first == again != replaced
    with pytest.raises(CcdsError, match=r"expected a volume that is there; found No such file.*convert it again"):
        volumes.version(entry)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        json.dumps({"scanner": 3, "shape": "x", "spacing_mm": [1, 2], "modality": None}),
        json.dumps({"scanner": {"Manufacturer": ["x"]}, "shape": [1, 2, "3"], "spacing_mm": [1, 2, True]}),
        '{"shape": [NaN, 1, 1], "spacing_mm": [1e999, 1, 1]}',
        '{"shape": [' + "9" * 400 + ', 1, 1], "spacing_mm": [-1, 1, 1]}',
        "\x00\xff",
    ],
)
def test_a_sidecar_that_says_nothing_hides_no_volume(volumes, text):
    """It is a file that anybody may have written: what can't be used is left out."""
    write_image(volumes.folder / "a" / "one.nii.gz", head())
    (volumes.folder / "a" / "one.json").write_bytes(text.encode("latin-1"))

    assert volumes.entries() == (VolumeEntry("a", "one"),)


def test_a_scanner_without_a_model_is_called_by_its_maker(volumes):
    """And a name without end is cut."""
    path = volumes.folder / "a" / "one.nii.gz"
    write_image(path, head())
    (volumes.folder / "a" / "one.json").write_text(json.dumps(SIDECAR | {"scanner": {"Manufacturer": "M" * 500}}))

    (entry,) = volumes.entries()

    assert entry.scanner == "M" * 80


def test_a_recipe_is_saved_once_and_never_overwritten(recipes):
    """The same again is fine; another one under that name is refused, and the first stays."""
    brain, bone = Recipe("Head CT", (BRAIN,)), Recipe("head ct", (BONE,))

    first, again = recipes.save(brain), recipes.save(brain)
    with pytest.raises(CcdsError, match=r"expected recipes/head-ct\.yaml to be free.* give it another name"):
        recipes.save(bone)

    assert (first.file, first.was_there, again.was_there) == ("head-ct.yaml", False, True)
    assert read_recipe(recipes.folder / "head-ct.yaml") == brain
    assert sorted(path.name for path in recipes.folder.iterdir()) == [".lock", "head-ct.yaml"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"name: x\nsteps: []\n"])
def test_whatever_else_is_there_stays(recipes, content):
    """Also an empty file and one that is no text."""
    recipes.folder.mkdir()
    (recipes.folder / "x.yaml").write_bytes(content)

    with pytest.raises(CcdsError, match="found another one"):
        recipes.save(Recipe("x", (BRAIN,)))

    assert (recipes.folder / "x.yaml").read_bytes() == content


def test_of_many_that_save_at_once_one_wins(recipes):
    """Each other one is refused; the file is the winner's, whole."""
    candidates = [Recipe("race", (make_step("window", {"center": n, "width": 80}),)) for n in range(24)]

    def save(recipe):
        try:
            return None if recipes.save(recipe).was_there else recipe
        except CcdsError:
            return None

    with ThreadPoolExecutor(8) as threads:
        winners = [one for one in threads.map(save, candidates) if one]

    assert len(winners) == 1
    assert read_recipe(recipes.folder / "race.yaml") == winners[0]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Head CT, brain window", "head-ct-brain-window"),
        ("Schädel 1 mm", "schadel-1-mm"),
        ("../../etc/passwd", "etc-passwd"),
        ("x" * 100, "x" * 60),
        ("a" * 59 + " b", "a" * 59),
    ],
)
def test_the_file_is_called_like_the_recipe(name, stem):
    """Without anything that a path or a shell could take for something else."""
    assert file_stem(name) == stem


@pytest.mark.parametrize("name", ["", "..", "頭部", "—"])
def test_a_name_without_a_letter_is_refused(name):
    """There is no file name in it."""
    with pytest.raises(CcdsError, match="a name with a letter"):
        file_stem(name)


def test_a_draft_is_kept_and_replaced(recipes):
    """Under its name; where there is none that can be read there is none."""
    recipes.keep_draft("new", "one")
    recipes.keep_draft("new", "two")
    recipes.keep_draft("other", "three")
    (recipes.folder / ".draft-broken.json").write_bytes(b"\xff")

    assert [recipes.draft(name) for name in ("new", "other", "none", "broken")] == ["two", "three", None, None]


def test_a_folder_that_can_t_be_written_is_told_in_one_line(tmp_path):
    """Something else has its name."""
    (tmp_path / "recipes").write_text("x")

    with pytest.raises(CcdsError, match="expected to write into your folder recipes"):
        RecipeFolder(tmp_path / "recipes").save(Recipe("x", (BRAIN,)))
