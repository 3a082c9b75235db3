"""The rules of the preview, without a browser."""

import json
import shlex

import numpy as np
import pytest

from ccds_kernel.cli import main
from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.apply_file import read_recipe
from ccds_kernel.normalization.nifti import read_nifti
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_widgets.normalization.app import open_preview
from support.preview import AFFINE, SHAPE, STUDIES, allow, head, make_project, write_image
from support.site import on_roster, site_settings

FIRST, SECOND = (f"{study}/series-1" for study in STUDIES)
REORIENT = {"name": "reorient", "on": True, "parameters": {"to": "RAS"}}
RESAMPLE = {"name": "resample", "on": True, "parameters": {"spacing_mm": [2, 2, 2], "interpolation": "linear"}}
WINDOW = {"name": "window", "on": True, "parameters": {"center": 40, "width": 80}}
Z_SCORE = {"name": "z_score", "on": True, "parameters": {"mask": "nonzero"}}
FLAT = {"name": "z_score", "on": True, "parameters": {"mask": "none"}}
LOOK = {"plane": "coronal", "position": 12.5, "display": None, "name": "my recipe"}


@pytest.fixture
def project(tmp_path):
    """HEAD-1 with two studies, opened by the scientist sam."""
    project = make_project(tmp_path)
    yield project
    project.store.close()


@pytest.fixture
def preview(project):
    """Its preview, started."""
    model = open_preview(project)
    model.start()
    return model


def edit(model, *steps, output="float32"):
    """Makes these steps the recipe; the answer."""
    return model.answer({"kind": "edit", "draft": {"steps": list(steps), "output": output}})


def save(model, name, *steps):
    """Saves these steps, or the recipe as it stands, under a name; the answer."""
    draft = {"steps": [bare(step) for step in steps or model.start()["draft"]["steps"]], "output": "float32"}
    return model.answer({"kind": "save", "name": name, "draft": draft})


def bare(step):
    """A step as pages send it: without what was told of it."""
    return {key: step[key] for key in ("name", "on", "parameters")}


def keep(model, steps):
    """Lets it keep these steps, not applied yet, and `LOOK`; the answer."""
    draft = {"steps": [bare(step) for step in steps], "output": "float32"}
    return model.answer({"kind": "keep", "draft": draft, "look": LOOK})


def slices(model, state, *, display=None, before=(), after=()):
    """Asks for slices of what `state` shows; the answer."""
    return model.answer(
        {
            "kind": "slices",
            "revision": state["result"]["revision"],
            "plane": "axial",
            "display": display,
            "before": list(before),
            "after": list(after),
        }
    )


def run_command(command, project, monkeypatch, capsys):
    """Runs what a preview told, where a session's terminal opens; what it says."""
    program, *words = shlex.split(command)
    monkeypatch.chdir(project.folder / "work" / project.person)

    status = main([*words, "--json"])

    assert (program, status) == ("ccds", 0)
    return json.loads(capsys.readouterr().out)


def test_it_starts_with_the_first_study_and_a_recipe_that_makes_sense(project):
    """Studies as sidecars describe them; reorient, resample, window; everything is shown at full resolution."""
    state = open_preview(project).start()

    assert [volume["id"] for volume in state["volumes"]] == [FIRST, SECOND]
    assert state["volumes"][0]["scanner"] == "Sample Scan 64"
    assert (state["project"], state["volume"], state["older"], state["saved"]) == ("HEAD-1", FIRST, False, None)
    assert [step["name"] for step in state["draft"]["steps"]] == ["reorient", "resample", "window"]
    assert state["trouble"] == {"volume": None, "output": None}
    before, after = state["result"]["before"], state["result"]["after"]
    assert (before["shape"], before["spacing_mm"]) == (SHAPE, pytest.approx((3.2, 3.2, 5)))
    assert (after["shape"], after["spacing_mm"]) == ((63, 76, 58), pytest.approx((1, 1, 1)))
    assert after["range"] == (0, 1)
    for side in (before, after):
        assert sum(side["histogram"]["counts"]) == np.prod(side["shape"])
    assert json.dumps(state)


