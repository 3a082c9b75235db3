"""The cluster app in a real browser, under a plain Voilà: what leadership reads about the site's GPUs."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from ccds_kernel.cluster.publication import write_report
from ccds_kernel.cluster.report import compute
from ccds_kernel.demo.cluster import pretended
from support.report_contract import ReportContract, chart, overflow, rows_of, told_by

pytestmark = pytest.mark.browser

NOTEBOOK = "cluster.ipynb"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
REPORT = compute(*pretended(3, NOW), NOW, pretended=True)


@pytest.fixture(scope="module")
def app(serve):
    """The app for lea, who leads the site, in a session without a project."""
    return serve(NOTEBOOK, person="lea")


@pytest.fixture
def open_app(app, site, open_page):
    """Opens the app, where a report is published, in a page of its own, and waits until its charts are there."""

    def open_it(**context):
        write_report(site.settings.paths.published, REPORT)
        page = open_page(app, **context)
        expect(chart(page, "GPU-hours by month")).to_be_visible()
        return page

    return open_it


class TestReport(ReportContract):
    """What the screen of every report does."""

    notebook = NOTEBOOK
    marks = (
        (".ccds-whisker, .ccds-p95, .ccds-bar, .ccds-point > :is(circle, path)", "stroke"),
        (".ccds-idle", "fill"),
    )


def test_leadership_reads_who_used_what(open_app):
    """Where the numbers come from, that they are pretended, one month in figures, each person and project once."""
    page = open_app()
    (month,) = (one for one in REPORT.periods if one.name == "2026-10")
    people = {one.person for one in month.held}

    expect(page.locator(".ccds-head")).to_contain_text("pretended figures")
    expect(page.locator(".ccds-source")).to_contain_text(
        f"Computed from {REPORT.sessions} sessions on nodes and {REPORT.trainings} trainings, published 2026-11-26 12:00 UTC."
    )
    expect(page.get_by_label("In detail:")).to_have_value("2026-10")
    tiles = page.locator(".ccds-verdict")
    expect(tiles).to_have_count(4)
    expect(tiles.nth(0)).to_contain_text(f"{sum(one.gpu_hours for one in month.held):,.0f}")
    expect(tiles.nth(1)).to_contain_text(f"n = {month.waits['first'].came}")
    expect(page.get_by_role("table", name="GPU-hours by person, 2026-10").get_by_role("rowheader")).to_have_count(
        len(people)
    )
    expect(chart(page, "GPU-hours by month").locator(".ccds-point")).to_have_count(4)
    expect(chart(page, "Waits for ")).to_have_count(2)
    expect(page.locator(".ccds-words")).to_contain_text("Further nodes: 43 asked for, 39 came; half within")


def test_everything_works_by_keyboard_alone(open_app):
    """Lengths by arrow keys, the period by its list, charts by tab and arrow keys; a choice is there after a reload."""
    page = open_app()
    press = page.keyboard.press
    tip = page.locator(".ccds-tip")
    page.get_by_role("radio", name="Months").focus()

    press("ArrowRight")
    expect(page.get_by_role("heading", name="GPU-hours by week", exact=True)).to_be_visible()
    expect(page.get_by_role("radio", name="Weeks")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="2026-W47. First nodes:")).to_be_attached()
    press("Tab")
    press("ArrowDown")
    expect(page.get_by_label("In detail:")).to_have_value("2026-W46")
    expect(page.get_by_role("heading", name="Who held GPUs: 2026-W46")).to_be_visible()
    press("Tab")
    expect(tip).to_contain_text("2026-W36: ")
    press("End")
    expect(tip).to_contain_text("2026-W48 so far: ")
    press("Escape")
    expect(tip).to_be_hidden()
    press("Tab")
    expect(tip).to_contain_text(re.compile(r"median .+, n = \d+"))
    page.reload()

    expect(page.get_by_role("radio", checked=True)).to_have_accessible_name("Weeks")
    expect(page.get_by_label("In detail:")).to_have_value("2026-W46")


def test_a_click_on_a_month_shows_it_in_detail(open_app):
    """Anywhere in the month's height."""
    page = open_app()

    chart(page, "GPU-hours by month").locator(".ccds-hit").nth(1).click(position={"x": 8, "y": 40})

    expect(page.get_by_label("In detail:")).to_have_value("2026-09")
    expect(page.get_by_role("heading", name="How sessions and trainings ended: 2026-09")).to_be_visible()


