"""A site in a folder of its own."""

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.registry import Registry
from ccds_kernel.settings import Settings
from support.site import ADMINISTRATOR, site_settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Its settings; `admin` administers it."""
    return site_settings(tmp_path)


@pytest.fixture
def registry(settings) -> Registry:
    """Its registry, empty."""
    return Registry(settings.paths.registry)


@pytest.fixture
def audit(settings) -> FileAuditSink:
    """Its audit log."""
    return FileAuditSink(settings.paths.audit)


@pytest.fixture
def apply(settings):
    """Applies applications as the site's administrator."""
    return lambda found: apply_application(found, person=ADMINISTRATOR, settings=settings)


@pytest.fixture
def entries(audit):
    """What a chain says, as (person, event, detail)."""
    return lambda project="": [(entry["person"], entry["event"], entry["detail"]) for entry in audit.entries(project)]
