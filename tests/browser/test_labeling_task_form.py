"""The form in which a task is made and changed, in a real browser, by keyboard."""

import re
from dataclasses import replace
from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from support.contrast import both_schemes
from support.phrase_screens import change_task

pytestmark = pytest.mark.browser

SPRING, AUTUMN = date(2020, 3, 1), date(2020, 10, 1)


@pytest.fixture(scope="module")
def project(site):
    """CHEST-1 with three reports, a cohort of two of them and the task effusion, as another session of fay's has it open."""
    project = open_project("CHEST-1", Action.OPEN_LABELING, person="fay", settings=site.settings)
    LabelingRepository(project).load_reports(
        Report(f"ACC{n}", (Section("indication", "Tube?"), Section("findings", f"Film {n}.")), "CXR2", day)
        for n, day in enumerate([SPRING, AUTUMN, AUTUMN])
    )
    CohortRepository(project).keep("autumn-2020", Criteria(frozenset({"CXR2"}), AUTUMN, AUTUMN))
    change_task(project, Task("effusion", labels=(Label("present", 0),)))
    yield project
    project.close()


def opened(page: Page, name: str) -> Locator:
    """The form, opened by keyboard."""
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name=name)
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    return form


def task_of(project, name: str) -> tuple[int, Task]:
    """A task of that name as it is kept, and its id."""
    (found,) = [stored for stored in TaskRepository(project).tasks() if stored.task.name == name]
    return found.id, found.task


@pytest.fixture(scope="module")
def served(serve, project):  # noqa: ARG001 - the reports are there before the app is
    """The app on CHEST-1 for the fellow fay."""
    return serve("labeling.ipynb", project="CHEST-1", person="fay")


def test_a_fellow_makes_a_task(project, served, open_page):
    """What is wrong stands at its field, and what was typed isn't given up without a question; the new task is opened."""
    page = open_page(served)
    expect(page.locator(".ccds-key")).to_be_visible()

    form = opened(page, "New task")
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(page.get_by_role("button", name="New task")).to_be_focused()
    form = opened(page, "New task")
    page.keyboard.type("Effusion")
    form.get_by_label("Kind").select_option(label="Each label by itself")
    form.get_by_label("Labels", exact=True).fill("tip\nline\n")
    form.get_by_label("Guideline").fill("Look twice.")
    form.get_by_label("Cohort").select_option(label="autumn-2020")
    form.get_by_role("checkbox", name="indication").check()
    form.get_by_label("Strata tags").fill("motion")
    page.keyboard.press("Control+Enter")
    name = form.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_text("Name", exact=True)).to_be_in_viewport(ratio=1)
    expect(form.locator("[data-part=name] .ccds-error")).to_contain_text("'Effusion' again")
    page.keyboard.press("Escape")
    asked = form.get_by_role("alertdialog")
    expect(asked).to_contain_text(
        "You changed name, kind, cohort, labels, guideline, sections left out and strata tags."
    )
    page.keyboard.press("n")
    expect(name).to_be_focused()
    name.fill("tubes")
    page.keyboard.press("Enter")

    expect(form).to_have_count(0)
    expect(page.get_by_label("Task", exact=True).locator("option:checked")).to_have_text("tubes · cohort autumn-2020")
    expect(page.get_by_role("region", name="Progress")).to_contain_text("of 2 reports labelled")
    assert task_of(project, "tubes")[1] == Task(
        "tubes",
        TaskKind.SEVERAL,
        (Label("tip", 0), Label("line", 1)),
        "Look twice.",
        frozenset({"indication"}),
        strata=("motion",),
        cohort="autumn-2020",
    )


def test_an_older_form_is_refused(project, served, open_page):
    """What was typed stays, with what is there now beside it; kept once more it counts, and undo takes it back."""
    made = Task("lines", labels=(Label("tip", 0),), guideline="Look twice.")
    lines = TaskRepository(project).make(made).id
    page = open_page(served)
    page.get_by_label("Task", exact=True).select_option(label="lines")

    form = opened(page, "Task settings")
    form.get_by_label("Guideline").fill("Look three times.")
    change_task(project, replace(made, guideline="Theirs.", strata=("artefact",)), lines)
    page.keyboard.press("Control+Enter")
    told = form.locator("[data-part=guideline] .ccds-error")
    expect(told).to_contain_text("Somebody else changed this meanwhile.")
    expect(told).to_contain_text("“Theirs.”")
    expect(form.get_by_label("Guideline")).to_have_value("Look three times.")
    expect(form.get_by_label("Strata tags")).to_have_value("artefact")
    page.keyboard.press("Control+Enter")

    expect(form).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Changed the task’s guideline.")).to_have_count(1)
    assert task_of(project, "lines")[1] == replace(made, guideline="Look three times.", strata=("artefact",))
    page.keyboard.press("Alt+2")
    page.get_by_role("button", name="Undo").click()
    form = opened(page, "Task settings")
    expect(form.get_by_label("Guideline")).to_have_value("Theirs.")


def test_the_form_fits_in_both_looks(served, open_page):
    """Its words stand out from its ground, nothing lies beside the page, and what keeps it is in sight above all of it."""
    page = open_page(served)
    expect(page.get_by_role("button", name="Task settings")).to_be_visible()
    form = opened(page, "Task settings")
    expect(form.get_by_role("button", name="Keep the changes")).to_be_in_viewport(ratio=1)

    form.get_by_text("Cues of negation and uncertainty").click()
    form.get_by_role("button", name="Write the default lists in").click()

    cues = form.get_by_label("Cue lists")
    expect(cues).to_have_value(re.compile("negation_before:"))
    for _ in both_schemes(page):
        assert cues.evaluate("(one) => getComputedStyle(one).color !== getComputedStyle(one).backgroundColor")
        assert form.evaluate(
            "(one) => one.scrollWidth <= one.clientWidth && one.getBoundingClientRect().right <= innerWidth"
        )
