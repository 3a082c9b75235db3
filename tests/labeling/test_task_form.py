"""The form in which a task is made or changed, on a real project, without a browser."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.cohort.tables import cohort
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.cues import RADIOLOGY
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import MOST_LABELS, STRATA, Label, Task, TaskKind
from ccds_kernel.labeling.tasks.task_file import cues_text, read_cues
from ccds_widgets.labeling.app import labeling_of
from ccds_widgets.labeling.model import LabelingModel
from support.keeping_to_cohorts import keep_to
from support.phrase_screens import change_task

DAY = date(2020, 3, 1)
TUBES = {
    "name": "tubes", "kind": "several", "cohort": "spring", "labels": ["tip", "line"], "guideline": "Look twice.\n",
    "left_out": ["indication"], "strata": ["motion"], "cues": "scope_ends: [whereas]\n",
}  # fmt: skip


@pytest.fixture
def project(open_as):
    """CHEST-1 with two reports, a cohort, and the task effusion with two labels, opened by the fellow fay."""
    project = open_as("fay", Action.OPEN_LABELING)
    LabelingRepository(project).load_reports(
        Report(f"A{n}", (Section("findings", "Effusion."), Section(name, "Cough?")), "CXR1", DAY)
        for n, name in enumerate(["indication", "Indication"])
    )
    CohortRepository(project).keep("spring", Criteria(frozenset({"CXR1"}), DAY, DAY))
    change_task(project, Task("effusion", labels=(Label("absent", 3), Label("present", 1)), guideline="Fluid.\n"))
    return project


@pytest.fixture
def model(project):
    """The app."""
    return labeling_of(project)


def form_of(model, task: int | None = 1) -> dict:
    """What the form of a task shows."""
    return model.answer({"kind": "task form", "task": task})["form"]


def change(model, seen: dict, task: int = 1, **typed: object) -> dict:
    """Sends a form back in which that was typed."""
    return model.answer({"kind": "change task", "task": task, "seen": seen, "typed": {**seen, **typed}})


def task_of(project, task: int = 1) -> Task:
    """A task as it is kept."""
    return next(stored.task for stored in TaskRepository(project).tasks() if stored.id == task)


def test_the_form_shows_the_task_by_the_words_of_its_file(model):
    """And what there is to choose from, sections as the task writes them. A new one has the defaults."""
    answer, new = (model.answer({"kind": "task form", "task": task}) for task in (1, None))

    assert answer["form"] == {
        "name": "effusion", "kind": "one", "cohort": None, "labels": ["absent", "present"], "guideline": "Fluid.\n",
        "left_out": [], "strata": list(STRATA), "cues": "",
    }  # fmt: skip
    assert (answer["choices"]["sections"], answer["choices"]["cohorts"]) == (["Indication", "findings"], ["spring"])
    assert read_cues(answer["choices"]["cues"]) == RADIOLOGY
    assert new["form"] == {**answer["form"], "name": "", "labels": [], "guideline": ""}
    assert model.start()["curates"]


def test_a_section_is_offered_as_the_task_writes_it(project, model):
    """Also one that no report has (any more): it can be taken off."""
    change_task(project, replace(task_of(project), left_out=frozenset({"INDICATION", "history"})))

    answer = model.answer({"kind": "task form", "task": 1})

    assert answer["choices"]["sections"] == ["INDICATION", "findings", "history"]
    assert answer["form"]["left_out"] == ["INDICATION", "history"]


def test_a_task_is_made(project, model):
    """With all that was typed, as its file would say it; the page is told of it with the others."""
    answer = model.answer({"kind": "make task", "typed": TUBES})

    made = task_of(project, answer["kept"])
    assert made == Task(
        "tubes", TaskKind.SEVERAL, (Label("tip", 0), Label("line", 1)), "Look twice.", frozenset({"indication"}),
        read_cues("scope_ends: [whereas]"), ("motion",), "spring",
    )  # fmt: skip
    assert [one["name"] for one in answer["tasks"]] == ["effusion", "tubes"]
    assert form_of(model, answer["kept"]) == {
        **TUBES, "guideline": "Look twice.", "cues": "scope_ends:\n- whereas\n"
    }  # fmt: skip


def test_the_first_task_takes_the_place_of_the_one_that_nobody_used(open_as):
    """As with `ccds labeling task set`."""
    project = open_as("fred", Action.OPEN_LABELING)
    model = labeling_of(project)

    answer = model.answer({"kind": "make task", "typed": {**TUBES, "cohort": None}})

    assert (answer["kept"], [one["name"] for one in answer["tasks"]]) == (1, ["tubes"])


def test_one_that_somebody_used_meanwhile_stays(open_as):
    """Two fellows of a new project make its first tasks at once: there are both."""
    fred, fay = (open_as(name, Action.OPEN_LABELING) for name in ("fred", "fay"))

    class FredIsFaster(TaskRepository):
        """Fred's task is made after fay's was to take the place of the unused one, and before it does."""

        def unused(self, name: str):
            found = super().unused(name)
            labeling_of(fred).answer({"kind": "make task", "typed": {**TUBES, "cohort": None}})
            return found

    model = LabelingModel(project="CHEST-1", tasks=FredIsFaster(fay), screens={})

    answer = model.answer({"kind": "make task", "typed": {**TUBES, "cohort": None, "name": "lines"}})

    assert [(one["id"], one["name"]) for one in answer["tasks"]] == [(1, "tubes"), (answer["kept"], "lines")]


def test_one_of_which_a_batch_was_taken_away_was_used(open_as):
    """Somebody may have read its studies, by its kind: the new task is one beside it."""
    project = open_as("fay", Action.OPEN_LABELING)
    LabelingRepository(project).load_reports([Report("A1", (Section("findings", "Effusion."),))])
    (stored,) = LabelingRepository(project).reports()
    curating = Curating(project, 1)
    curating.remove_batch(curating.make_batch("first", [BatchItem(stored.study_key, None, frozenset())]).id)

    answer = labeling_of(project).answer({"kind": "make task", "typed": {**TUBES, "cohort": None}})

    assert [one["name"] for one in answer["tasks"]] == ["labels", "tubes"]


def test_a_change_is_a_step_of_the_history_and_is_taken_back(project, model):
    """What wasn't typed stays as it is, to the letter; the same once more is no step."""
    seen = form_of(model)

    answer = change(model, seen, labels=["present", "absent", "unclear"], cohort="spring")
    again = change(model, form_of(model))

    assert (answer["kept"], answer["parts"], again["parts"]) == (1, ["labels", "cohort"], [])
    after = task_of(project)
    assert after.labels == (Label("present", 1), Label("absent", 3), Label("unclear", 0))
    assert (after.guideline, after.cohort) == ("Fluid.\n", "spring")
    *_, newest = TaskRepository(project).changes(1)
    assert (newest.person, newest.parts) == ("fay", ("labels", "a cohort (spring)"))
    TaskRepository(project).undo(1)
    assert form_of(model) == seen