def test_what_is_shown_is_what_apply_gives(project, preview):
    """Every slice of the result, to the byte."""
    state = edit(preview, REORIENT, WINDOW)
    steps = tuple(make_step(step["name"], step["parameters"]) for step in (REORIENT, WINDOW))
    stored = read_nifti(project.folder / "nifti" / f"{FIRST}.nii.gz")
    expected = apply(Recipe("r", steps), stored.volume)
    width, height, count = state["result"]["planes"]["axial"]["after"]["size"]

    buffers = slices(preview, state, after=range(count))["buffers"]

    shown = np.array([np.frombuffer(one, np.uint8).reshape(height, width) for one in buffers])
    lps = expected.voxels[::-1, ::-1].transpose(2, 1, 0)  # the picture's columns run to L, its rows to P
    assert np.array_equal(shown, np.rint(lps * 255).astype(np.uint8))


def test_the_picture_before_is_seen_through_the_display_window(preview):
    """A window of its own, or the full range; the recipe has no say in it."""
    state = edit(preview)
    bone = slices(preview, state, display={"center": 500, "width": 2000}, before=[6])["buffers"][0]
    full = slices(preview, state, before=[6])["buffers"][0]

    values = head()[:, :, 6].T
    expected = np.clip((values.astype(float) + 500) / 2000 * 255, 0, 255)
    everything = (values.astype(float) - head().min()) / np.ptp(head()) * 255
    for shown, wanted in ((bone, expected), (full, everything)):
        # The file's axes run to L and P already: columns and rows are its own.
        assert np.abs(np.frombuffer(shown, np.uint8).reshape(values.shape) - wanted).max() <= 0.51


@pytest.mark.parametrize("scaling", [None, (1.0, -1024.0), (2.0, -1024.0), (0.5, 3.0)])
@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.float32])
def test_the_saved_recipe_gives_the_same_voxels_on_the_command_line(project, dtype, scaling, monkeypatch, capsys):
    """Of whatever numbers the file holds: the command that is shown prints the hash that is shown."""
    voxels = (head() + (1100 if dtype is np.uint16 else 0)).astype(dtype)
    write_image(project.folder / "nifti" / f"{FIRST}.nii.gz", voxels, scaling=scaling)
    model = open_preview(project)
    model.start()
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

    saved = preview.answer({"kind": "choose", "volume": SECOND})["saved"]

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


def test_what_is_wrong_stands_at_its_step_and_the_last_picture_stays(preview):
    """Values that are none, steps that make no sense; marked as older until it is mended."""
    good = edit(preview, REORIENT, WINDOW)
    typo = edit(preview, REORIENT, WINDOW | {"parameters": {"center": "4o", "width": 80}})
    unknown = edit(preview, {"name": "blur", "on": True, "parameters": {}}, WINDOW)
    flat = edit(preview, REORIENT | {"on": False}, WINDOW | {"parameters": {"center": 1e6, "width": 1}}, FLAT)
    mended = edit(preview, REORIENT, WINDOW)

    errors = [[step["error"] for step in state["draft"]["steps"]] for state in (typo, unknown, flat, mended)]
    assert errors[0][0] is None
    assert "center of window to be right" in errors[0][1]
    assert "found '4o'" in errors[0][1]
    assert errors[1][0].startswith("Expected one of the steps reorient")
    assert errors[2][:2] == [None, None]
    assert errors[2][2].startswith("Expected voxels that differ")
    assert "(step" not in errors[2][2]
    assert errors[3] == [None, None]
    assert [state["older"] for state in (good, typo, unknown, flat, mended)] == [False, True, True, True, False]
    assert {state["result"]["revision"] for state in (good, typo, unknown, flat, mended)} == {
        good["result"]["revision"]
    }


