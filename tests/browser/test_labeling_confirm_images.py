"""The pane with a study's images, in a real browser: on a kernel that answers as the real one does, and on the real one."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from ccds_kernel.labeling.repository import LabelingRepository
from ccds_widgets.base import SHARED, assets
from ccds_widgets.labeling.confirm import app
from support.confirm_project import FELLOW, PROJECT, TASK, confirm_project, make_batch
from support.preview import head, write_image

pytestmark = pytest.mark.browser

SCRIPTS = assets(SHARED / "base.js", Path(app.__file__).parents[1] / "static" / "confirm" / "images.js")
HARNESS = """
const asked = [];
const windows = [["Soft tissue", -160, 240], ["Bone", -300, 1200]];
const answers = {
  series: ({ study }) => ({ series: study === "none" ? [] : [{ id: "ct", modality: "CT", windows }] }),
  slice: ({ number }) => ({
    size: [2, 2], slices: 9, number, aspect: 1, edges: "RLAP", low: 0, high: 1,
    buffers: [new DataView(new Uint8Array([0, 85, 170, number]).buffer)],
  }),
};
const ask = async (request) => (asked.push(request), answers[request.kind](request));
const pane = imagePane({ channel: { ask }, signal: new AbortController().signal });
pane.element.hidden = false;
document.body.append(pane.element);
"""
PIXEL = "(canvas) => [...canvas.getContext('2d').getImageData(1, 1, 1, 1).data]"


@pytest.fixture
def page(browser):
    """A page with the pane on it."""
    opened = browser.new_page()
    opened.add_script_tag(content=SCRIPTS + HARNESS)
    yield opened
    opened.close()


def test_the_middle_slice_shows_and_others_are_turned_to(page):
    """By keys and wheel, never beyond the ends; the caption says which it is and how it lies."""
    page.evaluate("pane.show('abc')")
    canvas, caption = page.locator("canvas"), page.locator("p")
    expect(caption).to_have_text("Slice 5 of 9; the left edge is R, the top edge A")
    middle = canvas.evaluate(PIXEL)

    page.evaluate("pane.turn(-1)")
    expect(caption).to_contain_text("Slice 4 of 9")
    page.evaluate("pane.turn(100)")
    expect(caption).to_contain_text("Slice 9 of 9")

    assert middle == [4, 4, 4, 255]
    assert canvas.evaluate(PIXEL) == [8, 8, 8, 255]


def test_ct_is_seen_in_the_windows_that_it_is_read_in(page):
    """The one that is chosen is asked for, at the same slice."""
    page.evaluate("pane.show('abc')")
    expect(page.locator("p")).to_contain_text("Slice 5 of 9")

    page.get_by_role("button", name="Bone").click()

    page.wait_for_function("asked.at(-1).high === 1200")
    assert page.evaluate("asked.at(-1)") == {
        "kind": "slice", "study": "abc", "series": "ct", "number": 4, "low": -300, "high": 1200,
    }  # fmt: skip


def test_where_there_is_nothing_to_see_a_line_says_so(page):
    """And no picture of another study stays."""
    page.evaluate("pane.show('abc')")
    expect(page.locator("canvas")).to_be_visible()

    page.evaluate("pane.show('none')")

    expect(page.locator("p")).to_have_text("This project has no images of this study.")
    expect(page.locator("canvas")).to_be_hidden()


@pytest.fixture(scope="module")
def project(site):
    """A project whose application covers images; a batch of two studies for the fellow and lou, each with a CT."""
    opened = confirm_project(site.settings, 4, data=("reports", "images"))
    keys = [stored.study_key for stored in LabelingRepository(opened, TASK).reports()]
    for key in keys:
        write_image(opened.folder / "nifti" / key / "ct.nii.gz", head())
    make_batch(opened, "first", keys[:2], labelers=[FELLOW])
    make_batch(opened, "second", keys[2:], labelers=["lou"])
    yield opened
    opened.close()


def test_a_fellow_opens_a_study_s_images_by_key(project, serve, open_page):  # noqa: ARG001 - there before the app is
    """Beside the report; ↑ ↓ turn its slices; the next study's show when it does."""
    page = open_page(serve("labeling.ipynb", project=PROJECT, person=FELLOW))
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.locator(".ccds-group")).to_be_visible()
    caption = page.locator(".ccds-images p")

    page.keyboard.press("i")
    expect(caption).to_contain_text("Slice 7 of 12")
    page.keyboard.press("ArrowUp")
    expect(caption).to_contain_text("Slice 6 of 12")
    page.keyboard.press("Enter")

    expect(page.locator(".ccds-pace")).to_contain_text("1 done")
    expect(caption).to_contain_text("Slice 7 of 12")
    expect(page.locator(".ccds-images canvas")).to_be_visible()


def test_a_labeler_is_offered_no_images(project, serve, open_page):  # noqa: ARG001 - there before the app is
    """No button and no key; whoever asks the kernel all the same is refused (tests/labeling/confirm/test_confirm_images.py)."""
    page = open_page(serve("labeling.ipynb", project=PROJECT, person="lou"))
    expect(page.locator(".ccds-group")).to_be_visible()

    page.keyboard.press("i")
    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    expect(page.get_by_role("dialog", name="Keys")).not_to_contain_text("images")
    expect(page.locator(".ccds-images")).to_be_hidden()
    expect(page.get_by_role("button", name="Images")).to_have_count(0)
