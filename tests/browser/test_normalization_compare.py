"""The preview of recipes where it compares: sliders, several studies, a saved recipe beside the draft."""

import shlex

import numpy as np
import pytest
from playwright.sync_api import expect

from ccds_kernel.normalization.apply_file import read_recipe
from support.contrast import below, both_schemes, looks
from support.preview import PROJECT, STUDIES
from support.preview_page import CENTER, WIDTH, caption, pixels, wait_for_change, wait_for_pictures
from support.waiting import until

pytestmark = pytest.mark.browser

BADGE = "[data-side=after] .ccds-older"


def hold(page, name: str, share: float) -> None:
    """Presses on a slider at that share of its length, and keeps it."""
    slider = page.get_by_label(name)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()


def test_somebody_new_finds_and_saves_a_recipe(open_preview, recipes):
    """By what the page offers: a second study, a slider, a step switched off and on, the picture after a step, a name."""
    page = open_preview()
    page.get_by_role("button", name="Add a study").click()
    wait_for_pictures(page, 4)
    expect(page.get_by_label("Study 2", exact=True)).to_have_value(f"{STUDIES[1]}/series-1")

    after = pixels(page, 1)
    hold(page, "window width, slider", 0.3)
    expect(page.locator(BADGE).first).to_have_text("Coarser copy")
    wait_for_change(page, 1, after)
    expect(page.locator(".ccds-work")).to_contain_text("A coarser copy follows the slider")
    page.mouse.up()
    expect(page.locator(BADGE).first).to_be_hidden()
    expect(page.locator(".ccds-work")).to_contain_text("whole volumes")

    page.get_by_role("button", name="Show the picture after resample").click()
    expect(page.locator(BADGE).first).to_have_text("After step 2 · coarser copy")
    page.get_by_role("button", name="Show the picture after resample").click()
    expect(page.locator(BADGE).first).to_be_hidden()
    page.get_by_role("group", name="Step 2, resample").get_by_role("checkbox").uncheck()
    expect(caption(page, 1)).to_contain_text("of 12")
    page.get_by_role("group", name="Step 2, resample").get_by_role("checkbox").check()
    expect(caption(page, 1)).to_contain_text("of 58")

    page.get_by_label("Name of the recipe").fill("First one")
    page.get_by_role("button", name="Save recipe").click()
    expect(page.locator(".ccds-saved")).to_contain_text("Saved: recipes/first-one.yaml")
    command = shlex.split(page.locator("[data-command=run]").inner_text())
    assert command[1:] == ["normalization", "run", "--project", PROJECT, "--recipe", "recipes/first-one.yaml"]
    saved = read_recipe(recipes / "first-one.yaml")
    page.get_by_text("The file", exact=True).click()
    assert page.locator(".ccds-yaml").inner_text().strip() == saved.to_yaml().strip()
    assert 800 < saved.steps[2].width < 1000


def test_a_slider_that_is_held_shows_what_the_whole_volume_will(open_preview):
    """The volume is small enough to be its own copy: released, not a pixel changes on the grid that it keeps."""
    page = open_preview()
    page.get_by_role("group", name="Step 2, resample").get_by_role("checkbox").uncheck()
    expect(caption(page, 1)).to_contain_text("of 12")
    after = pixels(page, 1)

    hold(page, "window center, slider", 0.75)
    wait_for_change(page, 1, after)
    center = page.get_by_label(CENTER).input_value()
    held = pixels(page, 1)
    page.mouse.up()

    expect(page.locator(BADGE)).to_be_hidden()
    assert float(center) == pytest.approx(875, abs=100)
    assert np.array_equal(pixels(page, 1), held)


@pytest.mark.parametrize("width", [760, 880])
def test_the_picture_is_in_sight_while_a_slider_is_held(open_preview, width):
    """As wide as a notebook beside its list of files, with more steps than have room: these scroll, the pictures stay."""
    page = open_preview(viewport={"width": width, "height": 780})
    for name in ("crop_pad", "foreground", "clip"):
        page.get_by_label("Add a step").select_option(name)
    page.locator(".ccds-normalization").evaluate("one => one.scrollIntoView({ block: 'start' })")

    hold(page, "window center, slider", 0.6)

    expect(page.locator("[data-side=after] .ccds-box")).to_be_in_viewport(ratio=0.9)
    expect(page.get_by_label("window center, slider")).to_be_in_viewport(ratio=1)
    page.mouse.up()


def test_a_page_of_a_windows_center_is_a_tenth_of_its_width(open_preview):
    """Not of the slider, which is twenty brain windows long."""
    page = open_preview()
    page.get_by_label(WIDTH).fill("200")
    center = page.get_by_label(CENTER)

    page.get_by_label("window center, slider").press("PageUp")
    expect(center).to_have_value("60")
    page.get_by_label("window center, slider").press("PageDown")

    expect(center).to_have_value("40")


