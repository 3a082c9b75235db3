"""What people do first, through the real hub in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, TimeoutError, expect  # noqa: A004 - Playwright's own

from support.browser import drag_over, hosts_asked
from support.demo import APP, LAB, Demo
from support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.hub]

CODE = "import os; print(project.id, 'slots', os.environ['CUDA_VISIBLE_DEVICES'])"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile; nothing is asked of another host than the hub's, whatever the test does."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as fresh:
        yield fresh


@pytest.fixture
def page(context: BrowserContext, demo: Demo) -> Iterator[Page]:
    """A page whose every request is to the hub's address."""
    opened = context.new_page()
    hosts = hosts_asked(opened)
    yield opened
    assert hosts == {demo.url.removeprefix("http://")}


@pytest.fixture(autouse=True)
def no_session_left(demo: Demo) -> Iterator[None]:
    """Other tests find the demo without sessions, as these did."""
    yield
    for person, session in (("fay", APP), ("sam", LAB)):
        demo.stop(demo.login(person), person, session)


def login(page: Page, demo: Demo, person: str) -> None:
    """Logs in by hand and lands on the home page."""
    page.goto(f"{demo.url}/")
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(demo.passwords[person])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Your projects")).to_be_visible()


def test_fellow_labels_reports_and_finds_the_phrase_after_a_reload(page: Page, demo: Demo) -> None:
    """A fellow logs in, opens labelling, selects a phrase, gives it a label, sees its count; after a reload it is there."""
    login(page, demo, "fay")
    page.get_by_role("link", name="Start").click()
    expect(page).to_have_url(re.compile(rf"/user/fay/{APP}/voila/render/labeling\.ipynb"), timeout=60_000)
    expect(page.locator(".ccds-done")).to_contain_text("0 of 300 reports labelled", timeout=60_000)
    words = _first_words(page)

    drag_over(page, words, section=1)
    page.get_by_label("New label").fill("noted")
    page.keyboard.press("Enter")

    phrases = page.locator(".ccds-phrase")
    expect(phrases).to_have_count(1)
    expect(page.locator(".ccds-done")).to_contain_text(re.compile(r"^[1-9]\d* of 300 reports labelled"))
    counted = page.locator(".ccds-done").inner_text()
    page.reload()
    expect(phrases).to_contain_text(words, ignore_case=True, timeout=60_000)
    expect(page.locator(".ccds-done")).to_have_text(counted)


def test_scientist_gets_a_lab_session_on_one_gpu_slot(page: Page, demo: Demo) -> None:
    """A scientist chooses one GPU; a notebook there has the session's project at hand and sees exactly one slot."""
    login(page, demo, "sam")
    page.get_by_role("link", name="Start").click()
    expect(page.get_by_role("heading", name="JupyterLab for")).to_be_visible()
    expect(page.get_by_role("radio", name="1")).to_be_checked()

    page.get_by_role("button", name="Start").click()

    expect(page).to_have_url(re.compile(rf"/user/sam/{LAB}/lab"), timeout=60_000)
    page.locator(".jp-LauncherCard[title^='CCDS']").first.click(timeout=60_000)
    expect(page.get_by_text("Jupyter news")).to_have_count(0)
    editor = page.locator(".jp-Notebook .cm-content").first
    editor.fill(CODE)
    output = page.locator(".jp-OutputArea-output").first
    until(lambda: _runs(editor, output), "the cell to run", seconds=60)
    expect(output).to_have_text(re.compile(r"^HEADCT-2026 slots \d\s*$"))


def test_leadership_gets_neither(page: Page, demo: Demo) -> None:
    """Leadership is offered nothing of the project, and asking for a session by its address is refused in one line."""
    login(page, demo, "lee")

    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    expect(page.get_by_role("link", name="Start")).to_have_count(0)
    for session in (LAB, APP):
        answer = page.goto(f"{demo.url}/hub/spawn/lee/{session}")
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_role("alert").first).to_contain_text("lee as leadership")


def test_wrong_password_is_told_in_one_line(page: Page, demo: Demo) -> None:
    """A wrong password and an unknown person get the same answer, and no way in."""
    texts = []
    for person, password in (("fay", "wrong"), ("nobody", demo.passwords["fay"])):
        page.goto(f"{demo.url}/")
        page.get_by_label("Name").fill(person)
        page.get_by_label("Password").fill(password)

        page.get_by_role("button", name="Log in").click()

        texts.append(page.get_by_role("alert").first.inner_text())
    assert texts[0] == texts[1]
    assert "don't belong together" in texts[0]


def _first_words(page: Page) -> str:
    """Two neighbouring words of the second section of the report that is shown."""
    shown = page.locator("[data-section='1']").inner_text()
    match = re.search(r"[A-Za-z]{4,} [a-z]{4,}", shown)
    assert match is not None
    return match[0]


def _runs(editor: Locator, output: Locator) -> bool:
    """Whether the cell gives an output; JupyterLab says idle, and forgets what it is asked, before its kernel is there."""
    editor.press("Shift+Enter")
    try:
        output.wait_for(timeout=5_000)
    except TimeoutError:
        return False
    return True
