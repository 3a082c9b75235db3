"""`ccds labeling task`, and `--task` of the others, from end to end, on a site's project."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from ccds_kernel.cli import main
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.dataset.soft_labels import soft_labels
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from support.site import act_as

TASK = "name: findings\nkind: several\nlabels: [effusion, edema]\nguideline: |\n  Look twice.\nleft_out: [indication]\n"


@pytest.fixture
def folder(tmp_path, monkeypatch, settings) -> Path:
    """A folder in which fay runs the command."""
    lines = [f'{name} = "{path}"' for name, path in settings.paths.model_dump().items()]
    (tmp_path / "ccds.toml").write_text("\n".join(["[paths]", *lines]), encoding="utf-8")
    (tmp_path / "task.yaml").write_text(TASK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
    act_as(monkeypatch, "fay", "CHEST-1")
    return tmp_path


@pytest.fixture
def project(open_as) -> Project:
    """What the commands leave in the database."""
    return open_as("fay", Action.OPEN_LABELING)


def run(*words: str) -> int:
    """Runs `ccds labeling …` on the project."""
    return main(["labeling", *words, "--project", "CHEST-1"])


@pytest.mark.usefixtures("folder")
def test_a_task_is_made_shown_and_changed(capsys, project):
    """By its name; what the file doesn't say stays. The same once more changes nothing."""
    made = run("task", "set", "task.yaml")
    again = run("task", "set", "task.yaml")
    Path("less.yaml").write_text("name: findings\nlabels: [edema, effusion, lines]\n", encoding="utf-8")
    changed = run("task", "set", "less.yaml")
    told = capsys.readouterr().out.splitlines()
    run("task", "show", "--task", "findings")

    assert (made, again, changed) == (0, 0, 0)
    assert told == [
        "task 'findings': made, with 2 labels",
        "task 'findings': nothing changed",
        "task 'findings': changed: labels",
    ]
    (stored,) = TaskRepository(project).tasks()
    labels = (Label("edema", 1), Label("effusion", 0), Label("lines", 2))
    assert stored.task == Task("findings", TaskKind.SEVERAL, labels, "Look twice.", frozenset({"indication"}))
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["labels"] == ["edema", "effusion", "lines"]


@pytest.mark.usefixtures("folder")
def test_the_first_task_of_a_new_project_is_the_one_that_everything_is_about(capsys, project):
    """It takes the place of the one without labels that is there; other commands then need no name. A second one is another."""
    run("task", "set", "task.yaml")
    Path("more.yaml").write_text("name: lines\nlabels: [tip]\n", encoding="utf-8")
    (first,) = TaskRepository(project).tasks()
    shown = run("task", "show")
    run("task", "set", "more.yaml")

    assert (shown, first.id, first.task.words) == (0, 1, ("effusion", "edema"))
    assert "task 'lines': made, with 1 label\n" in capsys.readouterr().out
    assert [stored.task.name for stored in TaskRepository(project).tasks()] == ["findings", "lines"]


@pytest.mark.usefixtures("folder")
def test_a_task_that_was_made_beside_an_unused_first_one_is_the_only_one(capsys, project):
    """As in projects of before; the name of the unused one can be taken, and it is another task again."""
    TaskRepository(project).make(Task("findings"))
    shown = run("task", "show")
    Path("more.yaml").write_text("name: labels\nlabels: [tip]\n", encoding="utf-8")
    taken = run("task", "set", "more.yaml")

    assert (shown, taken) == (0, 0)
    assert "task 'labels': made, with 1 label\n" in capsys.readouterr().out
    assert [stored.id for stored in TaskRepository(project).tasks()] == [1, 2]


@pytest.mark.usefixtures("folder")
def test_a_file_overwrites_nothing_that_somebody_changed_since_it_was_printed(capsys, project):
    """It is refused as a whole, and says what to do; printed anew it is taken."""
    tasks, printed = TaskRepository(project), Path("printed.yaml")
    before = tasks.tasks()[0].task
    run("task", "show")
    printed.write_text(capsys.readouterr().out + "\n", encoding="utf-8")
    tasks.change(1, before, before.with_labels(["loculated"]))
    edited = {**yaml.safe_load(printed.read_text(encoding="utf-8")), "guideline": "All fluid."}
    printed.write_text(yaml.safe_dump(edited), encoding="utf-8")

    refused = run("task", "set", "printed.yaml")
    told, kept = capsys.readouterr().err, tasks.tasks()[0].task
    run("task", "show", "--cues")
    anew = {**yaml.safe_load(capsys.readouterr().out), "guideline": "All fluid."}
    printed.write_text(yaml.safe_dump(anew), encoding="utf-8")
    taken = [run("task", "set", "printed.yaml") for _ in range(2)]

    assert refused == 1
    assert "found another revision, as somebody changed it since" in told
    assert (kept.words, kept.guideline) == (("loculated",), "")
    assert taken == [0, 0]
    assert (tasks.tasks()[0].task.words, tasks.tasks()[0].task.guideline) == (("loculated",), "All fluid.")


