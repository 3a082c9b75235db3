"""A site with leadership, on which releases are recorded and published."""

from collections.abc import Callable

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.monitoring.publication import Publication
from ccds_kernel.monitoring.publish import publish
from ccds_kernel.monitoring.record import ReleaseRecord, open_record
from ccds_kernel.monitoring.release import ReleaseId
from ccds_kernel.settings import Settings
from support.monitoring import Year
from support.site import ADMINISTRATOR, site_settings

LEADER = "lea"


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Its settings: admin administers it, lea leads it."""
    settings = site_settings(tmp_path)
    return settings.model_copy(update={"hub": settings.hub.model_copy(update={"leadership": (LEADER,)})})


@pytest.fixture
def entries(settings):
    """What the site's chain says, as (person, event, detail)."""
    audit = FileAuditSink(settings.paths.audit)
    return lambda: [(entry["person"], entry["event"], entry["detail"]) for entry in audit.entries()]


@pytest.fixture
def record(settings) -> ReleaseRecord:
    """The record of ich-triage 1.2.0, empty, for the administrator."""
    which = ReleaseId(model="ich-triage", version="1.2.0")
    with open_record(which, person=ADMINISTRATOR, settings=settings, make=True) as opened:
        yield opened


@pytest.fixture
def load(settings) -> Callable[[Year], None]:
    """Loads a year into the record of its release."""

    def load_it(made: Year) -> None:
        with open_record(made.release.id, person=ADMINISTRATOR, settings=settings, make=True) as opened:
            opened.register(made.release, made.phrases)
            opened.load_predictions(made.predictions)
            opened.load_final_reports(made.reports)

    return load_it


@pytest.fixture
def publish_it(settings, load) -> Callable[[Year], Publication]:
    """Loads a year and publishes it."""

    def load_and_publish(made: Year) -> Publication:
        load(made)
        return publish(made.release.id, person=ADMINISTRATOR, settings=settings).publication

    return load_and_publish
