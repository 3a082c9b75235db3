"""A site in a folder, on which the command runs as its administrator."""

import pytest

from support.site import ADMINISTRATOR, act_as, site_settings, write_settings


@pytest.fixture
def site(tmp_path, monkeypatch):
    """The folder; the command runs in it, as `admin`."""
    monkeypatch.setenv("CCDS_CONFIG", str(write_settings(tmp_path)))
    act_as(monkeypatch, ADMINISTRATOR)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def settings(site):
    """Its settings."""
    return site_settings(site)
