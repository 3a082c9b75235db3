"""A site with a real archive: an Orthanc with two approved exam codes among three, and HEAD-1, whose people look for studies."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.settings import Paths, Settings, load_settings
from support.archive import Study
from support.orthanc import PASSWORD, USER, Orthanc, running_orthanc
from support.site import ADMINISTRATOR, application, on_roster

PROJECT = "HEAD-1"
CODES = ("CTHEAD", "MRHEAD", "CTKNEE")
DAYS = (date(2024, 1, 15), date(2024, 1, 20), date(2024, 3, 2), date(2024, 4, 1))
STUDIES = tuple(
    Study(number, exam_code=code, date=day, station="CT7" if number % 2 else "CT8")
    for number, (code, day) in enumerate(itertools.product(CODES, DAYS), start=1)
)
WANTED = tuple(one for one in STUDIES if one.exam_code in CODES[:2] and one.date < DAYS[3])
"""Those that the application covers: six, in January and March of 2024, none in February."""


@dataclass(frozen=True)
class CohortSite:
    """The site, and its archive."""

    folder: Path
    settings: Settings
    orthanc: Orthanc

    @property
    def config(self) -> Path:
        """Its ccds.toml."""
        return self.folder / "ccds.toml"

    def close_archive(self, *, closed: bool = True) -> None:
        """Takes the archive's password away from people, as where they are Unix users; or gives it back."""
        shut, there = (self.settings.paths.state / name for name in (".shut", "archive_password"))
        if closed:
            there.rename(shut)
        else:
            shut.rename(there)


@contextmanager
def filled_orthanc(folder: Path, studies: Iterable[Study] = STUDIES) -> Iterator[Orthanc]:
    """An Orthanc with `studies`, whose files are written in `folder`."""
    with running_orthanc() as orthanc:
        for study in studies:
            orthanc.add(study.write(folder / str(study.number)))
        yield orthanc


def make_site(folder: Path, orthanc: Orthanc, settings_lines: Iterable[str] = (), **changed: Any) -> CohortSite:
    """A site in `folder` that asks `orthanc`: eve is an engineer, sam a scientist, fay a fellow, lou a labeler.

    `settings_lines` stand in its settings for the archive, too; what is named is changed in its application.
    """
    paths = [f'{name} = "{folder / name}"' for name in Paths.model_fields]
    archive = [
        'protocol = "dicomweb"',
        f'url = "{orthanc.url}"',
        f'user = "{USER}"',
        "keep_free_mb = 0",
        "attempts = 2",
    ]
    lines = [
        "[paths]",
        *paths,
        "[hub]",
        f'administrators = ["{ADMINISTRATOR}"]',
        "[archive]",
        *archive,
        *settings_lines,
    ]
    (folder / "ccds.toml").write_text("\n".join(lines), encoding="utf-8")
    settings = load_settings(folder / "ccds.toml")
    settings.paths.state.mkdir(parents=True, exist_ok=True)
    password = settings.paths.state / "archive_password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    apply_application(approved(**changed), person=ADMINISTRATOR, settings=settings)
    return CohortSite(folder, settings, orthanc)


def approved(**changed: Any) -> IrbApplication:
    """The application of HEAD-1; what is named is changed."""
    values = {
        "id": PROJECT,
        "title": "Bleeding",
        "exam_codes": list(CODES[:2]),
        "study_dates": ["2024-01-01", "2024-03-31"],
        "data": ["images", "reports"],
        "roster": on_roster(eve="engineer", sam="scientist", fay="fellow", lou="labeler"),
    }
    return application(**(values | changed))
