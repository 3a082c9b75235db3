"""A study's label in a snapshot: what people said, or else the soft label; none where people don't agree."""

import pytest

from ccds_kernel.dataset.datalist_file import write_datalist
from ccds_kernel.dataset.snapshot_labels import CONFIRMED, snapshot_labels
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind


@pytest.fixture
def fellow(open_as) -> Project:
    """The project as its fellow opened it."""
    return open_as("fay", Action.CURATE_LABELS)


def test_what_people_said_goes_before_the_phrases(hospital, fellow):
    """And alone, where only that is asked for; later words change nothing in a snapshot."""
    keys = [hospital.add(text, None) for text in ("Hemorrhage.", "No hemorrhage.", "Clear.")]
    LabelingRepository(fellow).append_phrases(read_phrases(hospital.phrases))
    curating = Curating(fellow, 1)
    curating.adjudicate(keys[0], {"absent"})
    taken, _ = LabelSnapshots(fellow).take(1)
    curating.adjudicate(keys[1], {"present"})

    labels = snapshot_labels(hospital.project, taken.id)
    said = snapshot_labels(hospital.project, taken.id, sources=CONFIRMED)

    assert labels == dict(zip(keys, ("absent", "absent", None), strict=True))
    assert said == {keys[0]: "absent", keys[1]: None, keys[2]: None}


def test_a_label_that_is_decided_by_itself(hospital, fellow):
    """Has to be named where there are several."""
    key = hospital.add("Hemorrhage.", None)
    task = TaskRepository(fellow).make(Task("findings", TaskKind.SEVERAL, (Label("old", 0), Label("new", 1))))
    Curating(fellow, task.id).set_gold(key, {"new"})
    taken, _ = LabelSnapshots(fellow).take(task.id)

    labels = {label: snapshot_labels(hospital.project, taken.id, label=label)[key] for label in ("old", "new")}

    assert labels == {"old": "absent", "new": "present"}
    with pytest.raises(CcdsError, match="found none named; name one as label: 'new', 'old'"):
        snapshot_labels(hospital.project, taken.id)


def test_a_data_list_is_made_of_it(twenty, fellow):
    """As of soft labels: a study whose label people corrected is on the other side."""
    keys = [stored.study_key for stored in twenty.repository.reports()]
    LabelingRepository(fellow).append_phrases(read_phrases(twenty.phrases))
    Curating(fellow, 1).adjudicate(keys[0], {"absent"})
    taken, _ = LabelSnapshots(fellow).take(1)

    made = write_datalist(twenty.project, snapshot_labels(twenty.project, taken.id)).made

    labels = {entry.image.split("/")[1]: entry.label for entry in made.entries}
    assert len(labels) == 40
    assert (labels[keys[0]], labels[keys[2]], labels[keys[1]]) == (0, 1, 0)
