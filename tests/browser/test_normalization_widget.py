"""The preview of normalization recipes in a real browser: the lab's notebook under a plain Voilà."""

import json
import os
import shlex
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from ccds_kernel.cli import main
from ccds_kernel.normalization.apply_file import read_recipe
from support.checkout import ROOT
from support.contrast import below, looks
from support.preview import PROJECT, SHAPE, SIDECAR, STUDIES, allow, fill_project, head, write_image
from support.site import on_roster
from support.waiting import until

pytestmark = pytest.mark.browser

NOTEBOOK = str(ROOT / "notebooks" / "lab" / "normalization.ipynb")
CENTER, WIDTH = "window center", "window width"
TAIL = "p5zz2k4lmn6o7abc"
"""A study that is no volume: a series over time."""

MR = "t7yw3n5kq2fcx4ud"
"""A study by magnetic resonance."""


@pytest.fixture(scope="module")
def filled(site):
    """HEAD-1 with two studies, one by MR, and one that is none."""
    project = fill_project(site.settings)
    write_image(project.folder / "nifti" / TAIL / "series-1.nii.gz", np.zeros((*SHAPE, 2), np.int16))
    write_image(project.folder / "nifti" / MR / "series-1.nii.gz", head(2))
    (project.folder / "nifti" / MR / "series-1.json").write_text(json.dumps(SIDECAR | {"modality": "MR"}))
    yield project
    project.store.close()


@pytest.fixture(scope="module")
def served(serve, filled):
    """The notebook for the scientist sam."""
    return serve(NOTEBOOK, project=filled.id, person="sam")


@pytest.fixture
def recipes(filled):
    """Sam's folder of recipes, not there yet."""
    folder = filled.folder / "work" / "sam" / "recipes"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def open_preview(served, recipes, open_page):  # noqa: ARG001 - no draft of another test
    """Opens it in a page of its own, and waits until both pictures are drawn."""

    def open_it(**context):
        page = open_page(served, **context)
        wait_for_pictures(page)
        return page

    return open_it


def wait_for_pictures(page, pictures=2):
    """All are there."""
    for side in range(pictures):
        expect(caption(page, side)).to_contain_text("slice")


def caption(page, side: int):
    """What stands below the picture before (0) or after (1): what is drawn."""
    return page.locator(".ccds-caption").nth(side)


def pixels(page, side: int) -> np.ndarray:
    """The grey values of a picture."""
    width, height, values = (
        page.locator(".ccds-canvas")
        .nth(side)
        .evaluate(
            """(canvas) => {
          const { width, height } = canvas;
          const rgba = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          return [width, height, [...rgba.filter((_, at) => at % 4 === 0)]];
        }"""
        )
    )
    return np.array(values).reshape(height, width)


def wait_for_change(page, side: int, before: np.ndarray) -> None:
    """The picture is another one now."""
    until(lambda: not np.array_equal(pixels(page, side), before), "another picture")


def hash_shown(page, name: str) -> str:
    """The hash of the saved `recipe` or of its `output`."""
    return page.locator(f"[data-hash={name}]").inner_text()


