"""What the phrases say of each study: what a batch is composed of."""

import pytest

from ccds_kernel.labeling.confirmation.batch import SoftStudy
from ccds_kernel.labeling.confirmation.soft import soft_labels, soft_studies
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task, TaskKind
from support.confirming import NEGATIVE, POSITIVE


@pytest.mark.parametrize("kind", list(TaskKind))
def test_what_a_batch_is_composed_of_is_the_soft_label(place, kind):
    """The labels that are there, the phrase that decides, and every phrase that stands in the report."""
    task = TaskRepository(place.project).make(Task("t", kind))
    repository = LabelingRepository(place.project, task.id)
    some = kind is TaskKind.SEVERAL
    low = repository.insert_phrase(Phrase("pleural effusion", "effusion"), 0)
    label = "effusion" if some else "no effusion"
    top = repository.insert_phrase(Phrase("no pleural effusion", label, excludes=some), 0)
    (stored,) = [one for one in TaskRepository(place.project).tasks() if one.id == task.id]

    studies = soft_studies(stored.task, repository.reports(), repository.phrases())

    says_no = frozenset() if some else NEGATIVE
    assert studies[:2] == (
        SoftStudy(place.keys[0], POSITIVE, low.id, frozenset({low.id})),
        SoftStudy(place.keys[1], says_no, top.id, frozenset({top.id, low.id})),
    )
    assert len(soft_labels(stored.task, repository.reports(), repository.phrases())) == 12


@pytest.mark.parametrize(
    ("kind", "preselected"), [(TaskKind.ONE, frozenset({"perhaps"})), (TaskKind.SEVERAL, frozenset())]
)
def test_what_is_uncertain_is_preselected_as_a_label_only_where_it_is_one(place, kind, preselected):
    """Elsewhere it is said of a label, and nothing is preselected; the phrase decides all the same."""
    task = TaskRepository(place.project).make(Task("t", kind))
    repository = LabelingRepository(place.project, task.id)
    repository.load_reports([Report("P1", (Section("impression", "Possible effusion."),))])
    phrase = repository.insert_phrase(Phrase("effusion", "effusion", uncertain_label="perhaps"), 0)
    (stored,) = [one for one in TaskRepository(place.project).tasks() if one.id == task.id]
    (report,) = [one for one in repository.reports() if one.report.accession == "P1"]

    (study,) = soft_studies(stored.task, [report], repository.phrases())
    (label,) = [one for one in soft_labels(stored.task, [report], repository.phrases()) if one.phrase_id is not None]

    assert study == SoftStudy(report.study_key, preselected, phrase.id, frozenset({phrase.id}))
    assert (label.value, label.phrase_id) == ("perhaps", phrase.id)
