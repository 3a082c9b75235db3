"""The screens of a task that is kept to a cohort: they know its members only, and say what is in the way where they can't."""

import weakref
from datetime import date

import pytest
from sqlalchemy import delete

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.cohort.tables import cohort
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task
from ccds_widgets.labeling.app import labeling_of
from ccds_widgets.labeling.shared_reports import SharedReports
from support.keeping_to_cohorts import keep_to
from support.phrase_screens import answered, change_task
from support.waiting import until

REPORTS = [
    ("CXR1", "Small effusion."),
    ("CXR2", "Effusion."),
    ("CXR1", "No effusion."),
    ("CXR2", "No effusion."),
    ("CXR2", "Heart is big."),
    (None, "Large effusion."),
]
FIRST, LAST = date(2020, 1, 1), date(2020, 12, 31)


@pytest.fixture
def project(open_as):
    """CHEST-1 with `REPORTS`, two phrases, and the cohort of exam code CXR2, opened by the fellow fay."""
    project = open_as("fay", Action.OPEN_LABELING)
    repository = LabelingRepository(project)
    repository.load_reports(
        Report(f"A{n}", (Section("findings", text),), code, FIRST) for n, (code, text) in enumerate(REPORTS)
    )
    change_task(project, Task("effusion", labels=(Label("present", 0), Label("absent", 1))))
    repository.append_phrases([Phrase("no effusion", "absent"), Phrase("effusion", "present")])
    CohortRepository(project).keep("second", Criteria(frozenset({"CXR2"}), FIRST, LAST))
    return project


def asked(model, screen: str, **content) -> dict:
    """What a screen of the first task answers."""
    return answered(model, {"screen": screen, "task": 1, **content})


def captured(answer) -> list[tuple[int, int]]:
    """Of each phrase how many reports it captures, and how many it matches."""
    return [(one["captured"], one["matched"]) for one in answer["overview"]["phrases"]]


def test_annotate_walks_through_members_only(project):
    """The next report without a label, a search, the counts of a phrase and of what would be one."""
    keep_to(project, "second")
    model = labeling_of(project)

    start = asked(model, "annotate", kind="ready")
    found = asked(model, "annotate", kind="window", report=0, among={"by": "words", "text": "effusion"})["window"]
    last = LabelingRepository(project, 1).task_reports()[2].study_key
    preview = asked(model, "annotate", kind="preview", report=2, key=last, section=0, text="heart")

    assert (start["overview"]["reports"], captured(start)) == (3, [(1, 1), (1, 2)])
    assert (start["window"]["current"], start["window"]["unlabelled"]) == (2, [2])
    assert (found["total"], found["numbers"]) == (2, [0, 1])
    assert (preview["matched"], preview["everywhere"]) == (1, False)
    with pytest.raises(CcdsError, match="expected a report from 1 to 3; found 4"):
        asked(model, "annotate", kind="window", report=3, among=None)


def test_prioritise_counts_members_only(project):
    """Captured, matched and shadowed ones, conflicts, and the reports of a phrase."""
    phrase = LabelingRepository(project).phrases()[1].id
    keep_to(project, "second")
    model = labeling_of(project)

    start = asked(model, "prioritise", kind="ready")
    conflicts = asked(model, "prioritise", kind="conflicts")
    reports = asked(
        model, "prioritise", kind="reports", begin=0, among={"by": "phrase", "phrase": phrase, "which": "matched"}
    )

    assert captured(start) == [(1, 1), (1, 2)]
    assert [one["reports"] for one in conflicts["conflicts"]] == [1]
    assert reports["total"] == 2


def test_batches_are_made_of_members_only(project):
    """And the gold studies that are planted are members."""
    model, curating = labeling_of(project), Curating(project, 1)
    for stored in LabelingRepository(project).reports()[:2]:
        curating.set_gold(stored.study_key, {"present"})

    def made_of() -> tuple[list[int], int, int]:
        told = until(lambda: asked(model, "confirm", kind="batches")["made_of"], "the reports to be matched")
        return [one["studies"] for one in told["phrases"]], told["unmatched"]["studies"], told["gold"]

    before = made_of()
    keep_to(project, "second")

    assert before == ([2, 1], 1, 2)
    assert made_of() == ([1, 0], 1, 1)


def test_what_a_snapshot_would_have_in_it_is_of_members(project):
    """Assess says when the task was kept to another cohort meanwhile, and counts anew when asked."""
    model = labeling_of(project)

    def labels(anew: bool) -> dict:
        asked(model, "assess", kind="labels", anew=anew)
        return until(
            lambda: not (told := asked(model, "assess", kind="labels", anew=False)["labels"])["busy"] and told,
            "the labels to be counted",
        )

    before = labels(anew=False)
    keep_to(project, "second")
    meanwhile = asked(model, "assess", kind="labels", anew=False)["labels"]

    assert (before["now"]["studies"], before["stale"], meanwhile["stale"]) == ("6 studies", False, True)
    assert labels(anew=True)["now"]["studies"] == "3 studies"


@pytest.mark.parametrize("screen", ["annotate", "prioritise"])
def test_a_page_of_before_asks_to_be_loaded_anew(project, screen):
    """It has other reports. Loaded anew, in the same kernel, too, it has those of now. The bar says which cohort it is."""
    model = labeling_of(project)
    for both in ("annotate", "prioritise"):
        asked(model, both, kind="ready")
    request = {
        "annotate": {"kind": "window", "report": 0, "among": None},
        "prioritise": {"kind": "conflicts"},
    }[screen]

    keep_to(project, "second")

    with pytest.raises(CcdsError) as raised:
        asked(model, screen, **request)
    assert str(raised.value) == (
        "expected the cohort of the task of when this page was opened; found another one, or none; load the page anew"
    )
    assert asked(model, screen, kind="ready")["overview"]["reports"] == 3
    assert asked(model, screen, **request)
    assert [(one["name"], one["cohort"]) for one in labeling_of(project).start()["tasks"]] == [("effusion", "second")]
    assert [(one["name"], one["cohort"]) for one in model.answer({"kind": "tasks"})["tasks"]] == [
        ("effusion", "second")
    ]


