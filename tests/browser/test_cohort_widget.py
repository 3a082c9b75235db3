"""The cohort app in a real browser, under a plain Voilà, on a real archive: somebody counts studies, keeps criteria, fetches."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.archive.site import archive_of
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.asking import ask_archive, keep_criteria
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import Outcome, State
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from support.boxes import cut_off
from support.cohort_site import PROJECT, WANTED, CohortSite, filled_orthanc, make_site
from support.contrast import below, both_schemes, looks
from support.orthanc import Orthanc
from support.voila import App, served
from support.waiting import PATIENCE, until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory) -> Iterator[Orthanc]:
    """An archive."""
    with filled_orthanc(tmp_path_factory.mktemp("files")) as running:
        yield running


@pytest.fixture(scope="module")
def hospital(orthanc, tmp_path_factory) -> CohortSite:
    """A site that asks it."""
    return make_site(tmp_path_factory.mktemp("hospital"), orthanc)


@pytest.fixture(scope="module")
def serve_to(hospital, tmp_path_factory) -> Iterator[Callable[[str], App]]:
    """Serves the app as the session of a person."""
    with ExitStack() as running:
        yield lambda person: running.enter_context(
            served(
                "cohort.ipynb",
                tmp_path_factory.mktemp("voila"),
                config=hospital.config,
                person=person,
                project=PROJECT,
            )
        )


@pytest.fixture(scope="module")
def app(serve_to) -> App:
    """The app for sam, a scientist."""
    return serve_to("sam")


@pytest.fixture
def project(hospital) -> Iterator[Project]:
    """HEAD-1, opened by eve, to make what a test shows."""
    opened = open_project(PROJECT, Action.WRITE_IMAGES, person="eve", settings=hospital.settings)
    yield opened
    opened.close()


@pytest.fixture
def queued(project) -> RetrievalQueue:
    """A queue of five more studies, which the archive doesn't have: one failed, one was refused, three wait."""
    queue = RetrievalQueue(project)
    begin = queue.counts().total()
    criteria = Criteria(frozenset({"CTHEAD"}), date(2024, 1, 1), date(2024, 3, 31))
    studies = [
        StudyFound(f"1.2.{begin + n}", f"ZZQ{begin + n}", None, ("CTHEAD",), date(2024, 1, n), instances=9)
        for n in range(1, 6)
    ]
    queue.request(studies, keep_criteria(project, "others", criteria))
    with project.store.writing() as connection:
        for outcome in (
            Outcome(State.FAILED, "no file came (0 of 9)", announced=9),
            Outcome(State.REFUSED, "another patient in 9 files", doubt="other-patient", received=9, announced=9),
        ):
            request = rows.claim(connection)
            assert request is not None
            rows.settle(connection, request.id, outcome)
    return queue


@pytest.fixture
def at_work(project) -> Iterator[None]:
    """A worker of eve's: none is started beside it."""
    with project.store.writing() as connection:
        run = rows.begin_run(connection, "eve")
    yield
    with project.store.writing() as connection:
        rows.end_run(connection, run, 0, None)


@pytest.fixture
def closed(hospital) -> Iterator[None]:
    """The archive's password is the service account's for a while."""
    hospital.close_archive()
    yield
    hospital.close_archive(closed=False)


def counted(page: Page) -> None:
    """Counts, and waits until it is done."""
    page.get_by_role("button", name=re.compile("^Count")).click()
    expect(page.get_by_role("heading", name="What the archive has")).to_be_visible()


def test_studies_are_counted_kept_and_fetched(app, open_page, hospital):
    """From exam codes and days to files in the project: exactly those that were counted, confirmed first."""
    page = open_page(app)
    expect(page.get_by_role("group", name="Exam codes that")).to_be_visible()

    counted(page)

    counts = page.get_by_role("region", name="What the archive has")
    expect(counts.locator(".ccds-sum")).to_have_text("6 studies18 instances")
    expect(counts.get_by_role("img", name="2024-01: 4 studies")).to_be_attached()
    expect(counts.get_by_role("img", name="2024-02: 0 studies")).to_be_attached()
    expect(counts.get_by_role("table", name="Studies by exam code")).to_contain_text("MRHEAD")
    expect(counts.get_by_role("table", name="Studies by scanner").get_by_role("rowheader")).to_have_count(2)

    page.get_by_label("Name", exact=True).fill("heads")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.locator(".ccds-done")).to_contain_text("Kept as heads-v1.")
    kept = page.get_by_role("table", name="Kept criteria").get_by_role("row", name=re.compile("^heads-v1"))
    expect(kept).to_contain_text("sam")
    page.get_by_role("button", name="Fetch heads-v1").click()

    confirm = page.get_by_role("region", name="Confirm heads-v1")
    expect(confirm).to_contain_text("6 studies will be fetched.")
    assert not (hospital.settings.paths.projects / PROJECT / "dicom").exists()
    page.keyboard.press("y")
    expect(page.locator(".ccds-done")).to_have_text("6 studies put into the queue.")
    page.get_by_role("button", name=re.compile("^Fetch 6 studies")).click()

    expect(page.get_by_role("heading", name="6 of 6 studies arrived")).to_be_visible(timeout=60_000 * PATIENCE)
    expect(page.get_by_role("progressbar", name="Studies that arrived")).to_have_attribute("aria-valuetext", "6 of 6")
    assert len(list((hospital.settings.paths.projects / PROJECT / "dicom").glob("*/*/*.dcm"))) == 3 * len(WANTED)


