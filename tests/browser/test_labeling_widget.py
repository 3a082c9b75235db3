"""The labelling app in a real browser, under a plain Voilà."""

import os
import signal
import unicodedata
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.task import Task
from ccds_kernel.labeling.text import is_word_character, normalise, whole_words
from ccds_widgets.labeling import view
from support.browser import drag_over
from support.contrast import below, both_schemes, looks
from support.phrase_screens import change_task

pytestmark = pytest.mark.browser

WORDS = (Path(view.__file__).parent / "static" / "annotate" / "words.js").read_text(encoding="utf-8")

REPORTS = [
    ("No hemorrhage is seen. Small effusion.", "Small effusion."),
    (
        "<script>window.taken = 1</script><b onclick=x>bold</b> & no hemorrhage \U0001fac1 seen.",
        "<img src=x onerror=y>",
    ),
    *((f"Follow-up number {number}. No hemorrhage.", "Stable.") for number in range(60)),
    ("Heart size normal.", ""),
]


@pytest.fixture(scope="module")
def repository(site):
    """The rows of CHEST-1, with `REPORTS`."""
    project = open_project("CHEST-1", Action.OPEN_LABELING, person="fay", settings=site.settings)
    repository = LabelingRepository(project)
    repository.load_reports(
        Report(f"ACC{number}", (Section("findings", findings), Section("impression", impression)))
        for number, (findings, impression) in enumerate(REPORTS)
    )
    yield repository
    project.store.close()


@pytest.fixture(scope="module")
def served(serve, repository):  # noqa: ARG001 - the reports are there before the app is
    """The app on CHEST-1 for the fellow fay."""
    return serve("labeling.ipynb", project="CHEST-1", person="fay")


@pytest.fixture
def app(served, repository):
    """The app with an empty phrase list, in a task without labels."""
    for stored in repository.phrases():
        repository.remove_phrase(stored.id)
    change_task(repository._project, Task("labels"))
    return served


@pytest.fixture
def open_app(app, open_page):
    """Opens that app in a page of its own, and waits until it shows a report."""

    def open_it(**context):
        page = open_page(app, **context)
        expect(page.locator(".ccds-key")).to_be_visible()
        return page

    return open_it


def rows(page):
    """The phrase list as it is shown."""
    return page.locator(".ccds-phrase")


def counts(page, row: int) -> list[str]:
    """Captured and matched of a phrase, as they are shown."""
    return rows(page).nth(row).locator(".ccds-count").all_inner_texts()


def test_a_fellow_labels_by_mouse_and_finds_it_again_after_reload(open_app, repository):
    """Words selected by mouse become a phrase; its counts show at once; a reload loses nothing."""
    page = open_app()
    expect(page.locator(".ccds-text").first).to_have_text(REPORTS[0][0])

    drag_over(page, "o hemorrh")
    expect(page.locator(".ccds-quote")).to_have_text("No hemorrhage")
    expect(page.locator(".ccds-preview")).to_contain_text("62 reports")
    page.get_by_label("New label").fill("Absent")
    page.keyboard.press("Enter")

    expect(rows(page)).to_have_count(1)
    assert counts(page, 0) == ["62", "62"]
    expect(page.locator(".ccds-done")).to_contain_text("62 of 63 reports labelled")
    page.reload()
    expect(rows(page)).to_contain_text("No hemorrhage")
    assert counts(page, 0) == ["62", "62"]
    assert [stored.phrase.label for stored in repository.phrases()] == ["Absent"]
    page.get_by_role("button", name="No hemorrhage, Absent").click()
    expect(page.locator("mark").first).to_have_text("No hemorrhage")


