"""Reports as they come, in a real browser: shown as they were written, found, selected by mouse, matched, marked and confirmed.

Markup, emoji, line ends of every kind, right to left, 200 kB, and nothing.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.task import Label, Task
from support.browser import drag_over
from support.confirm_project import make_batch, saved, study_on
from support.phrase_screens import change_task

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Odd:
    """A report, words of it, and the report as its reader sees it: line ends that a browser breaks at, sign for sign."""

    text: str
    words: str
    lines: str


NOTHING = " \r\n\u200b\ufeff"
MARKUP = '<b>No</b> <script>window.taken = 1</script><img src=x onerror="window.taken = 2"> &amp; &lt;clip&gt; <!-- -->'
EMOJI = "Seen 👩🏽‍⚕️ 🫁 atelectasis🫀 of 3\u00a0cm"
LONG = "Heart size is normal. " * 9_500 + "Catheter kinked. " + "Lungs are clear. " * 200
ARABIC = "\u200fلا يوجد انصباب جنبي\u200f, CXR"  # noqa: RUF001 - Arabic
HEBREW = "Study of the chest:\nאין אפוסיה."  # noqa: RUF001 - Hebrew
MIXED = "בדיקה 🫁 ללא נוזל.\r\nתפליט pleural 👩🏽‍⚕️ משמאל (3 cm).\r\nלעומת 2019: ירידה."  # noqa: RUF001 - Hebrew
OLD_ENDS = "Scar\reffaced\u2028apex\u2029hilum\x85rib\x0bpad"
ODD = {
    "markup": Odd(MARKUP, "&lt;clip&gt;", MARKUP),
    "emoji": Odd(EMOJI, "🫁 atelectasis", EMOJI),
    "CRLF": Odd("Lungs clear.\r\n\r\nOld\r\ngranuloma.\r\n", "Old\r\ngranuloma", "Lungs clear.\r\n\r\nOld\r\ngranuloma.\r\n"),
    "other line ends": Odd(OLD_ENDS, "effaced\u2028apex", "Scar\neffaced\napex\nhilum\nrib\npad"),
    "Arabic": Odd(ARABIC, "انصباب جنبي", ARABIC),
    "English, then Hebrew": Odd(HEBREW, "אפוסיה", HEBREW),
    "Hebrew, English, emoji, CRLF": Odd(MIXED, "pleural 👩🏽‍⚕️ משמאל", MIXED),
    "200 kB": Odd(LONG, "Catheter kinked", LONG),
}  # fmt: skip

_WORDS_AND_TOPS = """(element) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const places = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (let at = 0; at < node.data.length; at += 1) places.push([node, at]);
  const range = document.createRange();
  return [...element.textContent.matchAll(/\\S+/gu)].map(({ index, 0: word }) => {
    range.setStart(...places[index]);
    range.setEnd(places[index][0], places[index][1] + 1);
    return [word, range.getBoundingClientRect().top];
  });
}"""


@pytest.fixture(scope="module")
def project(site):
    """CHEST-1 with `ODD`, each beside a section of nothing, and with a report of nothing at all, which isn't taken in."""
    project = open_project("CHEST-1", Action.OPEN_LABELING, person="fay", settings=site.settings)
    reports = [
        Report(f"ACC{number}", (Section("findings", odd.text), Section("impression", NOTHING)))
        for number, odd in enumerate(ODD.values())
    ]
    nothing = Report("NONE", (Section("findings", NOTHING), Section("impression", "")))
    loaded = LabelingRepository(project).load_reports([nothing, *reports])
    assert (loaded.added, loaded.empty) == (len(ODD), 1)
    change_task(project, Task("odd", labels=(Label("odd", 0), Label("other", 1))))
    yield project
    project.close()


@pytest.fixture(scope="module")
def served(serve, project):  # noqa: ARG001 - the reports are there before the app is
    """The app on CHEST-1 for the fellow fay."""
    return serve("labeling.ipynb", project="CHEST-1", person="fay")


@pytest.fixture
def repository(project):
    """The phrase list, empty."""
    repository = LabelingRepository(project)
    for stored in repository.phrases():
        repository.remove_phrase(stored.id)
    return repository


def on_lines(text: Locator) -> tuple[list[str], list[bool]]:
    """The words of a text, and whether each but the first stands lower than the one before it."""
    found = text.evaluate(_WORDS_AND_TOPS)
    return [word for word, _ in found], [after > before + 10 for (_, before), (_, after) in pairwise(found)]


