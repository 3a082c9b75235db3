"""Options, search, suggestions and priorities of phrases in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from support.browser import drag_over
from support.contrast import below, both_schemes, looks
from support.phrase_screens import change_task

pytestmark = pytest.mark.browser

LONG = "Nothing here. " * 400
REPORTS = [
    "Small effusion.",
    "No effusion.",
    "Possible effusion.",
    "Heart is big. Effusion.",
    f"{LONG}Catheter tip in place.",
    *(f"No large effusion, film {number}." for number in range(12)),
]
TASK = Task("chest", labels=(Label("effusion", 0), Label("clear", 2)), guideline="Blunting counts.\n<b>Always.</b>")


_CUT = """(line) => {
  const box = line.getBoundingClientRect();
  const isWhole = ({ top, right }) => top >= box.bottom - 1 || right <= box.right + 1;
  return [...line.children].filter((part) => !isWhole(part.getBoundingClientRect())).map((part) => part.textContent);
}"""
"""The parts of a line that are cut: neither whole nor out of sight."""

_KEY_ONCE_LET_GO = """() => addEventListener("pointerup", ({ target }) => {
  target.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
}, { once: true })"""


@pytest.fixture(scope="module")
def project(site):
    """CHEST-1 with `REPORTS`, as fay opened it."""
    project = open_project("CHEST-1", Action.OPEN_LABELING, person="fay", settings=site.settings)
    LabelingRepository(project).load_reports(
        Report(f"ACC{number}", (Section("findings", text), Section("history", "Effusion?")))
        for number, text in enumerate(REPORTS)
    )
    change_task(project, TASK)
    TaskRepository(project).make(
        Task("signs", TaskKind.SEVERAL, (Label("effusion", 0), Label("tube", 3)), left_out=frozenset({"history"}))
    )
    yield project
    project.close()


@pytest.fixture
def repository(project):
    """The phrase list of the first task, empty; the section with the question is left out."""
    repository = LabelingRepository(project)
    for stored in repository.phrases():
        repository.remove_phrase(stored.id)
    change_task(project, Task("chest", labels=TASK.labels, guideline=TASK.guideline, left_out=frozenset({"history"})))
    return repository


@pytest.fixture(scope="module")
def served(serve, project):  # noqa: ARG001 - the reports are there before the app is
    """The app on CHEST-1 for the fellow fay."""
    return serve("labeling.ipynb", project="CHEST-1", person="fay")


@pytest.fixture
def open_app(served, repository, open_page):  # noqa: ARG001 - the list is empty before the app is opened
    """Opens the app in a page of its own, goes from the newest task to the first, and waits until it shows a report."""

    def open_it(**context):
        page = open_page(served, **context)
        expect(page.locator(".ccds-key")).to_be_visible()
        chooser = page.get_by_label("Task", exact=True)
        expect(chooser.locator("option:checked")).to_have_text("signs")
        chooser.select_option(label=TASK.name)
        expect(chooser.locator("option:checked")).to_have_text(TASK.name)
        expect(page.locator(".ccds-key")).to_be_visible()
        return page

    return open_it


def go_to(page, number: int) -> None:
    """Shows a report by its number, from 1."""
    page.keyboard.press("#")
    page.keyboard.type(str(number))
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-text").first).to_have_text(REPORTS[number - 1])


def row(page, text: str):
    """The row of a phrase on the prioritise screen."""
    return page.locator(".ccds-order-row").filter(has=page.get_by_role("button", name=f": {text},"))


def counts(page, text: str) -> list[str]:
    """Captures, matches and shadowed of a phrase, as the row shows them."""
    return row(page, text).locator(".ccds-count").all_inner_texts()[:3]


def test_a_key_in_the_moment_the_mouse_is_let_go_is_for_the_words_just_selected(open_app, repository):
    """Before any frame is drawn. What an earlier selection would have done isn't there any more."""
    page = open_app()
    drag_over(page, "Small")
    expect(page.locator(".ccds-preview")).to_contain_text("1 report")
    page.keyboard.press("Escape")
    expect(page.locator(".ccds-preview")).to_have_count(0)
    page.evaluate(_KEY_ONCE_LET_GO)

    drag_over(page, "effusion")

    expect(page.locator(".ccds-verdict .ccds-chip")).to_have_text("effusion")
    assert [(stored.phrase.text, stored.phrase.label) for stored in repository.phrases()] == [("effusion", "effusion")]


