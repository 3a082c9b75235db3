"""The monitoring app in a real browser, under a plain Voilà: the screen of a head of radiology."""

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from ccds_kernel.monitoring.publish import publish
from ccds_kernel.monitoring.record import open_record
from support.monitoring import TEXTS, release, year
from support.report_contract import ReportContract, chart, overflow, rows_of, told_by
from support.site import ADMINISTRATOR

pytestmark = pytest.mark.browser

NOTEBOOK = "monitoring.ipynb"
HEAD, CHEST = "ich-triage-1.2.0.json", "nodule-0.1.json"
NODULES = release(model="nodule", version="0.1", title="Chest CT: <b>nodules</b>", simulated=False)
PATIENT = re.compile("|".join(["SECRET", *TEXTS.values()]))


@pytest.fixture(scope="module")
def files(site) -> dict[str, bytes]:
    """What is published of two releases: file name → content."""
    folder = site.settings.paths.published / "monitoring"
    for made in (year(), replace(year(60), release=NODULES)):
        with open_record(made.release.id, person=ADMINISTRATOR, settings=site.settings, make=True) as record:
            record.register(made.release, made.phrases)
            record.load_predictions(made.predictions)
            record.load_final_reports(made.reports)
        publish(made.release.id, person=ADMINISTRATOR, settings=site.settings)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def app(serve):
    """The app for lea, who leads the site, in a session without a project."""
    return serve(NOTEBOOK, person="lea")


@pytest.fixture
def shelve(site, files):
    """Makes some of the files all that is published, or none."""
    folder = site.settings.paths.published / "monitoring"

    def put(*names: str) -> None:
        for path in folder.iterdir():
            path.unlink()
        for name in names:
            (folder / name).write_bytes(files[name])

    return put


@pytest.fixture
def open_app(app, shelve, open_page):
    """Opens the app, where one release is published, in a page of its own, and waits until it shows the metrics."""

    def open_it(**context):
        shelve(HEAD)
        page = open_page(app, **context)
        expect(page.get_by_role("radio")).to_have_count(5)
        return page

    return open_it


class TestReport(ReportContract):
    """What the screen of every report does."""

    notebook = NOTEBOOK
    marks = ((".ccds-whisker, .ccds-point > :is(circle, rect):not([class]), .ccds-base, .ccds-change line", "stroke"),)


def test_before_anything_is_published_the_page_says_who_does_it(app, shelve, open_page):
    """The administrators' command, not a blank screen."""
    shelve()

    page = open_page(app)

    expect(page.get_by_role("heading", name="Nothing is published yet")).to_be_visible()
    expect(page.locator(".ccds-command")).to_have_text("ccds monitoring publish --model MODEL --version VERSION")


def test_the_head_of_radiology_reads_release_source_and_verdicts(open_app, files):
    """Which model, what it does, from how many rows, when; each metric in one line; every number from the published file."""
    page = open_app()
    numbers = json.loads(files[HEAD])["numbers"]
    studies = sum(numbers["total"]["counts"].values())

    head = page.locator(".ccds-head")
    expect(head).to_contain_text("Head CT: acute hemorrhage")
    expect(head).to_contain_text("simulated scores")
    expect(head).to_contain_text(
        f"2024-01 to 2024-12. Computed from {studies:,} studies, their predictions and final reports, published "
    )
    expect(head).to_contain_text("Each month and scanner shown has at least 10 studies; how these came out may be any")
    newest = numbers["periods"][-1]["group"]["rates"]["sensitivity"]
    value = f"{100 * newest['value']:.0f}\u00a0%"
    expect(page.get_by_role("radio").first).to_have_accessible_name(
        re.compile(rf"^Sensitivity 2024-12: {value} \(95\u00a0% CI ")
    )
    expect(page.locator(".ccds-verdict").first).to_contain_text(value)
    expect(page.locator(".ccds-words")).to_contain_text("Sensitivity on DEMOCT4 since software 21.0.SS (2024-09): ")
    expect(chart(page, "Sensitivity by month").locator(".ccds-point")).to_have_count(12)
    expect(chart(page, "Sensitivity on ")).to_have_count(5)
    expect(chart(page, "Sensitivity on DEMOCT4").locator(".ccds-change")).to_have_text("21.0.SS from Sep")
    expect(page.locator(".ccds-change")).to_have_count(1)
    expect(chart(page, "Sensitivity on DEMOCT4").locator(".ccds-hidden")).to_have_count(1)
    expect(page.get_by_text("not shown: 2024-09 in part")).to_be_visible()
    expect(chart(page, "Studies by month").locator(".ccds-point")).to_have_count(12)