def check_lines(text: Locator, odd: Odd) -> None:
    """The text is there sign for sign, and each of its lines begins a line on the screen."""
    words, lower = on_lines(text)
    assert text.evaluate("(element) => element.textContent") == odd.lines
    assert words == odd.lines.split()
    begins = 0
    for line in odd.lines.splitlines()[:-1]:
        begins += len(line.split())
        assert lower[begins - 1]


@pytest.fixture
def page(served, repository, open_page):  # noqa: ARG001 - the list is empty before the app is opened
    """The app, opened."""
    page = open_page(served)
    expect(page.locator(".ccds-key")).to_be_visible()
    return page


def find(page: Page, odd: Odd) -> None:
    """Searches for a report's words."""
    page.keyboard.press("/")
    page.keyboard.press("Control+A")
    page.keyboard.type(" ".join(odd.words.split()))
    page.keyboard.press("Enter")
    expect(page.locator(".ccds-hit")).to_be_in_viewport()
    expect(page.locator("[data-section='0']")).to_have_text(re.compile(re.escape(odd.words.split()[0])))


def test_odd_reports_are_found_shown_and_marked_as_they_were_written(page, repository):
    """Sign for sign and line by line, what was searched in view; selected by mouse it is a phrase of just there; nothing runs."""
    for number, odd in enumerate(ODD.values()):
        seen = odd.lines[odd.text.index(odd.words) :][: len(odd.words)]
        find(page, odd)

        check_lines(page.locator("[data-section='0']"), odd)
        expect(page.locator(".ccds-section").nth(1)).to_have_text("impressionEmpty.")
        drag_over(page, seen)
        expect(page.locator(".ccds-preview")).to_contain_text("1 report")
        page.keyboard.press("1")

        expect(page.locator(".ccds-verdict .ccds-chip")).to_have_text("odd")
        assert page.locator("mark[data-decides=true]").all_text_contents() == [seen]
        check_lines(page.locator("[data-section='0']"), odd)
        stored = repository.phrases()
        assert len(stored) == number + 1
        assert stored[-1].phrase.normalised == Phrase(odd.words, "odd").normalised
        expect(page.locator(".ccds-done")).to_contain_text(f"{number + 1} of {len(ODD)}")
    assert page.evaluate("window.taken") is None


def test_a_stretch_of_two_directions_is_selected_as_it_is_written(page):
    """From where it begins to where it ends, however it lies on the line."""
    find(page, ODD["Hebrew, English, emoji, CRLF"])

    for words in (
        "ללא",
        "pleural",
        "בדיקה 🫁 ללא נוזל",
        "נוזל.\r\nתפליט",  # noqa: RUF001 - Hebrew
        "תפליט pleural",
        "משמאל (3 cm",
        "cm).\r\nלעומת 2019: ירידה",  # noqa: RUF001 - Hebrew
        "2019: ירידה",
    ):
        drag_over(page, words)

        expect(page.locator(".ccds-quote")).to_have_text(" ".join(words.split()))
        expect(page.locator(".ccds-preview")).to_contain_text("1 report")
        page.keyboard.press("Escape")
        expect(page.locator(".ccds-quote")).to_be_hidden()


def test_odd_reports_are_confirmed(project, served, repository, open_page):
    """Each as it was written, with the words that decide in view; what is said is kept, and nothing of a report runs."""
    repository.append_phrases([Phrase(odd.words, "odd") for odd in ODD.values()])
    odd_of = {stored.study_key: odd for stored, odd in zip(repository.reports(), ODD.values(), strict=True)}
    make_batch(project, "odd", odd_of, labelers=["fay"])
    page = open_page(served)
    expect(page.locator(".ccds-key")).to_be_visible()
    page.keyboard.press("Alt+3")

    for number in range(len(ODD)):
        expect(page.locator(".ccds-pace")).to_contain_text(f"{number} done")
        mark = page.locator(".ccds-confirming mark")
        expect(mark).to_be_in_viewport()
        odd = odd_of.pop(study_on(page))
        check_lines(page.locator(".ccds-confirming [data-section='0']"), odd)
        assert mark.text_content().split() == odd.words.split()
        page.keyboard.press("Enter")

    saved(page)
    assert odd_of == {}
    assert page.evaluate("window.taken") is None


def test_a_report_of_nothing_is_not_among_them(served, repository, open_page):
    """White space and signs that nobody sees are nothing: it was counted when it came."""
    page = open_page(served)

    expect(page.locator(".ccds-done")).to_contain_text(f"of {len(ODD)}")
    assert [stored.report.accession for stored in repository.reports()] == [
        f"ACC{number}" for number in range(len(ODD))
    ]
