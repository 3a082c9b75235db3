"""A site whose one engineer is the Unix user who runs the tests, with studies to convert: its commands and jobs are processes."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from ccds_kernel.audit.events.imaging import VolumesMade
from ccds_kernel.audit.site import audit_log, session_variables
from ccds_kernel.cohort.tables import report
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.volume import digest
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.database import site_database
from ccds_kernel.irb.identity import unix_user
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Settings, load_settings
from support.audit import AuditSite, token
from support.demo import free_port
from support.dicom import Stack, write_stack
from support.image_studies import RULES
from support.postgresql import in_session, session_environment
from support.site import ADMINISTRATOR, application, on_roster, write_settings

PROJECT = "HEAD-1"
KEYS = [letter * 16 for letter in "abcdef"]
LEANS = KEYS[2]
SESSION = "head-1-lab"


@dataclass(frozen=True)
class ConvertSite:
    """A site with six studies, of which one leans; whoever runs the tests is its engineer."""

    config: Path
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return load_settings(self.config)

    @property
    def folder(self) -> Path:
        """The project's."""
        return self.settings.paths.projects / PROJECT

    def begin(self, *words: str, verb: str = "volumes") -> subprocess.Popen[str]:
        """Starts `ccds imaging VERB` for the project."""
        return subprocess.Popen(
            [sys.executable, "-m", "ccds_kernel.cli", "imaging", verb, "--project", PROJECT, *words],
            env={"PATH": "/usr/bin:/bin", "CCDS_CONFIG": str(self.config), **self.environment},
            cwd=self.config.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ccds(self, *words: str, verb: str = "volumes") -> tuple[int, str, str]:
        """Runs it; the exit status and what was printed."""
        with self.begin(*words, verb=verb) as running:
            said, complaint = running.communicate(timeout=300)
        return running.returncode, said, complaint

    def digests(self) -> dict[str, str]:
        """Of every volume that is there."""
        return {path.parent.name: digest(path) for path in self.folder.glob("nifti/*/*.nii.gz")}

    def told(self) -> Counter[str]:
        """How many events there are of volumes made, by study."""
        kind = VolumesMade.__name__
        lines = audit_log(self.settings).entries(PROJECT)
        return Counter(line["detail"]["study_key"] for line in lines if line["event"] == kind)

    def job_rights(self) -> int:
        """How many jobs have a right to the project's database now."""
        with site_database(self.settings) as database:
            return sum("/" in one.session for one in database.credentials.issued()) if database else 0


def put_on_roster(settings: Settings, role: str = "engineer") -> None:
    """Puts whoever runs the tests onto the roster in that role."""
    roster = on_roster(**{unix_user(): role})
    approved = application(id=PROJECT, exam_codes=["CTHEAD"], data=["images", "reports"], roster=roster)
    apply_application(approved, person=ADMINISTRATOR, settings=settings)


def _fill(project: Project) -> None:
    """Rules, and the studies' files and exam codes."""
    ImageStudies(project).keep_rules(RULES)
    for key in KEYS:
        stack = Stack(slices=6)

        def lean(data: Any, index: int, stack: Stack = stack) -> None:
            x, y, z = stack.position(index)
            data.ImagePositionPatient = [x, y + index * 0.7, z]

        write_stack(project.folder / "dicom" / key, stack, lean if key == LEANS else lambda *_: None)
    with project.store.writing() as connection:
        rows = [{"accession": f"A-{key}", "study_key": key, "exam_code": "CTHEAD"} for key in KEYS]
        connection.execute(insert(report), rows)


def convert_site(folder: Path, database: dict[str, Any], *lines: str) -> ConvertSite:
    """Such a site in `folder`, with these lines more in its ccds.toml."""
    config = write_settings(folder)
    said = [f"{name} = {json.dumps(value)}" for name, value in database.items()]
    with config.open("a", encoding="utf-8") as file:
        file.write("\n".join(["[database]", *said, *lines, ""]))
    settings = load_settings(config)
    put_on_roster(settings)
    with (
        in_session(settings, PROJECT, unix_user()),
        closing(open_project(PROJECT, Action.WRITE_IMAGES, settings=settings)) as project,
    ):
        _fill(project)
    return ConvertSite(config, session_environment(settings, PROJECT, unix_user(), SESSION))


@contextmanager
def with_audit_daemon(site: ConvertSite) -> Iterator[ConvertSite]:
    """The same site, whose commands are a session's: their events go through a daemon, which gives their jobs what those need."""
    with site.config.open("a", encoding="utf-8") as file:
        file.write(f"\n[audit]\nport = {free_port()}\n")
    site.settings.paths.state.chmod(0o700)
    daemon = AuditSite(site.config.parent, site.settings)
    daemon.start()
    try:
        told = session_variables(token(unix_user(), PROJECT, SESSION), site.config.parent, site.settings)
        yield replace(site, environment=site.environment | told)
    finally:
        daemon.kill()
