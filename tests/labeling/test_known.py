"""What people said is read once, and then only what came since."""

from collections.abc import Sequence

import pytest

from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task
from ccds_widgets.labeling.known import Record
from support.assessing import let_answer
from support.confirming import LABELERS, NEGATIVE, POSITIVE, Workplace, opened, settings_with


class Reading(Curating):
    """Notes the numbers of the answers that were read."""

    def __init__(self, *told: object) -> None:
        super().__init__(*told)
        self.read: list[int] = []

    def every_answer(self, after: int = 0) -> Sequence[StoredAnswer]:
        """Likewise."""
        found = super().every_answer(after)
        self.read += [stored.number for stored in found]
        return found


@pytest.fixture
def place(tmp_path):
    """Six studies and four labelers."""
    settings = settings_with(tmp_path / "site")
    place = Workplace({person: opened(settings, person) for person in LABELERS})
    place.prepare(6)
    yield place
    for project in place.projects.values():
        project.close()


@pytest.fixture
def reading(place) -> Reading:
    """What the fellow reads of the first task."""
    return Reading(place.project, place.task_id)


def task_of(place: Workplace) -> Task:
    """The first task, as it is now."""
    return TaskRepository(place.project).tasks()[0].task


def test_no_answer_is_read_twice(place, reading):
    """Whatever is asked in between; a word of the fellow's reads none again."""
    record, task = Record(reading), task_of(place)
    batch = place.batch(place.keys[:4])
    let_answer(place, batch, "ann", {})
    first, again = record.follow(task), record.follow(task)
    place.curating().set_gold(place.keys[5], NEGATIVE)
    with_gold = record.follow(task)
    let_answer(place, place.batch(place.keys[4:5]), "bob", {})

    now = record.follow(task)

    assert again is first
    assert with_gold.answered is first.answered
    assert [stored.labeler for stored in now.answered.counting] == ["ann"] * 4 + ["bob"]
    assert reading.read == sorted(set(reading.read))
    assert len(reading.read) == 5


def test_what_is_decided_follows_what_is_said(place, reading):
    """Worked out once as long as nobody says anything, and anew then, of the task as it is now."""
    record, task = Record(reading), task_of(place)
    let_answer(place, place.batch(place.keys[:1]), "ann", {place.keys[0]: POSITIVE})
    before = record.follow(task).values(task.name)
    again = record.follow(task).values(task.name)

    place.curating().adjudicate(place.keys[0], NEGATIVE)

    assert again is before
    assert before == {place.keys[0]: "effusion"}
    assert record.follow(task).values(task.name) == {place.keys[0]: "no effusion"}
