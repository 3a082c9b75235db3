"""A site with the project HEAD-1, whose application covers two exam codes out of five and the first months of 2024."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Paths, Settings
from support.opening import OpenAs, opening
from support.site import ADMINISTRATOR, application, on_roster


def head(**changed: Any) -> IrbApplication:
    """The application of HEAD-1: eve is an engineer, sam a scientist, fay a fellow; what is named is changed."""
    approved = {
        "id": "HEAD-1",
        "exam_codes": ["CTHEAD", "MRHEAD"],
        "study_dates": ["2024-01-01", "2024-03-31"],
        "data": ["images", "reports"],
        "roster": on_roster(eve="engineer", sam="scientist", fay="fellow"),
    }
    return application(**(approved | changed))


@pytest.fixture
def archive_settings() -> dict[str, Any]:
    """What the site's [archive] says."""
    return {"keep_free_mb": 0}


@pytest.fixture
def database() -> dict[str, Any]:
    """What the site's [database] says: a file in the project's directory."""
    return {}


@pytest.fixture
def settings(tmp_path, archive_settings, database) -> Settings:
    """A site with HEAD-1 in force."""
    paths = {name: str(tmp_path / "site" / name) for name in Paths.model_fields}
    values = {
        "paths": paths,
        "hub": {"administrators": [ADMINISTRATOR]},
        "archive": archive_settings,
        "database": database,
    }
    settings = Settings.model_validate(values)
    apply_application(head(), person=ADMINISTRATOR, settings=settings)
    return settings


@pytest.fixture
def open_as(settings) -> Iterator[OpenAs]:
    """Opens HEAD-1 as somebody."""
    with opening("HEAD-1", settings, Action.WRITE_IMAGES) as open_it:
        yield open_it


@pytest.fixture
def project(open_as) -> Project:
    """HEAD-1, opened by the engineer eve."""
    return open_as("eve")


@pytest.fixture
def criteria() -> VersionedCriteria:
    """All that the application covers."""
    return VersionedCriteria(
        "HEAD-1", "heads", 1, Criteria(frozenset({"CTHEAD", "MRHEAD"}), date(2024, 1, 1), date(2024, 3, 31))
    )
