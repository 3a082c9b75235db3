"""How a widget answers its page: numbered requests, refusals in one line, no trait taken."""

import json
import logging

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_widgets.labeling.app import labeling_of, open_session
from ccds_widgets.labeling.view import LabelingWidget
from support.site import act_as


class Page:
    """The other end of a widget's comm: keeps what is sent to it."""

    comm_id = "page"

    def __init__(self) -> None:
        self.received: list[dict] = []

    def send(self, data=None, metadata=None, buffers=None) -> None:  # noqa: ARG002 - a comm's signature
        """Takes a message in; it must be JSON."""
        assert buffers in (None, [])
        self.received.append(json.loads(json.dumps(data)))

    def on_msg(self, callback) -> None:
        """The widget asks to be called for each message; `ask` does so."""
        self.ask_raw = callback

    def close(self, *_args, **_more) -> None:
        """Nothing to close."""

    def ask(self, content) -> dict | None:
        """Sends a custom message; returns the answer, if there is one."""
        self.received.clear()
        self.ask_raw({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
        return self.received[0]["content"] if self.received else None


@pytest.fixture
def page_of():
    """Connects a page to a widget."""

    def connect(widget) -> Page:
        page = Page()
        widget.comm = page
        return page

    return connect


@pytest.fixture
def open_model(open_as):
    """Opens the model of a project without reports."""
    project = open_as("fay", Action.OPEN_LABELING)
    return lambda: labeling_of(project)


def test_nothing_is_opened_before_a_page_is_there(open_model, page_of):
    """A preheated kernel runs the notebook without opening the project; the first page does."""
    opened = []
    widget = LabelingWidget(lambda: opened.append(True) or open_model())
    page = page_of(widget)
    before = list(opened)

    first, second = page.ask({"kind": "ready", "request": 7}), page.ask({"kind": "ready", "request": 8})

    assert before == []
    assert opened == [True]
    assert (first["answer"], second["answer"]) == (7, 8)
    assert first["project"] == "CHEST-1"


def test_a_refusal_is_an_answer_of_one_line(page_of):
    """Somebody who is turned away reads why."""

    def refuse():
        raise CcdsError(expected="a role that may label", found="none", do="ask Dr. Reed")

    page = page_of(LabelingWidget(refuse))

    answer = page.ask({"kind": "ready", "request": 1})

    assert answer == {"answer": 1, "error": "Expected a role that may label; found none; ask Dr. Reed."}


def test_a_defect_quotes_nothing_to_the_page_nor_to_the_log(page_of, caplog):
    """An unforeseen error may hold words of a report: page and log get its kind and place only."""

    def fail():
        raise ValueError("effusion in ACC123")

    page = page_of(LabelingWidget(fail))

    with caplog.at_level(logging.DEBUG):
        answer = page.ask({"kind": "ready", "request": 1})

    assert "tell whoever runs this site" in answer["error"]
    assert "ValueError at test_widget_view.py" in caplog.text
    assert "ACC123" not in caplog.text + str(answer)


@pytest.mark.parametrize(
    "content", [None, [], "ready", {"kind": "ready"}, {"kind": "ready", "request": True}, {"request": "1"}]
)
def test_a_message_without_a_number_is_dropped(open_model, page_of, content):
    """What can't be answered isn't."""
    page = page_of(LabelingWidget(open_model))

    answer = page.ask(content)

    assert answer is None


def test_a_request_before_the_project_is_open_is_refused(open_model, page_of):
    """A page of an earlier kernel is told to reload."""
    page = page_of(LabelingWidget(open_model))

    answer = page.ask({"kind": "window", "report": 0, "request": 1})

    assert "reload the page" in answer["error"]


def test_a_page_sets_no_trait(open_model, page_of):
    """Whoever holds the page can't change the widget: neither its code nor anything else that is synced."""
    widget = LabelingWidget(open_model)
    page = page_of(widget)
    before = widget.get_state()

    page.ask_raw(
        {"content": {"data": {"method": "update", "state": {"_esm": "alert(1)", "tooltip": "x"}}}, "buffers": []}
    )

    assert widget.get_state() == before


def test_an_unknown_keyword_is_refused_by_name(open_model):
    """A slip in a notebook is told, not swallowed."""
    with pytest.raises(CcdsError, match=r"found shwo_all; check their spelling"):
        LabelingWidget(open_model, shwo_all=True)


def test_the_session_must_have_a_project(monkeypatch):
    """Opened outside a project's session, the app says where to open it."""
    monkeypatch.delenv("CCDS_PROJECT", raising=False)

    with pytest.raises(CcdsError, match="a session of a project"):
        open_session()


def test_the_session_opens_its_project_for_its_person(settings, monkeypatch, tmp_path):
    """Project and person come from the environment that the hub made; the door is asked for both."""
    paths = "\n".join(f'{name} = "{path}"' for name, path in settings.paths)
    (tmp_path / "ccds.toml").write_text(f"[paths]\n{paths}\n")
    for name, value in {
        "CCDS_CONFIG": tmp_path / "ccds.toml",
        "CCDS_PROJECT": "CHEST-1",
    }.items():
        monkeypatch.setenv(name, str(value))
    act_as(monkeypatch, "fay", "CHEST-1")

    answer = open_session().start()

    assert answer["project"] == "CHEST-1"
    act_as(monkeypatch, "sam", "CHEST-1")
    with pytest.raises(CcdsError, match="a role that may open the labelling app"):
        open_session()