def test_everything_works_by_keyboard_alone(open_app):
    """Metrics by arrow keys, charts by tab, months by arrow keys with their values; a choice is there after a reload."""
    page = open_app()
    press = page.keyboard.press
    tip = page.locator(".ccds-tip")
    page.get_by_role("radio").first.focus()

    press("ArrowRight")
    expect(page.get_by_role("heading", name="Specificity by month")).to_be_visible()
    expect(page.get_by_role("radio").nth(1)).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Specificity 2024-12")).to_be_attached()
    press("Tab")
    expect(tip).to_contain_text("2024-01: ")
    press("ArrowRight")
    press("ArrowRight")
    expect(tip).to_contain_text("2024-03: ")
    expect(tip).to_contain_text("negative studies")
    press("End")
    expect(tip).to_contain_text("2024-12: ")
    press("Escape")
    expect(tip).to_be_hidden()
    press("Tab")
    expect(tip).to_contain_text("software 20.4.SS")
    expect(chart(page, "Specificity on DEMOCT1").locator(".ccds-point:focus")).to_have_count(1)
    page.reload()

    expect(page.get_by_role("radio", checked=True)).to_have_accessible_name(re.compile("^Specificity"))


def test_pointing_at_a_month_tells_its_numbers(open_app):
    """Anywhere in the month's height; away from it the words go."""
    page = open_app()
    tip = page.locator(".ccds-tip")

    chart(page, "Sensitivity by month").locator(".ccds-hit").nth(7).hover(position={"x": 8, "y": 200})
    expect(tip).to_contain_text("2024-08: ")
    expect(tip).to_contain_text("positive studies")
    page.get_by_role("heading", name="Head CT").hover()

    expect(tip).to_be_hidden()


def test_the_tables_say_what_the_charts_show(open_app):
    """The same twelve values with their intervals, in tables with headings for screen readers."""
    page = open_app()

    page.get_by_text("The same numbers as tables").click()

    assert [told.partition(" Only")[0] for told in told_by(page, "Sensitivity by month")] == [
        f"{when}: {value} (95\u00a0% CI {interval}), {of} positive studies."
        for when, value, interval, of, _ in rows_of(page, "Sensitivity by month of the final report")
    ]
    expect(page.get_by_role("table")).to_have_count(4)
    expect(page.get_by_role("columnheader", name="95 % interval").first).to_be_visible()


def test_no_patient_reaches_the_page(open_app):
    """Neither what the kernel sends nor what the page shows holds an accession number or a word of a report."""
    frames = []

    def keep(frame) -> None:
        frames.append(frame if isinstance(frame, str) else frame.decode(errors="replace"))

    page = open_app()
    page.on("websocket", lambda socket: socket.on("framereceived", keep))

    page.reload()
    expect(page.get_by_role("radio")).to_have_count(5)
    for metric in page.get_by_role("radio").all():
        metric.check(force=True)
    page.get_by_text("The same numbers as tables").click()

    received = "".join(frames)
    assert "DEMOCT4" in received
    assert not PATIENT.search(received)
    assert not PATIENT.search(page.content())


def test_a_narrow_page_scrolls_one_way_only(open_app):
    """At 1000 px nothing lies beyond the right edge, at 1280 the five scanners stand in one row."""
    page = open_app(viewport={"width": 1000, "height": 700})
    tops = "() => new Set([...document.querySelectorAll('.ccds-scanners figure')].map((one) => one.offsetTop)).size"

    narrow = overflow(page), page.evaluate(tops)
    page.set_viewport_size({"width": 1280, "height": 700})
    expect(page.locator(".ccds-scanners")).to_have_css("grid-template-columns", re.compile(r"^(\S+ ){4}\S+$"))
    wide = overflow(page), page.evaluate(tops)

    assert (narrow, wide) == ((0, 2), (0, 1))


def test_too_few_studies_are_said_and_no_chart_is_drawn(app, shelve, open_page, site):
    """Until ten studies are in months that are over: one heading, and why."""
    made = replace(year(9), release=release(version="0.9"))
    with open_record(made.release.id, person=ADMINISTRATOR, settings=site.settings, make=True) as record:
        record.register(made.release, made.phrases)
        record.load_predictions(made.predictions)
        record.load_final_reports(made.reports)
    shelve()
    publish(made.release.id, person=ADMINISTRATOR, settings=site.settings)

    page = open_page(app)

    expect(page.get_by_role("heading", name="Too few studies to show a rate")).to_be_visible()
    expect(
        page.get_by_text("Fewer than 10 studies with a labelled final report in months that are over")
    ).to_be_visible()
    expect(page.locator(".ccds-monitoring svg")).to_have_count(0)


def test_of_several_releases_one_is_chosen_and_another_after_it(app, shelve, open_page):
    """The page asks which; a list above the numbers changes it; a reload shows the one chosen last. A title is no HTML."""
    shelve(HEAD, CHEST)
    page = open_page(app)

    page.get_by_role("button", name="nodule 0.1").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Chest CT: <b>nodules</b>")
    expect(page.locator(".ccds-head")).not_to_contain_text("simulated")
    expect(page.locator(".ccds-few").last).to_contain_text("too few to conclude from")
    page.get_by_label("Release").select_option("ich-triage-1.2.0")
    expect(page.get_by_role("heading", level=2)).to_have_text("Head CT: acute hemorrhage")
    page.reload()

    expect(page.get_by_role("heading", level=2)).to_have_text("Head CT: acute hemorrhage")
