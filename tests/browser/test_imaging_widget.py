"""The imaging app in a real browser, under a plain Voilà: which series, what is in quarantine, volumes that are made."""

import re
from contextlib import closing

import pytest
from playwright.sync_api import expect

from ccds_kernel.imaging.studies.overview import StudiesOverview
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.runs import VolumeRuns
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.identity import unix_user
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from support.boxes import cut_off
from support.contrast import below, both_schemes, looks
from support.dicom import CORONAL, Stack, write_stack
from support.image_studies import KEY, RULES, name_of
from support.site import application, on_roster

pytestmark = pytest.mark.browser

TILTED, BROKEN = "bbbbbbbbbbbbbbbb", "cccccccccccccccc"
HOSTILE = "<i id=bad>k</i>"


def lean(data, index) -> None:
    """A gantry tilt; and a kernel that looks like a page's source."""
    x, y, z = data.ImagePositionPatient
    data.ImagePositionPatient = [x, y + index * 0.7, z]
    data.ConvolutionKernel = HOSTILE
    data.SeriesNumber = 1


class Images:
    """A project with three studies: two axial series and a coronal one; a leaning one; one that can't be read."""

    def __init__(self, settings, project: str, role: str) -> None:
        self.project = project
        self.settings = settings
        roster = on_roster(**{unix_user(): role}, eve="engineer")
        applied = application(id=project, exam_codes=["CTHEAD"], data=["images", "reports"], roster=roster)
        apply_application(applied, person="admin", settings=settings)
        dicom = settings.paths.projects / project / "dicom"
        self.stacks = {"thin": Stack(slices=9), "thick": Stack(slices=5), "coronal": Stack(orientation=CORONAL)}
        for number, (name, stack) in enumerate(self.stacks.items(), start=1):
            write_stack(
                dicom / KEY / name, stack, lambda data, _index, number=number: setattr(data, "SeriesNumber", number)
            )
        write_stack(dicom / TILTED / "one", Stack(slices=6), lean)
        (dicom / BROKEN).mkdir()
        (dicom / BROKEN / "image").write_bytes(b"")
        with self.opened() as eve, eve.store.writing() as connection:
            added = "INSERT INTO report (accession, study_key, exam_code) VALUES (?, ?, 'CTHEAD')"
            for number, key in enumerate((KEY, TILTED, BROKEN)):
                connection.exec_driver_sql(added, (f"A-{number}", key))

    def opened(self):
        """The project, as eve's."""
        return closing(open_project(self.project, Action.LOAD_REPORTS, person="eve", settings=self.settings))

    def keep_rules(self) -> None:
        """Eve keeps rules."""
        with self.opened() as eve:
            ImageStudies(eve).keep_rules(RULES)

    def make_volumes(self) -> None:
        """Eve makes the volumes of all."""
        with self.opened() as eve:
            runs = VolumeRuns(eve)
            runs.work(runs.begin())


@pytest.fixture(scope="module")
def images(site):
    """Makes such a project, in which the one who runs the tests has a role."""
    return lambda project, role="engineer": Images(site.settings, project, role)


@pytest.fixture(scope="module")
def made(images):
    """One with rules and volumes."""
    found = images("IMG-1")
    found.keep_rules()
    found.make_volumes()
    return found


@pytest.fixture(scope="module")
def app(serve, made):
    """Its app, for the one who runs the tests."""
    return serve("imaging.ipynb", person=unix_user(), project=made.project)


def study(page, key: str):
    """A study in the list."""
    return page.get_by_role("navigation", name="Studies").get_by_role("button", name=re.compile(f"^{key}"))