def test_fetching_goes_on_without_the_page(orthanc, tmp_path, open_page):
    """Its kernel is killed in the middle: the worker is a process of its own, and whoever comes next sees how far it is."""
    site = make_site(tmp_path, orthanc, ["mb_per_second = 0.002"])
    project = open_project(PROJECT, Action.WRITE_IMAGES, person="eve", settings=site.settings)
    criteria = Criteria(frozenset({"CTHEAD", "MRHEAD"}), date(2024, 1, 1), date(2024, 3, 31))
    queue, kept = RetrievalQueue(project), keep_criteria(project, "heads", criteria)
    queue.request(ask_archive(project, archive_of(site.settings), kept).meeting, kept)
    (tmp_path / "voila").mkdir()
    with served("cohort.ipynb", tmp_path / "voila", config=site.config, person="sam", project=PROJECT) as app:
        page = open_page(app)
        expect(page.get_by_role("group", name="Exam codes that")).to_be_visible()
        page.keyboard.press("Alt+2")
        page.get_by_role("button", name=re.compile("^Fetch 6 studies")).click()
        expect(page.locator(".ccds-worker")).to_contain_text("sam’s worker fetches.", timeout=60_000 * PATIENCE)

        for kernel in app.kernels():
            os.kill(kernel, signal.SIGKILL)
        killed_at = queue.counts()[State.ARRIVED]

        assert killed_at < len(WANTED)
        until(lambda: queue.counts()[State.ARRIVED] == len(WANTED), "the studies to arrive", seconds=90)
        page = open_page(app)
        page.get_by_role("button", name="Fetch", exact=True).click()
        expect(page.get_by_role("heading", name="6 of 6 studies arrived")).to_be_visible()
    project.close()


def test_the_form_is_filled_by_keyboard_and_refuses_in_place(app, open_page):
    """A code beyond the application, a day beyond it, no code at all: each line at its field; a reload keeps the choice."""
    page = open_page(app)
    press = page.keyboard.press
    field = page.get_by_role("textbox", name="Exam code")
    expect(field).to_be_visible()

    press("/")
    page.keyboard.type("CTKNEE")
    press("Enter")
    expect(page.get_by_role("alert").filter(has_text="found CTKNEE; name what it covers")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("")
    page.get_by_role("button", name="None").press("Enter")
    field.fill("mr")
    field.press("Enter")
    expect(field).to_have_value("")
    expect(page.get_by_role("button", name="MRHEAD")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="CTHEAD")).to_have_attribute("aria-pressed", "false")
    page.get_by_label("First day").fill("2023-12-01")
    press("Escape")
    press("c")
    expect(page.get_by_role("alert").filter(has_text="Expected a day from 2024-01-01 to 2024-03-31")).to_be_visible()
    page.get_by_label("First day").fill("2024-03-01")
    press("Escape")
    press("c")
    expect(page.locator(".ccds-sum b")).to_have_text("1 study")
    page.reload()

    expect(page.get_by_role("button", name="MRHEAD")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("First day")).to_have_value("2024-03-01")
    press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("count: ask the archive")


def test_a_day_is_typed_part_by_part(app, open_page):
    """Month, day and the year's four digits, whatever else changes meanwhile, on both screens; the whole day is what counts."""
    for screen in ("Alt+1", "Alt+3"):
        page = open_page(app, locale="en-US")
        expect(page.get_by_role("group", name="Exam codes that")).to_be_visible()
        page.keyboard.press(screen)
        first = page.get_by_label("First day").locator("visible=true")
        code = page.locator(".ccds-codes > * >> visible=true").first
        expect(first).to_have_value("2024-01-01")

        first.focus()
        for key in "03022024":
            page.keyboard.press(key)
            code.evaluate("code => code.click()")  # which draws the form anew

        expect(first).to_be_focused()
        expect(first).to_have_value("2024-03-02")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.reload()
        expect(page.get_by_label("First day").locator("visible=true")).to_have_value("2024-03-02")


def test_a_day_that_can_not_be_is_told_at_its_field_at_once(app, open_page):
    """Beyond the application as soon as its year is there, a part of one when the field is left; nothing is counted by them."""
    page = open_page(app, locale="en-US")
    expect(page.get_by_role("group", name="Exam codes that")).to_be_visible()
    first = page.get_by_label("First day")
    first.focus()

    for key in "03022023":
        page.keyboard.press(key)

    beyond = page.get_by_role("alert").filter(has_text="Expected a day from 2024-01-01 to 2024-03-31")
    expect(beyond).to_contain_text("found 2023-03-02")
    expect(first).to_have_attribute("aria-invalid", "true")
    expect(first).to_be_focused()
    for key in ("Shift+Tab", "Shift+Tab", "Backspace"):  # back to the month, which is taken away
        page.keyboard.press(key)
    page.get_by_role("button", name="None").focus()
    expect(beyond).to_have_count(0)
    expect(page.get_by_role("alert").filter(has_text="found part of one, or one that no calendar has")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator(".ccds-sum")).to_have_count(0)


