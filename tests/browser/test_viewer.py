"""Looking at volumes in a real browser: the lab's notebook under a plain Voilà, and strokes that end up as voxels."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import expect

from support.checkout import ROOT
from support.contrast import below, both_schemes, looks
from support.dicom import Stack
from support.preview import write_image
from support.viewing import allow, fill_study
from support.waiting import until

pytestmark = pytest.mark.browser

NOTEBOOK = str(ROOT / "notebooks" / "lab" / "volumes.ipynb")
STACK = Stack(slices=8, rows=40, columns=30, origin=(-120.5, -80.0, 33.5), spacing=(1.5, 1.0), distance=3.0)
CT, LONG, SERIES, AGAIN, STAYED, LEANING, EMPTY, MR, NEXT = (letter * 16 for letter in "abcdefghi")
"""Studies: a small CT, one of 500 slices, a series over time, the small CT twice more, one whose slices lean, one
without a volume, and two of MR."""


def lean(data, index) -> None:
    """A gantry tilt."""
    x, y, z = data.ImagePositionPatient
    data.ImagePositionPatient = [x, y + index * 0.7, z]


ALONE = """
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_widgets.imaging.viewer.app import show_volume
show_volume(open_project("HEAD-1", Action.READ_IMAGES))
"""


@pytest.fixture(scope="module")
def project(site):
    """HEAD-1's folder."""
    allow(site.settings)
    for key in (CT, AGAIN, STAYED):
        fill_study(site.settings, STACK, key)
    folder = site.settings.paths.projects / "HEAD-1"
    noise = np.random.default_rng(0).integers(0, 100, (32, 32, 500)).astype(np.int16)
    write_image(folder / "nifti" / LONG / "series-1.nii.gz", noise)
    times = np.stack([np.full((6, 7, 8), 10 * (time + 1), np.int16) for time in range(4)], axis=3)
    write_image(folder / "nifti" / SERIES / "series-1.nii.gz", times)
    for key, brightest in ((MR, 900), (NEXT, 300)):
        write_image(folder / "nifti" / key / "series-1.nii.gz", (noise * brightest // 100)[:, :, :8])
        sidecar = folder / "nifti" / key / "series-1.json"
        sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"modality": "MR"}))
    return folder


@pytest.fixture
def open_viewer(open_page, served_for):
    """Opens the notebook as a person, and waits until all three planes are drawn."""

    def open_it(person="eve", study=CT, **context):
        page = open_page(served_for(person), **context)
        painted(page)
        if study != CT:
            choose(page, study)
        return page

    return open_it


@pytest.fixture(scope="module")
def served_for(serve, project, tmp_path_factory):  # noqa: ARG001 - is filled before
    """The notebook for a person, served once; for one who opens no lab session a page with the viewer alone."""
    apps = {}
    notebook = json.loads(Path(NOTEBOOK).read_text())
    [cell] = [cell for cell in notebook["cells"] if cell["id"] == "look"]
    alone = tmp_path_factory.mktemp("notebook") / "alone.ipynb"
    alone.write_text(json.dumps(notebook | {"cells": [cell | {"source": ALONE}]}))

    def start(person):
        if person not in apps:
            apps[person] = serve(str(alone) if person == "fay" else NOTEBOOK, project="HEAD-1", person=person)
        return apps[person]

    return start


def painted(page):
    """All three planes show a slice."""
    expect(page.locator(".ccds-pane[data-shown]")).to_have_count(3)


def choose(page, study):
    """Another study."""
    page.get_by_label("Study", exact=True).fill(study)
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-look")).to_have_attribute("data-study", study)
    painted(page)


def pane(page, name):
    """One of the planes."""
    return page.locator(f".ccds-pane[data-plane={name}]")


def place_of(page, name, column, row, size):
    """Where the middle of a pixel is on the page."""
    box = pane(page, name).locator(".ccds-pane-frame").bounding_box()
    return box["x"] + (column + 0.5) / size[0] * box["width"], box["y"] + (row + 0.5) / size[1] * box["height"]


def drag(page, name, start, end, size):
    """From the middle of one pixel to that of another."""
    page.mouse.move(*place_of(page, name, *start, size))
    page.mouse.down()
    page.mouse.move(*place_of(page, name, *end, size), steps=5)
    page.mouse.up()


