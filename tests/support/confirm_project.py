"""A project in which studies are confirmed: reports, phrases, a task, batches, a fellow and labelers; and their page."""

from collections.abc import Iterable, Sequence
from random import Random

from playwright.sync_api import Page, expect

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation import curation_rows
from ccds_kernel.labeling.confirmation.batch import Said, compose
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.confirming import Confirming
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.confirmation.curation_rows import CurationKind
from ccds_kernel.labeling.confirmation.soft import soft_studies
from ccds_kernel.labeling.confirmation.tagging import Tagging
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_kernel.settings import Settings
from support.site import application, on_roster

PROJECT = "CONFIRM-1"
FELLOW = "fay"
LABELERS = ("lou", "lin", "lee")
PHRASES = (
    Phrase("no pleural effusion", "no effusion"),
    Phrase("pleural effusion", "effusion"),
    Phrase("costophrenic angle", "effusion"),
)
TEXTS = (
    "Lungs are clear. No pleural effusion. The costophrenic angle is sharp.",
    "Small left pleural effusion, new since the last study. Heart size is normal.",
    "The right costophrenic angle is blunted.",
)
GUIDELINE = "Effusion: any free fluid in the pleural space, whatever its size.\nBlunting alone counts."
TASK = 1


def confirm_project(
    settings: Settings,
    studies: int,
    *,
    kind: TaskKind = TaskKind.ONE,
    texts: Sequence[str] = TEXTS,
    data: Sequence[str] = ("reports",),
) -> Project:
    """`PROJECT` with that many reports, opened by the fellow; its application covers `data`."""
    roster = on_roster(**{FELLOW: "fellow"}, **dict.fromkeys(LABELERS, "labeler"))
    apply_application(application(id=PROJECT, roster=roster, data=list(data)), person="admin", settings=settings)
    project = open_project(PROJECT, Action.OPEN_LABELING, person=FELLOW, settings=settings)
    repository = LabelingRepository(project, TASK)
    repository.load_reports(
        Report(f"ACC{n}", (Section("indication", "Cough."), Section("findings", texts[n % len(texts)])))
        for n in range(studies)
    )
    labels = (Label("effusion", 0), Label("no effusion", 1), Label("not to be said", 2))
    task = Task("Effusion", kind=kind, labels=labels, guideline=GUIDELINE, left_out=frozenset({"indication"}))
    with project.store.writing() as connection:
        task_rows.change_task(connection, TASK, task)
    repository.append_phrases(PHRASES)
    return project


def make_batch(
    project: Project,
    name: str,
    keys: Iterable[str],
    *,
    labelers: Iterable[str] = LABELERS,
    gold: Sequence[str] = (),
    wrong: int = 0,
    overlap: int = 1,
) -> StoredBatch:
    """A batch of these studies with gold ones among them, assigned."""
    curating, repository = Curating(project, TASK), LabelingRepository(project, TASK)
    (task,) = (stored.task for stored in TaskRepository(project).tasks() if stored.id == TASK)
    phrases = repository.phrases()
    soft = {study.study_key: study for study in soft_studies(task, repository.reports(), phrases)}
    for key in gold:
        curating.set_gold(key, soft[key].labels, note="as the fellow sees it")
    items = compose(
        [soft[key] for key in keys],
        order=[stored.id for stored in phrases],
        gold={key: one.said for key, one in curating.gold().items() if one.said is not None},
        planted=[soft[key] for key in gold],
        wrong=wrong,
        chance=Random(6),  # noqa: S311 - keeps no secret
    )
    batch = curating.make_batch(name, items, overlap=overlap)
    for labeler in labelers:
        curating.assign(batch.id, labeler)
    return batch


def tag(project: Project, study_key: str, tags: Iterable[str]) -> None:
    """Has the fellow tag a study, in a batch of their own."""
    batch = make_batch(project, "the fellow's", [study_key], labelers=[FELLOW])
    (held,) = Confirming(project, batch.id).take(1)
    assert Tagging(project, batch.id).tag(held.lease, study_key, tags) is None


def tags_of(project: Project, study_key: str) -> dict[str, Said | None]:
    """Who tags a study → how."""
    with project.store.reading() as connection:
        every = curation_rows.every(connection, TASK, CurationKind.STRATA, [study_key])
        return {one.person: one.said for one in every}


def study_on(page: Page) -> str:
    """The key of the study that a page shows."""
    return page.locator(".ccds-confirming .ccds-report-head .ccds-key").inner_text()


def saved(page: Page) -> None:
    """Waits until everything that was said on a page is saved."""
    expect(page.locator(".ccds-saving")).to_have_text("Saved")
