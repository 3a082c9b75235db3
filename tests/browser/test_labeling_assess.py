"""The assess screen in a real browser, under a plain Voilà."""

import pytest
from playwright.sync_api import expect

from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.batch import BatchItem, Planted
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.repository import LabelingRepository
from support.assessing import batch_of, let_answer
from support.confirm_project import FELLOW, LABELERS, PROJECT, TASK, confirm_project
from support.confirming import NEGATIVE, POSITIVE, Workplace, answer
from support.contrast import below, both_schemes, looks

pytestmark = pytest.mark.browser

TRUTH = (NEGATIVE, POSITIVE, POSITIVE)
"""What is in the reports of `confirm_project`, one after the other."""

NOTE = "<b>Skin fold?</b>"


@pytest.fixture(scope="module")
def place(site):
    """66 reports, 24 of them gold, of which 6 had a wrong prefill; answered by three labelers, one of them bad at it."""
    fellow = confirm_project(site.settings, 66)
    labelers = {
        person: open_project(PROJECT, Action.CONFIRM_STUDIES, person=person, settings=site.settings)
        for person in LABELERS
    }
    place = Workplace({"ann": fellow, **labelers}, task_id=TASK)
    place.keys = [stored.study_key for stored in LabelingRepository(fellow, TASK).reports()]
    truth = {key: TRUTH[at % 3] for at, key in enumerate(place.keys)}
    wrong = {POSITIVE: NEGATIVE, NEGATIVE: POSITIVE}
    gold, traps = place.keys[:24], place.keys[:6]
    for key in gold:
        place.curating().set_gold(key, truth[key])
    items = [BatchItem(key, None, truth[key]) for key in place.keys[24:60]]
    items += [BatchItem(key, None, wrong[truth[key]], Planted.WRONG) for key in traps]
    items += [BatchItem(key, None, truth[key], Planted.GOLD) for key in gold[6:]]
    batch = batch_of(place, items, LABELERS, "March")
    for labeler, (errs, of) in zip(LABELERS, ((1, 29), (1, 11), (2, 5)), strict=True):
        said = {key: wrong[truth[key]] if at % of < errs else truth[key] for at, key in enumerate(place.keys[:60])}
        let_answer(place, batch, labeler, said | ({place.keys[30]: NOTE} if labeler == "lou" else {}))
    yield place
    for project in place.projects.values():
        project.close()


@pytest.fixture(scope="module")
def fays(serve, place):  # noqa: ARG001 - the answers are there before the app is
    """The app as the fellow has it."""
    return serve("labeling.ipynb", project=PROJECT, person=FELLOW)


@pytest.fixture
def open_screen(fays, open_page):
    """Opens the screen in a page of its own, at one of its parts."""

    def open_it(part="Agreement", **context):
        page = open_page(fays, **context)
        expect(page.get_by_role("navigation", name="Screens").get_by_role("button", name="Assess")).to_be_visible()
        page.keyboard.press("Alt+4")
        page.get_by_role("tab", name=part).click()
        expect(page.get_by_role("tab", name=part)).to_have_attribute("aria-selected", "true")
        return page

    return open_it


def listed(page) -> list[str]:
    """The keys of the studies in the list."""
    return page.locator(".ccds-case-row .ccds-key").all_inner_texts()


def shown(page) -> str:
    """The study beside the list."""
    return page.locator(".ccds-case .ccds-key").inner_text()


def test_each_coefficient_is_a_picture_beside_its_numbers(open_screen):
    """All labelers, each against the gold set, each two of them: with interval and n; what isn't defined is told in words."""
    page = open_screen()
    measures = page.get_by_role("radio", name="Raw agreement")
    expect(measures).to_be_checked()

    measures.focus()
    page.keyboard.press("ArrowRight")

    table = page.get_by_role("table", name="Cohen’s kappa", exact=True)
    expect(table.get_by_role("row", name="lee – lou")).to_contain_text(" to ")
    expect(page.get_by_role("radio", name="Cohen’s kappa")).to_be_focused()
    rows = table.locator("tbody tr:not(.ccds-rows-of)")
    expect(rows).to_have_count(6)
    assert [row.locator("td").last.inner_text() for row in rows.all()] == ["24", "24", "24", "54", "53", "53"]
    assert rows.locator(".ccds-value").count() == 6
    expect(page.locator(".ccds-matrix [aria-label^='lin and lee:']")).to_contain_text("n 54")
    page.get_by_label("Question").select_option(label="not to be said, or not")
    page.locator(".ccds-measure", has_text="Positive agreement").click()
    expect(page.locator(".ccds-not-defined").first).to_have_text(
        "not defined: nobody gave that answer in a study that two rated"
    )