def grey(page, name):
    """The grey values of a plane's picture."""
    width, height, values = (
        pane(page, name)
        .locator("canvas.ccds-grey")
        .evaluate(
            """(canvas) => {
          const { width, height } = canvas;
          const rgba = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          return [width, height, [...rgba.filter((_, at) => at % 4 === 0)]];
        }"""
        )
    )
    return np.array(values).reshape(height, width)


def masked(page, name):
    """The pixels (column, row) of a plane that the mask covers, in their order."""
    return (
        pane(page, name)
        .locator("canvas.ccds-mask")
        .evaluate(
            """(canvas) => {
          const { width, height } = canvas;
          const rgba = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          const pixels = Array.from({ length: width * height }, (_, at) => at);
          return pixels.filter((at) => rgba[4 * at + 3]).map((at) => [at % width, Math.floor(at / width)]);
        }"""
        )
    )


def line(page, place):
    """The line about the crosshair or the pointer."""
    return page.locator(f"[data-place={place}]")


def asked_slices(page):
    """The axial slices that the page asks for from now on; the list grows while it does."""
    asked = []

    def note(payload):
        text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
        if '"frames"' not in text:
            return
        content = json.JSONDecoder().raw_decode(text[text.index('{"kind":"frames"') :])[0]
        asked.extend(one["number"] for one in content["wanted"] if one["plane"] == "axial")

    page.on("websocket", lambda socket: socket.on("framesent", note))
    return asked


def test_a_stroke_becomes_exactly_its_voxels(open_viewer, project):
    """Drawn on the axial plane with label 2; what was taken back, and every other voxel, has none."""
    page = open_viewer()
    expect(page.get_by_role("button", name="Draw a mask")).to_be_visible()
    expect(pane(page, "axial").locator("figcaption")).to_have_text("Axial · slice k = 4 (0 to 7)")
    pane(page, "axial").focus()

    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Save the mask")).to_be_disabled()
    page.keyboard.press("[")
    page.keyboard.press("[")
    page.keyboard.press("2")
    drag(page, "axial", (5, 10), (12, 10), (30, 40))
    expect(page.get_by_role("button", name="Label 2, 8 voxels")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("7")
    drag(page, "coronal", (3, 3), (9, 3), (30, 8))
    expect(page.get_by_role("button", name="Label 7, 7 voxels")).to_be_visible()
    page.get_by_label("Size of the brush, pixels").focus()
    page.keyboard.press("z")
    expect(page.get_by_role("button", name="Label 7, 7 voxels")).to_have_count(0)
    page.keyboard.press("s")
    expect(page.get_by_role("status").filter(has_text="The mask is saved.")).to_be_attached()

    [path] = (project / "masks" / CT).glob("*.nii.gz")
    mask = nib.load(path)
    drawn = np.argwhere(np.asarray(mask.dataobj))
    assert set(np.asarray(mask.dataobj)[tuple(drawn.T)]) == {2}
    ras = np.column_stack([drawn, np.ones(len(drawn))]) @ mask.affine.T
    expected = np.array([[column, 10, 4, 1] for column in range(5, 13)]) @ STACK.affine().T
    assert sorted(map(tuple, np.round(ras[:, :3], 2))) == sorted(map(tuple, np.round(expected[:, :3], 2)))
    expect(page.get_by_label("Mask", exact=True).locator("option:checked")).to_contain_text("newest · drawn · eve")
    page.reload()
    painted(page)
    page.mouse.move(*place_of(page, "axial", 7, 10, (30, 40)))
    expect(line(page, "pointer")).to_contain_text("label 2")


def test_a_mask_that_is_corrected_again_is_shown_as_it_is(open_viewer):
    """Drawn, saved and begun anew: what was saved, then what is added to it; never an earlier drawing."""
    page = open_viewer(study=AGAIN)
    pane(page, "axial").focus()
    page.keyboard.press("e")
    save = page.get_by_role("button", name="Save the mask")
    expect(save).to_be_disabled()
    page.keyboard.press("[")
    drag(page, "axial", (5, 10), (12, 10), (30, 40))
    expect(page.get_by_role("button", name="Label 1, 8 voxels")).to_be_visible()
    first = [[column, 10] for column in range(5, 13)]
    until(lambda: masked(page, "axial") == first, "the stroke")

    page.keyboard.press("s")
    expect(page.get_by_role("status").filter(has_text="The mask is saved.")).to_be_attached()
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Label 1, 8 voxels")).to_be_visible()

    until(lambda: masked(page, "axial") == first, "what was saved")
    drag(page, "axial", (5, 30), (12, 30), (30, 40))
    expect(page.get_by_role("button", name="Label 1, 16 voxels")).to_be_visible()
    until(lambda: masked(page, "axial") == first + [[column, 30] for column in range(5, 13)], "both strokes")
    page.keyboard.press("s")
    expect(save).to_have_count(0)


def test_who_may_not_write_images_is_offered_no_brush(open_viewer):
    """A fellow looks; the key does nothing."""
    page = open_viewer("fay")
    pane(page, "axial").focus()

    page.keyboard.press("e")
    page.keyboard.press("h")  # is answered after what the key before might have asked for
    expect(page.get_by_role("dialog", name="DICOM header")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    expect(page.get_by_role("button", name="Save the mask")).to_have_count(0)
    expect(page.get_by_role("button", name="Draw a mask")).to_have_count(0)


def test_strokes_that_are_not_saved_are_asked_about(open_viewer):
    """Leaving throws them away only where somebody says so."""
    page = open_viewer()
    pane(page, "axial").focus()
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Save the mask")).to_be_disabled()
    drag(page, "axial", (5, 20), (8, 20), (30, 40))
    expect(page.get_by_role("button", name="Label 1, 18 voxels")).to_be_visible()  # the brush is 3 pixels wide

    choose_other = page.get_by_label("Study", exact=True)
    choose_other.fill(LONG)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="save the mask, or leave the correction")).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    page.get_by_role("button", name="Go on drawing").click()
    expect(page.get_by_role("button", name="Save the mask")).to_be_enabled()
    pane(page, "axial").focus()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Throw it away").click()

    expect(page.get_by_role("button", name="Save the mask")).to_have_count(0)