@pytest.mark.usefixtures("folder")
def test_a_section_that_no_report_has_is_named(capsys, project):
    """Once there are reports: a slip of the pen would let the question be searched."""
    Path("task.yaml").write_text("name: findings\nleft_out: [Findings, nosection]\n", encoding="utf-8")
    run("task", "set", "task.yaml")
    before = capsys.readouterr().out
    LabelingRepository(project).load_reports([Report("A1", (Section("findings", "Fluid."),), "CXR2", date(2020, 5, 1))])
    run("task", "set", "task.yaml")

    assert "nosection" not in before
    assert capsys.readouterr().out.splitlines() == [
        "task 'findings': nothing changed",
        "no report has a section of these names that the task leaves out: 'nosection'",
    ]


@pytest.mark.usefixtures("folder")
def test_a_name_that_another_task_has_is_refused_however_it_is_written(capsys, project):
    """Two that differ by case only nobody tells apart."""
    TaskRepository(project).make(Task("effusion"))
    TaskRepository(project).make(Task("lines"))
    Path("task.yaml").write_text("name: EFFUSION\n", encoding="utf-8")

    assert run("task", "set", "task.yaml") == 1
    assert "found 'EFFUSION' again (case and white space don't count)" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_a_task_gets_another_name(project):
    """The one that every project has, too."""
    status = run("task", "set", "task.yaml", "--task", "labels")

    (stored,) = TaskRepository(project).tasks()
    assert (status, stored.id, stored.task.name) == (0, 1, "findings")


@pytest.mark.usefixtures("folder")
def test_a_task_as_one_document(capsys):
    """With its labels' colours and every cue."""
    run("task", "set", "task.yaml")
    capsys.readouterr()

    run("task", "show", "--task", "findings", "--json")

    shown = json.loads(capsys.readouterr().out)
    assert shown["labels"] == [{"name": "effusion", "colour": 0}, {"name": "edema", "colour": 1}]
    assert "no evidence of" in shown["cues"]["negation_before"]
    assert (shown["kind"], shown["created_by"]) == ("several", "")  # the project's first task, which nobody made


@pytest.mark.usefixtures("folder")
def test_a_label_in_use_stays(capsys, project):
    """Nothing of the file is taken over then."""
    LabelingRepository(project).insert_phrase(Phrase("fluid", "effusion"), 0)
    Path("less.yaml").write_text("name: labels\nlabels: [edema]\nguideline: New.\n", encoding="utf-8")

    status = run("task", "set", "less.yaml")

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert "the label 'effusion' to be used nowhere before it is removed; found 1 of the phrases" in told.err
    assert TaskRepository(project).tasks()[0].task.guideline == ""


@pytest.mark.usefixtures("folder")
def test_a_scientist_sees_a_task_and_changes_none(monkeypatch, capsys):
    """Tasks are the fellow's."""
    act_as(monkeypatch, "sam", "CHEST-1")

    shown, refused = run("task", "show"), run("task", "set", "task.yaml")

    told = capsys.readouterr()
    assert (shown, refused) == (0, 1)
    assert told.out.startswith("name: labels\n")
    assert told.err.startswith("ccds: expected a role that may curate labels; found sam as scientist; ")


def test_phrases_of_one_task_go_out_and_come_back(folder, capsys):
    """In a task whose labels are decided one by one a phrase may exclude its label; its opposite is a conflict."""
    run("task", "set", "task.yaml")
    (folder / "p.csv").write_text(
        "phrase,label,excludes\nno effusion,effusion,yes\nwet,effusion,no\nwet,edema,no\n", encoding="utf-8"
    )
    (folder / "q.csv").write_text("phrase,label,excludes\nwet,edema,yes\nwet,effusion,no\n", encoding="utf-8")
    capsys.readouterr()

    first = run("import", "--task", "findings", "--phrases", "p.csv", "--json")
    second = run("import", "--task", "findings", "--phrases", "q.csv", "--json")
    run("export", "--task", "findings", "--out", "out.csv")

    first_counts, second_counts, _ = capsys.readouterr().out.splitlines()
    assert (first, second) == (0, 0)
    assert json.loads(first_counts) == {"added": 3, "known": 0, "conflicting": 0, "differing": 0}
    assert json.loads(second_counts) == {"added": 0, "known": 1, "conflicting": 1, "differing": 0}
    assert (folder / "out.csv").read_text(encoding="utf-8").splitlines() == [
        "phrase,label,negatable,excludes",
        "no effusion,effusion,no,yes",
        "wet,effusion,no,no",
        "wet,edema,no,no",
    ]


