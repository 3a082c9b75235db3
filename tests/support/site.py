"""A site in a folder: settings, and applications that are right, so that a test spoils just what it is about."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.audit.token import TOKEN_VARIABLE, AuditToken, audit_secret, issue
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.settings import Paths, Settings, load_settings

ADMINISTRATOR = "admin"
TRAINED = str(date.today() - timedelta(days=90))  # noqa: DTZ011 - the hospital's calendar
"""A day of training that counts today."""


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
        "roster": on_roster(ann="fellow"),
    }
    return {key: value for key, value in (values | changed).items() if value is not None}


def application(**changed: Any) -> IrbApplication:
    """That as an application."""
    return IrbApplication.model_validate(application_values(**changed))


def on_roster(trained: str = TRAINED, **roles: str) -> list[dict[str, str]]:
    """A roster of person=role, everybody trained on that day."""
    return [{"person": person, "role": role, "trained": trained} for person, role in roles.items()]


def session_of(person: str, project: str = "", settings_file: Path | None = None) -> dict[str, str]:
    """What the hub puts into the environment of a session of `person`, so that a process of it knows whose it is."""
    settings = load_settings(settings_file)
    settings.paths.state.mkdir(parents=True, exist_ok=True)
    token = AuditToken(
        person=person, project=project, session=f"{project}-lab".lower(), until=datetime.now(UTC) + timedelta(days=1)
    )
    return {"JUPYTERHUB_USER": person, TOKEN_VARIABLE: issue(audit_secret(settings.paths.state), token)}


def act_as(monkeypatch: pytest.MonkeyPatch, person: str, project: str = "") -> None:
    """Makes this process one of a session of `person` on the site that `CCDS_CONFIG` names."""
    for name, value in session_of(person, project).items():
        monkeypatch.setenv(name, value)