def test_options_are_counted_before_and_shown_after(open_app, repository):
    """“Not if negated” and the label for what is uncertain change the preview, then the marks in the reports."""
    page = open_app()
    go_to(page, 1)

    drag_over(page, "effusion")
    expect(page.locator(".ccds-preview")).to_contain_text("16 reports")
    page.keyboard.press("-")
    expect(page.locator(".ccds-preview")).to_contain_text("3 reports; 13 negated")
    page.keyboard.press("~")
    page.keyboard.type("maybe")
    page.keyboard.press("Tab")
    expect(page.locator(".ccds-preview")).to_contain_text("13 negated · 1 uncertain")
    page.locator(".ccds-labels button").first.click()
    expect(page.get_by_role("alertdialog")).to_contain_text("“maybe” is no label of this task: add it?")
    page.keyboard.press("y")

    expect(page.locator(".ccds-phrase")).to_contain_text("not if negated")
    expect(page.locator(".ccds-phrase")).to_contain_text("13 negated")
    assert [stored.phrase for stored in repository.phrases()] == [
        Phrase("effusion", "effusion", negatable=True, uncertain_label="maybe")
    ]
    page.get_by_role("button", name="1 uncertain", exact=True).click()
    expect(page.locator("mark")).to_have_attribute("data-how", "uncertain")
    expect(page.locator(".ccds-verdict .ccds-chip")).to_have_text("maybe")
    go_to(page, 2)
    expect(page.locator("mark")).to_have_attribute("data-how", "negated")
    assert "it doesn’t count" in page.locator("mark").get_attribute("aria-description")
    expect(page.locator(".ccds-verdict .ccds-chip")).to_have_text("Unlabelled")


def test_options_of_a_phrase_of_the_list_are_changed_and_taken_back(open_app, repository):
    """By keyboard: p, o, the box; Ctrl+Z takes the change back, Ctrl+Shift+Z makes it again."""
    repository.insert_phrase(Phrase("effusion", "effusion"), 0)
    page = open_app()

    page.keyboard.press("p")
    page.keyboard.press("o")
    page.keyboard.press("Space")
    expect(page.locator(".ccds-phrase")).to_contain_text("13 negated")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect(page.locator(".ccds-said")).to_contain_text("Undone: changed “effusion”")
    expect(page.locator(".ccds-phrase")).not_to_contain_text("negated")
    page.keyboard.press("Control+Shift+Z")

    expect(page.locator(".ccds-phrase")).to_contain_text("13 negated")
    expect(page.locator(".ccds-said")).to_contain_text("Redone: changed “effusion”")


def test_search_walks_through_the_hits(open_app):
    """/ takes words, as whole ones or anywhere; the hit is marked and in view, and the number of hits is told."""
    page = open_app()

    page.keyboard.press("/")
    page.keyboard.type("catheter TIP")
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-filter")).to_contain_text("Holding catheter TIP: 1 of 1")
    expect(page.locator(".ccds-hit")).to_have_text("Catheter tip")
    expect(page.locator(".ccds-hit")).to_be_in_viewport()
    page.keyboard.press("/")
    page.keyboard.type("eart")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="No report holds “eart”.")).to_be_visible()
    page.get_by_label("Whole words").uncheck()

    expect(page.locator(".ccds-hit")).to_have_text("eart")
    page.keyboard.press("a")
    expect(page.locator(".ccds-filter")).to_have_count(0)
    expect(page.locator(".ccds-hit")).to_have_count(0)


def test_a_suggestion_is_accepted_with_the_option_that_is_better(open_app, repository, project):
    """By the gold set the bare name labels what is denied: Enter takes it with “not if negated”, and undo takes it back."""
    reports = repository.reports()
    for number, labels in {0: ["effusion"], 3: ["effusion"], 6: ["clear"], 7: ["clear"]}.items():
        Curating(project, 1).set_gold(reports[number].study_key, labels)
    page = open_app()

    page.keyboard.press("s")
    expect(page.locator(".ccds-suggestion .ccds-phrase-text").first).to_be_focused()
    suggestion = (
        page.locator(".ccds-suggestion").filter(has=page.get_by_role("button", name="effusion.", exact=False)).first
    )
    expect(suggestion).to_contain_text("Not if negated: captures 3, leaves 13 negated out: mends 2")
    expect(page.locator(".ccds-none").first).to_have_text("Ordered by 4 studies that people decided.")
    suggestion.locator(".ccds-phrase-text").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".ccds-said")).to_contain_text("labels 3 reports effusion")
    (accepted,) = repository.phrases()
    assert (accepted.phrase.label, accepted.phrase.negatable) == ("effusion", True)
    page.keyboard.press("Control+z")
    expect(page.locator(".ccds-done")).to_contain_text("0 of 17")
    assert repository.phrases() == ()


