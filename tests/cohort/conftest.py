"""A site with one project whose application covers two exam codes and one year, and reports in it."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import Paths, Settings
from support.opening import OpenAs, opening
from support.site import ADMINISTRATOR, application, on_roster

INDEX = (
    ("A1", "CXR1", date(2020, 1, 31)),
    ("A2", "CXR2", date(2020, 2, 1)),
    ("A3", "CXR1", date(2020, 4, 30)),
    ("A4", "CXR1", date(2020, 4, 1)),
    ("B1", None, date(2020, 4, 1)),
    ("B2", "CXR1", None),
    ("B3", None, None),
    ("B4", None, None),
)
"""Accession number, exam code and study date of each report."""


def _chest(**changed: Any) -> IrbApplication:
    approved = {
        "id": "CXR-1",
        "exam_codes": ["CXR2", "CXR1"],
        "study_dates": ["2020-01-01", "2020-12-31"],
        "roster": on_roster(fay="fellow", sam="scientist"),
    }
    return application(**(approved | changed))


@pytest.fixture
def chest() -> Callable[..., IrbApplication]:
    """The application of CXR-1: fay is a fellow, sam a scientist; what is named is changed."""
    return _chest


@pytest.fixture
def database() -> dict[str, Any]:
    """What the site's [database] says: a file in the project's directory."""
    return {}


@pytest.fixture
def settings(tmp_path, database, chest) -> Settings:
    """A site with CXR-1 in force."""
    paths = {name: str(tmp_path / "site" / name) for name in Paths.model_fields}
    settings = Settings.model_validate(
        {"paths": paths, "hub": {"administrators": [ADMINISTRATOR]}, "database": database}
    )
    apply_application(chest(), person=ADMINISTRATOR, settings=settings)
    return settings


@pytest.fixture
def open_as(settings) -> Iterator[OpenAs]:
    """Opens CXR-1 as somebody, for something."""
    with opening("CXR-1", settings, Action.READ_REPORTS) as open_it:
        yield open_it


@pytest.fixture
def load(open_as) -> Callable[..., None]:
    """Loads reports of (accession number, exam code, study date) as fay; those of `INDEX` where none are given."""

    def load_them(*index: tuple[str, str | None, date | None]) -> None:
        reports = [Report(key, (Section("text", "Effusion."),), code, day) for key, code, day in index or INDEX]
        LabelingRepository(open_as("fay", Action.LOAD_REPORTS)).load_reports(reports)

    return load_them
