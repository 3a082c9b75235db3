"""The demo's labelling: a task with a guideline, its phrases, a gold set, and two labelers who have confirmed some studies.

Made by the same calls as the app's, as the demo's fellow and labelers, so that the log tells of it too. What the labelers say
follows the truth of the population, with mistakes of their own: they disagree, and one trusts what is preselected more than is
good. The project's first task stays as a new project has it: with an empty phrase list, for a fellow to begin.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random

from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.labelers import ABSENT, PRESENT, Labeler, answered
from ccds_kernel.demo.reports import truth_table
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.batch import BatchItem, Said, SoftStudy, compose, misleadable, plantable
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.confirming import MOST_AHEAD, Confirming
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.confirmation.soft import soft_studies
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.rows import StoredPhrase
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task
from ccds_kernel.settings import Settings

GUIDELINE = """\
Does the report say that there is acute or subacute intracranial hemorrhage?

present: epidural, subdural, subarachnoid, intraventricular or parenchymal hemorrhage, or a hemorrhagic contusion. Also one \
that an earlier study showed and that is still there, and one that only an addendum names.

absent: none, or nothing but what is left of an old one.

What the indication asks says nothing. Where findings and impression contradict each other, the impression counts; where neither \
decides it, flag the study and say why."""

TASK = Task(
    "hemorrhage",
    labels=(Label("present", 1), Label("absent", 0)),
    guideline=GUIDELINE,
    left_out=frozenset({"indication"}),
)
DONE, OPEN = "first, by both labelers", "second"
"""Two batches: one that everybody has answered, and one that waits."""

_STUDIES_STREAM, _ANSWERS_STREAM = 40, 41
_MOST_GOLD, _MOST_STUDIES, _MOST_WRONG, _DECIDED = 24, 60, 6, 2
"""Of each batch; and how many disagreements the fellow has decided."""


@dataclass(frozen=True)
class _Plan:
    """Which studies go where: the gold set with its labels, and the studies of the two batches."""

    gold: Mapping[str, Said]
    done: tuple[BatchItem, ...]
    open: tuple[BatchItem, ...]


def is_labelled(project: Project) -> bool:
    """Whether all of it is there."""
    tasks = [stored.id for stored in TaskRepository(project).tasks() if stored.task.name == TASK.name]
    return any(batch.name == OPEN for task_id in tasks for batch in Curating(project, task_id).batches())


def label_project(
    project_id: str,
    seed: int,
    reports: int,
    phrases: Path,
    *,
    fellow: str,
    labelers: Sequence[Labeler],
    settings: Settings,
) -> None:
    """Makes it. Safe to repeat where it was interrupted: what is there stays.

    Args:
        project_id: a project that has the first reports of the population.
        seed: of the population.
        reports: how many of its reports the project has.
        phrases: the task's phrase list.
        fellow: makes the task, the gold set and the batches.
        labelers: those who confirm.
        settings: the site's.

    Raises:
        CcdsError: somebody isn't on the project's roster in that role.
    """
    names = [labeler.name for labeler in labelers]
    with _opened(project_id, fellow, Action.CURATE_LABELS, settings) as project:
        task_id = _task(project, phrases)
        truth = _truth(project, seed, reports)
        plan = _planned(project, task_id, truth, seed)
        curating = Curating(project, task_id)
        known = curating.gold()
        for study_key, labels in plan.gold.items():
            if study_key not in known:
                curating.set_gold(study_key, labels)
        done = _batch(curating, DONE, plan.done, names, overlap=len(names))
    for number, labeler in enumerate(labelers):
        with _opened(project_id, labeler.name, Action.CONFIRM_STUDIES, settings) as project:
            _confirm(Confirming(project, done.id), labeler, truth, Draw(seed, number, _ANSWERS_STREAM))
    with _opened(project_id, fellow, Action.CURATE_LABELS, settings) as project:
        curating = Curating(project, task_id)
        _decide_some(curating, truth)
        _batch(curating, OPEN, plan.open, [fellow, *names], overlap=1)


@contextmanager
def _opened(project_id: str, person: str, action: Action, settings: Settings) -> Iterator[Project]:
    project = open_project(project_id, action, person=person, settings=settings)
    try:
        yield project
    finally:
        project.close()


def _task(project: Project, phrases: Path) -> int:
    """The task's number, with its phrases."""
    tasks = TaskRepository(project)
    task_id = next((stored.id for stored in tasks.tasks() if stored.task.name == TASK.name), None)
    if task_id is None:
        task_id = tasks.make(TASK).id
    LabelingRepository(project, task_id).append_phrases(read_phrases(phrases))
    return task_id


