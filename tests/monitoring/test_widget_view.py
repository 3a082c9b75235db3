"""How the monitoring widget answers its page."""

import json

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.monitoring.reading import PublishedNumbers
from ccds_widgets.monitoring.app import monitoring_app
from ccds_widgets.monitoring.model import MonitoringModel
from ccds_widgets.monitoring.view import MonitoringWidget
from support.monitoring import year
from support.site import act_as, write_settings


def test_nothing_is_opened_before_a_page_is_there(settings):
    """A preheated kernel runs the notebook without asking who looks; the first page does, and a reload opens nothing anew."""
    opened = []

    def open_model():
        opened.append(True)
        return MonitoringModel(PublishedNumbers("lea", lambda: settings))

    widget = MonitoringWidget(open_model)
    before = list(opened)

    answers = [widget.answer({"kind": "ready"}), widget.answer({"kind": "ready"})]

    assert before == []
    assert opened == [True]
    assert answers == [{"releases": [], "screen": None}] * 2


def test_a_request_before_the_app_is_open_is_refused():
    """A page of an earlier kernel is told to reload."""
    with pytest.raises(CcdsError, match="reload the page"):
        monitoring_app().answer({"kind": "show", "release": "ich-triage-1.2.0"})


def test_the_app_takes_site_and_person_from_the_session(monkeypatch, tmp_path, publish_it):
    """What the hub set in the environment decides; there is no project. Answers are JSON."""
    publish_it(year(100))
    path = write_settings(tmp_path)
    monkeypatch.setenv("CCDS_CONFIG", str(path))
    act_as(monkeypatch, "lea")
    monkeypatch.delenv("CCDS_PROJECT", raising=False)
    app = monitoring_app()

    with pytest.raises(CcdsError, match="expected somebody of this site's leadership; found lea"):
        app.answer({"kind": "ready"})
    path.write_text(path.read_text() + 'leadership = ["lea"]\n')
    answer = app.answer({"kind": "ready"})

    assert json.loads(json.dumps(answer))["screen"]["release"]["name"] == "ich-triage-1.2.0"