@pytest.mark.usefixtures("at_work")
def test_cards_say_why_studies_are_not_there(app, open_page, queued):
    """By keyboard: one is tried again, one put first, one found by its key; no patient is named."""
    page = open_page(app)
    expect(page.get_by_role("group", name="Exam codes that")).to_be_visible()
    press = page.keyboard.press
    press("Alt+2")
    failed = page.get_by_role("listitem", name=re.compile("failed$"))
    refused = page.get_by_role("listitem", name=re.compile("refused$"))
    expect(failed).to_contain_text("No file came (0 of 9).")
    expect(failed).to_contain_text("tried 1 of 2")
    expect(refused).to_contain_text("Another patient in 9 files.")
    expect(refused).to_contain_text("asking again would bring the same")
    expect(refused.get_by_role("button")).to_have_count(0)

    failed.focus()
    press("r")
    expect(failed).to_have_count(0)
    press("]")
    waiting = page.get_by_role("listitem", name=re.compile("waiting$"))
    expect(waiting).to_have_count(4)
    last = waiting.last.get_attribute("data-study")
    waiting.last.focus()
    press("a")
    expect(waiting.first).to_have_attribute("data-study", last)
    expect(waiting.first).to_contain_text("ahead of all")
    page.get_by_role("textbox", name="Study key").fill(last)
    page.get_by_role("textbox", name="Study key").press("Enter")
    expect(waiting).to_have_count(1)

    assert queued.counts()[State.FAILED] == 0
    assert "ZZQ" not in page.content()


def test_the_end_of_a_run_tells_what_is_not_there(app, open_page, queued, project):
    """How many, why, and when one was tried last; it leads to their cards."""
    with project.store.writing() as connection:
        run = rows.begin_run(connection, "eve")
    page = open_page(app)
    expect(page.get_by_role("group", name="Exam codes that")).to_be_visible()
    page.keyboard.press("Alt+2")
    expect(page.get_by_role("listitem", name=re.compile("refused$")).first).to_be_visible()
    page.keyboard.press("]")
    expect(page.get_by_role("listitem", name=re.compile("waiting$")).first).to_be_visible()
    missing = page.get_by_role("group", name="What couldn’t be fetched")
    expect(missing).to_have_count(0)

    with project.store.writing() as connection:
        rows.end_run(connection, run, 0, None)

    number = queued.counts()[State.FAILED] + queued.counts()[State.REFUSED]
    expect(missing).to_contain_text(f"{number} studies couldn’t be fetched.")
    expect(missing.get_by_role("listitem").filter(has_text="another patient")).to_contain_text("last tried today")
    expect(page.get_by_role("status").filter(has_text="Fetching has ended.")).to_be_attached()
    missing.get_by_role("button", name="Show them").click()
    expect(page.get_by_role("listitem", name=re.compile("refused$")).first).to_be_visible()


@pytest.mark.usefixtures("closed")
def test_where_the_archive_is_closed_the_site_is_asked(serve_to, open_page):
    """Both screens say so; criteria are kept, and left to the site."""
    page = open_page(serve_to("eve"))
    expect(page.get_by_role("note")).to_contain_text("The site asks the archive.")
    expect(page.get_by_role("button", name=re.compile("^Count"))).to_have_count(0)

    page.get_by_label("Name", exact=True).fill("for-the-site")
    page.get_by_label("Name", exact=True).press("Enter")
    page.get_by_role("button", name="Fetch for-the-site-v1").click()
    page.get_by_role("button", name="Let the site ask").click()

    expect(page.get_by_role("region", name="What was asked for")).to_contain_text("waits for the site to ask")


def test_words_stand_out_in_both_themes(app, open_page, queued):
    """AA contrast, 4.5 : 1 for each text, on all three screens; nothing is cut off on a narrow one."""
    assert queued.counts()[State.REFUSED]
    page = open_page(app)
    expect(page.get_by_role("group", name="Exam codes that")).to_be_visible()
    counted(page)
    for key, shown in (("Alt+1", ".ccds-sum"), ("Alt+2", ".ccds-study"), ("Alt+3", ".ccds-kept")):
        page.keyboard.press(key)
        expect(page.locator(shown).first).to_be_visible()

        for scheme in both_schemes(page):
            words = looks(
                page, ".ccds-cohort :is(h2, h3, p, b, span, th, td, code, kbd, legend, label, button:enabled)"
            )

            assert words[0].is_on_dark == (scheme == "dark")
            assert len(words) > 20
            assert below(4.5, words) == []
        for width in (480, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert cut_off(page) == []
