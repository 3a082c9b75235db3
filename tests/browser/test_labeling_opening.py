"""Opening a screen that takes long, in a real browser: how far it is, and that the others go on meanwhile."""

from typing import Any

import pytest
from playwright.sync_api import expect

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_widgets.base import Model, sentence
from ccds_widgets.labeling.model import LabelingModel
from ccds_widgets.labeling.view import LabelingWidget
from ccds_widgets.opening import Opening
from support.browser import page_of_scripts
from support.confirming import LABELERS, Workplace, opened, settings_with
from support.phrase_screens import annotate_model, prioritise_model

pytestmark = pytest.mark.browser

SCRIPTS = LabelingWidget._esm.replace("export default { render };", "")
HARNESS = """
function begin() {
  const heard = [];
  const model = {
    on: (_, hear) => heard.push(hear),
    off: () => {},
    send: async ({ request, ...content }) => {
      const answer = await window.kernel(content);
      heard.forEach((hear) => hear({ answer: request, ...answer }, []));
    },
  };
  const el = document.body.appendChild(document.createElement("div"));
  render({ model, el });
}
"""


class Kernel:
    """The app, whose screen Annotate is opened when a test says so."""

    def __init__(self, place: Workplace) -> None:
        self.now: Model | Opening | CcdsError = Opening("Reading 1,000,000 reports", 0.4)
        prioritise = prioritise_model(place.project)
        self._model = LabelingModel(
            project="CHEST-1",
            tasks=TaskRepository(place.project),
            screens={"annotate": self._annotate, "prioritise": lambda _: prioritise},
        )

    def _annotate(self, _task: int) -> Model | Opening:
        if isinstance(self.now, CcdsError):
            raise self.now
        return self.now

    def answer(self, content: dict[str, Any]) -> dict[str, Any]:
        """What the widget would send."""
        try:
            return self._model.start() if content == {"kind": "ready"} else self._model.answer(content)
        except CcdsError as error:
            return {"error": sentence(error)}


@pytest.fixture
def place(tmp_path):
    """Two studies and a phrase."""
    settings = settings_with(tmp_path / "site")
    place = Workplace({person: opened(settings, person) for person in LABELERS})
    place.prepare(2)
    LabelingRepository(place.project).insert_phrase(Phrase("no pleural effusion", "no effusion"), 0)
    yield place
    for project in place.projects.values():
        project.close()


@pytest.fixture
def kernel(place) -> Kernel:
    """The app on that project."""
    return Kernel(place)


@pytest.fixture
def page(browser, kernel):
    """Its page."""
    with page_of_scripts(browser, SCRIPTS + HARNESS) as page:
        page.expose_function("kernel", kernel.answer)
        page.evaluate("begin()")
        yield page


def test_how_far_it_is_stands_there_and_the_other_screens_go_on(page, place, kernel):
    """Until it is open: then it shows, by itself, what was asked of it at first."""
    expect(page.get_by_text("Reading 1,000,000 reports: 40 %")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Reading 1,000,000 reports")).to_have_attribute("value", "40")
    expect(page.locator(".ccds-said")).to_have_text("Reading 1,000,000 reports …")

    page.keyboard.press("Alt+2")
    expect(page.locator(".ccds-order-row")).to_contain_text("no pleural effusion")
    kernel.now = Opening("Matching 1 phrase", 0.7)
    page.keyboard.press("Alt+1")
    expect(page.get_by_text("Matching 1 phrase: 70 %")).to_be_visible()
    page.keyboard.press("Alt+2")
    kernel.now = annotate_model(place.project)
    expect(page.locator(".ccds-order-row")).to_contain_text("no pleural effusion")
    page.keyboard.press("Alt+1")

    expect(page.locator(".ccds-report")).to_contain_text("Pleural effusion.")
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_what_can_not_be_opened_is_told_in_the_place_of_how_far_it_is(page, kernel):
    """One line, and no bar that stands still."""
    expect(page.get_by_text("Reading 1,000,000 reports: 40 %")).to_be_visible()

    kernel.now = CcdsError(expected="a cohort", found="one that is gone", do="choose another one")

    expect(page.get_by_text("found one that is gone")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