def test_somebody_keeps_rules_and_overrules_them(serve, images, open_page):
    """By keyboard: what is wrong is told with its line, what would change is counted, and a person's word is above the rules."""
    found = images("IMG-2")
    page = open_page(serve("imaging.ipynb", person=unix_user(), project=found.project))
    press = page.keyboard.press
    expect(study(page, KEY)).to_contain_text("no series of 3")

    press("r")
    expect(page.get_by_text("No rules were kept yet")).to_be_visible()
    text = page.get_by_role("textbox", name="Rules as YAML")
    text.fill(RULES.replace("most-images", "best"))
    press("Control+Enter")
    expect(page.get_by_role("alert").filter(has_text="found in line 7")).to_be_visible()
    expect(page.locator('.ccds-gutter [data-wrong="true"]')).to_have_text("7")
    expect(page.get_by_role("button", name="Keep these rules")).to_be_disabled()
    text.fill(RULES)
    press("Control+Enter")
    expect(page.get_by_text("2 studies would change")).to_be_visible()
    page.get_by_role("button", name="Keep these rules").click()
    expect(page.get_by_text(re.compile(f"kept by {unix_user()}"))).to_be_visible()
    press("Escape")

    expect(study(page, KEY)).to_contain_text("Series 1 · CT · axial · 9 slices")
    table = page.get_by_role("region", name="Series").get_by_role("row")
    expect(table.nth(3)).to_contain_text("orientation coronal is not axial")
    expect(page.get_by_role("img", name="Middle slice of Series 1")).to_be_visible()
    assert page.wait_for_function("document.querySelector('.ccds-picture img')?.naturalWidth > 10")
    press("3")
    page.keyboard.type("the axial ones have motion")
    press("Enter")
    expect(page.get_by_role("region", name="What people said")).to_contain_text("the axial ones have motion")
    expect(study(page, KEY)).to_contain_text("overruled")
    page.reload()

    expect(study(page, KEY)).to_contain_text("Series 3 · CT · coronal")
    with found.opened() as eve:
        assert StudiesOverview(eve).study(KEY).choice.chosen == name_of(found.stacks["coronal"])


def test_a_study_is_found_by_its_key(app, open_page):
    """By keyboard; nothing counts before Enter. A key that no study has says so, on both screens, and what Look shows stays."""
    page = open_page(app)
    expect(study(page, KEY)).to_be_visible()
    key = page.get_by_role("searchbox", name="Study key")
    page.keyboard.press("/")
    page.keyboard.type(TILTED[:4])
    page.keyboard.press("Enter")
    expect(study(page, KEY)).to_have_count(0)
    expect(study(page, TILTED)).to_have_attribute("aria-current", "true")
    expect(key).to_be_focused()
    page.keyboard.type("zz")
    expect(key).to_have_value(f"{TILTED[:4]}zz")
    page.keyboard.press("Escape")
    expect(key).to_have_value(TILTED[:4])
    page.get_by_role("button", name=re.compile("^No series")).click()
    expect(page.get_by_text("No study is like that.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^All")).click()
    page.keyboard.press("/")
    page.keyboard.type("nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No study’s key begins with “nonsense”.")).to_be_visible()
    key.fill("")
    key.press_sequentially("nons")
    study(page, KEY).click(delay=200)
    expect(study(page, KEY)).to_have_attribute("aria-current", "true")

    page.keyboard.press("Alt+3")
    facts = page.locator(".ccds-look .ccds-facts")
    expect(facts).to_contain_text("Series 1 · CT")
    page.get_by_role("combobox", name="Study").fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="found none of that key")).to_be_visible()
    expect(page.get_by_role("combobox", name="Study")).to_have_value(KEY)
    expect(facts).to_contain_text("Series 1 · CT")


def test_screens_that_are_come_back_to_show_volumes_made_meanwhile(serve, images, open_page):
    """Look, which had none; and Series, with the study that it shows. The key leads to the chosen series' volume alone."""
    found = images("IMG-7")
    found.keep_rules()
    page = open_page(serve("imaging.ipynb", person=unix_user(), project=found.project))
    expect(study(page, KEY)).to_contain_text("Series 1")
    study(page, KEY).click()
    table = page.get_by_role("region", name="Series")
    expect(table).to_contain_text("no volume yet")
    page.keyboard.press("Alt+3")
    expect(page.get_by_text("No volumes yet")).to_be_visible()
    page.keyboard.press("Alt+1")

    found.make_volumes()
    page.keyboard.press("u")
    expect(table.get_by_role("button", name="look at its volume")).to_be_visible()
    page.keyboard.press("Alt+3")
    expect(page.locator(".ccds-look .ccds-facts")).to_contain_text("Series 1 · CT")

    page.keyboard.press("Alt+1")
    page.keyboard.press("3")
    page.keyboard.type("the axial ones have motion")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="What people said")).to_contain_text("the axial ones have motion")
    page.keyboard.press("v")
    expect(page.get_by_role("status").filter(has_text="The chosen series has no volume yet.")).to_be_attached()
    expect(table).to_be_visible()