def test_who_stays_on_the_page_goes_on_drawing(open_viewer, project):
    """The browser asks whether to leave strokes that aren't saved; after "stay" the kernel is still there, and keeps the mask."""
    page = open_viewer(study=STAYED)
    pane(page, "axial").focus()
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Save the mask")).to_be_disabled()
    drag(page, "axial", (5, 20), (8, 20), (30, 40))
    expect(page.get_by_role("button", name="Label 1, 18 voxels")).to_be_visible()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))

    page.evaluate("setTimeout(() => window.location.reload())")
    until(lambda: page.evaluate("true") and asked, "the browser's question")
    drag(page, "axial", (5, 30), (8, 30), (30, 40))

    expect(page.get_by_role("button", name="Label 1, 36 voxels")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("status").filter(has_text="The mask is saved.")).to_be_attached()
    assert asked == ["beforeunload"]
    assert len(list((project / "masks" / STAYED).glob("*.nii.gz"))) == 1


def test_the_planes_follow_one_crosshair(open_viewer):
    """A click on one moves the other two there; place and value are those of DICOM's own numbers."""
    page = open_viewer()
    expect(page.locator(".ccds-facts")).to_contain_text("Series 3 · CT · ")

    page.mouse.click(*place_of(page, "axial", 4, 30, (30, 40)))

    expect(line(page, "crosshair")).to_contain_text("· voxel 4, 9, 4 ·")  # of the NIfTI, whose rows run the other way
    for name, called in (("sagittal", "i = 4 (0 to 29)"), ("coronal", "j = 9 (0 to 39)"), ("axial", "k = 4 (0 to 7)")):
        expect(pane(page, name).locator("figcaption")).to_have_text(f"{name.title()} · slice {called}")
    lps = [STACK.origin[0] + 4 * 1.0, STACK.origin[1] + 30 * 1.5, STACK.origin[2] + 4 * 3.0]
    place = ", ".join(f"{value:g}".replace("-", "\N{MINUS SIGN}") for value in lps)
    value = f"{STACK.real()[4, 30, 4]:g}".replace("-", "\N{MINUS SIGN}")
    expect(line(page, "crosshair")).to_contain_text(f"LPS {place} mm")
    expect(line(page, "crosshair")).to_contain_text(f"· {value} HU")


def test_a_picture_is_the_slice_seen_through_the_window(open_viewer):
    """Each pixel, in the true proportions; own level and width."""
    page = open_viewer()
    page.get_by_label("Window level, HU").fill("500")
    page.keyboard.press("Enter")
    page.get_by_label("Window width, HU").fill("2000")
    page.keyboard.press("Enter")

    expected = np.clip((STACK.real()[:, :, 4].T + 500) / 2000 * 255, 0, 255)
    until(lambda: np.abs(grey(page, "axial") - expected).max() <= 0.51, "the slice through the window")
    box = pane(page, "axial").locator(".ccds-pane-frame").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(30 * 1.0 / (40 * 1.5), rel=0.02)
    assert pane(page, "axial").locator(".ccds-edge").all_inner_texts() == ["R", "L", "A", "P"]
    assert pane(page, "sagittal").locator(".ccds-edge").all_inner_texts() == ["A", "P", "H", "F"]
    scale = pane(page, "axial").locator(".ccds-scale")
    assert scale.inner_text() == "10 mm"
    assert scale.bounding_box()["width"] / box["width"] == pytest.approx(10 / 30, rel=0.05)