def test_a_slider_by_keyboard(open_preview):
    """Arrows move it, not the slices; the pictures follow, and the box says the number."""
    page = open_preview()
    place = page.locator(".ccds-position").inner_text()
    after = pixels(page, 1)

    page.get_by_label("window center, slider").focus()
    for _ in range(4):
        page.keyboard.press("PageUp")
    page.keyboard.press("ArrowRight")

    wait_for_change(page, 1, after)
    expect(page.get_by_label("window center, slider")).to_be_focused()
    expect(page.get_by_label(CENTER)).not_to_have_value("40")
    expect(page.locator(".ccds-position")).to_have_text(place)


def test_a_saved_recipe_beside_the_draft(open_preview):
    """A third picture and histogram; what is changed in the draft leaves it."""
    page = open_preview()
    page.get_by_label("Name of the recipe").fill("Brain")
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-saved")).to_contain_text("brain.yaml")

    page.get_by_label("Saved recipe beside").select_option("brain.yaml")
    wait_for_pictures(page, 3)
    expect(page.locator(".ccds-picture h3")).to_have_text(["Before", "After", "After brain"])
    beside = pixels(page, 2)
    assert np.array_equal(beside, pixels(page, 1))
    page.get_by_label(CENTER).fill("895")
    wait_for_change(page, 1, beside)

    assert np.array_equal(pixels(page, 2), beside)
    expect(page.locator(".ccds-bars")).to_have_count(3)
    expect(page.locator(".ccds-table tbody tr")).to_have_count(3)
    page.get_by_label("Saved recipe beside").select_option("")
    expect(page.locator(".ccds-picture h3")).to_have_text(["Before", "After"])


def test_landmarks_are_fitted_on_all_volumes_by_a_button(open_preview):
    """A step that needs them says so; then it has them, as a draft that a reload keeps; what isn't sensible for CT is told."""
    page = open_preview()
    page.get_by_role("group", name="Step 3, window").get_by_role("checkbox").uncheck()
    page.get_by_label("Add a step").select_option("nyul")
    step = page.get_by_role("group", name="Step 4, nyul")
    expect(step.get_by_role("alert")).to_be_visible()
    expect(step.locator(".ccds-advice")).to_contain_text("HU are absolute")

    step.get_by_role("button", name="Fit on all 4 volumes").click()

    expect(step).to_contain_text("Landmarks of 3 volumes.")  # the fourth is no volume
    expect(step.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".ccds-work")).to_contain_text("Fitted on 3 volumes; left out, as they can’t be used: 1.")
    expect(page.locator(BADGE)).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="Fit again on all 4 volumes")).to_be_visible()


def test_each_click_counts_while_pictures_are_awaited(open_preview):
    """Two studies more are asked for before the kernel has answered once; then one of them, and the first, is taken away so."""
    page = open_preview()

    page.get_by_role("button", name="Add a study").evaluate("button => { button.click(); button.click(); }")

    expect(page.locator(".ccds-column")).to_have_count(3)
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    page.locator(".ccds-study-choices").evaluate(
        "all => { const less = all.querySelectorAll('button'); less[0].click(); less[1].click(); }"
    )
    expect(page.locator(".ccds-column")).to_have_count(1)
    expect(page.get_by_label("Study", exact=True)).to_have_value(
        page.locator(".ccds-study option").nth(2).get_attribute("value")
    )


def test_each_change_of_a_list_counts_while_pictures_are_awaited(open_preview):
    """As by an arrow key that is held: the last one stays."""
    page = open_preview()

    last = page.locator(".ccds-study").evaluate(
        """list => {
          for (const { value } of [...list.options].slice(1, 4)) {
            list.value = value;
            list.dispatchEvent(new Event("change"));
          }
          return list.value;
        }"""
    )

    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_label("Study", exact=True)).to_have_value(last)


def test_several_studies_are_legible_and_nothing_is_cut_off(open_preview):
    """Narrow, in light and dark: AA contrast, names for all controls, all within the page; a cross in each picture."""
    page = open_preview(viewport={"width": 900, "height": 900})
    for studies in (2, 3):
        page.get_by_role("button", name="Add a study").click()
        expect(page.locator(".ccds-column")).to_have_count(studies)
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    page.locator(".ccds-canvas").first.hover(position={"x": 20, "y": 20})
    expect(page.locator(".ccds-probe p")).to_have_count(2)  # the third is no volume
    expect(page.locator(".ccds-cross:visible")).to_have_count(3)

    words = ".ccds-muted, h2, h3, b, th, td, .ccds-button, .ccds-field, .ccds-error, .ccds-column-head, .ccds-effect, .ccds-link"
    for scheme in both_schemes(page):
        texts = looks(page, f".ccds :is({words}):not(:disabled)")

        assert texts[0].is_on_dark == (scheme == "dark")
        assert below(4.5, texts) == []
    controls = page.locator(".ccds-screen").locator("button:visible, input:visible, select:visible")
    names = controls.evaluate_all(
        "all => all.map((one) => one.ariaLabel || one.labels?.[0]?.textContent || one.textContent)"
    )
    assert all(names)
    assert len(set(names)) == len(names)
    for control in controls.all():
        box = control.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 900
    until(lambda: page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "nothing to overflow")
