"""Makes the README's pictures: a real demo, a real Chromium, people doing what the journeys' tests do.

Run by `make screenshots`; writes PNG files into `docs/screenshots/`. Look at them before you commit them. Only some:

    PYTHONPATH=tests python tests/browser/screenshots.py normalization cohort
"""

import argparse
import random
import re
import tempfile
from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from ccds_kernel.dataset.datalist_file import write_datalist
from ccds_kernel.dataset.soft_labels import soft_labels
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.request import Outcome, State
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import load_settings
from ccds_kernel.training.launch import launch
from ccds_kernel.training.spec import TrainingSpec
from support.archive import Study
from support.browser import chromium, drag_over
from support.cohort_site import PROJECT as COHORT_PROJECT
from support.cohort_site import CohortSite, filled_orthanc, make_site
from support.demo import APP, LAB, PROJECT, Demo, running_demo
from support.dicom import CT, MR
from support.image_site import PROJECT as IMAGE_PROJECT
from support.image_site import largest_mask, make_image_site
from support.lab import open_notebook, run_all, wait_until_idle
from support.voila import served
from support.waiting import until

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SIZE = {"width": 1280, "height": 800}
LAB_SIZE = {"width": 1440, "height": 1000}
LOCALE = "en-SE"
"""English with days told as 2024-01-31, and 24 hours. A field of a date the browser draws as it likes."""

LAB_PARTS = frozenset({"normalization", "training", "sessions"})
IN_DEMO = LAB_PARTS | {"labeling", "leadership"}
PARTS = ("labeling", "normalization", "training", "sessions", "leadership", "cohort", "imaging")
"""What can be asked for by itself; those of IN_DEMO are taken in one demo, those of LAB_PARTS in sam's lab."""

TASK = "hemorrhage"
"""The demo's labelling task with a guideline, a phrase list, and batches that labelers have begun."""

PHRASE, WORDS = "no hemorrhage", "hemorrhage is difficult to exclude"
"""A phrase of it, and words in the findings of the first report that it captures: what a fellow would mend next."""


def main() -> None:
    """Takes the pictures, light and dark: all, or those that are asked for."""
    parser = argparse.ArgumentParser(description="Take the README's and the manual's pictures.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"all, or some of {', '.join(PARTS)}")
    parts = parser.parse_args().parts or PARTS
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"expected parts of {', '.join(PARTS)}; found {', '.join(unknown)}")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        if not IN_DEMO.isdisjoint(parts):
            _demo(browser, Path(folder) / "site", parts)
        if "cohort" in parts:
            _cohort(browser, Path(folder) / "hospital")
        if "imaging" in parts:
            _imaging(browser, Path(folder) / "images")


def _demo(browser: Browser, folder: Path, parts: Collection[str]) -> None:
    with running_demo(folder) as demo:
        if "training" in parts:
            _train(demo)
        for scheme in ("light", "dark"):
            if "labeling" in parts:
                _fellow(browser, demo, scheme)
            if not LAB_PARTS.isdisjoint(parts):
                _scientist(browser, demo, scheme, parts)
            if "leadership" in parts:
                _leadership(browser, demo, scheme)


def _fellow(browser: Browser, demo: Demo, scheme: str) -> None:
    with browser.new_context(viewport=SIZE, color_scheme=scheme) as context:
        page = context.new_page()
        _login(page, demo, "fay")
        page.goto(f"{demo.url}/hub/spawn/fay/{APP}")
        _labelling(page, scheme)


def _labelling(page: Page, scheme: str) -> None:
    """The app's four screens on the task that labelers have begun; the manual has them light."""
    expect(page.locator(".ccds-task")).to_contain_text(TASK, timeout=60_000)
    _annotate(page)
    page.screenshot(path=PICTURES / f"labeling-{scheme}.png")
    if scheme == "light":
        _other_screens(page)