def test_a_labeler_s_gold_answers_are_told_in_words_and_windows(open_screen):
    """Right, wrong prefills taken over, drift with its verdict; the windows are walked through by arrow keys."""
    page = open_screen("Labelers")
    lee = page.get_by_role("article", name="lee")

    expect(lee).to_contain_text("Has erred more often than is accepted from the start (24 gold answers).")
    expect(lee).to_contain_text("of 6")
    lee.locator(".ccds-point").first.focus()
    page.keyboard.press("ArrowRight")

    expect(lee.locator(".ccds-point").nth(1)).to_be_focused()
    expect(page.locator(".ccds-tip")).to_contain_text("Gold answers 21–24")
    lee.get_by_text("Label by label", exact=True).click()
    expect(lee.get_by_role("table", name="lee, label by label")).to_contain_text("Sensitivity")


def test_who_is_assigned_what_and_how_far_they_are(open_screen):
    """A batch with its progress and each labeler's counts."""
    page = open_screen("Batches")

    expect(page.get_by_role("region", name="March")).to_contain_text("36 of 36 studies done")


def test_a_fellow_decides_by_keys_alone_and_takes_it_back(place, open_screen):
    """A number says the final word and the next study shows; undo and redo; names are hidden; a note goes with the word."""
    page = open_screen("To decide")
    press = page.keyboard.press
    expect(page.locator(".ccds-case-row").first).to_be_visible()
    before = listed(page)
    expect(page.locator(".ccds-case .ccds-key")).to_have_text(before[0])

    press("h")
    expect(page.locator(".ccds-answers")).to_contain_text("Labeler A")
    expect(page.locator(".ccds-answers")).not_to_contain_text("lou")
    press("j")
    expect(page.locator(".ccds-case .ccds-key")).to_have_text(before[1])
    press("w")
    page.keyboard.type("1 is plain")
    press("Escape")
    press("1")
    expect(page.locator(".ccds-case .ccds-key")).to_have_text(before[2])
    expect(page.locator(".ccds-case-row")).to_have_count(len(before) - 1)
    press("2")
    expect(page.locator(".ccds-case .ccds-key")).to_have_text(before[3])

    words = place.curating().final_words()
    assert {key: (sorted(one.said), one.note, one.person) for key, one in words.items()} == {
        before[1]: (["effusion"], "1 is plain", FELLOW),
        before[2]: (["no effusion"], "", FELLOW),
    }
    press("Control+z")
    expect(page.locator(".ccds-case .ccds-key")).to_have_text(before[2])
    press("Control+z")
    expect(page.locator(".ccds-case .ccds-key")).to_have_text(before[1])
    assert place.curating().final_words() == {}
    press("Control+Shift+z")
    expect(page.locator(".ccds-case-row")).to_have_count(len(before) - 1)
    assert list(place.curating().final_words()) == [before[1]]
    page.get_by_text("Decided").last.click()
    expect(page.locator(".ccds-final")).to_contain_text("1 is plain")
    press("Delete")
    expect(page.get_by_role("heading", name="No final word yet")).to_be_visible()
    assert place.curating().final_words() == {}


def test_keys_faster_than_the_kernel_decide_no_study_twice(place, open_screen):
    """A key that comes before the next study shows is for none."""
    page = open_screen("To decide")
    expect(page.locator(".ccds-case .ccds-key")).to_be_visible()
    before = listed(page)

    page.evaluate("""() => {
      const press = () => new KeyboardEvent("keydown", { key: "1", bubbles: true });
      for (let times = 0; times < 5; times += 1) document.body.dispatchEvent(press());
    }""")
    expect(page.locator(".ccds-case-row")).to_have_count(len(before) - 1)
    expect(page.locator(".ccds-case .ccds-key")).to_have_text(before[1])

    expect(page.locator(".ccds-assess > .ccds-error")).to_be_hidden()
    assert list(place.curating().final_words()) == [before[0]]
    page.keyboard.press("Control+z")
    expect(page.locator(".ccds-case-row")).to_have_count(len(before))


def test_a_word_of_another_fellow_is_not_written_over(place, open_screen):
    """The page says that somebody was faster, shows what stands there, and nothing is lost."""
    page = open_screen("To decide")
    expect(page.locator(".ccds-case .ccds-key")).to_be_visible()
    study = shown(page)
    place.curating().adjudicate(study, NEGATIVE, "mine")

    page.keyboard.press("1")

    expect(page.get_by_role("alert")).to_contain_text("another one, which somebody said meanwhile")
    assert place.curating().final_words()[study].said == NEGATIVE
    place.curating().adjudicate(study, None)


