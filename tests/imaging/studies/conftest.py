"""A project HEAD-1 with one study of several series in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Settings
from support.dicom import CORONAL, Stack, write_stack
from support.image_studies import KEY
from support.site import ADMINISTRATOR, application, on_roster, site_settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A site with HEAD-1 in force: eve is an engineer, fay a fellow."""
    settings = site_settings(tmp_path / "site")
    approved = application(
        id="HEAD-1", exam_codes=["CTHEAD"], data=["images", "reports"], roster=on_roster(eve="engineer", fay="fellow")
    )
    apply_application(approved, person=ADMINISTRATOR, settings=settings)
    return settings


@pytest.fixture
def studies_of(settings) -> Callable[[str], ImageStudies]:
    """The project's studies, for a person."""
    opened = []

    def open_as(person: str) -> ImageStudies:
        opened.append(open_project("HEAD-1", Action.READ_IMAGES, person=person, settings=settings))
        return ImageStudies(opened[-1])

    yield open_as
    for project in opened:
        project.close()


@pytest.fixture
def folder(settings) -> Path:
    """The study's files."""
    return settings.paths.projects / "HEAD-1" / "dicom" / KEY


@pytest.fixture
def study(settings, folder) -> dict[str, Any]:
    """Two axial series and a coronal one; name → the series as it was written."""
    stacks = {
        "thin": Stack(slices=9),
        "thick": Stack(slices=5),
        "coronal": Stack(slices=9, orientation=CORONAL),
    }
    for number, (name, stack) in enumerate(stacks.items(), start=1):
        write_stack(folder / name, stack, lambda data, _index, number=number: setattr(data, "SeriesNumber", number))
    project = open_project("HEAD-1", Action.LOAD_REPORTS, person="eve", settings=settings)
    with project.store.writing() as connection:
        added = "INSERT INTO report (accession, study_key, exam_code) VALUES ('A-1', ?, 'CTHEAD')"
        connection.exec_driver_sql(added, (KEY,))
    project.close()
    return stacks