def test_the_first_offer_has_the_focus_whenever_suggestions_are_asked_for(open_app, repository):
    """Also the option of a phrase that is there, which is weighed after the others; its view is what it would change."""
    repository.append_phrases([Phrase("effusion", "effusion")])
    page = open_app()
    offers = page.locator(".ccds-suggestion .ccds-phrase-text")

    for _ in range(2):
        page.keyboard.press("s")
        expect(page.get_by_role("list", name="Not if negated")).to_be_visible()
        expect(offers.first).to_have_attribute("data-focus", re.compile("better-"))
        expect(offers.first).to_be_focused()
    page.keyboard.press("v")

    expect(page.locator(".ccds-filter")).to_contain_text("Changed by “not if negated” of effusion:")
    expect(page.locator(".ccds-filter")).to_contain_text("of 13")


def test_words_are_chosen_from_the_hit_of_a_search_on(open_app):
    """It is brought into sight in the report that is open, too."""
    page = open_app()
    page.keyboard.press("/")
    page.keyboard.type("catheter tip")
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-hit")).to_have_text("Catheter tip")
    page.keyboard.press("a")
    expect(page.locator(".ccds-hit")).to_have_count(0)
    report = page.locator(".ccds-report")
    report.evaluate("(report) => { report.style.maxHeight = '60px'; report.scrollTop = 0; }")

    page.keyboard.press("/")
    page.keyboard.type("catheter tip")
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-hit")).to_be_in_viewport()
    page.keyboard.press("w")

    expect(page.locator(".ccds-quote")).to_have_text("Catheter")


def test_a_phrase_in_every_report_is_asked_about_where_the_eye_is(open_app, repository, project):
    """One slip labels nothing; “yes” does what was asked."""
    change_task(project, TASK)  # the question is in each report's history
    page = open_app()
    go_to(page, 1)

    drag_over(page, "effusion")
    expect(page.locator(".ccds-preview")).to_contain_text("17 reports")
    page.keyboard.press("1")
    asked = page.locator(".ccds-bar").get_by_role("alertdialog")
    expect(asked).to_contain_text("Expected a phrase that tells reports apart; found one that stands in all")
    assert repository.phrases() == ()
    page.keyboard.press("n")
    expect(asked).to_have_count(0)
    page.keyboard.press("1")
    expect(asked).to_be_focused()
    page.keyboard.press("y")

    expect(page.locator(".ccds-done")).to_contain_text("17 of 17")


def test_counts_change_while_a_row_is_dragged_and_stay_when_it_is_dropped(open_app, repository):
    """Before the drop the rows show what it would do; a drag that is left changes nothing."""
    repository.append_phrases(
        [Phrase("effusion", "effusion"), Phrase("no effusion", "clear"), Phrase("heart", "clear")]
    )
    page = open_app()
    page.keyboard.press("Alt+2")
    expect(row(page, "effusion")).to_be_visible()
    before = counts(page, "effusion")
    last, first = row(page, "heart").bounding_box(), row(page, "effusion").bounding_box()

    page.mouse.move(last["x"] + 30, last["y"] + 20)
    page.mouse.down()
    page.mouse.move(first["x"] + 30, first["y"] + 24, steps=5)
    page.mouse.move(first["x"] + 30, first["y"] + 6, steps=3)
    expect(row(page, "heart").locator(".ccds-count").first).to_have_text("1")
    expect(row(page, "effusion").locator(".ccds-count[data-changed=less]")).to_have_text("15")
    assert [stored.phrase.text for stored in repository.phrases()] == ["effusion", "no effusion", "heart"]
    page.mouse.up()

    expect(page.locator(".ccds-order-row").first).to_contain_text("heart")
    assert before == ["16", "16", "0"]
    expect(row(page, "effusion").locator(".ccds-count").first).to_have_text("15")
    assert counts(page, "effusion") == ["15", "16", "1"]
    assert [stored.phrase.text for stored in repository.phrases()] == ["heart", "effusion", "no effusion"]