def _truth(project: Project, seed: int, reports: int) -> dict[str, Said]:
    """Study key → what is true of it."""
    truth = truth_table(seed, reports)
    return {
        stored.study_key: PRESENT if truth[stored.report.accession] else ABSENT
        for stored in LabelingRepository(project).reports()
        if stored.report.accession in truth
    }


def _planned(project: Project, task_id: int, truth: Mapping[str, Said], seed: int) -> _Plan:
    repository = LabelingRepository(project, task_id)
    reports, phrases = repository.reports(), repository.phrases()
    studies = [
        one for one in soft_studies(TASK, reports, phrases) if one.phrase_id is not None and one.study_key in truth
    ]
    mixed, others = _mixed_first(Draw(seed, 0, _STUDIES_STREAM).shuffled(studies), phrases)
    most_gold, most = min(_MOST_GOLD, len(reports) // 16), min(_MOST_STUDIES, len(reports) // 5)
    ordinary = _alternating(others)
    left = [*mixed, *ordinary[2 * most :]]
    gold: dict[str, Said] = {}
    batches = []
    for at in (0, 1):
        of_batch = ordinary[at * most : (at + 1) * most]
        fitting = [study for study in plantable(left, of_batch) if study.study_key not in gold]
        misled = misleadable(fitting, truth, of_batch)[:_MOST_WRONG]
        planted = [*misled, *(study for study in fitting if study not in misled)][:most_gold]
        gold |= {study.study_key: truth[study.study_key] for study in planted}
        chance = Random(seed + at)  # noqa: S311 - studies of a demo, not a secret
        order = [stored.id for stored in phrases]
        batches.append(compose(of_batch, order=order, gold=gold, planted=planted, wrong=len(misled), chance=chance))
    return _Plan(gold, *batches)


def _mixed_first(
    studies: Sequence[SoftStudy], phrases: Sequence[StoredPhrase]
) -> tuple[list[SoftStudy], list[SoftStudy]]:
    """Studies in whose reports phrases of both labels stand, which can get a wrong label preselected; and the others."""
    label_of = {stored.id: stored.phrase.label for stored in phrases}
    mixed = [study for study in studies if len({label_of[phrase_id] for phrase_id in study.also}) > 1]
    keys = {study.study_key for study in mixed}
    return mixed, [study for study in studies if study.study_key not in keys]


def _alternating(studies: Sequence[SoftStudy]) -> list[SoftStudy]:
    """As many with a hemorrhage, by the phrases, as without, in turn: few studies of the population have one."""
    present = [study for study in studies if study.labels == PRESENT]
    absent = [study for study in studies if study.labels != PRESENT]
    paired = list(chain.from_iterable(zip(present, absent, strict=False)))
    left = absent[len(present) :] or present[len(absent) :]
    return [*paired, *left]


def _batch(
    curating: Curating, name: str, items: Sequence[BatchItem], labelers: Sequence[str], *, overlap: int
) -> StoredBatch:
    batch = next((one for one in curating.batches() if one.name == name), None)
    if batch is None:
        batch = curating.make_batch(name, items, overlap=overlap)
    for labeler in labelers:
        curating.assign(batch.id, labeler)
    return batch


def _confirm(work: Confirming, labeler: Labeler, truth: Mapping[str, Said], draw: Draw) -> None:
    """Answers all that there is for `labeler`."""
    while studies := work.take(MOST_AHEAD):
        work.answer([answered(labeler, study, truth[study.report.study_key], draw) for study in studies])


def _decide_some(curating: Curating, truth: Mapping[str, Said]) -> None:
    """Says the final word about a few of the studies about which the labelers disagree; the others wait for the fellow."""
    said: dict[str, set[Said]] = defaultdict(set)
    for stored in curating.answers():
        if stored.said is not None:
            said[stored.answer.study_key].add(stored.said)
    disputed = sorted(study_key for study_key, words in said.items() if len(words) > 1)
    decided = curating.final_words()
    for study_key in disputed[:_DECIDED]:
        if study_key not in decided:
            curating.adjudicate(study_key, truth[study_key])