def test_a_window_that_is_dragged_has_round_numbers(open_viewer):
    """With the right button: up and down the level, left and right the width; whole HU."""
    page = open_viewer()
    x, y = place_of(page, "axial", 15, 20, (30, 40))

    page.mouse.move(x, y)
    page.mouse.down(button="right")
    page.mouse.move(x + 17, y + 11, steps=7)
    page.mouse.up(button="right")

    expect(page.get_by_label("Window level, HU")).to_have_value(f"{40 - 11 * 0.004 * 400:.0f}")
    expect(page.get_by_label("Window width, HU")).to_have_value(f"{400 * 1.005**17:.0f}")


def test_the_next_volume_is_seen_through_the_same_window(open_viewer, project):
    """A named one or, of CT, one's own; also after a study without a volume. Another modality opens with its first."""
    (project / "dicom" / EMPTY).mkdir(parents=True, exist_ok=True)
    page = open_viewer()
    window = page.get_by_label("Window", exact=True)
    shown = window.locator("option:checked")
    window.select_option("Bone")
    choose(page, AGAIN)
    expect(shown).to_have_text("Bone")
    page.get_by_label("Window width, HU").fill("777")
    page.keyboard.press("Enter")
    page.get_by_label("Study", exact=True).fill(EMPTY)
    page.keyboard.press("Enter")
    expect(page.get_by_text("This study has no volume")).to_be_visible()
    choose(page, STAYED)
    expect(page.get_by_label("Window level, HU")).to_have_value("450")
    expect(page.get_by_label("Window width, HU")).to_have_value("777")

    choose(page, MR)
    expect(shown).to_have_text("1–99 %")
    window.select_option("5–95 %")
    choose(page, NEXT)
    expect(shown).to_have_text("5–95 %")
    page.get_by_label("Window width, au").fill("7")
    page.keyboard.press("Enter")
    choose(page, MR)
    expect(shown).to_have_text("1–99 %")


def test_what_is_to_be_known_about_a_volume_stands_above_it(site, open_viewer):
    """What people let pass, with who, when and why; nothing of a volume of which nothing is to be known."""
    stack = Stack(slices=8, rows=40, columns=30, series_uid="1.2.77")
    series = fill_study(site.settings, stack, LEANING, lean, "agreed with <b>the physicist</b>")
    page = open_viewer(study=LEANING)
    notes = page.get_by_role("note", name="What is to be known about this volume")

    expect(notes).to_contain_text("Let pass: gantry-tilt by eve, today")
    expect(notes).to_contain_text("agreed with <b>the physicist</b>")
    expect(notes).to_contain_text("Corrected by interpolation")
    expect(page.locator(".ccds-facts")).to_have_attribute("title", series)
    choose(page, CT)
    expect(notes).to_have_count(0)


def test_a_long_volume_is_never_sent_whole(open_page, served_for):
    """What is turned past while a slice is on its way isn't asked for; the last place is what is shown."""
    app = served_for("eve")
    page = open_page(app)
    painted(page)
    asked = asked_slices(page)
    page.reload()
    painted(page)
    choose(page, LONG)
    until(lambda: any(number == 250 for number in asked), "the middle slice to be asked for")
    before = len(asked)

    pane(page, "axial").locator(".ccds-pane-box").evaluate(
        """(box) => {
          for (let turn = 0; turn < 200; turn += 1) box.dispatchEvent(new WheelEvent("wheel", { deltaY: 100, bubbles: true }));
        }"""
    )

    expect(pane(page, "axial").locator("figcaption")).to_have_text("Axial · slice k = 450 (0 to 499)")
    until(lambda: pane(page, "axial").get_attribute("data-shown").startswith("axial|450|"), "the last slice")
    assert len(asked) - before < 20


