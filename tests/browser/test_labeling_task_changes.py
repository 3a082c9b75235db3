"""Phrases from another task, and changes of the task itself, on the prioritise screen: asked about first, and taken back."""

import pytest
from playwright.sync_api import expect

from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task
from support.phrase_screens import change_task

pytestmark = pytest.mark.browser

NAME = "newer"


@pytest.fixture(scope="module")
def project(site):
    """CHEST-1 with three reports, and a second task whose phrase stands in all of them."""
    project = open_project("CHEST-1", Action.OPEN_LABELING, person="fay", settings=site.settings)
    LabelingRepository(project).load_reports(Report(f"ACC{n}", (Section("findings", f"Film {n}."),)) for n in range(3))
    change_task(project, Task(NAME))
    other = TaskRepository(project).make(Task("older")).id
    LabelingRepository(project, other).append_phrases([Phrase("film 1", "one"), Phrase("film", "any")])
    yield project
    project.close()


def test_what_is_copied_is_asked_about_and_labels_are_taken_back(project, serve, open_page):
    """A phrase in every report comes only after “Yes”; undo takes back labels as it does phrases, and the history has both."""
    page = open_page(serve("labeling.ipynb", project="CHEST-1", person="fay"))
    expect(page.locator(".ccds-key")).to_be_visible()
    page.get_by_label("Task", exact=True).select_option(label=NAME)
    page.keyboard.press("Alt+2")
    expect(page.get_by_label("Words of a new phrase")).to_be_visible()
    page.keyboard.press("i")
    panel = page.locator(".ccds-panel")
    panel.get_by_role("button", name="Copy its phrases below the list").click()
    asked = panel.get_by_role("alertdialog")
    expect(asked).to_contain_text("one that stands in all 3")
    assert LabelingRepository(project).phrases() == ()

    asked.get_by_role("button", name="Yes").click()
    expect(page.locator(".ccds-order-row")).to_have_count(2)
    expect(asked).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    labels = panel.get_by_role("list", name="Labels")
    expect(labels.get_by_role("listitem")).to_have_count(2)
    panel.get_by_label("New label").fill("fresh")
    page.keyboard.press("Enter")
    expect(labels.get_by_role("listitem")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()

    expect(labels.get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    newest = panel.get_by_role("list", name="Changes").get_by_role("listitem").first
    expect(newest).to_contain_text("fay changed the task’s labels")
    expect(newest).to_contain_text("removed “fresh”")
    assert TaskRepository(project).tasks()[0].task.words == ("one", "any")
