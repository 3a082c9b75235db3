"""What the lock looks like to somebody who works: no way to download is offered, and nothing else is missing."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import load_settings
from ccds_spawners.home import session_folder
from ccds_spawners.notice import tell
from support.browser import hosts_asked
from support.demo import APP, LAB, PROJECT, Demo
from support.lab import STARTING_MS, new_notebook, run_until_it_prints
from support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.hub]

MENUS = ("File", "Edit", "View", "Run", "Kernel", "Tabs", "Settings", "Help")
TAKES_OUT = re.compile(
    "download|export|print|save.* as html|share|copy output|open in new browser tab|voil", re.IGNORECASE
)


DRAWING = """
import base64
from IPython.display import Image, display
display(Image(base64.b64decode('R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs='), format='gif'))
print('drawn')
"""
CLICKING = """
const link = document.createElement('a');
link.href = URL.createObjectURL(new Blob(['x']));
link.download = 'scan.nii';
link.click();
element.append('clicked');
"""

OPENING = """
const button = document.createElement('button');
button.id = 'open';
button.onclick = () => {
  const opened = window.open(PLACE);
  const look = setInterval(() => {
    try {
      if (opened.closed) button.dataset.ended = 'out of reach';
      else if (opened.location.href !== 'about:blank' && opened.document.readyState === 'complete') {
        const link = opened.document.createElement('a');
        link.href = opened.URL.createObjectURL(new opened.Blob(['x']));
        link.download = 'scan.nii';
        opened.document.body.append(link);
        link.click();
        button.dataset.ended = 'clicked';
      }
    } catch {
      button.dataset.ended = 'out of reach';
    }
    if (button.dataset.ended) clearInterval(look);
  }, 50);
};
element.append(button);
"""


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    """A page whose every request is to the hub's address."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        opened = context.new_page()
        hosts = hosts_asked(opened)
        yield opened
        assert hosts == {demo.url.removeprefix("http://")}


def enter(page: Page, demo: Demo, person: str) -> None:
    """Logs in by hand."""
    page.goto(f"{demo.url}/")
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(demo.passwords[person])
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{demo.url}/hub/home")


@pytest.fixture
def lab(page: Page, demo: Demo) -> Iterator[str]:
    """Sam's lab session, whose address it is; sam is logged in."""
    url = demo.start(demo.login("sam"), "sam", LAB, {"gpus": 0})
    enter(page, demo, "sam")
    yield url
    demo.stop(demo.login("sam"), "sam", LAB)


def offered(page: Page) -> list[str]:
    """What the open menus offer."""
    return [text for text in page.locator(".lm-Menu-itemLabel").all_inner_texts() if text]


def test_no_menu_offers_a_way_out(page: Page, lab: str) -> None:
    """Neither the bar's menus, nor what a right click on a file, on a cell or on an output opens."""
    editor = new_notebook(page, lab)
    editor.fill("print('hello')")
    output = page.locator(".jp-OutputArea-output").first
    run_until_it_prints(editor, output)
    found: dict[str, list[str]] = {}

    for menu in MENUS:
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
        expect(page.locator(".lm-Menu").first).to_be_visible()
        found[menu] = offered(page)
        page.keyboard.press("Escape")
    for place, target in (("file", page.locator(".jp-DirListing-item").first), ("output", output)):
        target.click(button="right")
        expect(page.locator(".lm-Menu").first).to_be_visible()
        found[place] = offered(page)
        page.keyboard.press("Escape")

    assert [text for texts in found.values() for text in texts if TAKES_OUT.search(text)] == []
    assert "Save Notebook" in found["File"]
    assert "Rename" in found["file"]


def test_a_notebook_comes_back_with_its_figures(page: Page, lab: str, demo: Demo) -> None:
    """Run, saved by itself, opened again: the outputs are there, the picture, too."""
    editor = new_notebook(page, lab)
    editor.fill(DRAWING)
    run_until_it_prints(editor, page.locator(".jp-OutputArea-output", has_text="drawn"))
    page.keyboard.press("Control+s")
    name = page.locator(
        ".jp-NotebookPanel .lm-TabBar-tabLabel, .lm-DockPanel-tabBar .lm-mod-current .lm-TabBar-tabLabel"
    ).first.inner_text()
    notebook = demo.folder / "projects" / PROJECT / "work" / "sam" / name
    until(lambda: notebook.exists() and "drawn" in notebook.read_text(), "the notebook to be saved")

    page.goto(f"{lab}lab/tree/{name}?reset")

    expect(page.locator(".jp-OutputArea-output", has_text="drawn")).to_be_visible(timeout=STARTING_MS)
    expect(page.locator(".jp-OutputArea-output img")).to_have_count(1)