def test_keeping_a_task_to_a_cohort_is_told_and_taken_back(project):
    """Like any other change; the page says that it needs the other reports then."""
    keep_to(project, "second")
    model = labeling_of(project)
    history = asked(model, "prioritise", kind="history", begin=0)

    with pytest.raises(CcdsError, match="load the page anew"):
        asked(model, "prioritise", kind="undo")

    assert next(one["parts"] for one in history["changes"] if one["what"] == "task") == "cohort (second)"
    (stored,) = TaskRepository(project).tasks()
    assert stored.task.cohort is None
    assert asked(labeling_of(project), "annotate", kind="ready")["overview"]["reports"] == 6


def test_a_page_that_is_loaded_anew_after_an_amendment_has_the_reports_of_now(project):
    """In the same kernel, too; what the application doesn't cover any more is gone from it."""
    model = labeling_of(project)
    before = asked(model, "annotate", kind="ready")["overview"]["reports"]
    amended = project.application.model_copy(update={"exam_codes": ("CXR2",)})
    apply_application(amended, person="admin", settings=project.settings)

    with pytest.raises(CcdsError, match="found an amendment of the IRB application; load the page anew"):
        asked(model, "annotate", kind="window", report=0, among=None)
    after = asked(model, "annotate", kind="ready")["overview"]["reports"]

    assert (before, after) == (6, 4)


@pytest.mark.parametrize("is_gone", [False, True])
def test_earlier_steps_are_undone_where_a_cohort_can_not_come_back(project, is_gone):
    """It isn't covered any more, or is gone: its coming and going are passed over, and nobody is logged as turned away."""
    keep_to(project, "second")
    if is_gone:
        with project.store.writing() as connection:
            connection.execute(delete(cohort))
    else:
        amended = project.application.model_copy(update={"exam_codes": ("CXR1",)})
        apply_application(amended, person="admin", settings=project.settings)
    keep_to(project, None)
    model = labeling_of(project)

    shown = asked(model, "prioritise", kind="ready")["overview"]["undo"]
    undone = [asked(model, "prioritise", kind="undo")["step"] for _ in range(2)]
    nothing = asked(model, "prioritise", kind="ready")["overview"]["undo"]
    redone = [asked(model, "prioritise", kind="redo")["step"] for _ in range(2)]

    came = {"what": "inserted", "text": "no effusion", "more": 1}
    went = {"what": "removed", "text": "effusion", "more": 1}
    labels = {"what": "task", "text": "name and labels", "more": 0}
    assert (shown, undone, nothing, redone) == (came, [went, labels], None, [labels, came])
    assert "AccessDenied" not in [entry["event"] for entry in project.audit.entries("CHEST-1")]


@pytest.mark.parametrize("screen", ["annotate", "prioritise", "confirm", "assess"])
def test_a_screen_whose_cohort_is_gone_says_so(project, screen):
    """And shows nothing; other tasks are there as before."""
    other = TaskRepository(project).make(Task("other")).id
    keep_to(project, "second")
    model = labeling_of(project)
    with project.store.writing() as connection:
        connection.execute(delete(cohort))

    with pytest.raises(CcdsError) as raised:
        asked(model, screen, kind="ready")

    assert str(raised.value) == (
        "expected the cohort second, to which the task 'effusion' is kept; found none of that name; let a fellow name one of "
        "'ccds cohort list --project CHEST-1' in the task's settings, or none"
    )
    assert answered(model, {"screen": screen, "task": other, "kind": "ready"})


def test_tasks_that_read_the_same_share_its_reports(project):
    """Kept in memory once for each of what is read; those of another time are dropped."""
    tasks = TaskRepository(project)
    other, third = (tasks.make(Task(name, cohort=kept)).id for name, kept in [("two", "second"), ("three", "second")])
    reports = SharedReports(project)
    every, members = reports.of(1), reports.of(other)

    LabelingRepository(project).load_reports([Report("NEW", (Section("findings", "Clear."),), "CXR2", LAST)])

    assert (len(every), len(members)) == (6, 3)
    again = reports.of(third)
    assert (len(again), reports.of(other) is again, len(reports.of(1))) == (4, True, 7)


def test_members_are_the_reports_that_are_there_already(project):
    """The same objects, where a task that reads all of them has them; they aren't read again."""
    other = TaskRepository(project).make(Task("two", cohort="second")).id
    reports, told = SharedReports(project), []
    every = reports.of(1)

    members = reports.of(other, told.append)

    assert [one.study_key for one in members] == [
        one.study_key for one in LabelingRepository(project, other).task_reports()
    ]
    assert all(any(one is the_same for the_same in every) for one in members)
    assert told == []


def test_reports_that_no_task_reads_any_more_are_let_go(project):
    """Those that were left out when the only task was kept to a cohort don't stay in memory."""
    reports = SharedReports(project)
    left_out, member = (weakref.ref(reports.of(1)[number]) for number in (0, 1))
    keep_to(project, "second")

    members = reports.of(1)

    assert left_out() is None
    assert (members[0], len(members)) == (member(), 3)
