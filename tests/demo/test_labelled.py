"""The demo's labelling task: something to see on each of the app's screens, and nothing done twice."""

from collections import Counter

import pytest

from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.deployment import SECTIONS
from ccds_kernel.demo.hospital import LABELERS, STARTER_PHRASES
from ccds_kernel.demo.labelers import ABSENT, PRESENT, Labeler, answered
from ccds_kernel.demo.labelled import TASK, is_labelled, label_project
from ccds_kernel.demo.reports import generate_reports
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.batch import Planted
from ccds_kernel.labeling.confirmation.confirming import LeasedStudy
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.rows import StoredReport
from ccds_kernel.labeling.tasks.repository import TaskRepository
from support.confirming import HandClock
from support.site import application, on_roster, site_settings

SEED, REPORTS = 3, 4000


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A project with the demo's reports, labelled as the demo's is; as its fellow opened it. With 300 none could mislead."""
    settings = site_settings(tmp_path_factory.mktemp("site"))
    roster = on_roster(fay="fellow", lou="labeler", pat="labeler")
    apply_application(application(id="CHEST-1", roster=roster), person="admin", settings=settings)
    project = open_project("CHEST-1", Action.CURATE_LABELS, person="fay", settings=settings)
    LabelingRepository(project).load_reports(
        Report(one.accession, tuple(Section(name, getattr(one, name)) for name in SECTIONS))
        for one in generate_reports(SEED, REPORTS)
    )
    make(project)
    yield project
    project.close()


def make(project: Project) -> None:
    """What the demo does."""
    label_project(
        project.id, SEED, REPORTS, STARTER_PHRASES, fellow="fay", labelers=LABELERS, settings=project.settings
    )


def made(project: Project) -> Curating:
    """The fellow's view of it."""
    (task,) = (stored for stored in TaskRepository(project).tasks() if stored.task == TASK)
    return Curating(project, task.id)


def test_the_task_is_the_only_one_that_is_shown(project):
    """It has the starter phrases; the one that every project begins with stays unused."""
    (stored,) = TaskRepository(project).tasks()

    assert LabelingRepository(project).phrases() == ()
    assert len(LabelingRepository(project, stored.id).phrases()) > 25
    assert stored.task == TASK


def test_every_screen_has_something_to_show(project):
    """Two labelers' answers that differ, gold studies among them, some with a wrong prefill; a final word; a batch that waits."""
    curating = made(project)
    answers = curating.answers()
    said = {(stored.answer.study_key, stored.labeler): stored.said for stored in answers if stored.said}
    differing = {
        key for key, name in said if name == "lou" and said[key, "lou"] != said.get((key, "pat"), said[key, "lou"])
    }
    first, second = curating.batches()
    counts = curating.counts()

    assert {stored.labeler for stored in answers} == {"lou", "pat"}
    assert {stored.planted for stored in answers} == set(Planted)
    assert len(differing) > len(curating.final_words()) > 0
    assert counts[first.id].done > 0.8 * counts[first.id].studies
    assert counts[second.id].done == 0
    assert second.labelers == ("fay", "lou", "pat")
    assert len(curating.gold()) == 48


def test_made_again_it_stays_as_it_is(project):
    """Nothing is asked, answered or decided twice."""
    before = made(project).answers(), made(project).batches(), made(project).final_words(), made(project).gold()

    make(project)

    assert is_labelled(project)
    assert (
        made(project).answers(),
        made(project).batches(),
        made(project).final_words(),
        made(project).gold(),
    ) == before


@pytest.mark.parametrize(
    ("prefill", "truth", "kinds"),
    [
        (PRESENT, PRESENT, {AnswerKind.CONFIRM}),
        (PRESENT, ABSENT, {AnswerKind.CORRECT}),
        (frozenset(), ABSENT, {AnswerKind.CORRECT}),
    ],
)
def test_a_labeler_who_neither_errs_nor_trusts_says_what_is_true(prefill, truth, kinds):
    """But for the studies that they skip or flag."""
    study = leased(prefill)
    careful = Labeler("ann", errs=0, trusts=0, seconds=1)

    answers = [answered(careful, study, truth, Draw(1, number, 2)) for number in range(200)]

    said = Counter(one.kind for one in answers)
    assert set(said) == kinds | {AnswerKind.SKIP, AnswerKind.FLAG}
    assert {one.labels for one in answers if one.kind is AnswerKind.CORRECT} <= {truth}


def test_a_labeler_who_trusts_takes_over_what_is_preselected():
    """Every wrong label; and still says something where there is none."""
    trusting = Labeler("ann", errs=0, trusts=1, seconds=1)

    over_wrong = answered(trusting, leased(PRESENT), ABSENT, Draw(1, 1, 2))
    over_none = answered(trusting, leased(frozenset()), ABSENT, Draw(1, 1, 2))

    assert (over_wrong.kind, over_none.kind, over_none.labels) == (AnswerKind.CONFIRM, AnswerKind.CORRECT, ABSENT)


def leased(prefill: frozenset[str]) -> LeasedStudy:
    """A study in somebody's hands."""
    stored = StoredReport(1, "key", Report("A1", (Section("impression", "Clear."),)))
    return LeasedStudy(1, HandClock().now, stored, None, prefill, number=1, nth=1)
