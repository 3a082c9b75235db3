"""The airlock's app in a real browser, under a plain Voilà: somebody decides what leaves a project."""

import re

import pytest
from playwright.sync_api import expect

from ccds_kernel.airlock.airlock import Airlock
from ccds_kernel.airlock.door import visit
from ccds_kernel.airlock.submission import Kind, State, Verdict
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.identity import unix_user
from support.airlock import NOTEBOOK, REASON, SECRET, SVG, png, safetensors
from support.contrast import below, both_schemes, looks
from support.site import application, on_roster

pytestmark = pytest.mark.browser

WHY = "Looked at each of the rows."
HOSTILE = '<img src=x onerror="document.title=`taken`">'


class People:
    """The people of one project: sam and sue, and in some role the one who runs the tests."""

    def __init__(self, settings, folder, project: str, role: str) -> None:
        self.project = project
        self._settings, self._folder = settings, folder
        roster = on_roster(**{unix_user(): role}, sam="scientist", sue="scientist")
        applied = application(id=project, egress="airlock", roster=roster)
        apply_application(applied, person="admin", settings=settings)

    def airlock(self, person: str) -> Airlock:
        """The airlock for somebody."""
        return Airlock(visit(self.project, person=person, settings=self._settings))

    def submit(self, kind: Kind, *names: str, person: str = "sam"):
        """Puts files before the reviewers."""
        return self.airlock(person).submit(kind, REASON, self._folder, names).submission


@pytest.fixture(scope="module")
def people(site, tmp_path_factory):
    """Makes a project in which the one who runs the tests has a role; there are files to submit."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "table.csv").write_text(f"scanner,studies,note\nA,120,\nB,7,{HOSTILE}\n")
    (folder / "notes.md").write_text("# Split by patient\n")
    (folder / "long.md").write_text("".join(f"line {number}\n" for number in range(900)))
    (folder / "model.safetensors").write_bytes(safetensors(("w", "F32", (3, 4), 48)))
    (folder / "roc.png").write_bytes(png())
    (folder / "roc.svg").write_text(SVG)
    (folder / "a.ipynb").write_text(NOTEBOOK)

    return lambda project, role="champion": People(site.settings, folder, project, role)


@pytest.fixture(scope="module")
def crowd(people):
    """A project with a table, a figure and a notebook; the notebook was submitted last and the table first."""
    made = people("AIR-1")
    made.submit(Kind.TABLE, "table.csv", "notes.md")
    made.submit(Kind.FIGURE, "roc.png", "roc.svg")
    made.submit(Kind.NOTEBOOK, "a.ipynb")
    return made


@pytest.fixture(scope="module")
def app(serve, crowd):
    """Their app, for the one who runs the tests."""
    return serve("airlock.ipynb", person=unix_user(), project=crowd.project)


def entry(page, name: str):
    """A submission in the list."""
    return page.get_by_role("navigation", name="Submissions").get_by_role("button", name=re.compile(f"^{name} of"))


def test_before_anything_is_submitted_the_page_says_how(serve, people, open_page):
    """The author's command, not a blank screen."""
    made = people("AIR-2")

    page = open_page(serve("airlock.ipynb", person=unix_user(), project=made.project))

    expect(page.get_by_role("heading", name="Nothing was submitted yet")).to_be_visible()
    expect(page.locator(".ccds-command")).to_contain_text("ccds airlock submit --project")


def test_who_may_not_come_is_told_why(serve, people, open_page):
    """A labeler has nothing here."""
    made = people("AIR-3", role="labeler")

    page = open_page(serve("airlock.ipynb", person=unix_user(), project=made.project))

    expect(page.get_by_role("alert")).to_contain_text("Expected a role that may review results in the airlock")


def test_a_reviewer_sees_reason_findings_and_each_file(app, open_page):
    """Tables by their first rows, pictures, notebooks by their source; what stands in them is never read as HTML."""
    page = open_page(app)
    entry(page, "table").click()

    expect(page.get_by_role("heading", name="Table of sam")).to_be_visible()
    expect(page.locator(".ccds-head")).to_contain_text(REASON)
    findings = page.get_by_role("region", name="Scan")
    expect(findings).to_contain_text("a count below 10: is it the size of a group?")
    expect(findings).to_contain_text("table.csv, line 3, column 2")
    expect(page.get_by_role("cell", name=HOSTILE)).to_be_visible()
    page.get_by_role("button", name=re.compile("^notes.md")).click()
    expect(page.locator("pre")).to_have_text("# Split by patient")
    entry(page, "figure").click()
    picture = page.get_by_role("img", name="The figure roc.png")
    expect(picture).to_be_visible()
    assert page.wait_for_function("document.querySelector('.ccds-picture')?.naturalWidth === 400")
    page.get_by_role("button", name=re.compile("^roc.svg")).click()
    expect(page.get_by_role("img", name="The figure roc.svg")).to_be_visible()
    entry(page, "notebook").click()
    expect(page.locator("pre").first).to_have_text("x = 1\nprint(x)")
    expect(page.locator("body")).not_to_contain_text(SECRET)
    assert page.title() != "taken"