def test_a_link_that_code_puts_on_the_page_saves_nothing(page: Page, lab: str) -> None:
    """The page is in a sandbox without downloads: the browser refuses."""
    editor = new_notebook(page, lab)
    editor.fill(f"from IPython.display import Javascript, display\ndisplay(Javascript({CLICKING!r}))")
    downloads, refused = [], []
    page.on("download", lambda download: downloads.append(download.url))
    page.on(
        "console", lambda message: refused.append(message.text) if "ownload is disallowed" in message.text else None
    )

    run_until_it_prints(editor, page.locator(".jp-OutputArea-output", has_text="clicked"))

    until(lambda: page.wait_for_timeout(10) or refused, "the browser to refuse")
    assert downloads == []


OPENED = {
    **dict.fromkeys(
        (
            "/hub/ccds-static/ccds.css", "/hub/ccds-static/none", "/hub/static/css/style.min.css", "/hub/home", "/hub/limits",
            "/hub/api/", "/hub/logo", "/hub/none",
        ),
        "out of reach",
    ),
    "LAB/api/me": "clicked",
    "LAB/files/none": "clicked",
}  # fmt: skip
"""Pages of this site → what code in a notebook makes of a tab that it opens with one."""


SAVING = """
const link = document.createElement('a');
link.href = URL.createObjectURL(new Blob(['x']));
link.download = 'allowed.txt';
link.click();
"""


def test_a_page_that_code_opens_saves_nothing_either(page: Page, lab: str, demo: Demo) -> None:
    """The hub's pages and files are out of its reach; what it does reach, the session's own, is in the same sandbox."""
    editor = new_notebook(page, lab)
    downloads, ended = [], {}
    page.context.on(
        "page", lambda opened: opened.on("download", lambda download: downloads.append(download.suggested_filename))
    )

    for number, place in enumerate(OPENED):
        script = OPENING.replace("PLACE", repr(place.replace("LAB", lab.removesuffix("/"))))
        editor.fill(
            f"from IPython.display import Javascript, display\ndisplay(Javascript({script!r}))\nprint('drawn {number}')"
        )
        run_until_it_prints(editor, page.locator(".jp-OutputArea-output", has_text=f"drawn {number}"))
        with page.context.expect_page():
            page.locator("#open").click()
        expect(page.locator("#open")).to_have_attribute("data-ended", re.compile("."))
        ended[place] = page.locator("#open").get_attribute("data-ended")
    elsewhere = page.context.new_page()  # a tab that no lab opened: there the browser saves, and says so here
    elsewhere.goto(f"{demo.url}/hub/limits")
    elsewhere.evaluate(SAVING)
    until(lambda: page.wait_for_timeout(10) or downloads, "the download that is allowed")

    assert ended == OPENED
    assert downloads == ["allowed.txt"]


def test_the_hub_is_in_the_same_tab(page: Page, lab: str, demo: Demo) -> None:
    """A tab that a lab opened would show nothing of it; from there all is as ever."""
    new_notebook(page, lab)
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^File$")).click()

    page.locator(".lm-Menu-itemLabel", has_text="Hub Control Panel").click()

    expect(page).to_have_url(f"{demo.url}/hub/home")
    expect(page.get_by_role("link", name="JupyterLab").or_(page.get_by_role("link", name="Open")).first).to_be_visible()


def test_a_file_is_not_dragged_out_of_the_page(page: Page, lab: str) -> None:
    """JupyterLab moves what is in its list by a drag of its own; the browser, which could hand it on, knows of none."""
    new_notebook(page, lab)
    page.evaluate("window.drags = 0; document.addEventListener('dragstart', () => window.drags++, true)")
    item = page.locator(".jp-DirListing-item").first
    box = item.bounding_box()

    page.mouse.move(box["x"] + 30, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 200, steps=10)
    expect(page.locator(".lm-mod-drag-image")).to_be_visible()
    native = page.evaluate("window.drags")
    page.mouse.up()

    assert native == 0


def test_people_in_a_lab_are_told(page: Page, lab: str, demo: Demo) -> None:
    """What the hub says stands in the page within seconds, until it is put away; a reload loses nothing."""
    settings = load_settings(demo.folder / "ccds.toml")
    folder = session_folder(SessionName.parse(LAB), "sam", settings)
    page.goto(f"{lab}lab?reset")
    notice = page.get_by_role("alert").filter(has_text="ends at noon")

    tell(folder, "This session ends at noon.")

    expect(notice).to_be_visible(timeout=STARTING_MS)
    page.reload()
    expect(notice).to_be_visible(timeout=STARTING_MS)
    page.get_by_role("button", name="Got it").click()
    expect(notice).to_be_hidden()
    tell(folder, "This session ends at noon, really.")
    expect(notice).to_be_visible()
    tell(folder, "")
    expect(notice).to_be_hidden()


def test_people_in_an_app_are_told(page: Page, demo: Demo) -> None:
    """The same in an app's page."""
    settings = load_settings(demo.folder / "ccds.toml")
    url = demo.start(demo.login("fay"), "fay", APP)
    enter(page, demo, "fay")
    page.goto(url)

    tell(session_folder(SessionName.parse(APP), "fay", settings), "The project ends today.")

    expect(page.get_by_role("alert").filter(has_text="The project ends today.")).to_be_visible(timeout=STARTING_MS)
    demo.stop(demo.login("fay"), "fay", APP)
