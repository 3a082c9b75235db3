"""Opening what takes long: beside, one after the other, and the page is told how far it is."""

from collections.abc import Iterator
from threading import Event

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_widgets.labeling.desk import Desk
from ccds_widgets.labeling.model import LabelingModel
from ccds_widgets.labeling.shared_reports import SharedReports
from ccds_widgets.opening import Opening, Openings, Tell
from support.waiting import until

HALF = Opening("Reading 1,000,000 reports", 0.5)


class Slow:
    """Sets up a task's name: says that it is half done, and goes on when it is let."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.let = {1: Event(), 2: Event()}
        self.refused: set[int] = set()

    def set_up(self, task: int, tell: Tell) -> str:
        """The name."""
        self.begun.append(task)
        tell(HALF)
        self.let[task].wait(20)
        if task in self.refused:
            raise CcdsError(expected="a cohort", found="one that is gone", do="choose another one")
        return f"task {task}"


@pytest.fixture
def slow() -> Iterator[Slow]:
    """Lets everything go in the end."""
    slow = Slow()
    yield slow
    for event in slow.let.values():
        event.set()


def told(openings: Openings[int, str], task: int, wanted: object) -> object:
    """What is told of a task, when it is `wanted`."""
    return until(lambda: openings.of(task) == wanted and wanted, f"{wanted}")


def test_who_asks_meanwhile_is_told_how_far_it_is(slow):
    """Also who asks for another task, which comes after it; each is set up once."""
    openings = Openings(slow.set_up, "Opening the reports", patience_s=0.0)
    first = told(openings, 1, HALF)
    other, begun = openings.of(2), list(slow.begun)
    slow.let[1].set()
    done = told(openings, 1, "task 1")
    slow.let[2].set()

    assert (first, other, begun, done) == (HALF, HALF, [1], "task 1")
    assert told(openings, 2, "task 2") == "task 2"
    assert openings.of(1) == done
    assert slow.begun == [1, 2]


def test_what_takes_no_time_is_there_at_once(slow):
    """No page flickers for it."""
    slow.let[1].set()

    assert Openings(slow.set_up, "Opening the reports", patience_s=20).of(1) == "task 1"


def test_what_can_not_be_opened_is_told_once_and_tried_again(slow):
    """The next who asks may find it mended."""
    slow.refused.add(1)
    slow.let[1].set()
    openings = Openings(slow.set_up, "Opening the reports", patience_s=20)
    with pytest.raises(CcdsError, match="one that is gone"):
        openings.of(1)
    slow.refused.clear()

    assert openings.of(1) == "task 1"
    assert slow.begun == [1, 1]


def test_what_is_not_right_any_more_is_set_up_anew(slow):
    """Once, by the next who asks; those of other tasks stay."""
    outdated: set[str] = set()
    openings = Openings(
        slow.set_up, "Opening the reports", is_current=lambda name: name not in outdated, patience_s=0.0
    )
    for task in (1, 2):
        slow.let[task].set()
        told(openings, task, f"task {task}")
    outdated.add("task 1")
    slow.let[1].clear()

    anew, other = openings.of(1), openings.of(2)
    outdated.clear()
    slow.let[1].set()

    assert isinstance(anew, Opening)
    assert other == "task 2"
    assert told(openings, 1, "task 1")
    assert slow.begun == [1, 2, 1]


class Screen:
    """A screen that counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def start(self) -> dict[str, object]:
        """Begins."""
        return {"started": True}

    def answer(self, _content: object) -> dict[str, object]:
        """Takes a request."""
        self.asked += 1
        return {"asked": self.asked}


@pytest.fixture
def project(open_as):
    """CHEST-1 with three reports and two phrases, opened by the fellow fay."""
    project = open_as("fay", Action.OPEN_LABELING)
    repository = LabelingRepository(project)
    repository.load_reports(Report(f"ACC{n}", (Section("findings", f"Mass {n}. No effusion."),)) for n in range(3))
    repository.append_phrases([Phrase("mass", "mass"), Phrase("effusion", "effusion")])
    return project


def test_nothing_is_done_on_a_screen_that_is_not_open_and_others_answer(project):
    """What is asked again when it is open is done then, once."""
    screens = {"annotate": Screen(), "confirm": Screen()}
    is_open = False
    model = LabelingModel(
        project="CHEST-1",
        tasks=TaskRepository(project),
        screens={
            "annotate": lambda _: screens["annotate"] if is_open else HALF,
            "confirm": lambda _: screens["confirm"],
        },
    )
    undo = {"screen": "annotate", "task": 1, "kind": "undo"}
    ready, change = model.answer(undo | {"kind": "ready"}), model.answer(undo)
    other = model.answer({"screen": "confirm", "task": 1, "kind": "undo"})
    is_open = True

    assert ready == change == {"opening": {"doing": "Reading 1,000,000 reports", "share": 0.5}}
    assert other == {"asked": 1}
    assert screens["annotate"].asked == 0
    assert model.answer(undo) == {"asked": 1}


def test_reading_preparing_and_matching_are_told(project):
    """Each until all of it is done."""
    stages: list[Opening] = []
    reports = SharedReports(project).of(1, stages.append)

    Desk(
        LabelingRepository(project),
        TaskRepository(project),
        1,
        reports=reports,
        permit=lambda: None,
        tell=stages.append,
    )

    assert stages == [
        Opening("Reading 3 reports", 1.0),
        Opening("Preparing 3 reports for the search", 0.0),
        Opening("Preparing 3 reports for the search", 1.0),
        Opening("Matching 2 phrases", 0.5),
        Opening("Matching 2 phrases", 1.0),
    ]


def test_reports_that_are_there_are_not_read_again(project):
    """So that nothing is told of them."""
    shared, stages = SharedReports(project), []
    first = shared.of(1, stages.append)
    stages.clear()

    assert shared.of(1, stages.append) is first
    assert stages == []
