"""The monitoring app in a real browser, under a plain Voilà: the screen of a head of radiology."""

import json
import os
import re
import signal
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from ccds_kernel.monitoring.publish import publish
from ccds_kernel.monitoring.record import open_record
from support.contrast import contrast, luminance, over
from support.monitoring import TEXTS, release, year
from support.site import ADMINISTRATOR

pytestmark = pytest.mark.browser

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
    return serve("monitoring.ipynb", person="lea")


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


def chart(page, name: str):
    """The chart whose name begins so."""
    return page.get_by_role("group", name=re.compile(f"^{name}"))


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
    names = [
        mark.get_attribute("aria-label") for mark in chart(page, "Sensitivity by month").locator(".ccds-point").all()
    ]

    page.get_by_text("The same numbers as tables").click()
    rows = (
        page.get_by_role("table", name="Sensitivity by month of the final report").get_by_role("row").all_inner_texts()
    )

    cells = [row.split("\t") for row in rows[1:]]
    told = [
        f"{when}: {value} (95\u00a0% CI {interval}), {of} positive studies." for when, value, interval, of, _ in cells
    ]
    assert [name.partition(" Only")[0] for name in names] == told
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
    overflow = "() => document.querySelector('#main').scrollWidth - document.querySelector('#main').clientWidth"
    tops = "() => new Set([...document.querySelectorAll('.ccds-scanners figure')].map((one) => one.offsetTop)).size"

    narrow = page.evaluate(overflow), page.evaluate(tops)
    page.set_viewport_size({"width": 1280, "height": 700})
    expect(page.locator(".ccds-scanners")).to_have_css("grid-template-columns", re.compile(r"^(\S+ ){4}\S+$"))
    wide = page.evaluate(overflow), page.evaluate(tops)

    assert (narrow, wide) == ((0, 2), (0, 1))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_are_legible(open_app, scheme):
    """AA contrast in light and dark: 4.5 : 1 for each text, in charts, too, and 3 : 1 for each mark and interval."""
    page = open_app(color_scheme=scheme)
    page.get_by_text("The same numbers as tables").click()
    expect(page.get_by_role("table")).to_have_count(4)
    looks = """([selector, ink]) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility()).map((one) => {
      const behind = [];
      for (let place = one; place; place = place.parentElement) behind.push(getComputedStyle(place).backgroundColor);
      return [one.className?.baseVal ?? one.className, getComputedStyle(one)[ink], behind];
    })"""

    words = page.evaluate(looks, [".ccds-body :is(h2, h3, h4, p, li, th, td, b, summary, span)", "color"])
    words += page.evaluate(looks, [".ccds-body svg text", "fill"])
    marks = page.evaluate(
        looks,
        [".ccds-whisker, .ccds-point > :is(circle, rect):not([class]), .ccds-base, .ccds-change line", "stroke"],
    )

    assert (luminance(over(words[0][2])) < 0.2) == (scheme == "dark")
    assert min(len(words), len(marks)) > 100
    assert [(name, contrast(ink, behind)) for name, ink, behind in words if contrast(ink, behind) < 4.5] == []
    assert [(name, contrast(ink, behind)) for name, ink, behind in marks if contrast(ink, behind) < 3] == []


def test_on_paper_the_page_is_whole_and_light(open_app):
    """Printed from the dark theme: black on white, as long as it is."""
    page = open_app(color_scheme="dark")

    page.emulate_media(media="print", color_scheme="dark")

    expect(page.locator("#main")).to_have_css("position", "static")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator(".ccds-monitoring")).to_have_css("color", "rgb(27, 36, 48)")


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


def test_a_lost_kernel_is_told_in_the_app_s_own_words(app, open_app):
    """Nothing was typed here that could be lost; a reload brings back what is published."""
    page = open_app()

    for pid in app.kernels():
        os.kill(pid, signal.SIGKILL)

    lost = page.get_by_role("alert").filter(has_text="Connection lost. What you see is what was published when you")
    expect(lost).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Reload the page").click()
    expect(lost).to_be_hidden()  # only the new page hides it
    expect(page.get_by_role("radio")).to_have_count(5)


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


def test_somebody_else_reads_why_they_are_turned_away(serve, open_page):
    """A fellow sees one line and whom to ask, and no number."""
    page = open_page(serve("monitoring.ipynb", person="fay"))

    expect(
        page.get_by_role("alert").filter(has_text="Expected somebody of this site's leadership; found fay")
    ).to_be_visible()
    expect(page.locator(".ccds-body")).to_be_hidden()
