"""Recipes that the preview saves: what the command line makes of them, their names, what isn't saved."""

import json
import shlex

import numpy as np
import pytest

from ccds_kernel.cli import main
from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply_file import read_recipe
from ccds_widgets.normalization.app import open_preview
from support.preview import head, write_image
from support.preview_model import FIRST, REORIENT, RESAMPLE, SECOND, WINDOW, Z_SCORE, choose, edit, keep, save, started


def run_command(command, project, monkeypatch, capsys):
    """Runs what a preview told, where a session's terminal opens; what it says."""
    program, *words = shlex.split(command)
    monkeypatch.chdir(project.folder / "work" / project.person)

    status = main([*words, "--json"])

    assert (program, status) == ("ccds", 0)
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("scaling", [None, (1.0, -1024.0), (2.0, -1024.0), (0.5, 3.0)])
@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.float32])
def test_the_saved_recipe_gives_the_same_voxels_on_the_command_line(project, dtype, scaling, monkeypatch, capsys):
    """Of whatever numbers the file holds: the command that is shown prints the hash that is shown."""
    voxels = (head() + (1100 if dtype is np.uint16 else 0)).astype(dtype)
    write_image(project.folder / "nifti" / f"{FIRST}.nii.gz", voxels, scaling=scaling)
    model = open_preview(project)
    started(model)
    edit(model, REORIENT, RESAMPLE, WINDOW | {"parameters": {"center": 0, "width": 6000}}, Z_SCORE)

    saved = save(model, "Head CT")["saved"]
    told = run_command(saved["command"], project, monkeypatch, capsys)

    assert saved["file"] == "recipes/head-ct.yaml"
    assert told["output_sha256"] == saved["output"]
    assert told["recipe_sha256"] == saved["recipe"]
    assert saved["command"] == (
        f"ccds normalization apply --recipe recipes/head-ct.yaml ../../nifti/{FIRST}.nii.gz out.nii.gz"
    )


def test_after_saving_another_study_has_its_own_command_and_hash(project, preview, monkeypatch, capsys):
    """The recipe is the same: what is told goes with what is shown."""
    save(preview, "Head CT")

    saved = choose(preview, SECOND)["saved"]

    told = run_command(saved["command"], project, monkeypatch, capsys)
    assert SECOND in saved["command"]
    assert told["output_sha256"] == saved["output"]


def test_a_saved_recipe_is_never_overwritten(project, preview):
    """The same again is saved already; a changed one needs another name; steps that are off are left out."""
    edit(preview, REORIENT, RESAMPLE | {"on": False}, WINDOW)
    first = save(preview, "  Head   CT ")["saved"]
    again = save(preview, "Head CT")["saved"]
    changed = edit(preview, REORIENT)
    with pytest.raises(CcdsError, match=r"recipes/head-ct\.yaml to be free"):
        save(preview, "Head CT")

    recipe = read_recipe(project.folder / "work" / "sam" / "recipes" / "head-ct.yaml")
    assert (first["was_there"], again["was_there"], changed["saved"]) == (False, True, None)
    assert (recipe.name, [step.name for step in recipe.steps]) == ("Head CT", ["reorient", "window"])
    assert recipe.digest() == first["recipe"]


@pytest.mark.parametrize("name", ["", "   ", "—", "a\u200b\tb\x00"])
def test_a_recipe_without_a_name_is_not_saved(project, preview, name):
    """One line; nothing is written."""
    with pytest.raises(CcdsError, match="name"):
        save(preview, name)

    assert list((project.folder / "work" / "sam").glob("recipes/*.yaml")) == []


def test_what_is_saved_is_what_the_page_shows(project, preview):
    """Also where that was neither applied nor kept yet: what is shown with it is applied then, and goes on after a reload."""
    edit(preview, WINDOW)
    keep(preview, [Z_SCORE])

    saved = save(preview, "x", REORIENT)

    recipe = read_recipe(project.folder / "work" / "sam" / "recipes" / "x.yaml")
    assert [step.name for step in recipe.steps] == ["reorient"]
    assert saved["results"][0]["recipe"] == saved["saved"]["recipe"] == recipe.digest()
    assert [step["name"] for step in started(open_preview(project))["draft"]["steps"]] == ["reorient"]


def test_a_wrong_recipe_can_t_be_saved(project, preview):
    """Nor one whose result isn't the one on the screen."""
    edit(preview, WINDOW | {"parameters": {"center": "", "width": 80}})

    with pytest.raises(CcdsError, match="mend what is marked"):
        save(preview, "x")

    assert not (project.folder / "work" / "sam" / "recipes" / "x.yaml").exists()
