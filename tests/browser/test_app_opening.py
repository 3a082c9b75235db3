"""An app's page until its project is there: whatever goes wrong meanwhile, nobody waits for ever."""

import json
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from ccds_widgets.cohort.view import CohortWidget
from support.browser import page_of_scripts
from support.voila import served

pytestmark = pytest.mark.browser

SCRIPTS = CohortWidget._esm.replace("export default { render };", "")
HARNESS = """
const asked = [];
const heard = [];
const signal = () => ({ connect(slot) { this.slot = slot; }, disconnect() {} });
const kernel = { connectionStatus: "connected", statusChanged: signal(), connectionStatusChanged: signal() };
const model = {
  widget_manager: { kernel },
  on: (_, hear) => heard.push(hear),
  off: () => {},
  send: ({ request, ...content }) => asked.push({ request, content }),
};
const answer = (content) => heard.forEach((hear) => hear({ answer: asked.at(-1).request, ...content }, []));
const connection = (status) => kernel.connectionStatusChanged.slot(kernel, status);
render({ model, el: document.body.appendChild(document.createElement("div")) });
"""


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """The cohort app's page, whose kernel the test plays."""
    with page_of_scripts(browser, ";") as opened:
        opened.clock.install()
        opened.add_script_tag(content=SCRIPTS + HARNESS)
        yield opened


def test_an_app_whose_kernel_does_not_start_says_so(site, browser, tmp_path):
    """Voilà itself would only say that it goes on."""
    spec = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(
        json.dumps(
            {"argv": [sys.executable, "-c", "raise SystemExit(1)"], "display_name": "dead", "language": "python"}
        )
    )
    with served("cohort.ipynb", tmp_path, config=site.folder / "ccds.toml", person="fay", project="CHEST-1") as app:
        page = browser.new_context().new_page()
        page.clock.install()
        page.goto(app.url, wait_until="commit")
        expect(page.get_by_role("status")).to_contain_text("Opening the app …")

        page.clock.fast_forward(25_000)
        late = page.get_by_role("status").inner_text()
        page.clock.fast_forward(100_000)

        expect(page.get_by_role("alert")).to_contain_text("The app couldn’t be opened: its kernel didn’t start")
        expect(page.get_by_role("button", name="Reload the page")).to_be_visible()
        page.context.close()
    assert "takes longer than it should" in late


def test_an_app_is_asked_for_again_where_the_connection_was_lost(page):
    """Its first request may have been lost with it; asking changes nothing."""
    page.evaluate("connection('connecting')")
    page.evaluate("connection('connected')")
    page.wait_for_function("asked.length === 2")

    page.evaluate("answer({ project: 'HEAD-1', screens: [] })")

    assert page.evaluate("asked.map(({ content }) => content)") == [{"kind": "ready"}] * 2
    expect(page.get_by_role("alert").filter(has_text="found nothing; ask the principal investigator")).to_be_visible()


def test_a_project_that_opens_late_is_told_so(page):
    """With the way on; and no word of it where it opens after all."""
    expect(page.get_by_text("Opening the project …")).to_be_visible()

    page.clock.fast_forward(21_000)

    expect(page.get_by_text("This takes longer than it should")).to_be_visible()
    expect(page.get_by_role("button", name="Reload the page").locator("visible=true")).to_have_count(1)
    page.evaluate("answer({ project: 'HEAD-1', screens: [] })")
    expect(page.get_by_text("This takes longer than it should")).to_have_count(0)