def test_an_older_page_is_refused_and_told_what_is_there_now(project, model, open_as):
    """Whatever else somebody changed meanwhile stays; having seen what is there, one may say it once more."""
    seen = form_of(model)
    fred = open_as("fred", Action.OPEN_LABELING)
    change_task(fred, replace(task_of(fred), guideline="Fred's.", strata=("motion",)))

    refused = change(model, seen, guideline="Fay's.", name="pleural effusion")
    kept_then = task_of(project)
    answer = change(model, refused["form"], guideline="Fay's.", name="pleural effusion")

    assert (refused["overtaken"], refused["form"]["guideline"]) == (["guideline"], "Fred's.")
    assert kept_then.name == "effusion"
    assert answer["parts"] == ["name", "guideline"]
    assert task_of(project) == replace(kept_then, name="pleural effusion", guideline="Fay's.")


def test_what_others_changed_beside_it_stays(project, model, open_as):
    """A page that shows an older guideline may change the strata tags."""
    seen = form_of(model)
    change_task(open_as("fred", Action.OPEN_LABELING), replace(task_of(project), guideline="Fred's."))

    answer = change(model, seen, strata=["motion"])

    assert answer["parts"] == ["strata"]
    assert (task_of(project).guideline, task_of(project).strata) == ("Fred's.", ("motion",))