def test_everything_to_look_at_works_by_keyboard_alone(open_viewer):
    """Slices, planes, windows, crosshair, one plane large; a reload comes back to the same place."""
    page = open_viewer(study=LONG)
    press = page.keyboard.press
    pane(page, "axial").focus()

    press("Home")
    press("PageDown")
    press("ArrowDown")
    expect(pane(page, "axial").locator("figcaption")).to_have_text("Axial · slice k = 11 (0 to 499)")
    press("Tab")
    press("End")
    expect(pane(page, "coronal").locator("figcaption")).to_have_text("Coronal · slice j = 0 (0 to 31)")
    press("w")
    expect(page.get_by_label("Window level, HU")).to_have_value("40")
    expect(page.get_by_label("Window", exact=True).locator("option:checked")).to_have_text("Brain")
    press("f")
    expect(pane(page, "axial")).to_be_hidden()
    press("Escape")
    expect(pane(page, "axial")).to_be_visible()
    press("x")
    expect(page.locator(".ccds-line-x:visible")).to_have_count(0)
    page.reload()
    painted(page)

    expect(page.get_by_label("Study", exact=True)).to_have_value(LONG)
    expect(pane(page, "axial").locator("figcaption")).to_have_text("Axial · slice k = 11 (0 to 499)")
    expect(page.get_by_label("Window", exact=True).locator("option:checked")).to_have_text("Brain")


def test_slices_turn_by_a_slider_under_each_plane(open_viewer):
    """For a pen, a finger or a mouse without a wheel; the keys then go on from there."""
    page = open_viewer(study=LONG)
    slider = page.get_by_role("slider", name="axial slice")

    slider.fill("11")
    expect(pane(page, "axial").locator("figcaption")).to_have_text("Axial · slice k = 11 (0 to 499)")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    expect(pane(page, "axial").locator("figcaption")).to_have_text("Axial · slice k = 499 (0 to 499)")
    page.keyboard.press("ArrowUp")

    expect(pane(page, "axial").locator("figcaption")).to_have_text("Axial · slice k = 498 (0 to 499)")
    expect(slider).to_have_attribute("aria-valuetext", "slice k = 498 (0 to 499)")
    expect(page.get_by_role("status").filter(has_text="slice k = 498 (0 to 499)")).to_be_attached()


def test_time_points_are_walked_through(open_viewer):
    """By slider and by key; the value is that of the time."""
    page = open_viewer(study=SERIES)
    pane(page, "axial").focus()
    expect(line(page, "crosshair")).to_contain_text("· 10 HU")

    page.keyboard.press(".")
    expect(line(page, "crosshair")).to_contain_text("· 20 HU")
    page.get_by_label("Time point").fill("4")

    expect(line(page, "crosshair")).to_contain_text("· 40 HU")
    expect(page.get_by_text("4 of 4")).to_be_visible()


def test_the_header_is_searched_and_hides_the_patient(open_viewer):
    """By keyword, tag and value; a hidden value is found by its keyword only."""
    page = open_viewer()
    pane(page, "axial").focus()

    page.keyboard.press("h")
    dialog = page.get_by_role("dialog", name="DICOM header")
    expect(dialog.get_by_text("Of 8 files.")).to_be_visible()
    page.keyboard.type("slicethick")
    expect(dialog.locator("tbody tr")).to_have_text(["(0018,0050)SliceThicknessDS3.0"])
    dialog.get_by_role("textbox").fill("00100010")
    expect(dialog.locator("tbody tr")).to_have_text(["(0010,0010)PatientNamePNhidden"])
    dialog.get_by_role("textbox").fill(STACK.study_uid)
    expect(dialog.locator("tbody tr")).to_have_count(0)
    page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)


def test_both_themes_are_legible_and_nothing_is_cut_off(open_viewer):
    """AA contrast (4.5 : 1) in light and dark; every control has a name and lies within the page, also in a narrow one."""
    page = open_viewer()
    pane(page, "axial").focus()
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Eraser")).to_be_visible()

    words = ".ccds-muted, .ccds-button, .ccds-field, .ccds-edge, .ccds-scale, figcaption"
    for _ in both_schemes(page):
        texts = looks(page, f".ccds :is({words}):not(:disabled)")

        assert len(texts) > 20
        assert below(4.5, texts) == []
    controls = page.locator(".ccds-look").locator("button, input, select")
    for width in (1280, 900):
        page.set_viewport_size({"width": width, "height": 1000})
        for control in controls.all():
            box = control.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
    names = controls.evaluate_all(
        "all => all.map((one) => one.ariaLabel || one.labels?.[0]?.textContent || one.textContent)"
    )
    assert all(names)