def test_a_scientist_tunes_a_recipe_saves_it_and_runs_it(open_preview, recipes, monkeypatch, capsys):
    """Window, slices, name, save, command: the same hash; a reload loses nothing."""
    page = open_preview()
    before, after = pixels(page, 0), pixels(page, 1)
    expect(page.get_by_label("Study").locator("option").first).to_have_text(
        f"study {STUDIES[0][:8]}… · Sample Scan 64 · 3.2 × 3.2 × 5 mm"
    )

    page.get_by_label(CENTER).fill("895")
    page.get_by_label(WIDTH).fill("30")
    wait_for_change(page, 1, after)
    assert np.array_equal(pixels(page, 0), before)
    expect(page.locator(".ccds-bars").nth(1)).to_have_attribute("aria-label", "Histogram after: 0 to 1, 277,704 voxels")

    after = pixels(page, 1)
    page.get_by_role("slider").focus()
    page.keyboard.press("PageUp")
    wait_for_change(page, 0, before)
    wait_for_change(page, 1, after)
    position = page.locator(".ccds-position").inner_text()

    page.get_by_label("Name of the recipe").fill("Skull, 1 mm")
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-saved")).to_contain_text("Saved: recipes/skull-1-mm.yaml")
    recipe, output = hash_shown(page, "recipe"), hash_shown(page, "output")
    command = page.locator(".ccds-saved .ccds-command").inner_text()
    monkeypatch.chdir(recipes.parent)
    assert main([*shlex.split(command)[1:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["recipe_sha256"], told["output_sha256"]) == (recipe, output)
    assert read_recipe(recipes / "skull-1-mm.yaml").name == "Skull, 1 mm"

    page.reload()
    wait_for_pictures(page)
    expect(page.get_by_label(CENTER)).to_have_value("895")
    expect(page.get_by_label("Name of the recipe")).to_have_value("Skull, 1 mm")
    expect(page.locator(".ccds-position")).to_have_text(position)
    page.get_by_role("button", name="Save recipe").click()
    expect(page.locator(".ccds-saved")).to_contain_text("saved already: recipes/skull-1-mm.yaml")
    assert (hash_shown(page, "recipe"), hash_shown(page, "output")) == (recipe, output)


def test_what_is_saved_is_what_the_page_shows(open_preview, recipes):
    """Also where changes are still being computed, and wait, when it is saved; what is changed afterwards goes on."""
    page = open_preview()
    page.get_by_label("Name of the recipe").fill("at once")

    page.evaluate(
        """() => {
          const click = (selector) => document.querySelector(selector).click();
          click("[data-focus^=on-]");
          click("li:last-child [data-focus^=on-]");
          click("[data-focus=save]");
          const add = document.querySelector("[data-focus=add]");
          add.value = "z_score";
          add.dispatchEvent(new Event("change"));
        }"""
    )

    expect(page.get_by_role("status").filter(has_text="Saved as recipes/at-once.yaml")).to_be_attached()
    saved = read_recipe(recipes / "at-once.yaml")
    assert [step.name for step in saved.steps] == ["resample"]
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    page.reload()
    wait_for_pictures(page)
    expect(page.locator(".ccds-step-name b")).to_have_text(["reorient", "resample", "window", "z_score"])
    assert page.get_by_role("checkbox").evaluate_all("all => all.map((one) => one.checked)") == [
        False,
        True,
        False,
        True,
    ]


def test_the_pictures_are_what_the_patient_is(open_preview):
    """Each voxel of the slice before, through the display window: the patient's right on the left, anterior up."""
    page = open_preview()
    page.get_by_label("Display window of the picture before").select_option("Bone")

    # The file's axes run to L, P and S, so that its columns and rows are the picture's.
    expected = np.clip((head()[:, :, 6].T.astype(float) + 500) / 2000 * 255, 0, 255)
    until(lambda: np.abs(pixels(page, 0) - expected).max() <= 0.51, "the slice seen through the bone window")
    expect(caption(page, 0)).to_have_text("S 5 mm · slice 7 of 12")
    assert page.locator(".ccds-edge").all_inner_texts() == ["R", "L", "A", "P"] * 2
    box = page.locator(".ccds-frame").first.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(20 / 24, rel=0.01)
    page.get_by_text("sagittal", exact=True).click()
    expect(page.locator(".ccds-edge").first).to_have_text("A")
    until(lambda: pixels(page, 0).shape == (12, 24), "the sagittal slice")
    box = page.locator(".ccds-frame").first.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(24 * 3.2 / (12 * 5), rel=0.01)


def test_everything_works_by_keyboard_alone(open_preview):
    """Slices, planes, display window, steps and saving need no mouse."""
    page = open_preview()
    press = page.keyboard.press
    page.get_by_role("slider").focus()

    press("Home")
    expect(caption(page, 0)).to_contain_text("slice 1 of 12")
    press("ArrowUp")
    expect(caption(page, 1)).to_contain_text("slice 2 of 58")
    press("PageUp")
    press("PageDown")
    press("ArrowLeft")
    expect(page.locator(".ccds-position")).to_have_text("I 25 mm")
    press("c")
    expect(caption(page, 1)).to_contain_text("of 76")
    press("d")
    expect(page.get_by_label("Display width")).to_have_value("200")
    press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press("Escape")
    page.get_by_role("button", name="Earlier: window").focus()
    press("Enter")
    expect(page.locator(".ccds-step-name b")).to_have_text(["reorient", "window", "resample"])
    page.get_by_label("Add a step").focus()
    page.keyboard.type("z_")
    expect(page.locator(".ccds-step-name b")).to_have_text(["reorient", "window", "resample", "z_score"])
    page.get_by_role("slider").focus()
    press("n")
    page.keyboard.type("by keyboard")
    press("Enter")

    expect(page.locator(".ccds-saved")).to_contain_text("recipes/by-keyboard.yaml")


def test_the_focus_never_leaves_what_was_worked_on(open_preview):
    """A control that can't be used any more hands it to its step's first one, a step that is gone to the list."""
    page = open_preview()
    first = page.get_by_role("group", name="Step 1, window")

    page.get_by_role("button", name="Earlier: window").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Earlier: window")).to_be_focused()
    page.keyboard.press("Enter")
    expect(first.get_by_role("checkbox")).to_be_focused()
    page.get_by_role("button", name="Remove window").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".ccds-step-name b")).to_have_text(["reorient", "resample"])
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".ccds-steps")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("group", name="Step 1, reorient").get_by_role("checkbox")).to_be_focused()