def test_the_tables_say_what_the_charts_show(open_app):
    """A table for each chart, with a row for each period; waits with their n and what became of the rest."""
    page = open_app()

    page.get_by_text("The same numbers as tables").click()

    assert told_by(page, "GPU-hours by month") == [
        f"{when}: {total} GPU-hours, first nodes {first}, further nodes {further}, batch work {batch}"
        for when, total, first, further, batch in rows_of(page, "GPU-hours by month")
    ]
    waits = page.get_by_role("table", name="Waits for further nodes by month")
    expect(waits.get_by_role("columnheader")).to_have_text(
        [
            "Month", "Asked for", "Came", "Median wait", "95 % interval", "95 of 100 within", "Longest",
            "Waiting (longest)", "Ended before (longest)",
        ]
    )  # fmt: skip
    expect(page.get_by_role("table", name=re.compile("^Idle share"))).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(8)


def test_a_narrow_page_scrolls_one_way_only(open_app):
    """At 1000 px nothing lies beyond the right edge, at 1280 the waits stand beside each other."""
    page = open_app(viewport={"width": 1000, "height": 700})
    tops = "() => new Set([...document.querySelectorAll('.ccds-pair figure')].map((one) => one.offsetTop)).size"

    narrow = overflow(page)
    page.set_viewport_size({"width": 1280, "height": 700})
    expect(chart(page, "Waits for first nodes")).to_have_attribute("width", re.compile(r"^5\d\d$|^6\d\d$"))
    wide = overflow(page), page.evaluate(tops)

    assert (narrow, wide) == (0, (0, 1))


def test_on_a_phone_no_figure_is_torn(open_app):
    """At 390 px a wait and its n stand each on one line, and inside of their tile."""
    page = open_app(viewport={"width": 390, "height": 844})
    torn = """() => [...document.querySelectorAll('.ccds-verdict :is(.ccds-verdict-value, .ccds-n)')].filter((one) =>
      one.getClientRects().length > 1
      || one.getBoundingClientRect().right > one.closest('.ccds-verdict').getBoundingClientRect().right)
      .map((one) => one.textContent)"""

    assert page.locator(".ccds-n").count() > 0
    assert page.evaluate(torn) == []


def test_before_anything_is_published_or_recorded_the_page_says_what_to_do(app, site, open_page):
    """The administrators' command, not a blank screen; of an empty report, that nothing was recorded."""
    path = write_report(site.settings.paths.published, compute([], [], NOW))
    page = open_page(app)
    expect(page.get_by_role("heading", name="Nothing to show yet")).to_be_visible()
    expect(page.get_by_text("Nothing was recorded yet: no node was asked for")).to_be_visible()
    expect(page.locator(".ccds-head")).not_to_contain_text("pretended")

    path.unlink()
    page.reload()

    expect(page.get_by_role("heading", name="Nothing is published yet")).to_be_visible()
    expect(page.locator(".ccds-command")).to_have_text("ccds cluster publish")


def test_a_name_is_no_html(app, site, open_page):
    """Projects' ids are checked elsewhere; here they are text in any case."""
    sessions, trainings = pretended(3, NOW)
    forged = compute(sessions, trainings, NOW)
    first = forged.periods[2].held[0]
    text = forged.to_json().replace(f'"{first.project}"', '"<img src=x onerror=alert(1)>"')
    write_report(site.settings.paths.published, type(forged).model_validate_json(text))

    page = open_page(app)

    expect(page.get_by_role("rowheader", name="<img src=x onerror=alert(1)>")).to_be_visible()
    expect(page.locator(".ccds-cluster img")).to_have_count(0)
