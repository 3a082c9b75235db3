"""The preview of normalization recipes in a real browser: the lab's notebook under a plain Voilà."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from ccds_kernel.cli import main
from ccds_kernel.normalization.apply_file import read_recipe
from support.contrast import below, both_schemes, looks
from support.preview import STUDIES, head
from support.preview_page import CENTER, MR, NOTEBOOK, WIDTH, caption, pixels, wait_for_change, wait_for_pictures
from support.waiting import until

pytestmark = pytest.mark.browser


def hash_shown(page, name: str) -> str:
    """The hash of the saved `recipe` or of its `output`."""
    return page.locator(f"[data-hash={name}]").inner_text()


def test_a_scientist_tunes_a_recipe_saves_it_and_runs_it(open_preview, recipes, monkeypatch, capsys):
    """Window, slices, name, save, command: the same hash; a reload loses nothing."""
    page = open_preview()
    before, after = pixels(page, 0), pixels(page, 1)
    expect(page.get_by_label("Study", exact=True).locator("option").first).to_have_text(
        f"Sample Scan 64 · 3.2 × 3.2 × 5 mm · study {STUDIES[0][:8]}…"
    )

    page.get_by_label(CENTER).fill("895")
    page.get_by_label(WIDTH).fill("30")
    wait_for_change(page, 1, after)
    assert np.array_equal(pixels(page, 0), before)
    expect(page.locator(".ccds-bars").nth(1)).to_have_attribute("aria-label", "Histogram after: 0 to 1, 277,704 voxels")

    after = pixels(page, 1)
    page.get_by_role("slider", name="Slice").focus()
    page.keyboard.press("PageUp")
    wait_for_change(page, 0, before)
    wait_for_change(page, 1, after)
    position = page.locator(".ccds-position").inner_text()

    page.get_by_label("Name of the recipe").fill("Skull, 1 mm")
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-saved")).to_contain_text("Saved: recipes/skull-1-mm.yaml")
    recipe, output = hash_shown(page, "recipe"), hash_shown(page, "output")
    command = page.locator(".ccds-saved [data-command=apply]").inner_text()
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
    page.get_by_role("slider", name="Slice").focus()

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
    page.get_by_role("slider", name="Slice").focus()
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


def test_a_slider_that_is_dragged_fast_ends_where_it_is_let_go(open_preview):
    """Every position on the way is overtaken by the next; both captions end at the last one."""
    page = open_preview()
    slider = page.get_by_role("slider", name="Slice")
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
    page.get_by_label("Study", exact=True).select_option(f"{MR}/series-1")
    expect(band).to_have_attribute("title", "The recipe’s window: 0 to 80")
    expect(page.get_by_text("HU", exact=True)).to_have_count(0)
    page.get_by_label("Add a step").select_option("z_score")
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    expect(band).to_have_count(1)
    page.get_by_role("button", name="Earlier: z_score").click()

    expect(band).to_have_count(0)


def test_two_previews_on_one_page_leave_each_other_alone(serve, recipes, open_page, previewed, tmp_path):  # noqa: ARG001 - no draft
    """Each has its own plane; no two elements have the same id."""
    notebook = json.loads(Path(NOTEBOOK).read_text())
    notebook["cells"] = [cell | {"id": name} for cell in notebook["cells"] if cell["id"] == "preview" for name in "ab"]
    (tmp_path / "two.ipynb").write_text(json.dumps(notebook))
    page = open_page(serve(str(tmp_path / "two.ipynb"), project=previewed.id, person="sam"))
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


def test_both_themes_are_legible_and_nothing_is_cut_off(open_preview):
    """AA contrast (4.5 : 1) in light and dark; every control has a name and lies within the page, also in a narrow one."""
    page = open_preview()
    page.get_by_label("Name of the recipe").fill("Skull")
    page.get_by_role("button", name="Save recipe").click()
    page.get_by_label(WIDTH).fill("x")
    expect(page.get_by_role("alert").first).to_be_visible()

    words = ".ccds-muted, h2, h3, b, .ccds-button, .ccds-field, .ccds-error, .ccds-older, [class^=ccds-pla]"
    for scheme in both_schemes(page):
        texts = looks(page, f".ccds :is({words}):not(:disabled)")

        assert len(texts) > 30
        assert texts[0].is_on_dark == (scheme == "dark")
        assert below(4.5, texts) == []
    controls = page.locator(".ccds-screen").locator("button, input, select")
    for width in (1280, 900):
        page.set_viewport_size({"width": width, "height": 900})
        for control in controls.all():
            box = control.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
    names = controls.evaluate_all(
        "all => all.map((one) => one.ariaLabel || one.labels?.[0]?.textContent || one.textContent)"
    )
    assert all(names)