def test_priorities_by_keyboard_alone(open_app, repository):
    """Moving, editing in place, another label, adding, removing, undo, and what stands beside the list."""
    repository.append_phrases([Phrase("effusion", "effusion"), Phrase("no effusion", "effusion")])
    page = open_app()
    press = page.keyboard.press
    press("Alt+2")
    expect(row(page, "no effusion")).to_be_visible()

    press("ArrowDown")
    press("ArrowDown")
    press("Alt+ArrowUp")
    expect(page.locator(".ccds-order-row").first).to_contain_text("no effusion")
    expect(page.locator(".ccds-said")).to_have_text("Now phrase 1, captures 1 report.")
    press("2")
    expect(row(page, "no effusion").locator(".ccds-chip")).to_have_text("clear")
    press("e")
    page.keyboard.type("no large effusion")
    expect(page.locator(".ccds-would")).to_have_text("Would match 12 reports and capture 12.")
    press("Enter")
    expect(row(page, "no large effusion")).to_be_visible()
    press("a")
    page.keyboard.type("LARGE effusion")
    press("Tab")
    page.keyboard.type("clear")
    press("Enter")
    expect(row(page, "LARGE effusion")).to_be_visible()
    press("Escape")
    press("c")
    expect(page.locator(".ccds-conflicts li")).to_contain_text("12 reports shadowed")
    press("h")
    expect(page.locator(".ccds-history li").first).to_contain_text("fay added LARGE effusion")
    press("Escape")
    press("Control+z")

    expect(page.locator(".ccds-order-row")).to_have_count(2)
    assert [(stored.phrase.text, stored.phrase.label) for stored in repository.phrases()] == [
        ("no large effusion", "clear"),
        ("effusion", "effusion"),
    ]


@pytest.mark.parametrize(
    ("text", "line"), [("EFFUSION", "the one at place 1 again"), ("\u00ad", "a blank one")], ids=["twice", "empty"]
)
def test_what_makes_no_phrase_is_told_where_it_was_typed(open_app, repository, text, line):
    """Beside the field, in one line; what was typed is still there."""
    repository.append_phrases([Phrase("effusion", "effusion")])
    page = open_app()
    page.keyboard.press("Alt+2")
    words = page.get_by_label("Words of a new phrase")

    words.fill(text)
    page.get_by_label("Its label").fill("clear")
    page.keyboard.press("Enter")

    expect(page.locator(".ccds-add").get_by_role("alert")).to_contain_text(line)
    expect(words).to_have_value(text)
    expect(page.locator(".ccds-order-row")).to_have_count(1)


def test_a_label_that_was_typed_is_asked_about_and_the_next_phrase_follows(open_app, repository, project):
    """By keyboard: no keeps what was typed, yes adds both, and the focus is where the next phrase is typed."""
    repository.append_phrases([Phrase("effusion", "effusion")])
    page = open_app()
    press, words, label = (
        page.keyboard.press,
        page.get_by_label("Words of a new phrase"),
        page.get_by_label("Its label"),
    )
    asked = page.get_by_role("alertdialog")
    press("Alt+2")
    expect(row(page, "effusion")).to_be_visible()

    press("a")
    page.keyboard.type("large")
    press("Tab")
    page.keyboard.type("nolabel")
    for no in ("n", "Escape"):
        press("Enter")
        expect(asked).to_contain_text("“nolabel” is no label of this task: add it?")
        expect(asked).to_be_focused()
        press(no)
        expect(asked).to_have_count(0)
        expect(label).to_be_focused()
        expect(label).to_have_value("nolabel")
    press("Enter")
    expect(asked).to_be_focused()
    press("y")

    expect(row(page, "large").locator(".ccds-chip")).to_have_text("nolabel")
    expect(words).to_be_focused()
    assert (words.input_value(), label.input_value()) == ("", "")
    page.keyboard.type("heart")
    press("Tab")
    page.keyboard.type("nolabel")
    press("Enter")
    expect(row(page, "heart")).to_be_visible()
    expect(words).to_be_focused()
    assert (words.input_value(), label.input_value()) == ("", "")
    assert TaskRepository(project).tasks()[0].task.words[-1] == "nolabel"


def test_the_screen_keeps_its_lines_beside_a_panel_and_its_keys_from_their_top(open_app):
    """On a low screen: the buttons stay in one line, and a list of keys that is higher opens where it begins."""
    page = open_app(viewport={"width": 1280, "height": 480})
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_role("heading", name="Keys")).to_be_focused()
    assert keys.evaluate("(dialog) => [dialog.scrollTop, dialog.scrollHeight > dialog.clientHeight]") == [0, True]
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+2")
    toolbar = page.get_by_role("toolbar", name="Phrases")
    expect(toolbar).to_be_visible()
    before = toolbar.bounding_box()["height"]
    page.keyboard.press("b")

    expect(page.locator(".ccds-panel")).to_be_visible()
    assert toolbar.bounding_box()["height"] == before
    assert toolbar.evaluate("(bar) => bar.scrollWidth <= bar.clientWidth")
    assert page.locator(".ccds-prioritise .ccds-done").evaluate(_CUT) == []
    page.set_viewport_size({"width": 1500, "height": 480})
    assert page.locator(".ccds-prioritise .ccds-done").evaluate(_CUT) == []
    expect(page.locator(".ccds-prioritise .ccds-done b")).to_be_in_viewport(ratio=1)