def test_what_a_lost_connection_swallowed_is_asked_again(open_preview):
    """Once it is back the page shows what was changed meanwhile, without a reload."""
    page = open_preview()
    sockets, swallowed = [], []

    def carry(socket):
        server = socket.connect_to_server()
        sockets.append(socket)
        socket.on_message(lambda message: swallowed.append(message) if cut else server.send(message))
        server.on_message(lambda message: None if cut else socket.send(message))

    cut = set()
    page.route_web_socket("**/channels*", carry)
    page.reload()
    wait_for_pictures(page)
    after = pixels(page, 1)

    cut.add("everything")
    page.get_by_role("group", name="Step 2, resample").get_by_role("checkbox").click()
    expect(page.locator(".ccds-older").nth(1)).to_have_text("Computing …")
    until(lambda: page.title() and swallowed, "the change to be swallowed")  # sockets are heard while a page is asked
    cut.clear()
    sockets[-1].close()

    wait_for_change(page, 1, after)
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".ccds-lost")).to_be_hidden()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_slider_that_is_dragged_fast_ends_where_it_is_let_go(open_preview):
    """Every position on the way is overtaken by the next; both captions end at the last one."""
    page = open_preview()
    slider = page.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2

    page.mouse.move(box["x"] + 10, middle)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(box["x"] + 10 + (box["width"] - 20) * abs((step % 20) - 10) / 10, middle)
    page.mouse.move(box["x"] + box["width"] + 30, middle)
    page.mouse.up()

    expect(caption(page, 0)).to_have_text("S 30 mm · slice 12 of 12")
    expect(caption(page, 1)).to_have_text("S 32 mm · slice 58 of 58")


def test_what_is_wrong_with_a_step_stands_there_and_the_last_picture_stays(open_preview):
    """One line in the step, the picture marked as older; mended, it is gone."""
    page = open_preview()
    after = pixels(page, 1)
    step = page.get_by_role("group", name="Step 3, window")

    page.get_by_label(WIDTH).fill("8o")
    expect(step.get_by_role("alert")).to_contain_text("width of window to be right")
    expect(page.get_by_label(WIDTH)).to_be_focused()
    expect(page.locator(".ccds-older").nth(1)).to_have_text("Older than the recipe")
    expect(page.get_by_role("button", name="Save recipe")).to_be_disabled()
    assert np.array_equal(pixels(page, 1), after)
    page.get_by_label(WIDTH).fill("80")

    expect(step.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".ccds-older").nth(1)).to_be_hidden()


