"""A project HEAD-1 with one study of several series in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from ccds_kernel.cohort.tables import report
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Settings
from support.dicom import CORONAL, Stack, write_stack
from support.image_studies import KEY
from support.opening import OpenAs, opening
from support.site import ADMINISTRATOR, application, on_roster, site_settings


@pytest.fixture
def database() -> dict[str, Any]:
    """What the site's [database] says: a file in the project's directory."""
    return {}


@pytest.fixture
def settings(tmp_path, database) -> Settings:
    """A site with HEAD-1 in force: eve is an engineer, fay a fellow."""
    values = site_settings(tmp_path / "site").model_dump(mode="json", exclude_defaults=True)
    settings = Settings.model_validate(values | {"database": database})
    approved = application(
        id="HEAD-1", exam_codes=["CTHEAD"], data=["images", "reports"], roster=on_roster(eve="engineer", fay="fellow")
    )
    apply_application(approved, person=ADMINISTRATOR, settings=settings)
    return settings


@pytest.fixture
def open_as(settings) -> Iterator[OpenAs]:
    """The project, opened by a person."""
    with opening("HEAD-1", settings, Action.READ_IMAGES) as open_it:
        yield open_it


@pytest.fixture
def studies_of(open_as) -> Callable[[str], ImageStudies]:
    """The project's studies, for a person."""
    return lambda person: ImageStudies(open_as(person))


@pytest.fixture
def folder(settings) -> Path:
    """The study's files."""
    return settings.paths.projects / "HEAD-1" / "dicom" / KEY


@pytest.fixture
def study(open_as, folder) -> dict[str, Any]:
    """Two axial series and a coronal one; name → the series as it was written."""
    stacks = {
        "thin": Stack(slices=9),
        "thick": Stack(slices=5),
        "coronal": Stack(slices=9, orientation=CORONAL),
    }
    for number, (name, stack) in enumerate(stacks.items(), start=1):
        write_stack(folder / name, stack, lambda data, _index, number=number: setattr(data, "SeriesNumber", number))
    with open_as("eve").store.writing() as connection:
        connection.execute(insert(report).values(accession="A-1", study_key=KEY, exam_code="CTHEAD"))
    return stacks