@pytest.mark.usefixtures("folder")
def test_a_change_is_listed_taken_back_and_done_again(capsys, project):
    """By its parts; as one document with the task before and after."""
    run("task", "set", "task.yaml")
    Path("less.yaml").write_text("name: findings\nlabels: [edema]\nguideline: Once.\n", encoding="utf-8")
    run("task", "set", "less.yaml")
    capsys.readouterr()

    named = ("--task", "findings")
    statuses = [run("task", verb, *named) for verb in ("undo", "history", "redo", "history", "redo")]

    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert statuses == [0, 0, 0, 0, 1]
    assert lines[0] == "task 'findings': taken back: labels, a guideline"
    assert [line.split("UTC  ")[1] for line in lines[-3:]] == [
        "fay changed: labels, a guideline",
        "fay took back: labels, a guideline",
        "fay did again: labels, a guideline",
    ]
    assert told.err.startswith("ccds: expected a change of yours to do again; found none; ")
    assert TaskRepository(project).tasks()[0].task.words == ("edema",)
    run("task", "history", *named, "--json")
    _, first, undone, _ = json.loads(capsys.readouterr().out)
    assert (undone["of_step"], undone["kind"], undone["person"]) == (first["step"], "undo", "fay")
    assert yaml.safe_load(first["before"])["labels"] == ["effusion", "edema"]
    assert yaml.safe_load(first["after"])["guideline"] == "Once."


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("import", "--phrases", "p.csv"), "found none named; name one with --task: 'labels', 'findings'"),
        (("import", "--task", "x", "--phrases", "p.csv"), "found none of that name; name one with --task: 'labels', 'findings'"),
        (("import", "--task", "labels", "--phrases", "p.csv"), "one that excludes its label in line 2"),
        (("export", "--task", "labels", "--labels", "0123456789ab", "--out", "o.csv"), "found --task beside --labels"),
        (("task", "show"), "found none named"),
        (("task", "set", "none.yaml"), "to read none.yaml"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_one_line(folder, capsys, words, told):
    """With several tasks one has to be named; and phrases have to fit it."""
    (folder / "labels.yaml").write_text("name: labels\nguideline: One by one.\n", encoding="utf-8")
    run("task", "set", "labels.yaml")
    run("task", "set", "task.yaml")
    (folder / "p.csv").write_text("phrase,label,excludes\nno effusion,effusion,yes\n", encoding="utf-8")
    capsys.readouterr()

    status = run(*words)

    found = capsys.readouterr()
    assert (status, found.out, found.err.count("\n")) == (1, "", 1)
    assert told in found.err


@pytest.fixture
def cohorts(folder, project) -> CohortRepository:  # noqa: ARG001 - the file is written in the folder
    """The project's cohorts: `second` is of exam code CXR2, of which there are two reports of four."""
    Path("findings.yaml").write_text(TASK.replace("left_out: [indication]\n", ""), encoding="utf-8")
    repository, day = CohortRepository(project), date(2020, 3, 1)
    repository.keep("second", Criteria(frozenset({"CXR2"}), day, day))
    LabelingRepository(project).load_reports(
        Report(f"A{n}", (Section("findings", "Effusion."),), code, day)
        for n, code in enumerate(["CXR1", "CXR1", "CXR2", "CXR2"])
    )
    return repository


def told_of(path: str, text: str, capsys) -> tuple[int, str, str]:
    """What `task set` says to a file: its status, and what it prints."""
    Path(path).write_text(text, encoding="utf-8")
    status = run("task", "set", path)
    told = capsys.readouterr()
    return status, told.out, told.err


@pytest.mark.usefixtures("cohorts")
def test_a_task_is_kept_to_a_cohort(capsys):
    """By its file; the history tells to which one, and an undo takes it back. Its snapshots and `import` know members only."""
    run("task", "set", "findings.yaml")
    capsys.readouterr()
    kept = told_of("kept.yaml", "name: findings\ncohort: second\n", capsys)
    run("task", "show")
    shown = yaml.safe_load(capsys.readouterr().out)
    run("snapshot", "--json")
    members = json.loads(capsys.readouterr().out)
    run("snapshot", "--cohort", "second", "--json")
    both = json.loads(capsys.readouterr().out)
    none = told_of("none.yaml", "name: findings\ncohort:\n", capsys)
    back = run("task", "undo")
    run("task", "history")

    assert kept == (0, "task 'findings': changed: a cohort (second)\n", "")
    assert (shown["cohort"], members["studies"], both) == ("second", 2, members)
    assert none == (0, "task 'findings': changed: a cohort (none)\n", "")
    lines = capsys.readouterr().out.splitlines()
    assert (back, lines[0]) == (0, "task 'findings': taken back: a cohort (none)")
    assert [line.split(" UTC  ")[1] for line in lines[-3:]] == [
        "fay changed: a cohort (second)",
        "fay changed: a cohort (none)",
        "fay took back: a cohort (second)",
    ]


def test_a_task_is_kept_to_no_cohort_that_is_not_there_or_not_covered(capsys, settings, cohorts):
    """One line, and nothing is changed; of a task that is kept to one that isn't covered any more nothing is read."""
    run("task", "set", "findings.yaml")
    capsys.readouterr()
    unknown = told_of("kept.yaml", "name: findings\ncohort: third\n", capsys)
    new = told_of("new.yaml", "name: other\ncohort: third\n", capsys)
    told_of("kept.yaml", "name: findings\ncohort: second\n", capsys)
    application = registry_of(settings).get("CHEST-1")
    apply_application(application.model_copy(update={"exam_codes": ("CXR1",)}), person="admin", settings=settings)
    snapshot = run("snapshot"), capsys.readouterr().err
    again = told_of("new.yaml", "name: other\ncohort: second\n", capsys)
    guideline = told_of("kept.yaml", "name: findings\nguideline: Look.\n", capsys)
    off = told_of("kept.yaml", "name: findings\ncohort:\n", capsys)

    assert unknown[2] == (
        "ccds: expected the cohort third, to which the task 'findings' is kept; found none of that name; let a fellow name "
        "one of 'ccds cohort list --project CHEST-1' in the task's settings, or none\n"
    )
    assert (unknown[0], new[0], snapshot[0], again[0]) == (1, 1, 1, 1)
    assert snapshot[1] == (
        "ccds: expected the cohort second, to which the task 'findings' is kept, within the IRB application; found CXR2 in it, "
        "which isn't covered; let a fellow name another cohort in the task's settings, or none, or ask the principal "
        "investigator, Dr. Reed, for an amendment\n"
    )
    assert "to which the task 'other' is kept, within the IRB application" in again[2]
    assert (guideline[0], off[:2]) == (0, (0, "task 'findings': changed: a cohort (none)\n"))
    assert [one.name for one in cohorts.cohorts()] == ["second"]


@pytest.mark.usefixtures("cohorts")
def test_phrases_that_stand_in_every_report_are_those_of_the_members(capsys, project):
    """`import` asks about a phrase that tells no member from another, whatever stands in the others."""
    LabelingRepository(project).load_reports([Report("B", (Section("findings", "Clear."),), "CXR1", date(2020, 3, 1))])
    run("task", "set", "findings.yaml")
    Path("p.csv").write_text("phrase,label\neffusion,effusion\n", encoding="utf-8")
    told_of("kept.yaml", "name: findings\ncohort: second\n", capsys)

    refused = run("import", "--phrases", "p.csv"), capsys.readouterr().err
    told_of("none.yaml", "name: findings\ncohort:\n", capsys)
    taken = run("import", "--phrases", "p.csv")

    assert (refused[0], taken) == (1, 0)
    assert "found 1 that match all 2" in refused[1]


@pytest.mark.usefixtures("cohorts")
def test_soft_labels_of_a_task_are_of_its_members(capsys, project):
    """Also where a training names a cohort: those that are in both."""
    run("task", "set", "findings.yaml")
    told_of("kept.yaml", "name: findings\ncohort: second\n", capsys)
    CohortRepository(project).keep("first", Criteria(frozenset({"CXR1"}), date(2020, 3, 1), date(2020, 3, 1)))

    members = soft_labels(project, task="findings", label="effusion")

    assert len(members) == 2
    assert soft_labels(project, task="findings", label="effusion", cohort="second") == members
    assert soft_labels(project, task="findings", label="effusion", cohort="first") == {}
