"""The confirming screen in a real browser, under a plain Voilà."""

from dataclasses import replace
from random import Random

import pytest
from playwright.sync_api import expect

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from support.confirm_project import (
    FELLOW,
    LABELERS,
    PROJECT,
    TASK,
    confirm_project,
    make_batch,
    saved,
    study_on,
    tags_of,
)
from support.confirm_race import Seat, race
from support.contrast import below, both_schemes, looks

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def project(site):
    """The project with 60 reports."""
    opened = confirm_project(site.settings, 60)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def keys(project):
    """Its study keys in the order in which they were loaded."""
    return [stored.study_key for stored in LabelingRepository(project, TASK).reports()]


@pytest.fixture(scope="module")
def lous(serve, project):  # noqa: ARG001 - the project is there before the app is
    """The app as the labeler lou has it."""
    return serve("labeling.ipynb", project=PROJECT, person="lou")


def answers(project):
    """What counts of the task: study → kind and words."""
    return {
        stored.answer.study_key: (stored.answer.kind, stored.said and sorted(stored.said))
        for stored in Curating(project, TASK).answers()
    }


def test_a_labeler_without_a_batch_is_told_that_there_is_no_work_yet(project, serve, open_page):  # noqa: ARG001 - it is there
    """Nothing is wrong with them."""
    page = open_page(serve("labeling.ipynb", project=PROJECT, person="lin"))

    expect(page.get_by_role("heading", name="There is no work for you yet")).to_be_visible()
    expect(page.get_by_text("No batch is assigned to you")).to_be_visible()


def test_a_labeler_confirms_corrects_skips_flags_tags_and_undoes_by_keys(project, keys, lous, open_page):
    """Each key is one answer; the next study shows at once; a reload loses nothing and goes on where one stopped."""
    make_batch(project, "first", keys[:12], labelers=["lou"])
    page = open_page(lous)
    press = page.keyboard.press
    expect(page.locator(".ccds-group")).to_contain_text("no pleural effusion: 1 of 4")
    expect(page.locator("mark")).to_have_text("No pleural effusion")
    expect(page.get_by_role("navigation", name="Screens").get_by_role("button", name="Annotate")).to_have_count(0)

    seen = [study_on(page)]
    for key in ("Enter", "1", "s"):
        press(key)
        expect(page.locator(".ccds-group")).to_contain_text(f"{len(seen) + 1} of 4")
        seen.append(study_on(page))
    press("f")
    page.get_by_label("What should the fellow look at?").fill("a catheter?")
    press("Enter")
    expect(page.locator(".ccds-group")).to_contain_text("pleural effusion: 1 of 4")
    press("t")
    press("1")
    press("Enter")
    expect(page.get_by_role("group", name="Strata tags")).to_contain_text("motion")
    tagged = study_on(page)
    press("Space")
    press("u")
    press("u")
    press("u")
    press("u")
    expect(page.locator(".ccds-confirm-side")).to_contain_text("You had said: effusion")
    assert study_on(page) == seen[1]
    press("2")
    saved(page)

    assert answers(project) == {
        seen[0]: (AnswerKind.CONFIRM, ["no effusion"]),
        seen[1]: (AnswerKind.CONFIRM, ["no effusion"]),
    }
    assert tags_of(project, tagged) == {"lou": {"motion"}}
    page.reload()
    expect(page.locator(".ccds-pace")).to_contain_text("You: 2 done, 2 today")
    assert study_on(page) == seen[2]
    press("Control+z")
    expect(page.locator(".ccds-key")).to_have_text(seen[1])
    saved(page)
    assert list(answers(project)) == [seen[0]]


def test_a_batch_ends_with_what_was_right_and_the_next_one(project, keys, lous, open_page):
    """The gold answers, the wrong one open with its report; after that nothing is undone; the next batch is one key away."""
    make_batch(project, "with gold", keys[12:15], gold=keys[15:18], wrong=1, labelers=["lou"])
    make_batch(project, "after it", keys[18:21], labelers=["lou"])
    page = open_page(lous)
    page.get_by_label("Batch", exact=True).select_option("with gold")
    expect(page.locator(".ccds-pace")).to_contain_text("0 done, 0 today, 6 left")

    for number in range(6):
        expect(page.locator(".ccds-pace")).to_contain_text(f"{number} done")
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Show how I did").press("Enter")
    page.get_by_role("button", name="Yes, show how I did").press("Enter")

    expect(page.get_by_role("heading", name="2 of 3 gold answers right")).to_be_visible()
    wrong = page.locator(".ccds-gold-answer[open]")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("as preselected")
    expect(wrong.locator("mark")).to_have_count(1)
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Next batch: ").press("Enter")
    expect(page.locator(".ccds-group")).to_be_visible()
    assert len(answers(project).keys() & set(keys[12:18])) == 6


