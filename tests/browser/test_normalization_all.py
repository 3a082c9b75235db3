"""All volumes of a project in a real browser: the cohort view, and the run page, as cells of the lab's notebook."""

import json
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.recipe_folder import RecipeFolder
from support.boxes import cut_off
from support.contrast import below, both_schemes, looks
from support.preview import SIDECAR, fill_project, head, oriented, write_image
from support.preview_page import only
from support.waiting import until

pytestmark = pytest.mark.browser

RECIPE = Recipe.from_yaml("name: head CT\nsteps:\n- reorient: {to: RAS}\n- window: {center: 40, width: 80}\n")
THICK, BROKEN = "z7thick", "z8broken"


@pytest.fixture(scope="module")
def filled(site):
    """HEAD-1 with two volumes of a scanner and seven of another; of these one has thick slices and one is no image."""
    project = fill_project(site.settings)
    for number, study in enumerate([*(f"z{number}plain" for number in range(5)), THICK, BROKEN]):
        path = project.folder / "nifti" / study / "series-1.nii.gz"
        write_image(path, head(number), oriented("LPS", (3.2, 3.2, 15.0 if study == THICK else 5.0)))
        scanner = {"scanner": {"ManufacturerModelName": "Borealis 64"}}
        path.with_name("series-1.json").write_text(json.dumps(SIDECAR | scanner))
    (project.folder / "nifti" / BROKEN / "series-1.nii.gz").write_bytes(b"no image")
    RecipeFolder(project.folder / "work" / "sam" / "recipes").save(RECIPE)
    yield project
    project.store.close()


@pytest.fixture(scope="module")
def served(serve, filled, tmp_path_factory):
    """The notebook's cells about all volumes, for the scientist sam."""
    notebook = only(tmp_path_factory.mktemp("notebook"), "cohort", "run")
    return serve(notebook, project=filled.id, person="sam")


@pytest.fixture
def cohort(served, open_page):
    """Opens the page, and waits until all volumes are measured; the cohort view."""

    def open_it(**context):
        page = open_page(served, **context)
        view = page.locator(".ccds-spread")
        expect(view.locator(".ccds-columns svg").first).to_be_visible()
        expect(view.locator("progress")).to_have_count(0)
        return view

    return open_it


def test_the_unlike_volume_is_listed_and_opens_in_the_preview(cohort):
    """By its button, with what it is and what is usual; the one that can't be read says why."""
    view = cohort()
    unlike = view.get_by_role("button", name=THICK)
    expect(unlike).to_contain_text("spacing S–I: 15 mm, usually 5 mm")
    expect(view.get_by_role("button", name=BROKEN)).to_contain_text("expected a NIfTI-1 image")

    unlike.click()

    preview = view.page.locator(".ccds-normalization")
    expect(preview.locator(".ccds-caption").nth(1)).to_contain_text("slice")
    expect(preview.get_by_label("Study", exact=True)).to_have_value(f"{THICK}/series-1")
    expect(view.get_by_role("button", name=THICK)).to_have_attribute("aria-current", "true")


def test_a_recipe_is_chosen_and_each_measure_is_shown(cohort):
    """By scanner, before and after; by keyboard, too."""
    view = cohort()
    expect(view.get_by_text("no recipe chosen").first).to_be_visible()
    view.get_by_role("button", name="Look again").click()
    expect(view.get_by_role("img", name="Borealis 64 · CT, before: 6 volumes")).to_be_visible()

    view.get_by_label("after recipe").select_option("head CT")
    expect(view.get_by_role("img", name="Borealis 64 · CT, after: 4 volumes")).to_be_visible()
    view.get_by_role("radio", name="Intensities").focus()
    for measure, told in (
        ("Spacing", "Borealis 64 · CT, before: 6 volumes, R–L 3.2 to 3.2, A–P 3.2 to 3.2, S–I 5 to 15"),
        ("Shape", "Sample Scan 64 · CT, after: 2 volumes, R–L 20 to 20"),
        ("Orientation", "Borealis 64 · CT, after: RAS 6"),
    ):
        view.page.keyboard.press("ArrowRight")

        expect(view.get_by_role("radio", name=measure)).to_be_checked()
        expect(view.get_by_role("img", name=told)).to_be_visible()


