"""Screens of phrases that are older than the list, in a real browser: nothing of another person's is changed unseen."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task
from support.browser import drag_over
from support.phrase_screens import change_task
from support.waiting import until

pytestmark = pytest.mark.browser

REPORTS = ["Small effusion.", "No effusion.", "Heart is big.", "Lungs clear."]
TASK = Task("chest", labels=(Label("effusion", 0), Label("clear", 2), Label("old", 3)))
PHRASES = [Phrase("effusion", "effusion"), Phrase("no effusion", "clear"), Phrase("heart", "clear")]
CHANGED = "as somebody changed it meanwhile"
GONE = "found none, as somebody removed it meanwhile"


@pytest.fixture(scope="module")
def project(site):
    """CHEST-1 with `REPORTS`, as another session of fay's has it open."""
    project = open_project("CHEST-1", Action.OPEN_LABELING, person="fay", settings=site.settings)
    LabelingRepository(project).load_reports(
        Report(f"ACC{number}", (Section("findings", text),)) for number, text in enumerate(REPORTS)
    )
    yield project
    project.close()


@pytest.fixture
def repository(project):
    """The phrases as the page shows them at first."""
    repository = LabelingRepository(project)
    for stored in repository.phrases():
        repository.remove_phrase(stored.id)
    change_task(project, TASK)
    repository.append_phrases(PHRASES)
    return repository


@pytest.fixture(scope="module")
def served(serve, project):  # noqa: ARG001 - the reports are there before the app is
    """The app on CHEST-1 for the fellow fay."""
    return serve("labeling.ipynb", project="CHEST-1", person="fay")


@pytest.fixture(params=["annotate", "prioritise"])
def page(request, served, repository, open_page):  # noqa: ARG001 - the phrases are there before the app is opened
    """One of the two screens, with the second phrase in focus."""
    page = open_page(served)
    expect(page.locator(".ccds-key")).to_be_visible()
    if request.param == "prioritise":
        page.keyboard.press("Alt+2")
        expect(page.locator(".ccds-order-row")).to_have_count(len(PHRASES))
        page.keyboard.press("ArrowDown")
    else:
        page.keyboard.press("p")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".ccds-phrase-text:focus")).to_have_text("no effusion")
    return page


def words(repository) -> list[str]:
    """The phrases that are kept."""
    return [stored.phrase.text for stored in repository.phrases()]


def told(page):
    """What the page refuses, where the eye is."""
    return page.get_by_role("alert").filter(has_text="as this page showed it")


def shown(page):
    """The phrases on the page."""
    return page.locator(".ccds-phrase-text")


def test_a_phrase_that_somebody_changed_is_not_removed(page, repository):
    """The line says so and the list shows the new words; what is removed then was seen."""
    repository.replace_phrase(repository.phrases()[1].id, Phrase("no effusion", "effusion", negatable=True))

    page.keyboard.press("Delete")
    expect(told(page)).to_contain_text(CHANGED)
    expect(page.locator("li[data-phrase]").nth(1)).to_contain_text("not if negated")
    assert len(repository.phrases()) == 3
    page.keyboard.press("Delete")

    expect(shown(page)).to_have_text(["effusion", "heart"])
    expect(told(page)).to_have_count(0)
    assert words(repository) == ["effusion", "heart"]


def test_a_phrase_is_not_moved_in_an_order_that_nobody_saw(page, repository):
    """The line says so and the list shows its order; the same key then moves from there."""
    repository.move_phrase(repository.phrases()[0].id, 2)

    page.keyboard.press("Alt+ArrowDown")
    expect(told(page)).to_contain_text("the order as this page showed it")
    expect(shown(page)).to_have_text(["no effusion", "heart", "effusion"])
    assert words(repository) == ["no effusion", "heart", "effusion"]
    page.keyboard.press("Alt+ArrowDown")

    expect(shown(page)).to_have_text(["heart", "no effusion", "effusion"])
    assert words(repository) == ["heart", "no effusion", "effusion"]


def test_a_phrase_that_somebody_removed_goes_from_the_page(page, repository):
    """With a line that says so, above the list that it is no part of any more."""
    repository.remove_phrase(repository.phrases()[1].id)

    page.keyboard.press("Alt+ArrowUp")

    expect(told(page)).to_contain_text(GONE)
    expect(told(page)).to_be_visible()
    expect(shown(page)).to_have_text(["effusion", "heart"])


def test_a_key_brings_back_no_label_that_somebody_removed(page, project, repository):
    """The number of a label of before: one line, and the labels as they are; another number then does what it says."""
    change_task(project, replace(TASK, labels=TASK.labels[:2]))
    if page.locator(".ccds-report").first.is_visible():
        page.keyboard.press("#")
        page.keyboard.type("4")
        page.keyboard.press("Enter")
        drag_over(page, "Lungs")
        expect(page.locator(".ccds-preview")).to_contain_text("1 report")

    page.keyboard.press("3")
    expect(told(page)).to_contain_text(GONE)
    expect(told(page)).to_be_visible()
    assert TaskRepository(project).tasks()[0].task.words == ("effusion", "clear")
    page.keyboard.press("1")

    expect(told(page)).to_have_count(0)
    until(
        lambda: [stored.phrase.label for stored in repository.phrases()].count("effusion") == 2,
        "the key to do what it says",
    )
    assert TaskRepository(project).tasks()[0].task.words == ("effusion", "clear")


def test_the_buttons_say_what_stands_beside_the_list(served, repository, open_page):
    """Those of the panels and of the counts, as soon as a panel opens, changes or closes."""
    page = open_page(served)
    expect(page.locator(".ccds-key")).to_be_visible()
    page.keyboard.press("Alt+2")
    expect(page.locator(".ccds-order-row")).to_have_count(len(PHRASES))
    pressed = page.locator(".ccds-prioritise [aria-pressed=true]")

    page.keyboard.press("b")
    expect(pressed).to_have_text("Labelsb")
    page.keyboard.press("h")
    expect(pressed).to_have_text("Historyh")
    page.get_by_role("button", name="Matches 2 reports").click()
    expect(page.locator(".ccds-listed-report")).to_have_count(2)
    expect(pressed).to_have_attribute("aria-label", "Matches 2 reports: show them")
    page.keyboard.press("Escape")

    expect(pressed).to_have_count(0)
    assert len(repository.phrases()) == len(PHRASES)


def test_no_label_for_the_uncertain_comes_back_that_somebody_removed(page, project, repository):
    """One that the page still offers: one line, and labels and phrase as they are."""
    change_task(project, replace(TASK, labels=TASK.labels[:2]))
    is_ordered = page.locator(".ccds-order-row").first.is_visible()

    page.keyboard.press("e" if is_ordered else "o")
    page.get_by_label("Label where it is uncertain").fill("old")
    page.keyboard.press("Tab")
    if is_ordered:
        page.locator('[data-focus="edit-text"]').press("Enter")

    expect(told(page)).to_contain_text(GONE)
    assert TaskRepository(project).tasks()[0].task.words == ("effusion", "clear")
    assert [stored.phrase for stored in repository.phrases()] == PHRASES
