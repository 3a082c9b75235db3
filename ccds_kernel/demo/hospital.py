"""The synthetic hospital as a site: settings, people, one project with its reports and image series.

Made in one folder, step by step. Each step does nothing where its work is done already, so that a demo that was interrupted
is finished by the next start, and what people did in it stays.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from tqdm import tqdm

from ccds_kernel.demo.cluster import pretend_cluster
from ccds_kernel.demo.deployment import SECTIONS, deploy
from ccds_kernel.demo.images import image_tasks, make_images
from ccds_kernel.demo.labelers import Labeler
from ccds_kernel.demo.labelled import is_labelled, label_project
from ccds_kernel.demo.mark import Contents, is_filled, mark_filled, other_contents
from ccds_kernel.demo.population import YEAR
from ccds_kernel.demo.reports import generate_reports
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.imaging.studies.adopting import adopt_volumes, without_verdict
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.identity import unix_user
from ccds_kernel.irb.password_file import password_file, write_passwords
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import Paths, Settings, load_settings
from ccds_kernel.settings import Person as PersonName

PROJECT = "HEADCT-2026"
SEED = 3  # the first seven series come from all five scanners
REPORTS = 4000
SERIES = 120
CONTENTS = Contents(version=1, seed=SEED, reports=REPORTS, series=SERIES)
SMALL = replace(CONTENTS, reports=300, series=20)
STARTER_PHRASES = Path(__file__).with_name("starter_phrases.csv")
PRETEND_GPUS = 4
_MARK = "ccds demo"


@dataclass(frozen=True)
class Person:
    """Somebody of the demo: their name, role, and what they should try."""

    name: str
    role: str
    tries: str


PEOPLE = (
    Person(
        "fay",
        "fellow",
        "Label reports: give words of a report a label, see the count; task hemorrhage has labelers to assess.",
    ),
    Person("lou", "labeler", "Confirm labels: one study after another, by keys (? lists them)."),
    Person("pat", "labeler", "The same beside lou: nobody gets a study that the other one has."),
    Person(
        "sam",
        "scientist",
        "JupyterLab on 1 of 4 pretend GPUs: in walkthroughs/ volumes.ipynb, normalization.ipynb, then training.ipynb.",
    ),
    Person("lee", "leadership", "Deployed models: do they still agree with the radiologists? Cluster: who uses it?"),
)
LABELERS = (Labeler("lou", errs=0.03, trusts=0.25, seconds=3.0), Labeler("pat", errs=0.08, trusts=0.7, seconds=1.5))
LEADERSHIP = tuple(person.name for person in PEOPLE if person.role == "leadership")


@dataclass(frozen=True)
class Hospital:
    """A demo: its folder, and what its project is filled with."""

    folder: Path
    contents: Contents = CONTENTS

    @property
    def settings_file(self) -> Path:
        """The demo's `ccds.toml`."""
        return self.folder / "ccds.toml"

    @property
    def _passwords(self) -> Path:
        return self.folder / "state" / "demo-passwords.json"

    def claim(self) -> None:
        """Makes the folder, or finds that it is a demo's.

        Raises:
            CcdsError: it holds something else, or can't be made.
        """
        mark = self.folder / ".ccds-demo"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Also a ccds.toml doesn't make it ours: it may be a real site's.
            foreign = not mark.exists() and any(self.folder.iterdir())
        except OSError as error:
            raise self._unusable(error) from None
        if foreign:
            raise CcdsError(
                expected="an empty folder or an earlier demo's",
                found=f"other files in {self.folder}",
                do="name another folder with --folder",
            )
        try:
            self.folder.chmod(0o700)  # it may have been there, open to everybody
            mark.touch()
            (self.folder / "state").mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> CcdsError:
        return CcdsError(
            expected=f"to make the folder {self.folder} and write in it",
            found=(error.strerror or "an error").lower(),
            do="name another one with --folder",
        )

    def configure(self, port: int, api_port: int, proxy_api_port: int, audit_port: int) -> Settings:
        """Writes the demo's `ccds.toml` and returns its settings."""
        lines = [f"# Written by the {_MARK} at each start.", "[paths]"]
        lines += [f"{name} = {json.dumps(str(self.folder / name))}" for name in Paths.model_fields]
        lines += ["[hub]", f"port = {port}", f"api_port = {api_port}", f"proxy_api_port = {proxy_api_port}"]
        lines += ['authenticator = "password-file"', f"administrators = {json.dumps([_administrator()])}"]
        lines += [f"leadership = {json.dumps(LEADERSHIP)}"]
        lines += ["[audit]", f"port = {audit_port}"]
        lines += ["[scheduler]", f"gpus = {PRETEND_GPUS}", "cpus = 32", "memory_mb = 131072"]
        write_whole(self.settings_file, "\n".join(lines) + "\n")
        return load_settings(self.settings_file)

    def passwords(self) -> dict[str, str]:
        """Person → password; made at the first start, then the same. A demo from before somebody was in it gives them one."""
        kept: dict[str, str] = {}
        if self._passwords.exists():
            kept = json.loads(self._passwords.read_text(encoding="utf-8"))
        new = {person.name: secrets.token_urlsafe(6) for person in PEOPLE if person.name not in kept}
        if new:
            write_whole(self._passwords, json.dumps(kept | new), 0o600)
        return kept | new

    def fill(self, settings: Settings) -> Iterator[str]:
        """Makes what isn't there yet; yields what it is about to do, nothing where everything was made before.

        Raises:
            CcdsError: another version filled the folder, or there is no room.
        """
        write_passwords(password_file(settings), self.passwords())
        apply_application(_application(), person=_administrator(), settings=settings)
        project = open_project(PROJECT, Action.LOAD_REPORTS, person=_administrator(), settings=settings)
        try:
            if not is_filled(project.folder, self.contents):
                yield f"{self.contents.reports} reports"
                _load_reports(project, self.contents)
                _offer_phrases(project)
                yield f"{self.contents.series} image series"
                _make_images(project, self.contents)
                ImageStudies(project).keep_rules(_WHICH_SERIES)
                yield f"a deployed model's predictions for {self.contents.reports} studies"
                deploy(
                    self.contents.seed,
                    self.contents.reports,
                    STARTER_PHRASES,
                    person=_administrator(),
                    settings=settings,
                )
                mark_filled(project.folder, self.contents)
            if bare := without_verdict(project):
                yield f"the verdicts of {len(bare)} volumes"
                for key in bare:
                    adopt_volumes(project, key)
            if not is_labelled(project):
                yield "a labelling task that two labelers have begun to confirm"
                _label(self.contents, settings)
        finally:
            project.store.close()
        pretend_cluster(self.contents.seed, person=_administrator(), settings=settings)


