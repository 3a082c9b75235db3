"""The preview as a widget: opened by its first page, pixels beside its answers, refusals in one line."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

import numpy as np
import pytest

from ccds_kernel.irb.project import Project
from ccds_kernel.session.kernel import SessionProject
from ccds_widgets.base import CcdsWidget
from ccds_widgets.normalization.app import normalization_preview
from support.preview import SHAPE, STUDIES, allow, make_project
from support.site import on_roster, site_settings
from support.waiting import until


class Page:
    """The other end of a widget's comm: keeps what is sent to it."""

    comm_id = "page"

    def __init__(self, widget) -> None:
        self.received: list[tuple[dict, list]] = []
        widget.comm = self

    def send(self, data=None, metadata=None, buffers=None) -> None:  # noqa: ARG002 - a comm's signature
        """Takes a message in, as JSON."""
        json.dumps(data)
        self.received.append((data["content"], buffers or []))

    def on_msg(self, callback) -> None:
        """The widget asks to be called for each message."""
        self.callback = callback

    def close(self, *_args, **_more) -> None:
        """Nothing to close."""

    def ask(self, **content) -> tuple[dict, list]:
        """Sends a request; the answer and its buffers."""
        message = {"method": "custom", "content": content | {"request": 1}}
        self.callback({"content": {"data": message}, "buffers": []})
        return self.received[-1]


def opened(page) -> dict:
    """What `page` shows once the first volume is there."""
    state, _ = page.ask(kind="ready")
    until(lambda: page.ask(kind="poll")[0]["working"] is None, "the first volume")
    return state | page.ask(kind="poll")[0]


class Meeting(CcdsWidget):
    """Tells whether two of its requests are being answered at a time."""

    _esm = "export default { render() {} }"

    def __init__(self) -> None:
        super().__init__()
        self._both = Barrier(2)

    def answer(self, request):  # noqa: ARG002 - an answer's signature
        """Waits a while for the other one."""
        try:
            self._both.wait(0.5)
        except BrokenBarrierError:
            return {"alone": True}
        return {"alone": False}


class Telling(CcdsWidget):
    """Answers with what the test says."""

    _esm = "export default { render() {} }"

    def __init__(self, said: object) -> None:
        super().__init__()
        self._said = said

    def answer(self, request):  # noqa: ARG002 - an answer's signature
        """It."""
        return {"said": self._said}


@pytest.fixture
def project(tmp_path):
    """HEAD-1 with two studies, opened by the scientist sam."""
    project = make_project(tmp_path)
    yield project
    project.store.close()


def test_slices_reach_the_page_as_bytes_beside_the_answer(project):
    """A picture's rows, one byte a pixel; the answer itself holds none."""
    page = Page(normalization_preview(project))
    state = opened(page)
    revision = state["results"][0]["revision"]

    study = {"revision": revision, "before": [0, 11], "after": [3], "beside": []}
    answer, buffers = page.ask(kind="slices", plane="axial", display=None, studies=[study])

    width, height, _ = state["results"][0]["planes"]["axial"]["cuts"]["after"]["size"]
    assert answer == {"answer": 1}
    assert [len(one) for one in buffers] == [SHAPE[0] * SHAPE[1]] * 2 + [width * height]
    assert np.frombuffer(buffers[2], np.uint8).max() == 255


def test_nothing_is_opened_before_a_page_is_there(monkeypatch):
    """The session's project stays closed until somebody looks; outside a session the page is told so in one line."""
    monkeypatch.delenv("CCDS_PROJECT", raising=False)
    unopened: Project = SessionProject()

    page = Page(normalization_preview(unopened))
    answer, _ = page.ask(kind="ready")

    assert answer["error"].startswith("Expected a session of a project")


def test_a_request_before_the_project_is_open_is_refused(project):
    """A page of an earlier kernel is told to reload."""
    page = Page(normalization_preview(project))

    answer, _ = page.ask(kind="choose", volumes=[f"{STUDIES[0]}/series-1"])

    assert "reload the page" in answer["error"]


def test_a_recipe_that_isn_t_there_is_told_to_the_page(project):
    """And found once it is: a second look needs no second cell."""
    page = Page(normalization_preview(project, recipe="recipes/late.yaml"))
    before, _ = page.ask(kind="ready")
    folder = project.folder / "work" / "sam" / "recipes"
    folder.mkdir()
    (folder / "late.yaml").write_text("name: late\nsteps: []\n")

    after, _ = page.ask(kind="ready")

    assert "name a readable recipe" in before["error"]
    assert (after["name"], after["draft"]["steps"]) == ("late", [])


def test_who_is_taken_off_the_roster_gets_no_pixel(tmp_path, project):
    """The answer is the refusal, without buffers."""
    page = Page(normalization_preview(project))
    state = opened(page)
    allow(site_settings(tmp_path), roster=on_roster(eli="engineer"))

    study = {"revision": state["results"][0]["revision"], "before": [0], "after": [], "beside": []}
    answer, buffers = page.ask(kind="slices", plane="axial", display=None, studies=[study])

    assert "sam on the roster of HEAD-1" in answer["error"]
    assert buffers == []


def test_a_widget_answers_one_request_at_a_time():
    """In JupyterLab its messages come in threads of their own: what one changes no other one may read half."""
    page = Page(Meeting())

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: page.ask(kind="look"), range(2)))

    assert [answer["alone"] for answer, _ in page.received] == [True, True]


def test_an_answer_that_can_not_be_sent_is_told_as_a_defect():
    """Else the page would wait for it for ever."""
    answer, _ = Page(Telling(object())).ask(kind="look")

    assert answer["error"].startswith("Expected no defect in the workbench")
