"""The training walk-through in a real browser, under a plain Voilà: real trainings as jobs of a real scheduler."""

import json
import re
from statistics import median

import pytest
from playwright.sync_api import expect

from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.irb.project import apply_application, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.repository import LabelingRepository
from support.checkout import ROOT
from support.dataset import PHRASES, Hospital
from support.site import ADMINISTRATOR, application, on_roster
from support.training import need_training, training_processes
from support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NOTEBOOK = str(ROOT / "notebooks" / "lab" / "training.ipynb")
PATIENTS = 24
EPOCHS = 40
STARTED_MS = 150_000
"""How long until a job that imports MONAI must have told something, on a busy machine."""


@pytest.fixture(scope="module")
def project(site):
    """HEAD-1 with reports, volumes and phrases: sam and lee are scientists."""
    need_training()
    roster = on_roster(eli="engineer", sam="scientist", lee="scientist")
    approved = application(id="HEAD-1", data=["images", "reports"], roster=roster)
    apply_application(approved, person=ADMINISTRATOR, settings=site.settings)
    project = open_project("HEAD-1", Action.TRAIN, person="eli", settings=site.settings)
    phrases = project.folder / "phrases" / "starter.csv"
    phrases.parent.mkdir()
    phrases.write_text(PHRASES)
    hospital = Hospital(project, LabelingRepository(project), phrases)
    for number in range(PATIENTS):
        for label, text in enumerate(("No hemorrhage.", "Acute hemorrhage.")):
            hospital.add(text, f"PAT{number}", (16, 16, 16), label=label)
    yield project
    project.store.close()


@pytest.fixture(scope="module")
def scheduler(site) -> LocalScheduler:
    """The site's scheduler, without jobs in the end."""
    scheduler = scheduler_of(site.settings)
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


@pytest.fixture(scope="module")
def served(serve, project, scheduler):  # noqa: ARG001 - ends what the notebook starts
    """The notebook for sam."""
    return serve(NOTEBOOK, project=project.id, person="sam")


@pytest.fixture
def open_launcher(served, open_page):
    """Opens it in a page of its own, and waits for the form."""

    def open_it(app=served, **context):
        page = open_page(app, **context)
        expect(train(page)).to_be_visible()
        return page

    return open_it


def train(page):
    """The form's button."""
    return page.get_by_role("button", name="Train", exact=True)


def state(page):
    """The chosen run's state."""
    return page.locator(".ccds-detail-head .ccds-chip")


def fill(page, **values):
    """Fills fields of the form."""
    for name, value in values.items():
        page.locator(f".ccds-new [name={name}]").fill(str(value))


def launch(page, **values):
    """Starts a training on volumes of 16 voxels; returns the run's id."""
    before = page.locator(".ccds-run").count()
    fill(page, image_size=16, **values)
    train(page).click()
    expect(page.locator(".ccds-run")).to_have_count(before + 1)
    return page.locator(".ccds-detail-head h3").inner_text()


