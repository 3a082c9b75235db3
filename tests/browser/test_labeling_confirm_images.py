"""The pane with a study's images, in a real browser, on a kernel that answers as the real one does."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from ccds_widgets.base import SHARED, assets
from ccds_widgets.labeling.confirm import app

pytestmark = pytest.mark.browser

SCRIPTS = assets(SHARED / "base.js", Path(app.__file__).parents[1] / "static" / "confirm" / "images.js")
HARNESS = """
const asked = [];
const answers = {
  series: ({ study }) => ({ series: study === "unseen" ? null : study === "none" ? [] : [{ id: "ct", modality: "CT" }] }),
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


@pytest.mark.parametrize(
    ("study", "line"),
    [("none", "This project has no images of this study."), ("unseen", "This project has no images that you may see.")],
)
def test_where_there_is_nothing_to_see_a_line_says_so(page, study, line):
    """And no picture of another study stays."""
    page.evaluate("pane.show('abc')")
    expect(page.locator("canvas")).to_be_visible()

    page.evaluate("(study) => pane.show(study)", study)

    expect(page.locator("p")).to_have_text(line)
    expect(page.locator("canvas")).to_be_hidden()
