"""What somebody who is a labeler, and nothing more, may do: confirm what they are assigned to, and see what that takes."""

from collections.abc import Callable, Iterator

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.assigned import Assigned
from ccds_kernel.labeling.confirmation.confirming import Confirming
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.confirmation.feedback import Feedback
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.confirmation.tagging import Tagging
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task
from ccds_kernel.settings import Settings
from support.confirming import NEGATIVE, POSITIVE, Workplace, answer
from support.postgresql import in_session
from support.site import application, on_roster, site_settings


def workplace(settings: Settings) -> Iterator[Workplace]:
    """Six studies; ann is a fellow, lea a labeler, each in a session of their own."""
    apply_application(application(roster=on_roster(ann="fellow", lea="labeler")), person="admin", settings=settings)
    projects = {}
    for person in ("ann", "lea"):
        projects[person] = open_project("CHEST-1", Action.OPEN_LABELING, person=person, settings=settings)
        with in_session(settings, "CHEST-1", person):
            assert projects[person].store
    place = Workplace(projects)
    place.prepare(6)
    yield place
    for project in projects.values():
        project.close()


@pytest.fixture
def place(tmp_path) -> Iterator[Workplace]:
    """In a SQLite file."""
    yield from workplace(site_settings(tmp_path))


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request, tmp_path) -> Iterator[Workplace]:
    """On each engine in turn."""
    settings = site_settings(tmp_path)
    if request.param == "sqlite":
        yield from workplace(settings)
        return
    server = request.getfixturevalue("postgresql")
    values = settings.model_dump(mode="json", exclude_defaults=True) | {"database": server.take_in(tmp_path / "state")}
    yield from workplace(Settings.model_validate(values))
    server.forget("chest-1")


def test_a_labeler_confirms_corrects_and_tags(either):
    """With the rights that their session has in the database; a fellow sees what they said."""
    batch = either.batch(either.keys[:4], planted=either.keys[4:], labelers=["lea"])
    at_work = either.at_work("lea", batch)

    first, second, *_ = at_work.take(6)
    said = [answer(first), answer(second, AnswerKind.CORRECT, labels=NEGATIVE)]
    kept = at_work.answer(said)
    Tagging(either.projects["lea"], batch.id).tag(first.lease, first.report.study_key, ["motion"])
    at_work.give_back()

    assert [one.counts for one in kept] == [True, True]
    assert [stored.said for stored in either.curating().answers()] == [first.prefill, NEGATIVE]
    assert either.curating().strata()[first.report.study_key] == {"motion"}


REFUSED: dict[str, Callable[[Project], object]] = {
    "read reports": lambda project: LabelingRepository(project).reports(),
    "read phrases": lambda project: LabelingRepository(project).phrases(),
    "read the history": lambda project: LabelingRepository(project).changes(),
    "insert a phrase": lambda project: LabelingRepository(project).insert_phrase(Phrase("fluid", "effusion"), 0),
    "make a task": lambda project: TaskRepository(project).make(Task("edema")),
    "change a task": lambda project: TaskRepository(project).change(1, Task("x"), Task("edema")),
    "read a task's history": lambda project: TaskRepository(project).changes(1),
    "take back a task's change": lambda project: TaskRepository(project).undo(1),
    "list batches": lambda project: Curating(project, 1).batches(),
    "assign": lambda project: Curating(project, 1).assign(1, "lea"),
    "read answers": lambda project: Curating(project, 1).answers(),
    "count batches": lambda project: Curating(project, 1).counts(),
    "read the gold set": lambda project: Curating(project, 1).gold(),
    "mark gold": lambda project: Curating(project, 1).set_gold("key", POSITIVE),
    "say the final word": lambda project: Curating(project, 1).adjudicate("key", POSITIVE),
    "list snapshots": lambda project: LabelSnapshots(project).taken(),
    "take a snapshot": lambda project: LabelSnapshots(project).take(1),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_rest_is_closed_to_them(place, what):
    """By their role, whatever they are assigned to."""
    place.batch(labelers=["lea"])

    with pytest.raises(ProjectAccessDenied, match="found lea as labeler"):
        REFUSED[what](place.projects["lea"])


@pytest.mark.parametrize(
    "use",
    [
        lambda project, batch: Assigned(project).outline(batch),
        lambda project, batch: Confirming(project, batch).take(1),
        lambda project, batch: Confirming(project, batch).own_work(),
        lambda project, batch: Tagging(project, batch).own(["key"]),
        lambda project, batch: Feedback(project, batch).give(),
    ],
    ids=["outline", "take", "own work", "tags", "feedback"],
)
def test_a_batch_of_others_is_closed_to_them_as_if_there_were_none(place, use):
    """Assignment is per batch. A number that somebody guesses tells neither its name nor who made it or does it."""
    batch = place.batch(labelers=["ann"])
    lines = set()

    for number in (batch.id, batch.id + 1):
        with pytest.raises(CcdsError, match="expected a batch that is assigned to you") as raised:
            use(place.projects["lea"], number)
        lines.add(str(raised.value))

    assert len(lines) == 1


def test_a_labeler_sees_the_tasks_of_their_batches(place):
    """The newest batch's first, each once; a fellow sees all."""
    tasks = TaskRepository(place.project)
    made = tasks.make(Task("edema", labels=(Label("effusion", 0), Label("no effusion", 1))))
    tasks.make(Task("tubes"))
    place.batch(labelers=["lea"])
    place.task_id = made.id
    place.batch(labelers=["lea"])

    seen = [stored.task.name for stored in TaskRepository(place.projects["lea"]).tasks()]

    assert seen == ["edema", "effusion"]
    assert [stored.task.name for stored in tasks.tasks()] == ["effusion", "edema", "tubes"]


def test_a_labeler_without_a_batch_is_told_whom_to_ask(place):
    """Not that something is wrong."""
    place.batch(labelers=["ann"])

    with pytest.raises(CcdsError) as raised:
        TaskRepository(place.projects["lea"]).tasks()

    assert str(raised.value) == (
        "expected a batch of studies that is assigned to you; found none; ask a fellow of the project to assign you one"
    )
