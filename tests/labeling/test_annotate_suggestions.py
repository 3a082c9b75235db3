"""The suggestions panel: counts before acceptance, and the option that comes first."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.answer import Answer, AnswerKind
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.confirmation.confirming import Confirming
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from support.confirming import answer, undo
from support.phrase_screens import annotate_model, change_task
from support.waiting import until

TEXTS = [
    *("Large effusion." for _ in range(4)),
    *("No large effusion." for _ in range(3)),
    *("Heart is big." for _ in range(3)),
    "Nothing.",
]
TASK = Task("chest", labels=(Label("effusion", 0), Label("none", 1)))


@pytest.fixture
def project(open_as):
    """CHEST-1, opened by the fellow fay, with `TEXTS` and a task of two labels."""
    project = open_as("fay", Action.OPEN_LABELING)
    LabelingRepository(project).load_reports(
        Report(f"ACC{number}", (Section("findings", text),)) for number, text in enumerate(TEXTS)
    )
    change_task(project, TASK)
    return project


@pytest.fixture
def model(project):
    """The annotate screen."""
    return annotate_model(project)


def decide(project, task: int, labels: dict[int, list[str]]) -> None:
    """Puts studies into the gold set."""
    reports = LabelingRepository(project).reports()
    for number, label in labels.items():
        Curating(project, task).set_gold(reports[number].study_key, label)


def at_work(*projects: Project, task: int, report: int) -> list[Confirming]:
    """Everybody who opened a project, at a batch of one study."""
    curating = Curating(projects[0], task)
    key = LabelingRepository(projects[0]).reports()[report].study_key
    people = [project.person for project in projects]
    batch = curating.make_batch("b", [BatchItem(key, None, frozenset())], overlap=len(people), labelers=people)
    return [Confirming(project, batch.id) for project in projects]


def say(work: Confirming, labels: set[str]) -> Answer:
    """Lets somebody say that about their next study; returns the answer."""
    (study,) = work.take(1)
    told = answer(study, AnswerKind.CORRECT, labels=frozenset(labels))
    (kept,) = work.answer([told])
    assert kept.counts
    return told


def suggest(model, label: str, instead: str | None = None) -> dict:
    """The suggestions, when the words are read."""

    def asked() -> dict | None:
        answer = model.answer({"kind": "suggest", "label": label, "instead": instead})
        return answer if "reading" not in answer else None

    return until(asked, "the words of the reports to be read")


def test_suggestions_come_with_their_counts(project, model):
    """Words near the label come where nobody decided anything; what people decided is counted where they did."""
    undecided = suggest(model, "effusion", "none")
    decide(project, 1, {0: ["effusion"], 1: ["effusion"], 7: ["none"], 8: ["none"]})

    decided = suggest(model, "effusion", "none")

    assert undecided["decided"] == 0
    assert undecided["settles"][0] == {
        "text": "effusion", "label": "effusion", "excludes": False, "position": 0, "matched": 7, "captures": 7,
        "changes": 7, "right": 0, "wrong": 0, "takes_from": [], "gains": False,
    }  # fmt: skip
    assert not any("heart" in one["text"] for one in undecided["settles"])
    found = {one["text"]: (one["right"], one["wrong"], one["gains"]) for one in decided["settles"]}
    assert decided["decided"] == 4
    assert found["effusion"] == (2, 0, True)
    assert found["heart"] == (0, 2, False)


def test_an_accepted_suggestion_does_what_was_said(model):
    """It comes to the place that it was counted for, and is taken back like any other change."""
    first = suggest(model, "effusion", "none")["settles"][0]
    accepted = {key: first[key] for key in ("text", "label", "excludes", "position")}

    answer = model.answer({"kind": "accept", "report": 0, "negatable": True, **accepted})
    back = model.answer({"kind": "undo", "report": 0})

    (listed,) = answer["overview"]["phrases"]
    assert (listed["text"], listed["captured"], listed["negated"]) == ("effusion", 4, 3)
    assert back["overview"]["phrases"] == []


def test_not_if_negated_is_better_where_people_say_so(project, model):
    """The name alone labels the negated ones: where nobody decided, or people say so, the option is offered first."""
    weigh = {"kind": "weigh", "text": "effusion", "label": "effusion", "position": 0}
    undecided = model.answer(weigh)
    decide(project, 1, {4: ["effusion"]})
    against = model.answer(weigh)
    decide(project, 1, {5: ["none"], 6: ["none"], 0: ["effusion"]})

    by_people = model.answer(weigh)

    assert undecided == {"captured": 4, "negated": 3, "changes": 3, "mended": 0, "spoiled": 0, "better": True}
    assert (against["mended"], against["spoiled"], against["better"]) == (0, 1, False)
    assert (by_people["mended"], by_people["spoiled"], by_people["better"]) == (2, 1, True)
    assert model.start()["overview"]["phrases"] == []


def test_an_option_that_leaves_nothing_is_not_offered(model):
    """Words that are only ever denied capture nothing with it."""
    weighed = model.answer({"kind": "weigh", "text": "no large effusion", "label": "none", "position": 0})
    only_denied = model.answer({"kind": "weigh", "text": "nothing", "label": "none", "position": 0})

    assert weighed["captured"] == 3
    assert only_denied["better"] is False


def test_a_listed_phrase_is_weighed_likewise(project, model):
    """Whoever has the bare name on the list reads what the option would do to it; the list stays as it is."""
    inserted = model.answer(
        {"kind": "accept", "report": 0, "text": "effusion", "label": "effusion", "position": 0}
    )["inserted"]  # fmt: skip
    model.answer({"kind": "accept", "report": 0, "text": "heart", "label": "none", "position": 1})
    decide(project, 1, {4: ["none"]})

    weighed = model.answer({"kind": "weigh listed", "phrase": inserted})

    among = {"by": "phrase", "phrase": inserted, "which": "if negated"}
    viewed = model.answer({"kind": "window", "report": 0, "among": among})["window"]
    listed = {"text": "effusion", "label": "effusion"}
    model.answer(
        {"kind": "change", "phrase": inserted, "report": 0, "seen": listed, "known": True, "negatable": True, **listed}
    )
    still = model.answer({"kind": "window", "report": 0, "among": among})["window"]
    model.answer({"kind": "undo", "report": 0})

    assert (weighed["captured"], weighed["negated"], weighed["changes"]) == (4, 3, 3)
    assert viewed["numbers"] == still["numbers"] == [4, 5, 6]
    assert [one["captured"] for one in model.start()["overview"]["phrases"]] == [7, 3]


def test_false_reports_are_corrected_by_longer_phrases(project, model):
    """A correcting phrase stands above the one that was wrong, and says from which phrase it takes."""
    inserted = model.answer(
        {"kind": "accept", "report": 0, "text": "effusion", "label": "effusion", "position": 0}
    )["inserted"]  # fmt: skip
    decide(project, 1, {0: ["effusion"], 1: ["effusion"], 4: ["none"], 5: ["none"]})

    best = suggest(model, "effusion", "none")["corrects"][0]

    assert (best["text"], best["label"], best["position"], best["right"], best["wrong"]) == (
        "no large effusion",
        "none",
        0,
        2,
        0,
    )
    assert best["takes_from"] == [{"phrase": inserted, "reports": 3}]


def test_nothing_is_corrected_before_anybody_decided(model):
    """A longer phrase is no sign that the shorter one was wrong there: nothing is known to be false yet."""
    model.answer({"kind": "accept", "report": 0, "text": "effusion", "label": "effusion", "position": 0})

    undecided = suggest(model, "effusion", "none")

    assert (undecided["decided"], undecided["corrects"]) == (0, [])


def test_where_labels_are_decided_one_by_one_corrections_exclude(project):
    """No other label is needed: the phrase stands for the absence."""
    task = TaskRepository(project).make(Task("signs", TaskKind.SEVERAL, (Label("effusion", 0),))).id
    model = annotate_model(project, task)
    model.answer({"kind": "accept", "report": 0, "text": "effusion", "label": "effusion", "position": 0})
    decide(project, task, {0: ["effusion"], 4: [], 5: []})

    answer = suggest(model, "effusion")

    assert (answer["decided"], answer["corrects"][0]["excludes"]) == (3, True)


def test_what_labelers_agree_about_counts_though_they_differ_about_another_label(project, open_as):
    """Each label of several is decided by itself, as in a label snapshot."""
    labels = (Label("effusion", 0), Label("big heart", 1))
    task = TaskRepository(project).make(Task("signs", TaskKind.SEVERAL, labels)).id
    first, second = at_work(project, open_as("fred", Action.OPEN_LABELING), task=task, report=0)
    say(first, {"effusion"})
    say(second, {"effusion", "big heart"})

    answers = [suggest(annotate_model(project, task), label)["decided"] for label in ("effusion", "big heart")]

    assert answers == [1, 0]


def test_what_labelers_say_meanwhile_counts_at_once(project, model):
    """An answer, its undo, and the gold label after it: the panel that is open follows each."""
    weigh = {"kind": "weigh", "text": "effusion", "label": "effusion", "position": 0}

    def counted() -> tuple[int, int]:
        weighed = model.answer(weigh)
        return weighed["mended"], weighed["spoiled"]

    (work,) = at_work(project, task=1, report=4)
    before = counted()
    sent = say(work, {"none"})
    answered = counted()
    work.answer([undo(sent)])
    undone = counted()
    decide(project, 1, {4: ["effusion"]})

    assert (before, answered, undone, counted()) == ((0, 0), (1, 0), (0, 0), (0, 1))


@pytest.mark.parametrize("request_", [{"label": "other"}, {"label": "effusion", "instead": "other"}])
def test_only_labels_of_the_task_are_suggested_for(model, request_):
    """A page of an older task is told so."""
    with pytest.raises(CcdsError, match="a label of the task"):
        model.answer({"kind": "suggest", **request_})