def test_volumes_are_made_and_a_reason_let_pass(serve, images, open_page):
    """From the screen, with a bar; the run goes on where the page is loaded anew; a passed series is converted in its row."""
    found = images("IMG-3")
    found.keep_rules()
    page = open_page(serve("imaging.ipynb", person=unix_user(), project=found.project))
    press = page.keyboard.press
    volumes = page.get_by_role("region", name="Volumes")
    expect(study(page, KEY)).to_be_visible()
    press("Alt+2")
    expect(volumes).to_contain_text("3 studies wait for volumes")

    press("m")
    expect(volumes).not_to_contain_text("wait for volumes")
    page.reload()
    expect(volumes).to_contain_text(f"Last: 3 of 3 studies, {unix_user()}", timeout=60_000)
    counts = page.get_by_role("table", name=re.compile("^Series in quarantine"))
    expect(counts).to_contain_text("gantry-tilt")
    expect(counts).to_contain_text("unreadable")
    counts.get_by_role("button", name="1 series: gantry-tilt · Synthetic One").click()
    rows = page.get_by_role("region", name="Series in quarantine").get_by_role("listitem")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("What to do: let it pass")
    expect(rows.first.get_by_role("img")).to_be_visible()
    press("l")
    page.keyboard.type("agreed with the physicist")
    press("Enter")
    expect(rows.first).to_contain_text("Let pass: its volume is made.")
    page.get_by_role("button", name="Look at it").click()

    expect(page.get_by_role("combobox", name="Study")).to_have_value(TILTED)
    press("Alt+2")
    press("a")
    expect(rows.first).to_contain_text("the study holds no readable DICOM file")
    expect(rows.first.get_by_role("button", name="Let it pass")).to_have_count(0)


def test_a_pass_that_changes_nothing_says_why(serve, images, open_page):
    """A slice is missing, as its number shows: in the row, with what was seen."""
    found = images("IMG-8")
    found.keep_rules()
    thin = found.settings.paths.projects / found.project / "dicom" / KEY / "thin"
    sorted(thin.iterdir())[4].unlink()
    found.make_volumes()
    page = open_page(serve("imaging.ipynb", person=unix_user(), project=found.project))
    expect(study(page, KEY)).to_be_visible()
    page.keyboard.press("Alt+2")
    row = (
        page.get_by_role("region", name="Series in quarantine")
        .get_by_role("listitem")
        .filter(has_text="missing-slices")
    )
    row.get_by_role("button", name="Let it pass").click()
    page.keyboard.type("seems whole")
    page.keyboard.press("Enter")

    expect(row).to_contain_text("Converted again, and it stays in quarantine: missing-slices: 1 slice(s) missing")
    expect(row).to_contain_text("their numbers don't show that none is missing")


def test_who_may_only_look_is_offered_nothing_else(serve, images, open_page):
    """A fellow sees everything and changes nothing."""
    found = images("IMG-4", role="fellow")
    found.keep_rules()
    found.make_volumes()
    page = open_page(serve("imaging.ipynb", person=unix_user(), project=found.project))

    study(page, KEY).click()
    expect(page.get_by_text("Who may write this project’s images can choose another series.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Choose"))).to_have_count(0)
    page.keyboard.press("r")
    expect(page.get_by_role("textbox", name="Rules as YAML")).not_to_be_editable()
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+2")

    expect(page.get_by_text("can let it pass")).to_be_visible()
    expect(page.get_by_role("button", name="Make volumes")).to_have_count(0)


def test_who_may_not_come_is_told_why(serve, images, open_page):
    """A labeler has no right to images."""
    found = images("IMG-5", role="labeler")

    page = open_page(serve("imaging.ipynb", person=unix_user(), project=found.project))

    expect(page.get_by_role("alert")).to_contain_text("Expected a role that may read images")


def test_what_stands_in_a_file_is_never_read_as_html(app, open_page):
    """A kernel's name may hold anything."""
    page = open_page(app)

    study(page, TILTED).click()

    expect(page.get_by_role("cell", name=HOSTILE)).to_be_visible()
    expect(page.locator("#bad")).to_have_count(0)


