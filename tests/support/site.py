"""A site in a folder: settings, and applications that are right, so that a test spoils just what it is about."""

from pathlib import Path
from typing import Any

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.settings import Paths, Settings

ADMINISTRATOR = "admin"


def site_settings(folder: Path) -> Settings:
    """Settings of a site whose folders lie in `folder` and that `admin` administers."""
    paths = {name: str(folder / name) for name in Paths.model_fields}
    return Settings.model_validate({"paths": paths, "hub": {"administrators": [ADMINISTRATOR]}})


def write_settings(folder: Path) -> Path:
    """Writes such settings as `folder`/ccds.toml."""
    lines = ["[paths]", *(f'{name} = "{path}"' for name, path in site_settings(folder).paths.model_dump().items())]
    path = folder / "ccds.toml"
    path.write_text("\n".join([*lines, "[hub]", f'administrators = ["{ADMINISTRATOR}"]', ""]), encoding="utf-8")
    return path


def application_values(**changed: Any) -> dict[str, Any]:
    """The content of an `irb.yaml` that is in force, with ann as a fellow, `changed` at will; None takes a key out."""
    values = {
        "id": "CHEST-1",
        "title": "Effusions",
        "pi": "Dr. Reed",
        "approved": "2020-01-01",
        "expires": "2999-01-01",
        "exam_codes": ["CXR1", "CXR2"],
        "study_dates": ["2019-01-01", "2019-12-31"],
        "data": ["reports"],
        "egress": "locked",
        "roster": [{"person": "ann", "role": "fellow", "trained": "2020-01-01"}],
    }
    return {key: value for key, value in (values | changed).items() if value is not None}


def application(**changed: Any) -> IrbApplication:
    """That as an application."""
    return IrbApplication.model_validate(application_values(**changed))


def on_roster(**roles: str) -> list[dict[str, str]]:
    """A roster of person=role, everybody trained."""
    return [{"person": person, "role": role, "trained": "2020-01-01"} for person, role in roles.items()]