def test_everything_works_by_keyboard_alone(serve, people, open_page):
    """Through the list and the files, a verdict with its reason; the list says what came of it, also after a reload."""
    made = people("AIR-4")
    first = made.submit(Kind.TABLE, "table.csv", "notes.md")
    second = made.submit(Kind.NOTEBOOK, "a.ipynb")
    made.airlock("sue").review(first.id, first.digest, Verdict.APPROVE, WHY)
    page = open_page(serve("airlock.ipynb", person=unix_user(), project=made.project))
    press = page.keyboard.press
    expect(page.get_by_role("heading", name="Notebook of sam")).to_be_visible()

    press("j")
    expect(page.get_by_role("heading", name="Table of sam")).to_be_visible()
    expect(page.get_by_role("table")).to_be_visible()
    press("f")
    expect(page.locator("pre")).to_have_text("# Split by patient")
    press("a")
    expect(page.get_by_role("radio", name=re.compile("^Approve"))).to_be_checked()
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("ok")
    press("Control+Enter")
    expect(page.get_by_role("alert").filter(has_text="Expected a reason of 10 to")).to_be_visible()
    page.get_by_role("textbox").fill(WHY)
    press("Control+Enter")
    expect(entry(page, "table")).to_contain_text("waits for an administrator to release it")
    expect(page.get_by_role("region", name="Reviews")).to_contain_text(WHY)
    expect(page.get_by_role("textbox")).to_have_count(0)
    press("k")
    expect(page.get_by_role("heading", name="Notebook of sam")).to_be_visible()
    press("x")
    page.keyboard.type("It needs a title and its question.")
    press("Escape")
    press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press("Escape")
    page.get_by_role("button", name=re.compile("^Give the verdict")).press("Enter")
    expect(entry(page, "notebook")).to_contain_text("refused")
    page.reload()

    expect(entry(page, "notebook")).to_contain_text("stays in the project")
    assert [made.airlock("sue").get(one.id).state for one in (first, second)] == [State.APPROVED, State.REFUSED]


def test_a_reviewer_turns_the_pages_and_says_what_they_looked_at_elsewhere(serve, people, open_page):
    """By key and by mouse, to the last page; weights are never shown, and an approval without a word about that isn't taken."""
    made = people("AIR-7")
    submission = made.submit(Kind.MODEL, "long.md", "model.safetensors")
    page = open_page(serve("airlock.ipynb", person=unix_user(), project=made.project))
    press = page.keyboard.press
    pages = page.get_by_role("group", name="Pages")
    expect(pages).to_contain_text("Page 1 of 3")

    press("n")
    expect(pages).to_contain_text("Page 2 of 3")
    press("p")
    expect(pages.get_by_role("button", name="Previous page")).to_be_disabled()
    for number in (2, 3):
        pages.get_by_role("button", name="Next page").click()
        expect(pages).to_contain_text(f"Page {number} of 3")
    expect(page.locator("pre")).to_contain_text("line 899")
    expect(page.get_by_role("button", name=re.compile("^long.md"))).to_contain_text("✓ shown")
    press("Escape")
    press("a")
    page.keyboard.type(WHY)
    press("Control+Enter")
    expect(page.get_by_role("alert").filter(has_text="Expected every file shown to its last page")).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("^Not shown to the end here: model.safetensors")).check()
    press("Control+Enter")

    expect(page.get_by_role("region", name="Reviews")).to_contain_text("Looked at in another way: model.safetensors")
    assert len(made.airlock("sue").get(submission.id).approvals) == 1


def test_an_author_reads_the_verdicts_and_takes_a_result_back(serve, people, open_page):
    """They can't review it themselves."""
    made = people("AIR-5", role="engineer")
    submission = made.submit(Kind.TABLE, "table.csv", person=unix_user())
    made.airlock("sue").review(submission.id, submission.digest, Verdict.APPROVE, WHY)
    page = open_page(serve("airlock.ipynb", person=unix_user(), project=made.project))

    expect(page.get_by_role("region", name="Reviews")).to_contain_text(WHY)
    expect(page.get_by_role("radio")).to_have_count(0)
    page.get_by_role("button", name="Take it back").click()

    expect(entry(page, "table")).to_contain_text("was taken back")
    assert made.airlock("sue").get(submission.id).state is State.WITHDRAWN


def test_a_changed_file_is_told_where_the_eye_is(serve, people, open_page, site):
    """The list stays usable; nothing of the file is shown."""
    made = people("AIR-6")
    submission = made.submit(Kind.TABLE, "table.csv")
    path = site.settings.paths.projects / made.project / "airlock" / submission.id / "table.csv"
    path.chmod(0o640)
    path.write_text("scanner,studies\nA,1\n")

    page = open_page(serve("airlock.ipynb", person=unix_user(), project=made.project))

    expect(page.get_by_role("alert").filter(has_text="Expected table.csv as it was submitted")).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)
    expect(entry(page, "table")).to_be_enabled()


def test_words_stand_out_in_both_themes(app, open_page):
    """AA contrast, 4.5 : 1 for each text: on the ground, in the list, in the chips and on the chosen entry."""
    page = open_page(app)
    entry(page, "table").click()
    expect(page.get_by_role("table")).to_be_visible()

    for scheme in both_schemes(page):
        words = looks(page, ".ccds-airlock :is(h2, h3, p, b, span, th, td, code, kbd, legend, label, button)")

        assert words[0].is_on_dark == (scheme == "dark")
        assert len(words) > 40
        assert below(4.5, words) == []


def test_nothing_overflows_on_a_narrow_or_wide_screen(app, open_page):
    """The page itself doesn't scroll sideways."""
    page = open_page(app)
    expect(page.locator(".ccds-entry").first).to_be_visible()

    for width in (480, 800, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})

        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), width