def _annotate(page: Page) -> None:
    """A report that a phrase labels too boldly, and what words that would mend it do."""
    page.get_by_role("button", name=re.compile(f"^{PHRASE}, ")).click()
    expect(page.locator("mark").first).to_be_visible()
    drag_over(page, WORDS, section=1)
    expect(page.locator(".ccds-preview")).to_contain_text("report")


def _other_screens(page: Page) -> None:
    """One picture each, for the manual."""
    page.keyboard.press("Escape")
    page.mouse.move(0, 0)
    page.keyboard.press("Alt+2")
    expect(page.locator(".ccds-order-row").first).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator(".ccds-conflicts li").first).to_be_visible()
    page.screenshot(path=PICTURES / "labeling-prioritise.png")
    page.keyboard.press("Alt+3")
    expect(page.locator(".ccds-confirming mark").first).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator(".ccds-guideline-text")).to_be_visible()
    page.screenshot(path=PICTURES / "labeling-confirm.png")
    page.keyboard.press("g")
    page.keyboard.press("Alt+4")
    expect(page.locator(".ccds-intervals")).to_be_visible()
    page.screenshot(path=PICTURES / "labeling-assess.png")


def _scientist(browser: Browser, demo: Demo, scheme: str, parts: Collection[str]) -> None:
    with browser.new_context(viewport=LAB_SIZE, color_scheme=scheme) as context:
        page = context.new_page()
        _login(page, demo, "sam")
        session = demo.start(demo.login("sam"), "sam", LAB, {"gpus": 1})
        if "normalization" in parts:
            _walk_through(page, session, "normalization", ".ccds-normalization .ccds-caption:has-text('slice')", scheme)
            if scheme == "light":
                _all_volumes(page)
        if "training" in parts:
            _walk_through(page, session, "training", ".ccds-training svg", scheme)
        if "sessions" in parts:
            _sessions(page, demo, scheme)
    demo.stop(demo.login("sam"), "sam", LAB)


def _walk_through(page: Page, session: str, notebook: str, usable: str, scheme: str) -> None:
    """Runs a notebook's cells until the `usable` one is there; a picture of its first page."""
    open_notebook(page, session, f"walkthroughs/{notebook}.ipynb")
    run_all(page)
    expect(page.locator(usable).first).to_be_visible(timeout=120_000)
    wait_until_idle(page)
    _to_top(page, f".ccds-{notebook}")
    page.screenshot(path=PICTURES / f"{notebook}-{scheme}.png")


def _all_volumes(page: Page) -> None:
    """What the preview's recipe, saved, does to every volume, and a run of it to its end; for the manual."""
    page.get_by_label("Name of the recipe").fill("head CT")
    page.get_by_role("button", name="Save recipe").click()
    expect(page.locator(".ccds-saved")).to_contain_text("recipes/head-ct.yaml")
    view = _to_top(page, ".ccds-spread")  # it measures nothing while nobody sees it
    view.get_by_role("button", name="Look again").click()
    view.get_by_label("after recipe").select_option("head CT")
    expect(view.locator(".ccds-columns svg").first).to_be_visible()
    expect(view.locator("progress")).to_have_count(0, timeout=120_000)
    page.screenshot(path=PICTURES / "normalization-cohort.png")
    runs = _to_top(page, ".ccds-normalization-runs")
    runs.get_by_role("button", name=re.compile("^Normalize")).click()
    expect(runs.get_by_role("group", name="How far it is").locator("[data-state=ended]")).to_be_visible(timeout=180_000)
    page.screenshot(path=PICTURES / "normalization-run.png")


def _to_top(page: Page, selector: str) -> Locator:
    """Scrolls the first element of `selector` to the top, and returns it."""
    first = page.locator(selector).first
    first.scroll_into_view_if_needed()
    first.evaluate("element => element.scrollIntoView({block: 'start'})")
    return first


