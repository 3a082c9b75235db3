"""A site with leadership and a project of trainings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.settings import Settings, load_settings
from support.site import ADMINISTRATOR, act_as, application, write_settings

Entries = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The site of `ccds.toml`: admin administers it and calls the commands, lea leads it; its project is CHEST-1."""
    path = write_settings(tmp_path)
    path.write_text(path.read_text() + 'leadership = ["lea"]\n')
    monkeypatch.setenv("CCDS_CONFIG", str(path))
    act_as(monkeypatch, ADMINISTRATOR)
    settings = load_settings(path)
    apply_application(application(), person=ADMINISTRATOR, settings=settings)
    return settings


@pytest.fixture
def entries(settings: Settings) -> Entries:
    """What the site's chain says, as (person, event)."""
    audit = FileAuditSink(settings.paths.audit)
    return lambda: [(entry["person"], entry["event"]) for entry in audit.entries()]