def test_a_label_in_use_is_not_removed(open_app, repository):
    """The line stands at the labels; one that isn't used goes."""
    repository.append_phrases([Phrase("effusion", "effusion")])
    page = open_app()
    page.keyboard.press("Alt+2")
    expect(row(page, "effusion")).to_be_visible()
    page.keyboard.press("b")

    page.get_by_role("button", name="Remove “effusion”").last.click()

    expect(page.locator(".ccds-panel").get_by_role("alert")).to_contain_text("used nowhere before it is removed")
    expect(page.locator(".ccds-label-list li").first).to_contain_text("effusion")


def test_all_reports_of_a_phrase_are_paged_and_lead_to_annotate(open_app, repository):
    """Ten at a time, each with its marks; one opens on the other screen among its like."""
    repository.append_phrases([Phrase("effusion", "effusion")])
    page = open_app()
    page.keyboard.press("Alt+2")

    row(page, "effusion").get_by_role("button", name="Matches 16 reports").click()
    expect(page.locator(".ccds-listed-report")).to_have_count(10)
    page.get_by_role("button", name="After").click()
    expect(page.locator(".ccds-listed-report")).to_have_count(6)
    expect(page.locator(".ccds-pages")).to_contain_text("11 to 16 of 16")
    page.get_by_role("button", name="Open in Annotate").last.click()

    expect(page.locator(".ccds-filter")).to_contain_text("Matched by effusion: 16 of 16")
    expect(page.locator(".ccds-text").first).to_have_text(REPORTS[-1])


def test_another_task_has_its_own_lists_and_leaves_a_section_out(open_app, project):
    """Each label has its list; the section that is left out says so; the guideline is text; a reload stays there."""
    page = open_app()
    page.keyboard.press("g")
    expect(page.locator(".ccds-guideline-text")).to_have_text(TASK.guideline)
    page.keyboard.press("g")

    page.get_by_label("Task", exact=True).select_option(label="signs")
    expect(page.locator(".ccds-left-out")).to_contain_text("left out by this task")
    go_to(page, 2)
    drag_over(page, "No effusion")
    expect(page.locator(".ccds-preview")).to_contain_text("1 report")
    page.keyboard.press("x")
    expect(page.get_by_label("Excludes")).to_be_checked()
    expect(page.locator(".ccds-preview")).to_contain_text("1 report")
    page.keyboard.press("1")
    expect(page.locator(".ccds-verdict .ccds-chip")).to_have_text("no effusion")
    page.reload()

    expect(page.locator(".ccds-list-head")).to_have_text("effusion")
    expect(page.get_by_label("Task", exact=True).locator("option:checked")).to_have_text("signs")
    (stored,) = LabelingRepository(project, 2).phrases()
    assert stored.phrase == Phrase("No effusion", "effusion", excludes=True)
    next_page = page.context.new_page()
    next_page.goto(page.url)
    expect(next_page.get_by_label("Task", exact=True).locator("option:checked")).to_have_text("signs")


def test_both_themes_are_legible(open_app, repository):
    """Each text of the prioritise screen, and marks with options, have AA contrast (4.5 : 1) to what is behind them."""
    repository.append_phrases(
        [Phrase("effusion", "effusion", negatable=True, uncertain_label="clear"), Phrase("no", "clear")]
    )
    page = open_app()
    go_to(page, 2)
    texts = [
        look
        for _ in both_schemes(page)
        for look in looks(page, ".ccds-mark, .ccds-option, .ccds-aside, .ccds-tab, .ccds-button")
    ]
    page.keyboard.press("Alt+2")
    row(page, "effusion").get_by_role("button", name="Matches 3 reports").click()
    expect(page.locator(".ccds-listed-report").first).to_be_visible()

    words = ".ccds-count, .ccds-option, .ccds-tab, .ccds-none, .ccds-order-head span, .ccds-mark"
    texts += [look for _ in both_schemes(page) for look in looks(page, words)]

    assert len(texts) > 40
    assert {look.is_on_dark for look in texts} == {True, False}
    assert below(4.5, texts) == []
