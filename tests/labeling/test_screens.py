"""The labelling app's screens: which there are, and whose a request is."""

from dataclasses import replace

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_widgets.labeling.app import labeling_of
from ccds_widgets.labeling.model import LabelingModel, shown_task


@pytest.fixture
def project(open_as):
    """CHEST-1, opened by the fellow fay."""
    return open_as("fay", Action.OPEN_LABELING)


class Recorder:
    """A screen that keeps what it was asked."""

    def __init__(self, task: int) -> None:
        self.task = task
        self.asked: list[dict] = []

    def start(self):
        """Says which task it is of."""
        return {"started": self.task}

    def answer(self, content):
        """Keeps the request."""
        self.asked.append(content)
        return {"asked": len(self.asked)}


@pytest.fixture
def opened() -> list[Recorder]:
    """The screens that were opened."""
    return []


@pytest.fixture
def model(project, opened):
    """An app with one screen."""

    def open_screen(task: int) -> Recorder:
        opened.append(Recorder(task))
        return opened[-1]

    return LabelingModel(project="CHEST-1", tasks=TaskRepository(project), screens={"annotate": open_screen})


def test_the_bar_is_told_screens_and_tasks(project, model):
    """A page learns what there is to choose from, before any screen is opened."""
    made = TaskRepository(project).make(
        Task("tubes", TaskKind.SEVERAL, (Label("tip", 3), Label("line", 3)), guideline="Look twice.")
    )

    answer = model.start()

    assert (answer["project"], answer["screens"]) == ("CHEST-1", ["annotate"])
    assert [task["id"] for task in answer["tasks"]] == [made.id]
    assert answer["tasks"][0] == {
        "id": made.id,
        "name": "tubes",
        "kind": "several",
        "cohort": None,
        "labels": [{"name": "tip", "tone": 3}, {"name": "line", "tone": 11}],
        "guideline": "Look twice.",
        "left_out": [],
        "strata": ["motion", "artefact", "mimic", "post-surgical"],
    }


def test_the_app_opens_the_newest_task_that_has_labels(project, model):
    """A project that is new has one task, which stands there until another one does; used, it stays."""
    tasks = TaskRepository(project)
    fresh = model.start()
    before = tasks.tasks()[0].task
    older = tasks.make(Task("tubes", labels=(Label("tip", 0),))).id
    newer = tasks.make(Task("lines", labels=(Label("tip", 0),))).id
    tasks.make(Task("without labels"))
    unused = model.start()
    tasks.change(1, before, replace(before, guideline="Now it is used."))
    used = model.start()

    assert (fresh["opens"], [task["name"] for task in fresh["tasks"]]) == (1, ["labels"])
    assert (unused["opens"], [task["id"] for task in unused["tasks"]]) == (newer, [older, newer, newer + 1])
    assert (used["opens"], [task["id"] for task in used["tasks"]]) == (newer, [1, older, newer, newer + 1])


def test_a_screen_is_opened_once_for_each_task_when_it_is_first_asked(project, model, opened):
    """A request reaches its screen without the address; a reload starts the same one again."""
    first, other = (TaskRepository(project).make(Task(name)).id for name in ("lines", "tubes"))
    address = {"screen": "annotate", "task": first}

    started = model.answer(address | {"kind": "ready"})
    model.answer({"screen": "annotate", "task": other, "kind": "ready"})
    model.answer(address | {"kind": "undo", "report": 0})
    again = model.answer(address | {"kind": "ready"})

    assert started == again == {"started": first}
    assert [screen.task for screen in opened] == [first, other]
    assert opened[0].asked == [{"kind": "undo", "report": 0}]


def test_tasks_are_told_anew(project, model):
    """A label that a phrase brought is there when the page asks again."""
    model.start()
    TaskRepository(project).change(1, Task("labels"), Task("labels", labels=(Label("new", 0),)))

    answer = model.answer({"kind": "tasks"})

    assert [label["name"] for label in answer["tasks"][0]["labels"]] == ["new"]


@pytest.mark.parametrize(
    "request_",
    [
        {"kind": "window"},
        {"kind": "tasks", "more": 1},
        {"screen": "annotate"},
        {"screen": "annotate", "task": "1", "kind": "ready"},
        {"screen": ["annotate"], "task": 1, "kind": "ready"},
        {"screen": "assess", "task": 1, "kind": "ready"},
        {"screen": "annotate", "task": 7, "kind": "ready"},
    ],
)
def test_a_request_to_nobody_is_refused_in_one_line(model, opened, request_):
    """What no screen of this person takes opens nothing."""
    with pytest.raises(CcdsError, match=r"^expected .+; found .+; .+"):
        model.answer(request_)

    assert opened == []


def test_a_fellow_has_the_screens_of_phrases(project):
    """Who may edit phrases sees the screens for it."""
    answer = labeling_of(project).start()

    assert answer["screens"][0] == "annotate"


def test_labels_of_one_colour_are_told_apart_by_their_line():
    """The ninth label gets a colour again, but another tone."""
    task = Task("many").with_labels(f"label {number}" for number in range(9))

    tones = [label["tone"] for label in shown_task(task)["labels"]]

    assert tones == [*range(8), 8]