def test_a_flag_is_read_as_text_and_nothing_else(open_screen):
    """What a labeler typed is shown as they typed it."""
    page = open_screen("To decide")
    page.locator(".ccds-which-one", has_text="Flagged").click()

    expect(page.locator(".ccds-case-row q")).to_have_text(NOTE)
    expect(page.locator(".ccds-answers q")).to_have_text(NOTE)
    expect(page.locator(".ccds-assess .ccds-answers q b")).to_have_count(0)


def test_what_was_skipped_is_decided_by_keys(place, open_screen):
    """It says who skipped it, a letter where names are hidden; a number says the final word, and it leaves the list."""
    key = place.keys[60]
    batch = batch_of(place, [BatchItem(key, None, POSITIVE)], ["lou"], "hard")
    (study,) = place.at_work("lou", batch).take(1)
    place.at_work("lou", batch).answer([answer(study, AnswerKind.SKIP)])
    page = open_screen("To decide")

    page.get_by_role("radio", name="Skipped").check(force=True)
    rows = page.locator(".ccds-case-row")
    expect(rows).to_have_count(1)  # of the list before it there are many
    expect(rows).to_contain_text("skipped by lou")
    expect(page.locator(".ccds-answers")).to_contain_text("skipped")
    page.get_by_label("Show names").uncheck()
    expect(rows).to_contain_text("skipped by Labeler A")
    page.keyboard.press("1")

    expect(page.get_by_role("heading", name="Nothing is skipped")).to_be_visible()
    assert place.curating().final_words()[key].said is not None
    page.keyboard.press("Control+z")
    expect(rows).to_have_count(1)


def test_a_label_snapshot_is_taken_and_told(place, open_screen):
    """What is in it, its digest, the command that exports it; the same again is no new one."""
    page = open_screen("Labels and snapshots")
    errors = page.get_by_role("table", name="How often the soft labels of each phrase are wrong")
    expect(errors.get_by_role("row", name="no pleural effusion")).to_contain_text(" of ")
    for unknown in errors.get_by_role("row").filter(has_text="nothing of it is confirmed yet").all():
        expect(unknown.locator("svg line")).to_have_count(0)

    page.get_by_role("button", name="Take a label snapshot").click()

    expect(page.locator(".ccds-snapshots li")).to_have_count(1)
    (taken,) = LabelSnapshots(place.project).taken()
    expect(page.locator(".ccds-snapshots")).to_contain_text(taken.digest)
    expect(page.locator(".ccds-snapshots code")).to_contain_text(f"--project {PROJECT} --labels {taken.id} --out")
    page.get_by_role("button", name="Take a label snapshot").click()
    expect(page.locator(".ccds-assess-body")).to_contain_text(f"Nothing has changed since snapshot {taken.id}")
    assert len(LabelSnapshots(place.project).taken()) == 1


def test_a_project_without_a_batch_says_what_to_do(serve, open_page):
    """Each part says why it is empty."""
    page = open_page(serve("labeling.ipynb", project="EMPTY-1", person="fay"))
    expect(page.get_by_role("button", name="Assess")).to_be_visible()
    page.keyboard.press("Alt+4")

    expect(page.get_by_role("heading", name="No batch yet")).to_be_visible()
    for part, told in (("Batches", "No batch yet"), ("To decide", "No disagreement to decide")):
        page.get_by_role("tab", name=part).click()
        expect(page.get_by_role("heading", name=told)).to_be_visible()
    page.keyboard.press("Alt+3")
    expect(page.get_by_text("for a first gold set make a small batch for yourself")).to_be_visible()
    expect(page.get_by_role("button", name="Make a batch")).to_be_visible()


def test_both_themes_are_legible(open_screen):
    """AA contrast: 4.5 : 1 for each text, 3 : 1 for each interval and dot; nothing lies beyond the right edge at 1280 px."""
    page = open_screen()
    texts = "h2, h3, p, li, th, td, dt, dd, b, q, summary, button:enabled, label, kbd, .ccds-chip"
    for part in ("Agreement", "Labelers", "Batches", "To decide", "Labels and snapshots"):
        page.get_by_role("tab", name=part).click()
        expect(page.get_by_role("tab", name=part)).to_have_attribute("aria-selected", "true")
        expect(page.locator(".ccds-assess .ccds-waiting")).to_have_count(0)
        expect(page.locator(".ccds-assess :is(h2, h3)").first).to_be_visible()
        for scheme in both_schemes(page):
            words = looks(page, f".ccds-assess :is({texts})")
            marks = looks(page, ".ccds-assess :is(.ccds-value, .ccds-whisker)", "stroke")

            assert words[0].is_on_dark == (scheme == "dark")
            assert len(words) > 10, part
            assert below(4.5, words) == []
            assert below(3, marks) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, part