def test_an_empty_project_says_what_to_do(serve, site, open_page):
    """On each screen."""
    roster = on_roster(**{unix_user(): "engineer"})
    apply_application(application(id="IMG-6", data=["images"], roster=roster), person="admin", settings=site.settings)
    page = open_page(serve("imaging.ipynb", person=unix_user(), project="IMG-6"))

    expect(page.get_by_role("heading", name="No studies with images yet")).to_be_visible()
    page.keyboard.press("Alt+2")
    expect(page.get_by_role("heading", name="Nothing is in quarantine")).to_be_visible()
    expect(page.get_by_role("button", name="Make volumes")).to_be_disabled()


def check_words_stand_out(page) -> None:
    """In light and dark: AA contrast, 4.5 : 1 for each text."""
    for scheme in both_schemes(page):
        words = looks(page, ".ccds-imaging :is(h2, h3, p, b, span, th, td, dt, dd, code, kbd, label, button)")

        assert words[0].is_on_dark == (scheme == "dark")
        assert len(words) > 20
        assert below(4.5, words) == []


def test_words_stand_out_in_both_themes(app, open_page):
    """Of the series, of their rules, and in quarantine."""
    page = open_page(app)
    study(page, KEY).click()
    expect(page.get_by_role("region", name="Series").get_by_role("row")).to_have_count(4)
    check_words_stand_out(page)
    page.keyboard.press("r")
    expect(page.get_by_role("textbox", name="Rules as YAML")).to_be_visible()
    check_words_stand_out(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+2")
    expect(page.get_by_role("region", name="Series in quarantine").get_by_role("listitem")).to_have_count(2)
    check_words_stand_out(page)


def check_nothing_is_cut_off(page) -> None:
    """On a narrow screen and on wide ones."""
    for width in (480, 800, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert (width, cut_off(page)) == (width, [])


def test_nothing_is_cut_off_on_a_narrow_or_wide_screen(app, open_page):
    """On each screen; what is too wide is scrolled within its own part."""
    page = open_page(app)
    study(page, KEY).click()
    expect(page.get_by_role("region", name="Series").get_by_role("row")).to_have_count(4)
    check_nothing_is_cut_off(page)
    page.keyboard.press("r")
    expect(page.get_by_role("textbox", name="Rules as YAML")).to_be_visible()
    check_nothing_is_cut_off(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+2")
    expect(page.get_by_role("region", name="Series in quarantine").get_by_role("listitem")).to_have_count(2)
    check_nothing_is_cut_off(page)
    page.keyboard.press("Alt+3")
    expect(page.locator(".ccds-pane[data-shown]")).to_have_count(3)
    check_nothing_is_cut_off(page)
    page.evaluate("document.querySelector('.ccds-look-tools').firstChild.style.width = '3000px'")

    assert cut_off(page)


def test_the_focus_stays_in_the_app(app, open_page):
    """Where a screen goes that had it; the keys and Tab then go on in the one that comes."""
    page = open_page(app)
    focused = "document.activeElement.closest('.ccds-stage') !== null"
    study(page, KEY).click()
    expect(page.get_by_role("region", name="Series").get_by_role("row")).to_have_count(4)
    page.keyboard.press("Alt+2")
    expect(page.get_by_role("region", name="Volumes")).to_be_visible()
    by_key = page.evaluate(focused)
    page.get_by_role("navigation", name="Screens").get_by_role("button", name="Series").click()
    expect(study(page, KEY)).to_be_visible()
    by_mouse = page.evaluate(focused)
    study(page, KEY).focus()
    page.keyboard.press("v")
    expect(page.locator(".ccds-pane[data-shown]")).to_have_count(3)

    assert (by_key, by_mouse, page.evaluate(focused)) == (True, True, True)


def test_who_scrolls_the_list_stays_there_while_it_is_looked_at_again(app, open_page):
    """The page looks again each two seconds while headers are read."""
    page = open_page(app)
    study(page, KEY).click()
    expect(page.get_by_role("region", name="Series").get_by_role("row")).to_have_count(4)
    places = page.get_by_role("navigation", name="Studies")
    places.evaluate("list => { list.style.flex = '0 0 70px'; }")
    bottom = places.evaluate("list => { list.scrollTop = list.scrollHeight; return list.scrollTop; }")
    places.evaluate("list => new MutationObserver(() => { window.redrawn = true; }).observe(list, { childList: true })")

    page.keyboard.press("u")
    page.wait_for_function("window.redrawn")

    assert bottom > 0
    assert places.evaluate("list => list.scrollTop") == bottom
