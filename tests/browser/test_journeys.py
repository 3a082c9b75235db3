"""What people do first, through the real hub in a real browser."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.settings import load_settings
from ccds_kernel.training.run import runs_of
from ccds_kernel.training.state import RunState
from support.browser import drag_over, hosts_asked
from support.demo import APP, LAB, PROJECT, Demo
from support.lab import new_notebook, open_notebook, run_all, run_until_it_prints
from support.training import need_training
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
    for person, session in (("fay", APP), ("sam", LAB), ("lee", "reports")):
        demo.stop(demo.login(person), person, session)


@pytest.fixture
def project(demo: Demo) -> Iterator[Project]:
    """The demo's project, opened for sam."""
    opened = open_project(PROJECT, Action.TRAIN, person="sam", settings=load_settings(demo.folder / "ccds.toml"))
    yield opened
    opened.store.close()


@pytest.fixture
def no_phrase_left(demo: Demo) -> Iterator[None]:
    """The phrase list of the demo's task ends as it began."""
    settings = load_settings(demo.folder / "ccds.toml")
    opened = open_project(PROJECT, Action.OPEN_LABELING, person="fay", settings=settings)
    (task,) = TaskRepository(opened).tasks()
    repository = LabelingRepository(opened, task.id)
    before = {phrase.id for phrase in repository.phrases()}
    yield
    for phrase in repository.phrases():
        if phrase.id not in before:
            repository.remove_phrase(phrase.id)
    opened.store.close()


def login(page: Page, demo: Demo, person: str) -> None:
    """Logs in by hand and lands on the home page."""
    page.goto(f"{demo.url}/")
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(demo.passwords[person])
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{demo.url}/hub/home")


def start(page: Page, what: str) -> None:
    """Begins, on the home page, the session that `what` is in."""
    page.get_by_role("article").filter(has=page.get_by_role("heading", name=what)).get_by_role(
        "link", name="Start"
    ).click()


@pytest.mark.usefixtures("no_phrase_left")
def test_fellow_labels_reports_and_finds_the_phrase_after_a_reload(page: Page, demo: Demo) -> None:
    """A fellow logs in, opens labelling, selects a phrase, gives it a label, sees its count; after a reload it is there."""
    login(page, demo, "fay")
    start(page, "Label reports")
    expect(page).to_have_url(re.compile(rf"/user/fay/{APP}/voila/render/labeling\.ipynb"), timeout=60_000)
    expect(page.locator(".ccds-done")).to_contain_text(" of 4,000 reports labelled", timeout=60_000)
    before = page.locator(".ccds-done").inner_text()
    phrases = page.locator(".ccds-phrase")
    some = phrases.count()
    words = _first_words(page)

    drag_over(page, words, section=1)
    page.get_by_label("New label").fill("noted")
    page.keyboard.press("Enter")

    expect(phrases).to_have_count(some + 1)
    expect(page.locator(".ccds-done")).not_to_have_text(before)
    counted = page.locator(".ccds-done").inner_text()
    page.reload()
    expect(phrases.last).to_contain_text(words, ignore_case=True, timeout=60_000)
    expect(page.locator(".ccds-done")).to_have_text(counted)


def test_scientist_gets_a_lab_session_on_one_gpu_slot(page: Page, demo: Demo) -> None:
    """A scientist chooses one GPU; a notebook there has the session's project at hand and sees exactly one slot."""
    login(page, demo, "sam")
    start(page, "JupyterLab")
    expect(page.get_by_role("heading", name="JupyterLab for")).to_be_visible()
    expect(page.get_by_role("radio", name="1")).to_be_checked()

    page.get_by_role("button", name="Start").click()

    expect(page).to_have_url(re.compile(rf"/user/sam/{LAB}/lab"), timeout=60_000)
    editor = new_notebook(page, f"{demo.url}/user/sam/{LAB}/")
    expect(page.get_by_text("Jupyter news")).to_have_count(0)
    editor.fill(CODE)
    output = page.locator(".jp-OutputArea-output").first
    run_until_it_prints(editor, output)
    expect(output).to_have_text(re.compile(r"^HEADCT-2026 slots \d\s*$"))