def _sessions(page: Page, demo: Demo, scheme: str) -> None:
    """The cards of a node that runs and one that waits, and the form of one more."""
    sam, further = demo.login("sam"), f"{LAB}-2"
    page.set_viewport_size(SIZE)
    sam.post(demo.api("sam", further), json={"user_options": {"gpus": 4, "hours": 4}}, timeout=30)
    page.goto(f"{demo.url}/hub/home")
    expect(page.locator('.ccds-session[data-state="waiting"]')).to_contain_text("Waiting for 4 GPUs")
    expect(page.locator('.ccds-session[data-state="running"]')).to_contain_text("Ends")
    page.screenshot(path=PICTURES / f"sessions-{scheme}.png")
    page.goto(f"{demo.url}/hub/spawn/sam/{LAB}-3?gpus=2")
    expect(page.locator("[data-outlook]")).to_contain_text("Estimated start")
    page.screenshot(path=PICTURES / f"options-{scheme}.png")
    demo.stop(sam, "sam", further)


def _leadership(browser: Browser, demo: Demo, scheme: str) -> None:
    with browser.new_context(viewport=LAB_SIZE, color_scheme=scheme) as context:
        page = context.new_page()
        _login(page, demo, "lee")
        page.goto(f"{demo.url}/hub/spawn/lee/reports")
        expect(page.locator(".ccds-monitoring svg").first).to_be_visible(timeout=60_000)
        page.screenshot(path=PICTURES / f"monitoring-{scheme}.png")
        page.goto(f"{demo.url}/user/lee/reports/voila/render/cluster.ipynb")
        expect(page.locator(".ccds-cluster svg[role=group]").first).to_be_visible(timeout=60_000)
        page.screenshot(path=PICTURES / f"cluster-{scheme}.png")


def _cohort(browser: Browser, folder: Path) -> None:
    """The cohort app's screens on an archive that has a year of studies; the demo has none."""
    folder.mkdir()
    window = {"exam_codes": ["CTHEAD", "MRHEAD", "CTANGIO"], "study_dates": ["2024-01-01", "2024-12-31"]}
    with filled_orthanc(folder / "files", _a_year()) as orthanc:
        site = make_site(folder, orthanc, **window)
        config = {"config": site.config, "person": "sam", "project": COHORT_PROJECT}
        with (
            served("cohort.ipynb", folder / "voila", **config) as app,
            browser.new_context(viewport=SIZE, color_scheme="light", locale=LOCALE) as context,
        ):
            page = context.new_page()
            page.goto(app.url)
            page.get_by_role("button", name=re.compile("^Count")).click()
            expect(page.locator(".ccds-sum")).to_be_visible(timeout=120_000)
            page.get_by_label("Name", exact=True).fill("heads-2024")
            page.get_by_label("Name", exact=True).press("Enter")
            expect(page.locator(".ccds-done")).to_be_visible()
            page.locator(".ccds-ask-main").evaluate("element => element.scrollTo(0, 0)")
            page.screenshot(path=PICTURES / "cohort-ask.png")
            page.get_by_role("button", name="Fetch heads-2024-v1").click()
            expect(page.locator(".ccds-confirm")).to_be_visible(timeout=120_000)
            page.keyboard.press("y")
            expect(page.locator(".ccds-done")).to_be_visible()
            _some_fail(site)
            expect(page.locator(".ccds-bar-of [data-state=refused]")).to_be_visible()
            page.get_by_role("radio", name=re.compile("^Not there")).check(force=True)
            expect(page.locator(".ccds-study [data-state=failed]").first).to_be_visible()
            page.screenshot(path=PICTURES / "cohort-fetch.png")


def _imaging(browser: Browser, folder: Path) -> None:
    """The imaging app's screens on studies of several series; the demo's have one each."""
    folder.mkdir()
    config = {"config": make_image_site(folder, "sam"), "person": "sam", "project": IMAGE_PROJECT}
    with (
        served("imaging.ipynb", folder / "voila", **config) as app,
        browser.new_context(viewport=SIZE, color_scheme="light", locale=LOCALE) as context,
    ):
        page = context.new_page()
        page.goto(app.url)
        expect(page.locator(".ccds-table img")).to_have_count(2, timeout=60_000)
        page.keyboard.press("3")
        page.keyboard.type("the thin slices have motion")
        page.keyboard.press("Enter")
        expect(page.locator(".ccds-said-list")).to_be_visible()
        page.mouse.move(0, 0)
        page.screenshot(path=PICTURES / "imaging-series.png")
        page.keyboard.press("Alt+2")
        expect(page.locator(".ccds-row img").first).to_be_visible()
        page.keyboard.press("l")
        page.keyboard.type("agreed with the physicist")
        expect(page.locator(".ccds-picture[aria-busy]")).to_have_count(0)
        page.screenshot(path=PICTURES / "imaging-quarantine.png")
        page.keyboard.press("Escape")
        _look(page, config["config"])


