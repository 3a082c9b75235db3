"""The training walk-through in a real browser, under a plain Voilà: real trainings as jobs of a real scheduler."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.dataset.datalist_file import write_datalist
from ccds_kernel.dataset.soft_labels import soft_labels
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.training.launch import launch as launch_run
from ccds_kernel.training.spec import TrainingSpec
from support.checkout import ROOT
from support.dataset import PHRASES, Hospital
from support.demo import free_port
from support.lab import open_notebook, run_all
from support.site import ADMINISTRATOR, application, on_roster, session_of
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


@pytest.fixture(scope="module")
def lab(site, project, tmp_path_factory):
    """A JupyterLab as sam's lab session has it, with the notebook in sam's folder."""
    home = project.folder / "work" / "sam"
    home.mkdir(exist_ok=True)
    shutil.copy(NOTEBOOK, home)
    host = f"127.0.0.1:{free_port()}"
    log = tmp_path_factory.mktemp("lab") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("jupyter"), "lab", f"--config={ROOT / 'ccds_kernel/session/lab_config.py'}",
                f"--port={host.split(':')[1]}", "--ip=127.0.0.1", "--no-browser", "--IdentityProvider.token=",
            ],
            cwd=home, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            env=os.environ
            | {
                "CCDS_CONFIG": str(site.folder / "ccds.toml"), "CCDS_PROJECT": project.id, "JUPYTERHUB_SERVICE_PREFIX": "/",
                "CCDS_SESSION_FOLDER": str(log.parent),
                **session_of("sam", project.id, site.folder / "ccds.toml"),
                "HOME": str(log.parent), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            },
        )  # fmt: skip
    until(lambda: process.poll() is not None or f"{host}/lab" in log.read_text(errors="replace"), "JupyterLab", 60)
    assert process.poll() is None, log.read_text(errors="replace")
    yield SimpleNamespace(url=f"http://{host}/", host=host, notebook=home / Path(NOTEBOOK).name)
    process.terminate()  # ends its kernels, too
    process.wait(20)


@pytest.fixture
def two_runs(site, project, scheduler):
    """Two runs of sam's that were cancelled; the ids, the older one first."""
    sam = open_project(project.id, Action.TRAIN, person="sam", settings=site.settings)
    labels = soft_labels(sam, phrases=sam.folder / "phrases" / "starter.csv")
    spec = TrainingSpec(datalist=write_datalist(sam, labels).path, gpus=0, memory_mb=100)
    runs = [launch_run(sam, spec, scheduler) for _ in range(2)]
    for run in runs:
        run.cancel()
    until(lambda: all(run.status().state.ended for run in runs), "their end")
    sam.store.close()
    return sorted(run.id for run in runs)


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
    expect(page.locator(".ccds-about")).to_be_focused()
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
    # What was learnt before the kill is the same, but for the time that its last epoch took if that had to be done again.
    assert [row[:4] for row in values[: len(told)]] == [row[:4] for row in told]


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
    mine.get_by_role("button", name="Cancel").press("Enter")
    expect(mine.locator(".ccds-about")).to_be_focused()
    for page in (mine, theirs):
        expect(state(page)).to_contain_text("cancelled")

    expect(curve).to_have_attribute("aria-valuetext", re.compile(r"^Epoch 1, step 1: "))
    expect(curve).to_be_focused()
    expect(mine.get_by_role("button", name="Restart")).to_be_visible()


def test_the_table_can_be_read_while_the_run_goes_on(open_launcher):
    """New lines come below; nothing scrolls, and the focus stays."""
    page = open_launcher()
    launch(page, epochs=2000)
    expect(page.locator(".ccds-plot")).to_be_visible(timeout=STARTED_MS)
    until(lambda: len(rows(page)) > 20, "more lines than the table shows at once")
    table = page.get_by_role("region", name="Values as a table")
    table.focus()
    table.evaluate("region => { region.scrollTop = 40; }")
    before = len(rows(page))

    until(lambda: len(rows(page)) > before, "another line")

    assert table.evaluate("region => region.scrollTop") == 40
    expect(table).to_be_focused()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(state(page)).to_contain_text("cancelled")


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


def test_a_reload_of_jupyterlab_finds_form_and_chosen_run_again(lab, two_runs, open_page):
    """The kernel keeps them; what is typed in the launcher doesn't reach JupyterLab, but for Ctrl+S, which saves."""
    page = open_page(lab)
    open_notebook(page, lab.url, lab.notebook.name)
    run_all(page)
    run = two_runs[0]
    row = page.locator(f"[data-run='{run}'] button")
    row.click()
    expect(page.locator(".ccds-detail-head h3")).to_have_text(run)
    cells = page.locator(".jp-Cell").count()

    for key in ("d", "d", "b", "x"):  # JupyterLab's own would change the notebook
        row.press(key)
    fill(page, seed=77)
    page.keyboard.press("Control+s")
    until(lambda: "widget-view" in lab.notebook.read_text(), "the notebook to be saved", 8)
    page.reload()

    expect(page.locator(".ccds-detail-head h3")).to_have_text(run)
    expect(page.locator(".ccds-new [name=seed]")).to_have_value("77")
    expect(page.locator(".jp-Cell")).to_have_count(cells)