_WHICH_SERIES = """rules:
  - exam_codes: [CTHEAD, CTHEADC]
    modality: [CT]
    orientation: [axial]
    prefer: thinnest
"""
"""What the demo's project keeps as selection rules: each study has one series, and it fits."""


def _load_reports(project: Project, contents: Contents) -> None:
    reports = (
        Report(
            accession=one.accession,
            sections=tuple(Section(name, getattr(one, name)) for name in SECTIONS),
            exam_code=one.exam_code,
            study_date=one.study_date,
        )
        for one in generate_reports(contents.seed, contents.reports)
    )
    if LabelingRepository(project).load_reports(reports).conflicting:
        raise other_contents()


def _offer_phrases(project: Project) -> None:
    """Puts a first phrase list beside the project's data; the project's own list starts empty, as a fellow's does."""
    copy = project.folder / "phrases" / "starter.csv"
    copy.parent.mkdir(exist_ok=True)
    if not copy.exists():
        write_whole(copy, STARTER_PHRASES.read_text(encoding="utf-8"))


def _label(contents: Contents, settings: Settings) -> None:
    fellow = next(person.name for person in PEOPLE if person.role == "fellow")
    label_project(
        PROJECT,
        contents.seed,
        contents.reports,
        STARTER_PHRASES,
        fellow=fellow,
        labelers=LABELERS,
        settings=settings,
    )


def _make_images(project: Project, contents: Contents) -> None:
    tasks = image_tasks(project, contents.seed, contents.series)
    with tqdm(total=len(tasks), desc="writing and converting", unit=" series", disable=None, leave=False) as bar:
        for done in make_images(tasks):
            bar.update(done - bar.n)


def _application() -> IrbApplication:
    today = date.today()  # noqa: DTZ011 - the calendar of whoever runs the demo
    trained = date(2026, 1, 15)
    people = [(person.name, person.role) for person in PEOPLE] + [(_administrator(), "engineer")]
    return IrbApplication.model_validate(
        {
            "id": PROJECT,
            "title": "Intracranial haemorrhage on head CT (synthetic)",
            "pi": "Demo Investigator",
            "approved": date(2026, 1, 1),
            "expires": date(today.year + 1, 12, 31),
            "exam_codes": ["CTHEAD", "CTHEADC"],
            "study_dates": [date(YEAR, 1, 1), date(YEAR, 12, 31)],
            "data": ["reports", "images"],
            "egress": "locked",
            "roster": [{"person": name, "role": role, "trained": trained} for name, role in people],
        }
    )


def _administrator() -> str:
    """Whoever runs the demo administers it, and is an engineer of its project, so that `ccds` works for them.

    Not every operating system's name for a person is one of ours, in a container there may be none, and somebody may be called
    as one of the demo's people.
    """
    try:
        name = TypeAdapter(PersonName).validate_python(unix_user())
    except (ValidationError, CcdsError):
        return "operator"
    return "operator" if name in {person.name for person in PEOPLE} else name
