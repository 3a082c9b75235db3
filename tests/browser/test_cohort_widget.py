"""The cohort app in a real browser, under a plain Voilà, on a real archive: somebody counts studies, keeps criteria, fetches."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from support.cohort_site import PROJECT, WANTED, CohortSite, filled_orthanc, make_site
from support.voila import App, served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hospital(tmp_path_factory) -> Iterator[CohortSite]:
    """A site with an archive."""
    with filled_orthanc(tmp_path_factory.mktemp("files")) as orthanc:
        yield make_site(tmp_path_factory.mktemp("hospital"), orthanc)


@pytest.fixture(scope="module")
def serve_to(hospital, tmp_path_factory) -> Iterator[Callable[[str], App]]:
    """Serves the app as the session of a person."""
    with ExitStack() as running:
        yield lambda person: running.enter_context(
            served(
                "cohort.ipynb",
                tmp_path_factory.mktemp("voila"),
                config=hospital.config,
                person=person,
                project=PROJECT,
            )
        )


@pytest.fixture(scope="module")
def app(serve_to) -> App:
    """The app for sam, a scientist."""
    return serve_to("sam")


def counted(page: Page) -> None:
    """Counts, and waits until it is done."""
    page.get_by_role("button", name=re.compile("^Count")).click()
    expect(page.get_by_role("heading", name="What the archive has")).to_be_visible()


def test_studies_are_counted_kept_and_fetched(app, open_page, hospital):
    """From exam codes and days to files in the project: exactly those that were counted, confirmed first."""
    page = open_page(app)
    expect(page.get_by_role("group", name="Exam codes that")).to_be_visible()

    counted(page)

    counts = page.get_by_role("region", name="What the archive has")
    expect(counts.locator(".ccds-sum")).to_have_text("6 studies18 instances")
    expect(counts.get_by_role("img", name="2024-01: 4 studies")).to_be_attached()
    expect(counts.get_by_role("img", name="2024-02: 0 studies")).to_be_attached()
    expect(counts.get_by_role("table", name="Studies by exam code")).to_contain_text("MRHEAD")
    expect(counts.get_by_role("table", name="Studies by scanner").get_by_role("rowheader")).to_have_count(2)

    page.get_by_label("Name", exact=True).fill("heads")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.locator(".ccds-done")).to_contain_text("Kept as heads-v1.")
    expect(
        page.get_by_role("table", name="Kept criteria").get_by_role("row", name=re.compile("^heads-v1"))
    ).to_contain_text("sam")
    page.get_by_role("button", name="Fetch heads-v1").click()

    confirm = page.get_by_role("region", name="Confirm heads-v1")
    expect(confirm).to_contain_text("6 studies will be fetched.")
    assert not (hospital.settings.paths.projects / PROJECT / "dicom").exists()
    page.keyboard.press("y")
    expect(page.locator(".ccds-done")).to_have_text("6 studies put into the queue.")
    page.get_by_role("button", name=re.compile("^Fetch 6 studies")).click()

    expect(page.get_by_role("heading", name="6 of 6 studies arrived")).to_be_visible(timeout=60_000)
    assert len(list((hospital.settings.paths.projects / PROJECT / "dicom").glob("*/*/*.dcm"))) == 3 * len(WANTED)