def test_one_enter_too_many_at_the_last_study_ends_nothing(project, keys, lous, open_page):
    """Nor does one too many on the button that asks first: what was said can be undone all the same."""
    make_batch(project, "one too many", keys[35:36], labelers=["lou"])
    page = open_page(lous)
    page.get_by_label("Batch", exact=True).select_option("one too many")
    expect(page.locator(".ccds-pace")).to_contain_text("0 done, 0 today, 1 left")

    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing is left for you")).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show how I did").press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Yes, show how I did")).to_be_visible()
    page.keyboard.press("u")

    expect(page.locator(".ccds-key")).to_have_text(keys[35])
    saved(page)
    assert keys[35] not in answers(project)


def test_a_page_that_is_older_than_another_is_told_so_and_goes_on(project, keys, lous, open_page):
    """The same labeler on two tabs: the second answer about a study is kept, refused in one line, and the next study shows."""
    make_batch(project, "twice", keys[21:24], labelers=["lou"])
    tabs = [open_page(lous) for _ in range(2)]
    for tab in tabs:
        tab.get_by_label("Batch", exact=True).select_option("twice")
        expect(tab.locator(".ccds-pace")).to_contain_text("3 left")
    first = study_on(tabs[0])
    tabs[0].keyboard.press("Enter")
    saved(tabs[0])
    expect(tabs[1].locator(".ccds-key")).to_have_text(first)

    tabs[1].keyboard.press("3")

    expect(tabs[1].get_by_role("alert")).to_contain_text("a study without your answer")
    expect(tabs[1].locator(".ccds-key")).not_to_have_text(first)
    saved(tabs[1])
    refused = [stored.answer.study_key for stored in Curating(project, TASK).every_answer() if stored.refused]
    assert first in refused
    assert answers(project)[first] == (AnswerKind.CONFIRM, answers(project)[first][1])


def test_labels_in_another_order_are_shown_with_the_next_study_and_said_by_name(project, keys, lous, open_page):
    """The key that was pressed before the page knew means what it showed; then the numbers are those of now."""
    make_batch(project, "other order", keys[40:44], labelers=["lou"])
    page = open_page(lous)
    page.get_by_label("Batch", exact=True).select_option("other order")
    expect(page.locator(".ccds-pace")).to_contain_text("0 done, 0 today, 4 left")
    names = page.locator(".ccds-choice-name")
    before = names.all_inner_texts()
    first = study_on(page)
    tasks = TaskRepository(project)
    task = next(stored.task for stored in tasks.tasks() if stored.id == TASK)
    turned = replace(task, labels=task.labels[::-1])
    tasks.change(TASK, task, turned)

    page.keyboard.press("2")

    expect(names).to_have_text(before[::-1])
    expect(page.get_by_role("alert")).to_contain_text("labels have changed")
    saved(page)
    assert answers(project)[first][1] == [before[1]]
    tasks.change(TASK, turned, task)
    second = study_on(page)
    page.keyboard.press("1")
    expect(names).to_have_text(before)
    saved(page)
    assert answers(project)[second][1] == [before[-1]]


def test_a_note_is_left_by_escape_and_a_key_that_is_held_counts_once(project, keys, lous, open_page):
    """Nothing is said of a study by accident."""
    make_batch(project, "careful", keys[24:28], labelers=["lou"])
    page = open_page(lous)
    page.get_by_label("Batch", exact=True).select_option("careful")
    expect(page.locator(".ccds-pace")).to_contain_text("0 done, 0 today, 4 left")
    page.keyboard.press("f")
    page.keyboard.type("s1 u")
    page.keyboard.press("Escape")
    expect(page.get_by_label("What should the fellow look at?")).to_have_count(0)
    expect(page.get_by_role("article", name="Report")).to_be_focused()

    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")

    expect(page.locator(".ccds-pace")).to_contain_text("1 done")
    saved(page)


