"""What the preview of recipes says and keeps when something is wrong: connections, kernels, steps, files, names, rights."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from support.preview import PROJECT, STUDIES, allow
from support.preview_page import CENTER, TAIL, WIDTH, caption, only, pixels, wait_for_change, wait_for_pictures
from support.site import on_roster
from support.waiting import until

pytestmark = pytest.mark.browser

ROOM = """\
import ipywidgets
import numpy as np
from ccds_kernel.normalization.volume import Volume
from ccds_widgets.normalization.app import open_preview
from ccds_widgets.normalization.results import Recent
from ccds_widgets.normalization.view import PreviewWidget

pictures = Recent(0)
def take(button):
    for name in "ab":
        pictures.get((name,), lambda: Volume.of(np.zeros((4, 4, 4)), np.eye(4)))
    button.description = "Taken"

button = ipywidgets.Button(description="Take the room")
button.on_click(take)
display(button, PreviewWidget(lambda: open_preview(project, pictures=pictures)))
"""


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
    expect(page.locator("[data-side=after] .ccds-older")).to_have_text("Computing …")
    until(lambda: page.title() and swallowed, "the change to be swallowed")  # sockets are heard while a page is asked
    cut.clear()
    sockets[-1].close()

    wait_for_change(page, 1, after)
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".ccds-lost")).to_be_hidden()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_what_is_wrong_with_a_step_stands_there_and_the_last_picture_stays(open_preview):
    """One line in the step, the picture marked as older; mended, it is gone."""
    page = open_preview()
    after = pixels(page, 1)
    step = page.get_by_role("group", name="Step 3, window")

    page.get_by_label(WIDTH).fill("8o")
    expect(step.get_by_role("alert")).to_contain_text("width of window to be right")
    expect(page.get_by_label(WIDTH)).to_be_focused()
    expect(page.locator("[data-side=after] .ccds-older")).to_have_text("Older than the recipe")
    expect(page.get_by_role("button", name="Save recipe")).to_be_disabled()
    assert np.array_equal(pixels(page, 1), after)
    page.get_by_label(WIDTH).fill("80")

    expect(step.get_by_role("alert")).to_have_count(0)
    expect(page.locator("[data-side=after] .ccds-older")).to_be_hidden()


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

    page.get_by_label("Study", exact=True).select_option(f"{TAIL}/series-1")
    expect(page.get_by_role("alert").filter(has_text="found 4 (shape (20, 24, 12, 2))")).to_be_visible()
    expect(page.locator(".ccds-stage")).to_be_hidden()
    page.get_by_label("Study", exact=True).select_option(f"{STUDIES[1]}/series-1")

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


def test_a_lost_kernel_is_told_and_the_draft_is_there_after_reload(preview_app, open_preview, recipes):
    """When the kernel dies the page says so, and the reload brings the draft back."""
    page = open_preview()
    page.get_by_label(CENTER).fill("55")
    page.get_by_label("Name of the recipe").fill("kept")
    draft = recipes / ".draft-new.json"
    until(lambda: draft.exists() and '"kept"' in draft.read_text(), "the draft to be kept")

    for pid in preview_app.kernels():
        os.kill(pid, signal.SIGKILL)

    expect(page.get_by_role("alert").filter(has_text="Connection lost. Your draft is kept")).to_be_visible()
    page.get_by_role("button", name="Reload the page").click()
    expect(page.locator(".ccds-lost")).to_be_hidden()  # only the new page hides it
    expect(page.get_by_label(CENTER)).to_have_value("55")
    expect(page.get_by_label("Name of the recipe")).to_have_value("kept")


def test_pictures_that_had_to_make_room_come_back(serve, recipes, open_page, previewed, tmp_path):  # noqa: ARG001 - no draft
    """Others of the kernel took their room: they are made anew when they are looked at, without a reload."""
    path = Path(only(tmp_path, "preview"))
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = ROOM
    path.write_text(json.dumps(notebook))
    page = open_page(serve(str(path), project=previewed.id, person="sam"))
    wait_for_pictures(page)
    page.get_by_label("Study", exact=True).select_option(f"{STUDIES[1]}/series-1")
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    before = pixels(page, 1)
    page.get_by_role("button", name="Take the room").click()
    expect(page.get_by_role("button", name="Taken")).to_be_visible()

    page.get_by_text("coronal", exact=True).click()

    wait_for_change(page, 1, before)
    expect(caption(page, 1)).to_contain_text("slice")
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_project_without_volumes_says_how_to_make_them(preview_app, recipes, open_page, previewed):  # noqa: ARG001 - no draft
    """The command, not a blank screen; once there are volumes they are found."""
    nifti, aside = previewed.folder / "nifti", previewed.folder / "aside"
    nifti.rename(aside)
    try:
        page = open_page(preview_app)
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
        page.get_by_label("Study", exact=True).select_option(f"{STUDIES[1]}/series-1")
        expect(page.get_by_role("alert").filter(has_text=f"sam on the roster of {PROJECT}")).to_be_visible()
        page.reload()
        expect(page.get_by_role("alert").filter(has_text=f"sam on the roster of {PROJECT}")).to_be_visible()
        expect(page.locator(".ccds-screen")).to_be_hidden()
    finally:
        allow(site.settings)