def test_everything_works_by_keyboard_alone(open_app, repository):
    """Words, label, priority, removal and its undo, and walking through reports need no mouse."""
    repository.insert_phrase(Phrase("effusion", "Effusion"), 0)
    page = open_app()
    press = page.keyboard.press

    press("#")
    page.keyboard.type("1")
    press("Enter")
    press("w")
    expect(page.locator(".ccds-quote")).to_have_text("effusion")
    for _ in range(4):
        press("ArrowLeft")
    expect(page.locator(".ccds-quote")).to_have_text("hemorrhage")
    expect(page.locator(".ccds-said")).to_have_text("“hemorrhage” matches 62 reports, captures 61 as last.")
    press("1")
    expect(rows(page)).to_have_count(2)
    expect(page.locator(".ccds-said")).to_contain_text("“hemorrhage” labels 61 reports Effusion, matches 62")
    press("p")
    press("ArrowDown")
    press("Alt+ArrowUp")
    expect(rows(page).first).to_contain_text("hemorrhage")
    assert [counts(page, 0), counts(page, 1)] == [["62", "62"], ["0", "1"]]
    press("Shift+Enter")
    expect(page.locator(".ccds-filter")).to_contain_text("Matched by hemorrhage")
    press("Delete")
    expect(rows(page)).to_have_count(1)
    press("u")
    expect(rows(page).first).to_contain_text("hemorrhage")
    press("n")
    expect(page.locator(".ccds-text").first).to_have_text(REPORTS[-1][0])
    press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press("Escape")
    press("k")

    expect(page.locator(".ccds-text").first).to_have_text(REPORTS[-2][0])
    assert [stored.phrase.text for stored in repository.phrases()] == ["hemorrhage", "effusion"]


def test_steps_faster_than_the_kernel_are_all_taken_in_order(open_app):
    """Reports are shipped ahead and asked for in time: each of the 60 steps shows the next report."""
    page = open_app()

    for number in range(60):
        page.keyboard.press("j")
        expect(page.get_by_label("Report number (#)")).to_have_value(str(number + 2))
        expect(page.locator(".ccds-text").first).to_have_text(REPORTS[number + 1][0])


def test_the_text_of_a_report_is_never_html(open_app):
    """Tags in a report are shown as they were written; nothing of them runs."""
    page = open_app()

    page.keyboard.press("j")
    expect(page.locator(".ccds-text").first).to_have_text(REPORTS[1][0])
    drag_over(page, "</script><b onclick=x>bold</b> & no")
    page.get_by_label("New label").fill("<i>X</i>")
    page.keyboard.press("Enter")

    expect(rows(page)).to_have_count(1)
    expect(rows(page).locator(".ccds-chip")).to_have_text("<i>X</i>")
    expect(page.locator(".ccds-text").nth(1)).to_have_text("<img src=x onerror=y>")
    assert page.evaluate("window.taken") is None
    assert page.locator(".ccds b[onclick], .ccds img, .ccds i:not(.ccds-meter i)").count() == 0


def test_a_selection_over_two_sections_is_refused_in_one_line(open_app):
    """A phrase lies within one section: the page says so and offers no label."""
    page = open_app()
    first, second = page.locator(".ccds-text").first, page.locator(".ccds-text").nth(1)
    begin, end = first.bounding_box(), second.bounding_box()

    page.mouse.move(begin["x"] + 40, begin["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + 10, steps=4)
    page.mouse.up()

    expect(page.get_by_role("alert").filter(has_text="one section")).to_be_visible()
    expect(page.locator(".ccds-bar")).to_be_hidden()


def test_a_lost_kernel_is_told_and_what_was_done_is_there_after_reload(app, open_app):
    """When the kernel dies the page says so where one can't miss it, and the reload that it offers brings all back."""
    page = open_app()
    drag_over(page, "Small effusion")
    page.get_by_label("New label").fill("Effusion")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)

    for pid in app.kernels():
        os.kill(pid, signal.SIGKILL)

    expect(page.get_by_role("alert").filter(has_text="Connection lost")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Reload the page").click()
    expect(page.locator(".ccds-lost")).to_be_hidden()  # only the new page hides it
    expect(rows(page)).to_contain_text("Small effusion")


def test_both_themes_are_legible(open_app, repository):
    """In light and dark, as the browser prefers, each text has AA contrast (4.5 : 1) to what is behind it."""
    words = ["hemorrhage", "small", "effusion", "seen", *(f"number {number}" for number in range(6))]
    for position, text in enumerate(words):
        repository.insert_phrase(Phrase(text, f"Label {position}"), position)
    page = open_app()
    page.keyboard.press("#")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.locator("mark")).to_have_count(6)

    for scheme in both_schemes(page):
        texts = looks(page, ".ccds-chip, .ccds-mark, .ccds-text, .ccds-muted, .ccds h3, .ccds-button, .ccds-rank")

        assert len(texts) > 20
        assert texts[0].is_on_dark == (scheme == "dark")
        assert below(4.5, texts) == []


def test_the_theme_chosen_on_the_hubs_pages_holds_for_the_app(open_app):
    """Light or dark as chosen there comes before what the browser prefers."""
    page = open_app(color_scheme="dark")
    page.evaluate("localStorage.setItem('jupyterhub-bs-theme', 'light')")

    page.reload()

    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "true")


