"""A study's soft label is that of the first phrase that matches its report."""

from dataclasses import replace
from datetime import date

import pytest

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.dataset.soft_labels import soft_labels
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind


def test_the_first_phrase_that_matches_gives_the_label(hospital):
    """Its place in the file counts, not its place in the text; a report that none matches has no label."""
    texts = ("Hemorrhage. No hemorrhage elsewhere.", "Hemorrhage.", "Motion.", "Normal.")
    keys = [hospital.add(text, None) for text in texts]

    labels = soft_labels(hospital.project, phrases=hospital.phrases)

    assert labels == dict(zip(keys, ("absent", "present", "unclear", None), strict=True))


def test_without_a_file_the_project_s_own_list_counts(hospital, open_as):
    """What the fellows made in the labelling app; an empty list labels nothing."""
    key = hospital.add("Hemorrhage.", None)
    before = soft_labels(hospital.project)
    fellow = type(hospital.repository)(open_as("fay", Action.OPEN_LABELING))
    fellow.insert_phrase(Phrase("hemorrhage", "bleeding"), 0)

    after = soft_labels(hospital.project)

    assert (before, after) == ({key: None}, {key: "bleeding"})


def test_a_task_s_own_reading_counts(hospital, open_as):
    """Its cues, the sections that it leaves out, and its labels, each decided by itself."""
    keys = [hospital.add(text, None) for text in ("Effusion. No edema.", "Edema.", "Normal.")]
    fellow = open_as("fay", Action.CURATE_LABELS)
    task = TaskRepository(fellow).make(Task("findings", TaskKind.SEVERAL, (Label("edema", 0), Label("effusion", 1))))
    phrases = [
        Phrase("edema", "edema", negatable=True),
        Phrase("effusion", "effusion"),
        Phrase("normal", "edema", excludes=True),
    ]
    LabelingRepository(fellow, task.id).append_phrases(phrases)

    edema = soft_labels(hospital.project, task="findings", label="edema")
    effusion = soft_labels(hospital.project, task="findings", label="effusion")
    TaskRepository(fellow).change(task.id, task.task, replace(task.task, left_out=frozenset({"text"})))
    left_out = soft_labels(hospital.project, task="findings", label="edema")

    assert edema == dict(zip(keys, (None, "present", "absent"), strict=True))
    assert effusion == dict(zip(keys, ("present", None, None), strict=True))
    assert left_out == dict.fromkeys(keys)


def test_a_cohort_s_studies_only(hospital):
    """By its name."""
    hospital.repository.load_reports(
        Report(f"A{month}", (Section("text", "Motion."),), "CXR1", date(2019, month, 1)) for month in (1, 2, 3)
    )
    keys = [stored.study_key for stored in hospital.repository.reports()]
    CohortRepository(hospital.project).keep(
        "winter", Criteria(frozenset({"CXR1"}), date(2019, 1, 1), date(2019, 2, 28))
    )

    labels = soft_labels(hospital.project, phrases=hospital.phrases, cohort="winter")

    assert labels == dict.fromkeys(keys[:2], "unclear")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({}, "found none named; name one as task: 'labels', 'findings'"),
        ({"task": "x"}, "found none of that name; name one as task: 'labels', 'findings'"),
        ({"task": "findings"}, "found none named; name one as label: 'edema', 'effusion'"),
        ({"task": "findings", "label": "x"}, "found none of that name; name one as label: 'edema', 'effusion'"),
        ({"task": "labels", "label": "edema"}, "found none of that name; name one as label: 'labels'"),
        ({"task": "findings", "phrases": "p.csv"}, "expected a phrase file, or a task; found both"),
        ({"task": "labels", "cohort": "x"}, "found none called 'x'"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(hospital, open_as, named, told):
    """One line, whatever was left out or misspelt."""
    labels = (Label("edema", 0), Label("effusion", 1))
    tasks = TaskRepository(open_as("fay", Action.CURATE_LABELS))
    (first,) = tasks.tasks()
    tasks.change(first.id, first.task, replace(first.task, guideline="Used."))
    tasks.make(Task("findings", TaskKind.SEVERAL, labels))

    with pytest.raises(CcdsError) as raised:
        soft_labels(hospital.project, **named)

    assert told in str(raised.value)


def test_a_file_that_is_no_phrase_file_is_told_in_one_line(hospital, tmp_path):
    """As everywhere."""
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")

    with pytest.raises(CcdsError, match="the columns phrase, label"):
        soft_labels(hospital.project, phrases=tmp_path / "wrong.csv")


def test_who_was_taken_off_the_roster_reads_nothing(hospital, tmp_path):
    """Though the project is open."""
    (tmp_path / "site" / "registry" / "HEAD-1" / "irb.yaml").write_text(
        hospital.project.application.to_yaml().replace("eli", "ann")
    )

    with pytest.raises(ProjectAccessDenied, match="eli on the roster"):
        soft_labels(hospital.project, phrases=hospital.phrases)
