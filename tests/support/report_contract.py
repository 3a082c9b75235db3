"""What the screen of every published report must do: one class of tests, run on each.

A subclass names its notebook and its charts' marks; its file gives the fixtures `app`, the notebook served to somebody of
the leadership, and `open_app`, which publishes a report, opens `app` in a page, and waits for its charts.
"""

import os
import re
import signal

import pytest
from playwright.sync_api import Locator, Page, expect

from support.contrast import below, looks

WORDS = ".ccds-body :is(h2, h3, h4, p, li, th, td, b, summary, span, label)"


def chart(page: Page, name: str) -> Locator:
    """The chart whose name begins so."""
    return page.get_by_role("group", name=re.compile(f"^{name}"))


def told_by(page: Page, name: str) -> list[str]:
    """What the marks of that chart tell a screen reader."""
    return [str(mark.get_attribute("aria-label")) for mark in chart(page, name).locator(".ccds-point").all()]


def rows_of(page: Page, name: str) -> list[list[str]]:
    """The cells of the table of this name, without its headings."""
    rows = page.get_by_role("table", name=name).get_by_role("row").all_inner_texts()
    return [row.split("\t") for row in rows[1:]]


def overflow(page: Page) -> int:
    """How many pixels of it lie beyond its right edge."""
    return page.locator("#main").evaluate("(main) => main.scrollWidth - main.clientWidth")


class ReportContract:
    """What a head of radiology, or who leads a site, may count on."""

    notebook: str
    marks: tuple[tuple[str, str], ...]
    """Selectors of what its charts draw, each with the property that colours it."""

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_both_themes_are_legible(self, open_app, scheme):
        """AA contrast in light and dark: 4.5 : 1 for each text, in charts, too, and 3 : 1 for each mark, interval and bar."""
        page = open_app(color_scheme=scheme)
        page.get_by_text("The same numbers as tables").click()
        expect(page.get_by_role("table").last).to_be_visible()

        words = looks(page, WORDS) + looks(page, ".ccds-body svg text", "fill")
        marks = [one for selector, colour in self.marks for one in looks(page, selector, colour)]

        assert words[0].is_on_dark == (scheme == "dark")
        assert min(len(words), len(marks)) > 50
        assert below(4.5, words) == []
        assert below(3, marks) == []

    def test_on_paper_the_page_is_whole_and_light(self, open_app):
        """Printed from the dark theme: black on white, as long as it is."""
        page = open_app(color_scheme="dark")

        page.emulate_media(media="print", color_scheme="dark")

        expect(page.locator("#main")).to_have_css("position", "static")
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(page.locator(".ccds-report")).to_have_css("color", "rgb(27, 36, 48)")

    def test_the_tables_are_open_on_paper(self, open_app):
        """On the screen they are as they were."""
        page = open_app()
        page.evaluate("""() => addEventListener("beforeprint", () => {
          window.printed = document.querySelector(".ccds-tables").open;
        })""")

        page.pdf()

        assert page.evaluate("window.printed") is True
        expect(page.locator(".ccds-tables")).not_to_have_attribute("open", "")

    def test_a_lost_kernel_is_told_in_the_app_s_own_words(self, app, open_app):
        """Nothing was typed here that could be lost; a reload brings back what is published."""
        page = open_app()

        for pid in app.kernels():
            os.kill(pid, signal.SIGKILL)

        lost = page.get_by_role("alert").filter(has_text="Connection lost. What you see is what was published when you")
        expect(lost).to_be_visible(timeout=20_000)
        page.get_by_role("button", name="Reload the page").click()
        expect(lost).to_be_hidden()  # only the new page hides it
        expect(page.locator(".ccds-figure .ccds-point").first).to_be_visible()

    def test_somebody_else_reads_why_they_are_turned_away(self, serve, open_page):
        """A fellow sees one line and whom to ask, and no number."""
        page = open_page(serve(self.notebook, person="fay"))

        expect(
            page.get_by_role("alert").filter(has_text="Expected somebody of this site's leadership; found fay")
        ).to_be_visible()
        expect(page.locator(".ccds-body")).to_be_hidden()