@pytest.mark.parametrize(
    ("part", "value", "found"),
    [
        ("name", " ", "a blank one"),
        ("name", "n" * 501, "one of 501"),
        ("name", "Tubes", "'Tubes' again"),
        ("labels", ["absent", "present", "Present"], "'Present' again"),
        ("labels", ["absent", "present", "?!"], "other signs only"),
        ("labels", ["present"], "1 of the phrases"),
        ("labels", ["absent", "present", *map(str, range(MOST_LABELS))], "502"),
        ("strata", ["motion", "motion"], "'motion' twice"),
        ("guideline", "x" * 50_001, "one of 50001"),
        ("cohort", "autumn", "one that isn't there any more"),
        ("cues", "look_alikes: [no", "what can't be read as YAML, in line 1"),
        ("cues", "negations: [no]", "1 of another name"),
        ("cues", "- no change", "something else"),
        (
            "cues",
            "negation_before: [without, no]",
            "no, yes, on or off without quotes",
        ),  # in YAML that is a truth value
        ("cues", "negation_before: [without, 1]", "something else"),
    ],
)
def test_what_is_wrong_stands_at_its_part(project, model, part, value, found):
    """In one line; nothing is changed, not even what is right."""
    TaskRepository(project).make(Task("tubes"))
    LabelingRepository(project).append_phrases([Phrase("no effusion", "absent")])
    before = task_of(project)

    answer = change(model, form_of(model), **{part: value} | ({"name": "other"} if part != "name" else {}))

    assert list(answer["wrong"]) == [part]
    assert f"found {found}" in answer["wrong"][part]
    assert "\n" not in answer["wrong"][part]
    assert task_of(project) == before


def test_all_that_is_wrong_is_told_at_once(project, model):
    """Of a new task, too."""
    answer = model.answer(
        {"kind": "make task", "typed": {**TUBES, "name": "", "labels": ["a", "a"], "cues": "[", "cohort": "autumn"}}
    )

    assert set(answer["wrong"]) == {"name", "labels", "cues", "cohort"}
    assert len(TaskRepository(project).tasks()) == 1


def test_a_name_that_another_task_has_makes_none(project, model):
    """Neither does it change that one, as a file of its name would."""
    answer = model.answer({"kind": "make task", "typed": {**TUBES, "name": "EFFUSION"}})

    assert list(answer["wrong"]) == ["name"]
    assert [one["name"] for one in answer["tasks"]] == ["effusion"]
    assert len(TaskRepository(project).changes(1)) == 1


def test_a_task_whose_cohort_is_gone_can_be_kept_to_none(project, model):
    """That it is gone keeps nobody from changing the rest, either."""
    keep_to(project, "spring")
    with project.store.writing() as connection:
        connection.execute(delete(cohort))
    seen = form_of(model)

    rest = change(model, seen, guideline="More.")
    off = change(model, form_of(model), cohort=None)

    assert (seen["cohort"], rest["parts"], off["parts"]) == ("spring", ["guideline"], ["cohort"])
    assert task_of(project).cohort is None


def test_only_who_may_curate_labels_has_the_form(project, open_as):
    """A scientist reads tasks, and makes and changes none."""
    model = labeling_of(open_as("sam", Action.READ_PHRASES))
    seen = form_of(labeling_of(project))

    for request in (
        {"kind": "task form", "task": 1},
        {"kind": "make task", "typed": TUBES},
        {"kind": "change task", "task": 1, "seen": seen, "typed": {**seen, "guideline": "Sam's."}},
    ):
        with pytest.raises(ProjectAccessDenied):
            model.answer(request)

    assert not model.start()["curates"]
    assert task_of(project).guideline == "Fluid.\n"


@pytest.mark.parametrize(
    "request_",
    [
        {"kind": "task form"},
        {"kind": "task form", "task": 7},
        {"kind": "make task", "typed": {**TUBES, "revision": "x"}},
        {"kind": "make task", "typed": {**TUBES, "kind": "any"}},
        {"kind": "change task", "task": 7, "seen": TUBES, "typed": TUBES},
        {"kind": "change task", "task": 1, "seen": {**TUBES, "name": ""}, "typed": TUBES},
        {"kind": "change task", "task": 1, "typed": TUBES},
    ],
)
def test_what_no_form_sends_is_refused(project, model, request_):
    """In one line."""
    before = task_of(project)

    with pytest.raises(CcdsError, match=r"^expected .+; found .+; .+"):
        model.answer(request_)

    assert task_of(project) == before


def test_cues_are_written_as_they_are_read():
    """Only lists that aren't the default ones, or all of them."""
    mine = read_cues("negation_before: ['no', without]\nscope_ends: []\n")

    assert cues_text(mine) == "negation_before:\n- 'no'\n- without\nscope_ends: []\n"
    assert read_cues(cues_text(mine)) == read_cues(cues_text(mine, all_lists=True)) == mine
    assert (cues_text(RADIOLOGY), read_cues(" \n")) == ("", RADIOLOGY)