def test_who_is_asked_before_leaving_and_stays_has_all_saved(project, keys, lous, open_page):
    """While the kernel is slow the browser asks; nothing is ended by the question, and each key is kept."""
    for other in Curating(project, TASK).batches():
        Curating(project, TASK).withdraw(other.id, "lou")  # a new tab opens the one batch that there is
    make_batch(project, "hurried", keys[36:40], labelers=["lou"])
    page = open_page(lous)
    expect(page.locator(".ccds-pace")).to_contain_text("0 done, 0 today, 4 left")
    first = study_on(page)

    with lous.slow_kernels():
        for key in ("Enter", "Enter", "u", "u", "Enter"):
            page.keyboard.press(key)
        expect(page.locator(".ccds-saving")).not_to_have_text("Saved")
        page.once("dialog", lambda dialog: dialog.dismiss())
        with page.expect_event("dialog"):
            page.close(run_before_unload=True)

    saved(page)
    expect(page.locator(".ccds-pace")).to_contain_text("1 done")
    assert answers(project).keys() & set(keys[36:40]) == {first}
    said = [one.answer for one in Curating(project, TASK).every_answer() if one.answer.study_key in keys[36:40]]
    assert [one.kind for one in said if one.study_key == first][-2:] == [AnswerKind.UNDO, AnswerKind.CONFIRM]
    assert len(said) == 5


def test_a_fellow_curates_gold_makes_a_batch_and_assigns_it(project, serve, keys, open_page):
    """All by keys and one form; the batch is there for its labelers at once."""
    make_batch(project, "mine", keys[28:31], labelers=[FELLOW])
    page = open_page(serve("labeling.ipynb", project=PROJECT, person=FELLOW))
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.locator(".ccds-group")).to_be_visible()
    gold = study_on(page)
    page.keyboard.press("Shift+Digit3")
    expect(page.locator(".ccds-report-head")).to_contain_text("In the gold set: not to be said")
    page.keyboard.press("Shift+G")
    expect(page.locator(".ccds-report-head")).not_to_contain_text("In the gold set")
    page.keyboard.press("Shift+G")
    expect(page.locator(".ccds-report-head")).to_contain_text("In the gold set")
    Curating(project, TASK).set_gold(gold, ["effusion"], "old fluid")
    page.keyboard.press("Shift+Digit3")
    expect(page.get_by_role("alert")).to_contain_text("which the page now shows")
    expect(page.locator(".ccds-report-head")).to_contain_text("In the gold set: effusion")
    page.keyboard.press("Shift+Digit3")
    expect(page.locator(".ccds-report-head")).to_contain_text("In the gold set: not to be said")
    assert Curating(project, TASK).gold()[gold].note == "old fluid"

    page.keyboard.press("b")
    form = page.get_by_role("form", name="New batch")
    form.get_by_role("textbox", name="Name").fill("by hand")
    form.get_by_role("spinbutton", name="Studies").fill("5")
    expect(form.get_by_role("status")).to_contain_text("no agreement between labelers can be measured")
    form.get_by_role("spinbutton", name="Labelers for each").fill("2")
    expect(form.get_by_role("status")).to_have_text(
        "5 studies and 1 gold, 6 in all; 0 of the 1 with a wrong label preselected. Assigned to nobody yet."
    )
    form.get_by_role("spinbutton", name="Labelers for each").fill("1")
    expect(form.get_by_role("status")).to_contain_text("no agreement between labelers can be measured")
    form.get_by_role("spinbutton", name="Gold, % of the batch").fill("0")
    form.get_by_role("checkbox", name="lin", exact=True).check()
    form.get_by_role("textbox", name="Name").fill("mine")
    form.get_by_role("button", name="Make the batch").click()
    expect(form.get_by_role("alert")).to_contain_text("a name that no batch of the task has")
    expect(form.get_by_role("spinbutton", name="Studies")).to_have_value("5")
    expect(form.get_by_role("checkbox", name="lin", exact=True)).to_be_checked()
    form.get_by_role("textbox", name="Name").fill("by hand")
    form.get_by_role("button", name="Make the batch").click()

    row = page.get_by_role("row", name="by hand")
    expect(row).to_contain_text("0 of 5")
    row.get_by_label("Assign “by hand” to").select_option("lee")
    expect(row).to_contain_text("lee")
    row.get_by_label("Withdraw lin").click()
    expect(row.get_by_label("Withdraw lin")).to_have_count(0)
    batch = next(batch for batch in Curating(project, TASK).batches() if batch.name == "by hand")
    assert batch.labelers == ("lee",)
    assert gold in Curating(project, TASK).gold()
    page.keyboard.press("b")
    expect(page.locator(".ccds-group")).to_be_visible()