def test_a_recipe_saved_elsewhere_is_offered_when_the_view_is_come_to(cohort, filled):
    """By mouse, without a button: it was saved in the preview above since this view was opened."""
    view = cohort()
    choice = view.get_by_label("after recipe")
    expect(choice.locator("option")).to_have_text(["choose one", "head CT"])
    recipes = RecipeFolder(filled.folder / "work" / "sam" / "recipes")
    recipes.save(replace(RECIPE, name="made since"))

    view.page.mouse.move(0, 0)
    view.get_by_role("heading", name="How alike").hover()

    expect(choice.locator("option")).to_have_count(3)
    choice.select_option("made since")
    expect(view.get_by_role("heading", name="After “made since”")).to_be_visible()
    expect(choice.locator("option").first).to_have_text("none")
    (recipes.folder / "made-since.yaml").unlink()


def test_a_run_is_begun_and_told_to_its_end(served, open_page, filled):
    """What was done, what is in quarantine and why; a page that comes later sees the same."""
    page = open_page(served)
    runs = page.locator(".ccds-normalization-runs")
    expect(runs.get_by_text("No recipe was run in this project yet.")).to_be_visible()

    runs.get_by_role("button", name="Normalize 9 volumes").press("Enter")
    about = runs.get_by_role("group", name="How far it is")
    expect(about).to_be_focused()  # who has no mouse is at the run at once
    expect(about.locator("[data-state=ended]")).to_be_visible(timeout=120_000)
    expect(about.locator("[data-state=ended]")).to_contain_text("ended, some failed")
    expect(about).to_contain_text("8 of 9 done")
    expect(about).to_contain_text("1 in quarantine")
    runs.get_by_text("expected a NIfTI-1 image").click()
    expect(runs.get_by_text(f"{BROKEN}/series-1")).to_be_visible()
    page.reload()

    expect(runs.locator(".ccds-run [data-state=ended]")).to_be_visible()
    expect(runs.get_by_text(f"--normalized {RECIPE.digest()[:12]}")).to_be_visible()
    made = list((filled.folder / "normalized" / RECIPE.digest()).glob("*/*.nii.gz"))
    assert len(made) == 8


def test_a_run_of_which_all_failed_is_none_to_be_pleased_with(served, open_page, filled):
    """It ended; the word and the colour say how."""
    recipes = RecipeFolder(filled.folder / "work" / "sam" / "recipes")
    beyond = "name: beyond\nsteps:\n- foreground: {method: above, above: 900000, keep: all}\n"
    recipes.save(Recipe.from_yaml(beyond))
    page = open_page(served)
    runs = page.locator(".ccds-normalization-runs")
    runs.get_by_label("recipe").select_option("beyond")
    runs.get_by_role("button", name="Normalize 9 volumes").click()

    chip = runs.get_by_role("group", name="How far it is").locator("[data-state=ended]")
    expect(chip).to_contain_text("ended, all failed", timeout=120_000)
    expect(chip).to_have_attribute("data-tone", "6")
    expect(page.get_by_role("status").filter(has_text="beyond: ended, all failed.")).to_be_attached()
    (recipes.folder / "beyond.yaml").unlink()


def test_both_themes_are_legible_and_nothing_is_cut_off(cohort):
    """AA contrast (4.5 : 1), and every control within its page."""
    view = cohort()
    expect(view.page.locator(".ccds-normalization-runs h2")).to_be_visible()

    words = ".ccds-muted, h2, h3, b, .ccds-button, .ccds-id, .ccds-red, .ccds-when"
    for scheme in both_schemes(view.page):
        texts = looks(view.page, f".ccds :is({words}):not(:disabled)")

        assert len(texts) > 20
        assert texts[0].is_on_dark == (scheme == "dark")
        assert below(4.5, texts) == []
    for width in (1280, 900, 520):
        view.page.set_viewport_size({"width": width, "height": 1000})
        until(lambda: cut_off(view.page) == [], f"nothing to be cut off at {width} px")