def test_what_is_saved_is_what_the_page_shows(project, preview):
    """Also where that was neither applied nor kept yet: what is shown with it is applied then, and goes on after a reload."""
    edit(preview, WINDOW)
    keep(preview, [Z_SCORE])

    saved = save(preview, "x", REORIENT)

    recipe = read_recipe(project.folder / "work" / "sam" / "recipes" / "x.yaml")
    assert [step.name for step in recipe.steps] == ["reorient"]
    assert saved["result"]["recipe"] == saved["saved"]["recipe"] == recipe.digest()
    assert [step["name"] for step in open_preview(project).start()["draft"]["steps"]] == ["reorient"]


def test_a_wrong_recipe_can_t_be_saved(project, preview):
    """Nor one whose result isn't the one on the screen."""
    edit(preview, WINDOW | {"parameters": {"center": "", "width": 80}})

    with pytest.raises(CcdsError, match="mend what is marked"):
        save(preview, "x")

    assert not (project.folder / "work" / "sam" / "recipes" / "x.yaml").exists()


def test_a_step_that_is_off_may_be_wrong(preview):
    """It is told, and does no harm."""
    state = edit(preview, REORIENT, WINDOW | {"on": False, "parameters": {"center": "x", "width": 80}})

    assert "found 'x'" in state["draft"]["steps"][1]["error"]
    assert state["older"] is False


def test_an_output_that_would_lose_voxels_is_told(preview):
    """It belongs to no step."""
    state = edit(preview, WINDOW, output="int16")

    assert state["older"] is True
    assert "whole numbers" in state["trouble"]["output"]
    assert edit(preview, REORIENT, output="int16")["trouble"]["output"] is None


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda path: write_image(path, np.zeros((4, 4, 4, 3), np.int16)), "found 4 (shape (4, 4, 4, 3))"),
        (lambda path: write_image(path, np.full((4, 4, 4), np.nan, np.float32)), "found 64 of 64 NaN or infinite"),
        (lambda path: path.write_bytes(path.read_bytes()[:800]), "a NIfTI-1 image"),
        (lambda path: path.write_bytes(b"no image"), "a NIfTI-1 image"),
        (lambda path: path.unlink(), "No such file"),
    ],
    ids=["4D", "NaN", "truncated", "no image", "gone"],
)
def test_a_volume_that_is_none_is_one_line_and_the_others_stay(project, preview, spoil, line):
    """It can be chosen and left again; a recipe can be changed meanwhile."""
    path = project.folder / "nifti" / f"{SECOND}.nii.gz"
    spoil(path)

    bad = preview.answer({"kind": "choose", "volume": SECOND})
    meanwhile = edit(preview, REORIENT)
    back = preview.answer({"kind": "choose", "volume": FIRST})

    for state in (bad, meanwhile):
        assert line in state["trouble"]["volume"]
        assert "\n" not in state["trouble"]["volume"]
        assert str(project.folder) not in state["trouble"]["volume"]
        assert (state["volume"], state["result"]) == (SECOND, None)
    assert back["trouble"]["volume"] is None
    assert back["result"]["volume"] == FIRST


def test_a_volume_that_was_mended_is_read_anew(project, preview):
    """What couldn't be read isn't remembered."""
    path = project.folder / "nifti" / f"{SECOND}.nii.gz"
    path.write_bytes(b"no image")
    preview.answer({"kind": "choose", "volume": SECOND})
    write_image(path, head(1))

    state = edit(preview, WINDOW)

    assert (state["trouble"]["volume"], state["result"]["volume"]) == (None, SECOND)


def test_a_volume_that_was_replaced_is_shown_as_it_is_now(project, preview):
    """At the next change and after a reload; until then no slice of the new one goes with what was told of the old one."""
    path = project.folder / "nifti" / f"{FIRST}.nii.gz"
    old = edit(preview, WINDOW)
    write_image(path.with_name("new.nii.gz"), head()[:, :, :6])
    path.with_name("new.nii.gz").replace(path)

    with pytest.raises(CcdsError, match=r"another file in its place.*reload the page"):
        slices(preview, old, before=[11])
    reloaded = preview.start()
    write_image(path.with_name("new.nii.gz"), head()[:, :, :5])
    path.with_name("new.nii.gz").replace(path)
    edited = edit(preview, WINDOW | {"parameters": {"center": "x", "width": 80}})

    shapes = [state["result"]["before"]["shape"] for state in (old, reloaded, edited)]
    versions = [state["result"]["version"] for state in (old, reloaded, edited)]
    assert shapes == [SHAPE, (*SHAPE[:2], 6), (*SHAPE[:2], 5)]
    assert len(set(versions)) == 3
    assert slices(preview, edited, before=[4])["buffers"]


