"""A project with an airlock, people in each role, and files that may leave it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ccds_kernel.airlock.airlock import Airlock, Submitted
from ccds_kernel.airlock.door import visit
from ccds_kernel.airlock.submission import Kind, Submission, Verdict
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import Settings
from support.airlock import PROJECT, REASON, REPORTS, ROSTER, TABLE, WHY
from support.site import ADMINISTRATOR, application, site_settings

As = Callable[[str], Airlock]


@pytest.fixture
def amend(settings) -> Callable[..., None]:
    """Applies the project's application again, `changed` at will."""

    def apply(**changed) -> None:
        values = {"id": PROJECT, "egress": "airlock", "roster": ROSTER} | changed
        apply_application(application(**values), person=ADMINISTRATOR, settings=settings)

    return apply


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A site that has a place for released results."""
    settings = site_settings(tmp_path / "site")
    return settings.model_copy(
        update={"airlock": settings.airlock.model_copy(update={"released": tmp_path / "site" / "released"})}
    )


@pytest.fixture
def site(settings, amend) -> Settings:
    """That site, with the project in force and its reports loaded."""
    amend()
    project = open_project(PROJECT, Action.LOAD_REPORTS, person="fay", settings=settings)
    LabelingRepository(project).load_reports(
        Report(accession, (Section("findings", text),)) for accession, text in REPORTS.items()
    )
    project.store.close()
    return settings


@pytest.fixture
def as_(site) -> As:
    """The project's airlock for somebody."""
    opened = []

    def open_it(person: str) -> Airlock:
        visitor = visit(PROJECT, person=person, settings=site)
        opened.append(visitor.project)
        return Airlock(visitor)

    yield open_it
    for project in opened:
        project.close()


@pytest.fixture
def results(tmp_path) -> Path:
    """The scientist's folder with a table that may leave."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "table.csv").write_text(TABLE)
    return folder


@pytest.fixture
def submit(as_, results) -> Callable[..., Submitted]:
    """Submits the scientist's table, or other files of the folder."""

    def submit_it(*names: str, kind: Kind = Kind.TABLE, person: str = "sam", reason: str = REASON) -> Submitted:
        return as_(person).submit(kind, reason, results, names or ("table.csv",))

    return submit_it


@pytest.fixture
def approve(as_) -> Callable[..., Submission]:
    """Has people approve a submission, one after the other."""

    def approve_it(submission: Submission, *people: str) -> Submission:
        after = submission
        for person in people:
            after = as_(person).review(submission.id, submission.digest, Verdict.APPROVE, WHY)
        return after

    return approve_it


@pytest.fixture
def events(settings):
    """The airlock's events of the project, as (person, event, detail)."""

    def read() -> list[tuple[str, str, dict]]:
        entries = FileAuditSink(settings.paths.audit).entries(PROJECT)
        return [(one["person"], one["event"], one["detail"]) for one in entries if one["event"].startswith("Result")]

    return read


@pytest.fixture
def drop(settings):
    """The folder in which submissions lie."""
    return settings.paths.projects / PROJECT / "airlock"
