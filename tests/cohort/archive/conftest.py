"""A site that asks a real archive, and the cohort app's page on it, without a browser."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.asking import keep_criteria
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_widgets.cohort.app import cohort_of
from support.cohort_pages import HEADS
from support.cohort_site import PROJECT, CohortSite, filled_orthanc, make_site
from support.opening import OpenAs, opening
from support.orthanc import Orthanc


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory) -> Iterator[Orthanc]:
    """An archive for all tests, which only read from it."""
    with filled_orthanc(tmp_path_factory.mktemp("files")) as running:
        yield running


@pytest.fixture
def site(tmp_path, monkeypatch, orthanc) -> CohortSite:
    """A site that asks it."""
    made = make_site(tmp_path, orthanc)
    monkeypatch.setenv("CCDS_CONFIG", str(made.config))
    return made


@pytest.fixture
def open_as(site) -> Iterator[OpenAs]:
    """Opens HEAD-1 as somebody."""
    with opening(PROJECT, site.settings, Action.READ_IMAGES) as open_it:
        yield open_it


@pytest.fixture
def project(open_as) -> Project:
    """HEAD-1, opened by the scientist sam."""
    return open_as("sam")


@pytest.fixture
def page(project) -> Callable[..., dict[str, Any]]:
    """The app's page: sends a screen what is asked, and returns the answer."""
    model = cohort_of(project)

    def ask(screen: str, kind: str, **more: Any) -> dict[str, Any]:
        return model.answer({"screen": screen, "kind": kind, **more})

    return ask


@pytest.fixture
def queue(project) -> RetrievalQueue:
    """The queue, in which three studies wait that the archive doesn't have."""
    found = RetrievalQueue(project)
    kept = keep_criteria(project, "others", HEADS)
    found.request(
        [StudyFound(f"1.2.{n}", f"ACC{n}", f"PAT{n}", ("CTHEAD",), date(2024, 1, n), instances=3) for n in (1, 2, 3)],
        kept,
    )
    return found


@pytest.fixture
def at_work(project) -> None:
    """Eve's worker is at work: none is started beside it."""
    with project.store.writing() as connection:
        rows.begin_run(connection, "eve")
