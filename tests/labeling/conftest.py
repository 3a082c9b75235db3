"""A site with one project whose application covers reports."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Paths, Settings
from support.opening import OpenAs, opening
from support.site import TRAINED


@pytest.fixture
def database() -> dict[str, Any]:
    """What the site's [database] says: a file in the project's directory."""
    return {}


@pytest.fixture
def settings(tmp_path, database) -> Settings:
    """Settings of a site in a folder of its own, with project CHEST-1 in force: fellows fay and fred, scientist sam."""
    paths = {name: str(tmp_path / "site" / name) for name in Paths.model_fields}
    settings = Settings.model_validate({"paths": paths, "hub": {"administrators": ["admin"]}, "database": database})
    roles = {"fay": "fellow", "fred": "fellow", "sam": "scientist"}
    application = IrbApplication.model_validate(
        {
            "id": "CHEST-1",
            "title": "Effusions",
            "pi": "Dr. Reed",
            "approved": date(2020, 1, 1),
            "expires": date(2999, 1, 1),
            "exam_codes": ["CXR2", "CXR1"],
            "study_dates": [date(2020, 1, 1), date(2020, 12, 31)],
            "data": ["reports"],
            "egress": "locked",
            "roster": [{"person": person, "role": role, "trained": TRAINED} for person, role in roles.items()],
        }
    )
    apply_application(application, person="admin", settings=settings)
    return settings


@pytest.fixture
def open_as(settings) -> Iterator[OpenAs]:
    """Opens CHEST-1 as somebody, for something."""
    with opening("CHEST-1", settings, Action.READ_REPORTS) as open_it:
        yield open_it