@pytest.mark.timeout(600)
def test_scientist_tunes_a_recipe_and_trains_a_model(page: Page, demo: Demo, project: Project, tmp_path: Path) -> None:
    """Both walk-throughs run to their end: the saved recipe gives on the command line what the page showed; the loss falls."""
    need_training()
    login(page, demo, "sam")
    start(page, "JupyterLab")
    page.get_by_role("button", name="Start").click()
    expect(page).to_have_url(re.compile(rf"/user/sam/{LAB}/lab"), timeout=60_000)
    session = f"{demo.url}/user/sam/{LAB}/"
    work = project.folder / "work" / "sam"
    before = {run.id for run in runs_of(project, demo.scheduler)}

    open_notebook(page, session, "walkthroughs/normalization.ipynb")
    run_all(page)
    expect(page.locator(".ccds-caption").nth(1)).to_contain_text("slice", timeout=60_000)
    page.get_by_label("Name of the recipe").fill("brain")
    page.get_by_role("button", name="Save recipe").click()
    shown = page.locator("[data-hash='output']").inner_text()
    applied = run_command(page.locator("[data-command='apply']").inner_text(), work, tmp_path / "out.nii.gz")

    open_notebook(page, session, "walkthroughs/training.ipynb")
    run_all(page)
    expect(page.locator(".ccds-training form")).to_be_visible(timeout=60_000)
    page.get_by_label("Epochs").fill("12")
    page.get_by_label("Image size").fill("32")
    page.get_by_role("button", name="Train", exact=True).click()
    (run,) = until(lambda: [one for one in runs_of(project, demo.scheduler) if one.id not in before], "the run")
    page.goto(f"{demo.url}/hub/home")  # the notebook is closed; the run goes on
    until(lambda: run.status().state.ended, "the training to end", seconds=300)
    losses = [metric.loss for metric in run.curve() if metric.closes_epoch]
    open_notebook(page, session, "walkthroughs/training.ipynb")
    run_all(page)
    expect(page.locator(".ccds-training").get_by_text("12 of 12 epochs done").first).to_be_visible(timeout=60_000)

    assert applied == shown
    assert (run.status().state, run.status().reason) == (RunState.FINISHED, "")
    assert len(losses) == 12
    assert sum(losses[-3:]) < 0.95 * sum(losses[:3])


def run_command(words: str, folder: Path, out: Path) -> str:
    """Runs what the page offers to copy, as in a terminal of the session; the hash that its provenance tells."""
    program, *arguments = shlex.split(words)
    assert program == "ccds"
    arguments[-1] = str(out)
    subprocess.run([Path(sys.executable).with_name("ccds"), *arguments], cwd=folder, check=True, capture_output=True)
    return str(json.loads(out.with_name("out.json").read_text())["output"]["sha256"])


def test_leadership_sees_whether_the_model_still_works_and_nothing_else(page: Page, demo: Demo) -> None:
    """The chart of the deployed model, with what changed on one scanner; no lab, no labelling, no other page of the session."""
    login(page, demo, "lee")
    page.get_by_role("link", name="Start").first.click()
    expect(page).to_have_url(re.compile(r"/user/lee/reports/voila/render/monitoring\.ipynb"), timeout=60_000)

    expect(page.locator(".ccds-monitoring svg").first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="ICH detector")).to_be_visible()
    expect(page.locator(".ccds-monitoring")).to_contain_text("Sensitivity on DEMOCT4 since software 21.0.SS (2024-09")
    shown = page.content()
    page.goto(f"{demo.url}/hub/home")
    page.get_by_role("article").filter(has_text="Who used the GPUs").get_by_role("link", name="Open").click()
    expect(page.get_by_role("heading", name="What the cluster is used for")).to_be_visible(timeout=60_000)
    expect(page.locator(".ccds-cluster")).to_contain_text("pretended figures")
    expect(page.locator(".ccds-cluster svg[role=group]")).to_have_count(4)
    for other in ("lab", "tree", "api/contents", "files/monitoring.ipynb", "voila/render/labeling.ipynb"):
        answer = page.goto(f"{demo.url}/user/lee/reports/{other}")
        assert answer is not None
        assert answer.status == 403
    for session in (LAB, APP):
        answer = page.goto(f"{demo.url}/hub/spawn/lee/{session}")
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_role("alert").first).to_contain_text("lee as leadership")
    assert not re.search(r"DEMO-(P\d{5}|\d{6})", shown)


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