def test_a_fellow_takes_a_batch_away_and_who_is_at_it_learns_it(project, serve, keys, lous, open_page):
    """By keyboard, asked once; refused in a line where somebody has answered; the labeler's next key tells them."""
    make_batch(project, "beside it", keys[44:45], labelers=["lou"])
    batch = make_batch(project, "too much", keys[32:34], labelers=["lou"])
    labelers_page = open_page(lous)
    labelers_page.get_by_label("Batch", exact=True).select_option("too much")
    expect(labelers_page.locator(".ccds-pace")).to_contain_text("2 left")
    page = open_page(serve("labeling.ipynb", project=PROJECT, person=FELLOW))
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_role("button", name="Batches")).to_be_visible()
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="New batch")).to_be_visible()  # the page looks for nothing new any more
    asked = page.get_by_role("alertdialog")
    button = page.get_by_role("button", name="Take “too much” away")
    row = page.get_by_role("row", name="too much").filter(has=page.locator("th"))

    for no in ("n", "Escape"):
        button.focus()
        page.keyboard.press("Enter")
        expect(asked).to_contain_text("Take “too much” away?")
        expect(asked).to_be_focused()
        page.keyboard.press(no)
        expect(asked).to_have_count(0)
        expect(button).to_be_focused()
    labelers_page.keyboard.press("Enter")
    saved(labelers_page)
    page.keyboard.press("Enter")
    page.keyboard.press("y")
    expect(page.get_by_role("alert").first).to_contain_text("found 1 answer of lou")
    expect(row).to_be_visible()
    expect(button).to_be_focused()

    labelers_page.keyboard.press("u")
    saved(labelers_page)
    page.keyboard.press("Enter")
    for _ in "twice":
        page.keyboard.press("y")
    expect(row).to_have_count(0)
    labelers_page.keyboard.press("Enter")

    expect(labelers_page.get_by_role("alert").first).to_contain_text("'too much', which")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert batch.id not in {one.id for one in Curating(project, TASK).batches()}
    assert answers(project).keys().isdisjoint(keys[32:34])


def test_the_screen_is_legible_in_light_and_dark(project, keys, lous, open_page):
    """Each text has AA contrast (4.5 : 1) to what is behind it; what can't be pressed now left out."""
    make_batch(project, "legible", keys[31:33], labelers=["lou"])
    page = open_page(lous)
    page.get_by_label("Batch", exact=True).select_option("legible")
    expect(page.locator(".ccds-pace")).to_contain_text("2 left")
    page.keyboard.press("t")
    page.keyboard.press("1")

    words = "choice-name, preselected, text, mark, section h3, muted, saving, group".replace(" ", " .ccds-")
    for scheme in both_schemes(page):
        texts = looks(page, f".ccds-{words}")

        assert len(texts) > 10
        assert {look.is_on_dark for look in texts if look.name == "ccds-text"} == {scheme == "dark"}
        assert below(4.5, texts) == []
    page.keyboard.press("Escape")


def test_three_labelers_at_once_say_everything_once(project, keys, serve, open_page):
    """In random order with undos, while a tab and a kernel die; the long run is tests/soak/soak_labeling_confirm.py."""
    for other in Curating(project, TASK).batches():
        for person in other.labelers:
            Curating(project, TASK).withdraw(other.id, person)  # a new tab opens the one batch that there is
    batch = make_batch(project, "race", keys[:56], gold=keys[56:59], wrong=1)
    apps = {person: serve("labeling.ipynb", project=PROJECT, person=person) for person in LABELERS}
    seats = [Seat(person, app, open_page(app)) for person, app in apps.items()]

    broken = race(project, batch, seats, Random(6), crash_after=10, kill_after=20)  # noqa: S311 - keeps no secret

    assert broken == []