def _look(page: Page, config: Path) -> None:
    """A volume with a mask over it, while that is corrected; the tab remembers where it was."""
    study, series, voxel = largest_mask(config)
    place = {"study": study, "series": series, "voxel": voxel, "window": {"level": 40, "width": 80}, "time": 0}
    page.evaluate(
        "([slot, place]) => sessionStorage.setItem(slot, JSON.stringify(place))", [f"ccds-look-{IMAGE_PROJECT}", place]
    )
    page.keyboard.press("Alt+3")
    expect(page.locator(".ccds-pane[data-shown]")).to_have_count(3)
    page.locator(".ccds-pane").first.focus()
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Save the mask")).to_be_visible()
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURES / "imaging-look.png")


def _a_year() -> list[Study]:
    """Studies of four exam codes, as they come over a year, each on a scanner that can do it."""
    chance = random.Random(7)  # noqa: S311 - a picture, no secret
    days = sorted(date(2024, 1, 1) + timedelta(days=chance.randrange(366)) for _ in range(160))
    codes = [chance.choices(("CTHEAD", "MRHEAD", "CTANGIO", "CTKNEE"), (9, 5, 3, 1))[0] for _ in days]
    return [
        Study(
            number,
            exam_code=code,
            date=day,
            slices=2,
            sop_class=MR if code == "MRHEAD" else CT,
            station=chance.choice(("MR1", "MR2") if code == "MRHEAD" else ("CT7", "CT8")),
        )
        for number, (day, code) in enumerate(zip(days, codes, strict=True), start=1)
    ]


def _some_fail(site: CohortSite) -> None:
    """Most of the queue as if it had been fetched, some of it in vain, by a worker that is at it."""
    project = open_project(COHORT_PROJECT, Action.WRITE_IMAGES, person="sam", settings=site.settings)
    outcomes = {
        7: Outcome(State.FAILED, "no file came (0 of 2)", announced=2),
        11: Outcome(State.REFUSED, "another patient in 2 files", doubt="other-patient", received=2, announced=2),
        29: Outcome(State.FAILED, "fewer files came than announced (1 of 2)", received=1, announced=2),
    }
    with project.store.writing() as connection:
        for number in range(98):
            request = rows.claim(connection)
            assert request is not None
            arrived = Outcome(State.ARRIVED, received=2, announced=2)
            rows.settle(connection, request.id, outcomes.get(number % 40, arrived))
        run = rows.begin_run(connection, "sam")
        rows.beat(connection, run, 600_000, 100_000.0)
        rows.claim(connection)
        rows.claim(connection)
    project.close()


def _train(demo: Demo) -> None:
    """One training of sam's with the demo's own list, to its end: what the walk-through does when somebody clicks Train."""
    settings = load_settings(demo.folder / "ccds.toml")
    project = open_project(PROJECT, Action.TRAIN, person="sam", settings=settings)
    labels = soft_labels(project, phrases=project.folder / "phrases" / "starter.csv")
    datalist = write_datalist(project, labels, positive="present", negative="absent")
    run = launch(project, TrainingSpec(datalist=datalist.path, epochs=30, image_size=48), demo.scheduler)
    until(lambda: run.status().state.ended, "the training to end", seconds=900)
    project.store.close()


def _login(page: Page, demo: Demo, person: str) -> None:
    page.goto(f"{demo.url}/")
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(demo.passwords[person])
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{demo.url}/hub/home")


if __name__ == "__main__":
    main()