def test_a_reload_in_the_middle_of_typing_loses_nothing(open_preview):
    """What was typed last is there, right or wrong, with the line that says what is wrong."""
    page = open_preview()
    page.get_by_label(CENTER).fill("35")
    page.get_by_label(WIDTH).fill("12x")

    page.reload()

    expect(page.get_by_label(WIDTH)).to_have_value("12x")
    expect(page.get_by_label(CENTER)).to_have_value("35")
    expect(page.get_by_role("alert").filter(has_text="found '12x'")).to_be_visible()


def test_a_file_that_is_no_volume_is_one_line(open_preview):
    """A series over time: the pictures give way to the line, and come back with another study."""
    page = open_preview()

    page.get_by_label("Study").select_option(f"{TAIL}/series-1")
    expect(page.get_by_role("alert").filter(has_text="found 4 (shape (20, 24, 12, 2))")).to_be_visible()
    expect(page.locator(".ccds-stage")).to_be_hidden()
    page.get_by_label("Study").select_option(f"{STUDIES[1]}/series-1")

    wait_for_pictures(page)
    expect(page.locator(".ccds-stage")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_name_that_is_taken_is_refused_and_the_file_stays(open_preview, recipes):
    """Nothing is overwritten; the line stands below the name."""
    page = open_preview()
    recipes.mkdir(exist_ok=True)
    (recipes / "mine.yaml").write_text("name: mine\nsteps: []\n")
    page.get_by_label("Name of the recipe").fill("mine")

    page.get_by_role("button", name="Save recipe").click()

    expect(page.locator(".ccds-saving").get_by_role("alert")).to_contain_text("give it another name")
    assert (recipes / "mine.yaml").read_text() == "name: mine\nsteps: []\n"


def test_the_value_under_the_pointer_is_told_for_both_pictures(open_preview):
    """HU before, the recipe's unit after, and a cross at the same place in the other picture."""
    page = open_preview()
    page.locator(".ccds-canvas").first.hover(position={"x": 2, "y": 2})

    expect(page.locator(".ccds-probe")).to_have_text(f"R 30 · A 40 · S 5 mm: \N{MINUS SIGN}{-head()[0, 0, 6]} HU → 0")
    expect(page.locator(".ccds-cross").nth(1)).to_be_visible()
    expect(page.locator(".ccds-cross").first).to_be_hidden()


def test_the_recipe_s_window_lies_among_the_intensities_that_it_maps(open_preview):
    """On the histogram before, as long as no step before it changes them; in HU where these are."""
    page = open_preview()
    band = page.locator(".ccds-band")

    expect(band).to_have_attribute("title", "The recipe’s window: 0 to 80 HU")
    page.get_by_label("Study").select_option(f"{MR}/series-1")
    expect(band).to_have_attribute("title", "The recipe’s window: 0 to 80")
    expect(page.get_by_text("HU", exact=True)).to_have_count(0)
    page.get_by_label("Add a step").select_option("z_score")
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    expect(band).to_have_count(1)
    page.get_by_role("button", name="Earlier: z_score").click()

    expect(band).to_have_count(0)


def test_two_previews_on_one_page_leave_each_other_alone(serve, recipes, open_page, filled, tmp_path):  # noqa: ARG001 - no draft
    """Each has its own plane; no two elements have the same id."""
    notebook = json.loads(Path(NOTEBOOK).read_text())
    notebook["cells"] = [cell | {"id": name} for cell in notebook["cells"] if cell["id"] == "preview" for name in "ab"]
    (tmp_path / "two.ipynb").write_text(json.dumps(notebook))
    page = open_page(serve(str(tmp_path / "two.ipynb"), project=filled.id, person="sam"))
    wait_for_pictures(page, 4)
    first, second = page.locator(".ccds-normalization").all()

    first.get_by_text("coronal", exact=True).click()
    second.get_by_text("sagittal", exact=True).click()
    for one in (first, second):
        one.get_by_label(WIDTH).fill("x")
        one.get_by_role("button", name="Earlier: window").click()

    expect(first.get_by_role("radio", name="coronal")).to_be_checked()
    expect(second.get_by_role("radio", name="sagittal")).to_be_checked()
    expect(page.get_by_role("alert").filter(has_text="found 'x'")).to_have_count(2)
    ids = page.locator(".ccds [id]").evaluate_all("all => all.map((one) => one.id)")
    assert len(ids) == len(set(ids)) == 2


def test_a_lost_kernel_is_told_and_the_draft_is_there_after_reload(served, open_preview, recipes):
    """When the kernel dies the page says so, and the reload brings the draft back."""
    page = open_preview()
    page.get_by_label(CENTER).fill("55")
    page.get_by_label("Name of the recipe").fill("kept")
    draft = recipes / ".draft-new.json"
    until(lambda: draft.exists() and '"kept"' in draft.read_text(), "the draft to be kept")

    for pid in served.kernels():
        os.kill(pid, signal.SIGKILL)

    expect(page.get_by_role("alert").filter(has_text="Connection lost. Your draft is kept")).to_be_visible()
    page.get_by_role("button", name="Reload the page").click()
    expect(page.locator(".ccds-lost")).to_be_hidden()  # only the new page hides it
    expect(page.get_by_label(CENTER)).to_have_value("55")
    expect(page.get_by_label("Name of the recipe")).to_have_value("kept")


def test_a_project_without_volumes_says_how_to_make_them(served, recipes, open_page, filled):  # noqa: ARG001 - no draft
    """The command, not a blank screen; once there are volumes they are found."""
    nifti, aside = filled.folder / "nifti", filled.folder / "aside"
    nifti.rename(aside)
    try:
        page = open_page(served)
        expect(page.locator(".ccds-empty")).to_contain_text("ccds imaging convert DICOM nifti/")
    finally:
        aside.rename(nifti)

    page.get_by_role("button", name="Look again").click()

    wait_for_pictures(page)


def test_whoever_may_not_see_images_reads_why(open_preview, site):
    """Taken off the roster with the preview open: one line at the next step, nothing more is shown."""
    page = open_preview()
    try:
        allow(site.settings, roster=on_roster(eli="engineer"))
        page.get_by_label("Study").select_option(f"{STUDIES[1]}/series-1")
        expect(page.get_by_role("alert").filter(has_text=f"sam on the roster of {PROJECT}")).to_be_visible()
        page.reload()
        expect(page.get_by_role("alert").filter(has_text=f"sam on the roster of {PROJECT}")).to_be_visible()
        expect(page.locator(".ccds-screen")).to_be_hidden()
    finally:
        allow(site.settings)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 900])
def test_both_themes_are_legible_and_nothing_is_cut_off(open_preview, scheme, width):
    """AA contrast (4.5 : 1) in light and dark; every control has a name and lies within the page, also in a narrow one."""
    page = open_preview(color_scheme=scheme, viewport={"width": width, "height": 900})
    page.get_by_label("Name of the recipe").fill("Skull")
    page.get_by_role("button", name="Save recipe").click()
    page.get_by_label(WIDTH).fill("x")
    expect(page.get_by_role("alert").first).to_be_visible()

    words = ".ccds-muted, h2, h3, b, .ccds-button, .ccds-field, .ccds-error, .ccds-older, [class^=ccds-pla]"
    texts = looks(page, f".ccds :is({words}):not(:disabled)")
    controls = page.locator(".ccds-screen").locator("button, input, select")

    assert len(texts) > 30
    assert texts[0].is_on_dark == (scheme == "dark")
    assert below(4.5, texts) == []
    for control in controls.all():
        box = control.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    names = controls.evaluate_all(
        "all => all.map((one) => one.ariaLabel || one.labels?.[0]?.textContent || one.textContent)"
    )
    assert all(names)
