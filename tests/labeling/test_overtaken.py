"""What a page asks for while another fellow is quicker, between the look at the list and the write: nothing is overwritten."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label
from ccds_widgets.labeling.desk import Desk
from ccds_widgets.labeling.prioritise.model import PrioritiseModel
from support.phrase_screens import change_task, move, seen

WORDS = ("pleural effusion", "effusion", "clear", "heart")
LABELS = ("yes", "no", "old")


class Overtaken(LabelingRepository):
    """A repository that somebody else is quicker than: `meanwhile` happens just before the write."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def insert_phrase(self, *args, **more):
        """After the other one."""
        self.meanwhile()
        return super().insert_phrase(*args, **more)

    def replace_phrase(self, *args, **more):
        """Likewise."""
        self.meanwhile()
        super().replace_phrase(*args, **more)

    def move_phrase(self, *args, **more):
        """Likewise."""
        self.meanwhile()
        super().move_phrase(*args, **more)

    def remove_phrase(self, *args, **more):
        """Likewise."""
        self.meanwhile()
        super().remove_phrase(*args, **more)


@pytest.fixture
def project(open_as) -> Project:
    """CHEST-1 with a report, the phrases `WORDS` of the first label, and `LABELS`, opened by the fellow fay."""
    project = open_as("fay", Action.OPEN_LABELING)
    repository = LabelingRepository(project)
    repository.load_reports([Report("ACC0", (Section("findings", "No pleural effusion. Heart is big."),))])
    change_labels(project, LABELS)
    repository.append_phrases([Phrase(words, "yes") for words in WORDS])
    return project


@pytest.fixture
def fred(open_as) -> Project:
    """The same project, opened by the fellow fred."""
    return open_as("fred", Action.OPEN_LABELING)


@pytest.fixture
def repository(project) -> Overtaken:
    """The rows of the first task, for fay."""
    return Overtaken(project)


@pytest.fixture
def model(project, repository) -> PrioritiseModel:
    """The screen of these rows."""
    reports = repository.task_reports()
    desk = Desk(repository, TaskRepository(project), 1, reports=reports, permit=lambda: None)
    return PrioritiseModel(desk, lambda _: ())


def change_labels(project: Project, names: tuple[str, ...]) -> None:
    """Gives the first task labels of these names, and no others."""
    (stored,) = TaskRepository(project).tasks()
    labels = tuple(Label(name, colour) for colour, name in enumerate(names))
    change_task(project, replace(stored.task, labels=labels))


def labels_of(project: Project) -> tuple[str, ...]:
    """The labels of the first task."""
    (stored,) = TaskRepository(project).tasks()
    return stored.task.words


def phrases_of(project: Project) -> list[str]:
    """The words of the list, in its order."""
    return [stored.phrase.text for stored in LabelingRepository(project).phrases()]


def test_nothing_is_moved_in_another_order(model, repository, fred):
    """Also in that between the look and the write; the page is shown the order as it is then."""
    page = model.start()
    ids = [phrase["id"] for phrase in page["overview"]["phrases"]]
    repository.meanwhile = lambda: LabelingRepository(fred).move_phrase(ids[3], 0)

    told = model.answer(move(page, ids[0], position=2))

    assert "the order as this page showed it" in told["refused"]
    assert [phrase["text"] for phrase in told["overview"]["phrases"]] == [WORDS[3], *WORDS[:3]]
    assert phrases_of(fred) == [WORDS[3], *WORDS[:3]]


def test_no_phrase_is_moved_that_became_another_one(model, repository, fred):
    """Its new place may be wrong for what it says by now."""
    page = model.start()
    phrase = page["overview"]["phrases"][0]["id"]
    repository.meanwhile = lambda: LabelingRepository(fred).replace_phrase(phrase, Phrase(WORDS[0], "no"))

    told = model.answer(move(page, phrase, position=2))

    assert "the phrase as this page showed it" in told["refused"]
    assert seen(told, phrase)["label"] == "no"
    assert phrases_of(fred) == [*WORDS]


def test_what_came_below_meanwhile_hinders_no_move(model, repository, fred):
    """It shifts nothing."""
    page = model.start()
    phrase = page["overview"]["phrases"][0]["id"]
    repository.meanwhile = lambda: LabelingRepository(fred).append_phrases([Phrase("lungs", "no")])

    told = model.answer(move(page, phrase, position=1))

    assert "refused" not in told
    assert phrases_of(fred) == [WORDS[1], WORDS[0], *WORDS[2:], "lungs"]


@pytest.mark.parametrize(
    "labels",
    [
        {"label": "old", "known": True},
        {"label": "yes", "known": True, "uncertain_label": "old", "known_uncertain": True},
    ],
)
@pytest.mark.parametrize("kind", ["change", "add"])
def test_no_label_comes_back_that_was_removed_meanwhile(model, repository, fred, kind, labels):
    """Neither that of the phrase nor that of what is uncertain."""
    page = model.start()
    phrase = page["overview"]["phrases"][0]["id"]
    request = {
        "change": {"phrase": phrase, "seen": seen(page, phrase), "text": WORDS[0]},
        "add": {"text": "big"},
    }[kind]
    repository.meanwhile = lambda: change_labels(fred, LABELS[:2])

    told = model.answer({"kind": kind, **request, **labels})

    assert "the label as this page showed it; found none, as somebody removed it meanwhile" in told["refused"]
    assert [label["name"] for label in told["overview"]["labels"]] == [*LABELS[:2]]
    assert labels_of(fred) == LABELS[:2]
    assert phrases_of(fred) == [*WORDS]


@pytest.mark.parametrize("kind", ["change", "remove"])
def test_a_phrase_that_was_removed_meanwhile_stays_removed(model, repository, fred, kind):
    """The page is shown the list without it."""
    page = model.start()
    phrase = page["overview"]["phrases"][0]["id"]
    more = {"change": {"text": "other words", "label": "yes"}, "remove": {}}[kind]
    repository.meanwhile = lambda: LabelingRepository(fred).remove_phrase(phrase)

    told = model.answer({"kind": kind, "phrase": phrase, "seen": seen(page, phrase), **more})

    assert "found none, as somebody removed it meanwhile" in told["refused"]
    assert [one["text"] for one in told["overview"]["phrases"]] == [*WORDS[1:]]