def rows(page) -> list[list[str]]:
    """The curve's values: epoch, step, loss, AUC, seconds."""
    if page.locator(".ccds-values").count() == 0:
        page.get_by_text("Values as a table").click()
        expect(page.locator(".ccds-values")).to_be_visible()
    return page.locator(".ccds-values tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def epochs_done(page) -> int:
    """How many epochs the page says are done."""
    return int(page.locator(".ccds-epochs").get_attribute("value"))


def test_a_training_outlives_reload_kill_and_page(open_launcher, project):
    """Launched, seen learning, found after a reload, killed from outside, restarted, and finished while no page was open."""
    page = open_launcher()
    expect(page.locator(".ccds-volumes")).to_contain_text(f"{2 * PATIENTS} volumes: ")

    run = launch(page, epochs=EPOCHS)
    expect(page.locator(".ccds-plot")).to_be_visible(timeout=STARTED_MS)
    until(lambda: epochs_done(page) >= 2, "two epochs")
    (process,) = training_processes(project.folder / "runs" / run)
    process.suspend()  # so that it is in the middle of everything however slow the page is
    page.reload()
    expect(page.locator(".ccds-detail-head h3")).to_have_text(run)
    expect(state(page)).to_contain_text("running")
    expect(page.locator(".ccds-pace")).to_contain_text(re.compile(r"per epoch · about .* left at this pace"))
    process.kill()
    expect(state(page)).to_contain_text("killed")
    expect(page.locator(".ccds-reason")).to_have_text("Killed by signal 9")
    told = rows(page)
    page.get_by_role("button", name="Restart").click()
    expect(state(page)).to_contain_text(re.compile("pending|running"))
    page.context.close()

    other = open_launcher()
    expect(other.locator(".ccds-detail-head h3")).to_have_text(run)
    expect(state(other)).to_contain_text("finished", timeout=STARTED_MS)
    expect(other.locator(".ccds-about")).to_contain_text("started 2 times")
    expect(other.locator(".ccds-about")).to_contain_text("All epochs are done")
    expect(other.get_by_role("button", name="Restart")).to_have_count(0)
    values = rows(other)
    losses = [float(loss) for _, _, loss, _, _ in values]
    assert [int(epoch) for epoch, *_ in values] == list(range(1, EPOCHS + 1))
    assert median(losses[-10:]) < 0.7 * losses[0]
    assert values[: len(told)] == told  # what was learnt before the kill wasn't learnt again


def test_another_person_sees_it_live_and_can_not_touch_it(serve, open_page, open_launcher, project):
    """Two notebooks, two people: the same run, its owner's word, and the curve by keyboard."""
    mine = open_launcher()
    run = launch(mine, epochs=2000)
    theirs = open_page(serve(NOTEBOOK, project=project.id, person="lee"))

    theirs.locator(f"[data-run='{run}'] button").click()
    expect(theirs.locator(".ccds-about")).to_contain_text("A run of sam: only sam can cancel or restart it.")
    expect(theirs.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(theirs.locator(".ccds-plot")).to_be_visible(timeout=STARTED_MS)
    curve = theirs.get_by_role("slider")
    curve.focus()
    theirs.keyboard.press("Home")
    expect(curve).to_have_attribute("aria-valuetext", re.compile(r"^Epoch 1, step 1: loss 0\.\d+$"))
    mine.get_by_role("button", name="Cancel").click()
    for page in (mine, theirs):
        expect(state(page)).to_contain_text("cancelled")

    expect(curve).to_have_attribute("aria-valuetext", re.compile(r"^Epoch 1, step 1: "))
    expect(curve).to_be_focused()
    expect(mine.get_by_role("button", name="Restart")).to_be_visible()


def test_the_form_works_by_keyboard_and_says_what_is_wrong(open_launcher, project):
    """A number that makes no sense is held back by the page; one that only the kernel knows is told at the form."""
    page = open_launcher()
    before = page.locator(".ccds-run").count()

    page.locator(".ccds-new [name=bundle]").focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("99999")
    page.keyboard.press("Enter")
    held_back = page.locator(".ccds-new [name=batch_size]").evaluate("field => field.validity.rangeOverflow")
    fill(page, batch_size=4, epochs=3)
    datalist = project.folder / "work" / "sam" / "datalist.json"
    listed = json.loads(datalist.read_text())
    datalist.write_text(json.dumps([*listed, listed[0]]))
    expect(page.get_by_role("alert").filter(has_text="an image that isn't in the list yet")).to_be_visible()

    expect(train(page)).to_be_disabled()
    assert held_back
    assert page.locator(".ccds-run").count() == before
    datalist.write_text(json.dumps(listed))
    expect(train(page)).to_be_enabled()


def test_who_is_taken_off_the_roster_sees_nothing_more(site, open_launcher):
    """One line, and the page asks no more; back on the roster it goes on."""
    page = open_launcher()
    full = application(
        id="HEAD-1", data=["images", "reports"], roster=on_roster(eli="engineer", sam="scientist", lee="scientist")
    )
    without = application(id="HEAD-1", data=["images", "reports"], roster=on_roster(eli="engineer", lee="scientist"))
    apply_application(without, person=ADMINISTRATOR, settings=site.settings)

    expect(page.get_by_role("alert").filter(has_text="sam on the roster")).to_be_visible()
    apply_application(full, person=ADMINISTRATOR, settings=site.settings)
    page.get_by_role("button", name="Look again").click()

    expect(page.locator(".ccds-stalled")).to_be_hidden()