def test_another_study_with_a_wrong_recipe_shows_the_last_good_one(preview):
    """Rather than nothing, and says that it is older."""
    good = edit(preview, WINDOW)
    edit(preview, WINDOW | {"parameters": {"center": 40, "width": -1}})

    state = preview.answer({"kind": "choose", "volume": SECOND})

    assert (state["older"], state["result"]["volume"], state["result"]["recipe"]) == (
        True,
        SECOND,
        good["result"]["recipe"],
    )


def test_a_reload_and_a_new_kernel_show_what_was_left(project, preview):
    """Study, recipe with what was typed wrong, plane, position, display window, name: nothing is lost."""
    wrong = WINDOW | {"parameters": {"center": "4o", "width": 80}}
    preview.answer({"kind": "choose", "volume": SECOND})
    left = edit(preview, REORIENT, Z_SCORE | {"on": False}, wrong)
    keep(preview, left["draft"]["steps"])

    reloaded, reborn = preview.start(), open_preview(project).start()

    for state in (reloaded, reborn):
        assert state["volume"] == SECOND
        assert state["draft"] == left["draft"]
        assert state["look"] == LOOK
        assert state["name"] == "my recipe"
    assert reloaded["result"]["revision"] == left["result"]["revision"]


@pytest.mark.parametrize("text", ["", "{}", '{"draft": {"steps": [{"name": 3}], "output": "float32"}}'])
def test_a_draft_that_can_t_be_read_is_none(project, text):
    """The preview starts anew."""
    folder = project.folder / "work" / "sam" / "recipes"
    folder.mkdir()
    (folder / ".draft-new.json").write_text(text)

    state = open_preview(project).start()

    assert [step["name"] for step in state["draft"]["steps"]] == ["reorient", "resample", "window"]


def test_a_recipe_s_file_is_what_it_starts_from(project, preview):
    """By its path from the person's folder; a draft that began with it goes on, one that began otherwise stays apart."""
    edit(preview, RESAMPLE)
    path = project.folder / "work" / "sam" / "recipes" / "bone.yaml"
    path.write_text("name: Bone\nsteps:\n- window: {center: 500, width: 2000}\noutput: float32\n")

    first = open_preview(project, "recipes/bone.yaml")
    start = first.start()
    edit(first, WINDOW, Z_SCORE)
    again, new = open_preview(project, "recipes/bone.yaml").start(), open_preview(project).start()

    assert (start["name"], start["draft"]["steps"][0]["parameters"]) == ("Bone", {"center": 500, "width": 2000})
    assert [step["name"] for step in again["draft"]["steps"]] == ["window", "z_score"]
    assert [step["name"] for step in new["draft"]["steps"]] == ["resample"]


def test_a_recipe_s_file_that_is_none_is_told(project):
    """As on the command line."""
    with pytest.raises(CcdsError, match="name a readable recipe"):
        open_preview(project, "recipes/none.yaml")


def test_a_draft_that_can_t_be_kept_is_told_and_shown_all_the_same(project, preview):
    """No room, no right: the result is there, with one line."""
    folder = project.folder / "work" / "sam" / "recipes"
    folder.write_text("no folder")

    state = edit(preview, WINDOW)

    assert "write into your folder recipes" in state["unkept"]
    assert state["older"] is False
    assert "write into your folder recipes" in keep(preview, [WINDOW])["unkept"]