def test_a_project_without_reports_says_how_to_load_them(serve, open_page):
    """The empty project shows the command, not a blank screen; where studies would be taken from, it says that there are none."""
    page = open_page(serve("labeling.ipynb", project="EMPTY-1", person="fay"))

    expect(page.locator(".ccds-report")).to_contain_text("ccds labeling load --project EMPTY-1")
    page.keyboard.press("Alt+3")
    page.get_by_role("button", name="Make a batch").click()
    expect(page.get_by_role("region", name="New batch")).to_contain_text("This task reads no report yet.")
    page.keyboard.press("Alt+4")
    page.get_by_role("tab", name="Labels and snapshots").click()
    expect(page.locator(".ccds-assess-body")).to_contain_text("This task reads no report yet.")
    expect(page.get_by_role("button", name="Take a label snapshot")).to_be_disabled()


def test_somebody_turned_away_reads_why(serve, open_page):
    """Leadership has no right inside a project: one line, and whom to ask."""
    page = open_page(serve("labeling.ipynb", project="CHEST-1", person="lea"))

    expect(page.get_by_role("alert").filter(has_text="ask the principal investigator, Dr. Reed")).to_be_visible()
    expect(page.locator(".ccds-screen")).to_be_hidden()


def test_page_and_kernel_agree_on_what_a_word_is(browser):
    """The page's word characters are those of matching, and the ones that matching doesn't see, in the basic plane."""
    assigned = [chr(code) for code in range(0x20, 0xD800) if unicodedata.category(chr(code)) != "Cn"]
    page = browser.new_context().new_page()

    found = page.evaluate(f"(all) => {{ {WORDS}; return all.filter((one) => wordsOf(one).length); }}", assigned)

    page.context.close()
    assert found == [one for one in assigned if is_word_character(one) or normalise(f"x{one}x") == "xx"]


@pytest.mark.parametrize(
    "text",
    [
        "No hem\u00adorrhage, (left)\u00a0side.",
        "</script><b>bold</b> & no",
        "e\u0301tat \U0001fac1seen\U0001fac1 \u05e9\u05dc\u05d5\u05dd 3.5mm \ufb01brous ",
    ],
)
def test_whatever_is_selected_becomes_whole_words(browser, text):
    """Each part of a text that can be selected is widened to one that matching finds, or to nothing."""
    page = browser.new_context().new_page()

    widened = page.evaluate(
        f"""(text) => {{ {WORDS}; const found = [];
          for (let start = 0; start < text.length; start += 1)
            for (let end = start + 1; end <= text.length; end += 1) {{
              const whole = toWholeWords(text, start, end);
              if (whole && text.slice(...whole).isWellFormed()) found.push(text.slice(...whole));
            }}
          return found; }}""",
        text,
    )

    page.context.close()
    visible = [words for words in widened if normalise(words)]
    assert len(visible) > 100
    assert [words for words in visible if not [*whole_words(normalise(text), normalise(words))]] == []
