"""A task that is kept to a cohort, in a real browser: what the bar says, what the screens show, and what is in the way."""

from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.cohort.tables import cohort
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task
from support.keeping_to_cohorts import keep_to
from support.phrase_screens import change_task

pytestmark = pytest.mark.browser

SPRING, AUTUMN = date(2020, 3, 1), date(2020, 10, 1)
REPORTS = [
    (SPRING, "Heart is big."), (AUTUMN, "Small effusion."), (SPRING, "No effusion."), (AUTUMN, "No effusion."),
    (AUTUMN, "Lungs clear."), (None, "Large effusion."),
]  # fmt: skip


@pytest.fixture(scope="module")
def project(site):
    """CHEST-1 with `REPORTS`, two phrases, a cohort of autumn's, and a further task, as another session of fay's has it open."""
    project = open_project("CHEST-1", Action.OPEN_LABELING, person="fay", settings=site.settings)
    repository = LabelingRepository(project)
    repository.load_reports(
        Report(f"ACC{number}", (Section("findings", text),), "CXR2", day) for number, (day, text) in enumerate(REPORTS)
    )
    change_task(project, Task("effusion", labels=(Label("present", 0), Label("absent", 2))))
    repository.append_phrases([Phrase("no effusion", "absent"), Phrase("effusion", "present")])
    TaskRepository(project).make(Task("heart"))
    yield project
    project.close()


@pytest.fixture
def kept(project):
    """The first task is kept to the cohort."""
    CohortRepository(project).keep("autumn-2020", Criteria(frozenset({"CXR2"}), AUTUMN, AUTUMN))
    keep_to(project, "autumn-2020")
    yield project
    keep_to(project, None)


@pytest.fixture(scope="module")
def served(serve, project):  # noqa: ARG001 - the reports are there before the app is
    """The app on CHEST-1 for the fellow fay."""
    return serve("labeling.ipynb", project="CHEST-1", person="fay")


def test_the_screens_know_the_cohort_s_reports_only(served, kept, open_page):
    """The bar says which one it is. Taken off meanwhile, a page that is open asks to be loaded anew, and then has all."""
    page = open_page(served)

    expect(page.get_by_label("Task").locator("option")).to_have_text(["effusion · cohort autumn-2020", "heart"])
    expect(page.locator(".ccds-text").first).to_have_text("Lungs clear.")  # the first without a label
    expect(page.get_by_role("region", name="Progress")).to_contain_text("2 of 3 reports labelled")
    page.keyboard.press("/")
    page.keyboard.type("effusion")
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-filter")).to_contain_text("2 of 2")
    page.keyboard.press("Alt+2")
    expect(page.locator(".ccds-order-row")).to_have_count(2)
    assert [
        row.all_inner_texts()[:2]
        for row in (page.locator(".ccds-order-row").nth(n).locator(".ccds-count") for n in (0, 1))
    ] == [
        ["1", "1"],
        ["1", "2"],
    ]

    keep_to(kept, None)
    page.get_by_role("button", name="Higher priority (Alt+↑) “effusion”").click()
    expect(page.get_by_role("alert").filter(has_text="load the page anew")).to_contain_text("cohort of the task")
    page.reload()

    expect(page.get_by_label("Task").locator("option")).to_have_text(["effusion", "heart"])
    expect(page.locator(".ccds-order-row").first.locator(".ccds-count").first).to_have_text("2")


@pytest.mark.parametrize("screen", ["Annotate", "Prioritise", "Confirm", "Assess"])
def test_a_screen_without_its_cohort_says_so(served, kept, open_page, screen):
    """It shows no report; another task is a choice away."""
    with kept.store.writing() as connection:
        connection.execute(delete(cohort))
    page = open_page(served)

    page.get_by_role("button", name=screen, exact=True).click()

    expect(page.locator(".ccds-stage")).to_contain_text(
        "the cohort autumn-2020, to which the task 'effusion' is kept; found none of that name"
    )
    expect(page.locator(".ccds-text")).to_have_count(0)
    page.get_by_label("Task").select_option(label="heart")
    expect(page.locator(".ccds-stage")).not_to_contain_text("autumn-2020")
