"""From a project's reports to one soft label per study: that of the first phrase that matches its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.dataset.question import chosen_question
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.soft import questions_of
from ccds_kernel.labeling.confirmation.soft import soft_labels as soft_labels_of_task
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.rows import StoredReport
from ccds_kernel.labeling.tasks.repository import StoredTask, TaskRepository

SoftLabels = Mapping[str, str | None]
"""Study key → label; None where no phrase matches the report."""


def soft_labels(
    project: Project,
    phrases: Path | str | None = None,
    *,
    task: str | None = None,
    label: str | None = None,
    cohort: str | None = None,
) -> SoftLabels:
    """The soft label of each study that has a report.

    Args:
        project: whose reports.
        phrases: a phrase file, by which every section is read; where it isn't given, the phrase list of a task, which its fellows
            made in the labelling app, with the task's cues and without the sections that it leaves out.
        task: the task's name; may be left out where there is one.
        label: which label, in a task in which each is decided by itself: then the answers are `present`, `absent`, or the
            phrase's word for the uncertain.
        cohort: the name of a cohort that was kept; all reports, where it isn't given. Of a task that is kept to a cohort those
            that are in both.

    Raises:
        ProjectAccessDenied: this person may not read reports or phrases.
        CcdsError: the phrase file is none, or there is no such task, label or cohort.
    """
    project.require(Action.READ_PHRASES)
    criteria = None if cohort is None else CohortRepository(project).get(cohort).criteria
    if phrases is not None:
        if task is not None or label is not None:
            raise CcdsError(
                expected="a phrase file, or a task",
                found="both",
                do="leave out phrases to take the task's own list",
            )
        return _by_file(LabelingRepository(project).reports(criteria), Path(phrases))
    stored = _task(project, task)
    repository = LabelingRepository(project, stored.id)
    question = chosen_question(questions_of(stored.task), label)
    found = soft_labels_of_task(stored.task, repository.task_reports(criteria), repository.phrases())
    return {one.study_key: one.value for one in found if one.question == question}


def _by_file(reports: Sequence[StoredReport], phrases: Path) -> SoftLabels:
    index = PhraseIndex([stored.report.texts for stored in reports])
    for position, phrase in enumerate(read_phrases(phrases)):
        index.insert(phrase, position)
    keys = (stored.study_key for stored in reports)
    return dict(zip(keys, index.soft_labels().to_list(), strict=True))


def _task(project: Project, name: str | None) -> StoredTask:
    tasks = TaskRepository(project).tasks()
    found = [stored for stored in tasks if name in (None, stored.task.name)]
    if len(found) != 1:
        raise CcdsError(
            expected="a task of this project",
            found="none named" if name is None else "none of that name",
            do=f"name one as task: {', '.join(repr(stored.task.name) for stored in tasks)}",
        )
    return found[0]