def test_a_project_without_volumes_says_so(project):
    """No study, no result, no error."""
    for study in STUDIES:
        (project.folder / "nifti" / study / "series-1.nii.gz").unlink()

    state = open_preview(project).start()

    assert (state["volumes"], state["volume"], state["result"]) == ([], None, None)


def test_the_values_under_the_pointer_are_those_of_the_same_place(preview):
    """Before and after, in both directions, with the place in mm; beyond the other picture there is none."""
    state = edit(
        preview, REORIENT, RESAMPLE | {"parameters": {"spacing_mm": [3.2, 3.2, 2.5], "interpolation": "linear"}}
    )
    probe = {"kind": "probe", "revision": state["result"]["revision"], "plane": "axial", "x": 3, "y": 5}

    here = preview.answer(probe | {"side": "before", "number": 4})
    back = preview.answer(probe | {"side": "after", "number": here["after"]["pixel"][2]})
    coarse = edit(preview, RESAMPLE | {"parameters": {"spacing_mm": [3.2, 3.2, 20], "interpolation": "linear"}})
    probe["revision"] = coarse["result"]["revision"]
    last = preview.answer(probe | {"side": "before", "number": 11})

    place = AFFINE @ [3, 5, 4, 1]  # the file's axes run to L and P: columns and rows are its own
    assert here["place_mm"] == pytest.approx(place[:3])
    assert here["before"] == {"value": float(head()[3, 5, 4]), "pixel": (3, 5, 4)}
    assert here["after"] == {"value": float(head()[3, 5, 4]), "pixel": (3, 5, 8)}
    assert back == here
    assert last["place_mm"][2] == pytest.approx(-25 + 11 * 5)
    assert last["after"] is None


def test_slices_of_an_older_result_are_gone(preview):
    """A page that asks late gets no slice of another recipe."""
    old = edit(preview, WINDOW)
    edit(preview, Z_SCORE)

    assert slices(preview, old, after=[0]) == {"gone": True}
    assert preview.answer(
        {
            "kind": "probe",
            "revision": old["result"]["revision"],
            "plane": "axial",
            "side": "after",
            "number": 0,
            "x": 0,
            "y": 0,
        }
    ) == {"gone": True}


@pytest.mark.parametrize(
    "request_",
    [
        {"kind": "choose", "volume": f"../{FIRST}"},
        {"kind": "choose", "volume": ""},
        {"kind": "slices", "plane": "axial", "display": None, "before": [SHAPE[2]], "after": []},
        {"kind": "slices", "plane": "axial", "display": None, "before": [], "after": [9999]},
        {"kind": "probe", "plane": "axial", "side": "before", "number": 0, "x": SHAPE[0], "y": 0},
        {"kind": "probe", "plane": "axial", "side": "before", "number": SHAPE[2], "x": 0, "y": 0},
    ],
)
def test_what_isn_t_there_is_refused(preview, request_):
    """A volume that isn't listed, a slice or pixel beyond the last one."""
    revision = preview.start()["result"]["revision"]

    with pytest.raises(CcdsError, match="reload the page"):
        preview.answer(request_ if request_["kind"] == "choose" else request_ | {"revision": revision})


def test_whoever_may_not_see_images_any_more_gets_one_line(tmp_path, project, preview):
    """The registry is asked before each answer: taken off the roster, there is no further slice."""
    state = preview.start()
    allow(site_settings(tmp_path), roster=on_roster(eli="engineer"))

    for asked in (
        preview.start,
        lambda: slices(preview, state, before=[0]),
        lambda: save(preview, "x", WINDOW),
        lambda: open_preview(project),
    ):
        with pytest.raises(CcdsError, match=r"expected sam on the roster of HEAD-1.*ask the principal investigator"):
            asked()

    assert not (project.folder / "work" / "sam" / "recipes" / "x.yaml").exists()


def test_a_project_of_reports_only_has_no_preview(tmp_path, project):
    """The application must cover images."""
    allow(site_settings(tmp_path), data=["reports"])

    with pytest.raises(CcdsError, match="covers images"):
        open_preview(project)
