"""A project with reports, volumes and the DICOM files that say whose they are."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.store.tables import setting
from support.dataset import PHRASES, Hospital
from support.opening import OpenAs, opening
from support.site import ADMINISTRATOR, application, on_roster, site_settings

SECRET = "5a" * 32


@pytest.fixture
def settings(tmp_path):
    """The site of HEAD-1: an engineer, a fellow, and a scientist."""
    settings = site_settings(tmp_path / "site")
    roster = on_roster(eli="engineer", fay="fellow", sam="scientist", lou="labeler")
    approved = application(id="HEAD-1", data=["images", "reports"], roster=roster)
    apply_application(approved, person=ADMINISTRATOR, settings=settings)
    return settings


@pytest.fixture
def open_as(settings) -> Iterator[OpenAs]:
    """Opens HEAD-1 as somebody."""
    with opening("HEAD-1", settings, Action.TRAIN) as open_it:
        yield open_it


@pytest.fixture
def hospital(tmp_path, open_as) -> Hospital:
    """HEAD-1 for the engineer, who may do all of it; no study yet."""
    project = open_as("eli", Action.TRAIN)
    with project.store.writing() as connection:  # the split depends on it: a test mustn't
        connection.execute(insert(setting).values(name="study_key_secret", value=SECRET))
    phrases = tmp_path / "phrases.csv"
    phrases.write_text(PHRASES)
    return Hospital(project, LabelingRepository(project), phrases)


@pytest.fixture
def twenty(hospital) -> Hospital:
    """The same with 20 patients of two studies each, one with a hemorrhage and one without."""
    for number in range(20):
        for text in ("Acute hemorrhage.", "No hemorrhage."):
            hospital.add(text, f"PAT{number}", (4, 4, 4))
    return hospital
