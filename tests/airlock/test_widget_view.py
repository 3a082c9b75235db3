"""How the airlock's widget answers its page."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.identity import unix_user
from ccds_widgets.airlock.app import airlock_app
from support.airlock import PROJECT
from support.site import ADMINISTRATOR, application, on_roster, site_settings, write_settings
from support.widget import page_of


def test_the_app_takes_project_and_person_from_the_session(monkeypatch, tmp_path):
    """What the hub set in the environment decides; before a page is there nothing is opened."""
    write_settings(tmp_path)
    applied = application(id=PROJECT, egress="airlock", roster=on_roster(**{unix_user(): "champion"}))
    apply_application(applied, person=ADMINISTRATOR, settings=site_settings(tmp_path))
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
    monkeypatch.setenv("CCDS_PROJECT", PROJECT)
    page = page_of(airlock_app())

    early = page.ask({"request": 1, "kind": "list"})
    first = page.ask({"request": 2, "kind": "ready"})
    listed = page.ask({"request": 3, "kind": "list"})

    assert "reload the page" in early["error"]
    assert (first["project"], first["person"], first["submissions"]) == (PROJECT, unix_user(), [])
    assert listed == first | {"answer": 3}


def test_a_session_without_a_project_has_no_airlock(monkeypatch):
    """The page says where to begin."""
    monkeypatch.delenv("CCDS_PROJECT", raising=False)

    with pytest.raises(CcdsError, match="open the app from its tile"):
        airlock_app().answer({"kind": "ready"})
