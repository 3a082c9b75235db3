"""A task as a YAML file: what it says, what it leaves as it is, and what is no task."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.cues import RADIOLOGY, Cues
from ccds_kernel.labeling.tasks.task import COLOUR_SLOTS, STRATA, Label, Task, TaskKind
from ccds_kernel.labeling.tasks.task_file import coloured, read_task, revision, task_text

TASK = Task(
    "effusion",
    TaskKind.SEVERAL,
    (Label("left", 5), Label("right", 2)),
    "Fluid?\n\nlook: at the angle",
    frozenset({"indication"}),
    Cues(negation_before=("no",)),
    ("motion",),
)


def changed(tmp_path, text: str, task: Task | None = None) -> Task:
    """What a file makes of a task."""
    (tmp_path / "task.yaml").write_text(text, encoding="utf-8")
    return read_task(tmp_path / "task.yaml").changed(task)


def test_what_is_written_is_read_again(tmp_path):
    """All of it; colours are the task's own."""
    assert changed(tmp_path, task_text(TASK), TASK) == TASK
    assert changed(tmp_path, task_text(TASK)) == replace(TASK, labels=(Label("left", 0), Label("right", 1)))


words = st.text("aÄ 1:#-'\"|>[]{}%", min_size=1, max_size=8).filter(str.strip)


@given(
    name=words,
    labels=st.lists(words.map(str.strip), unique=True, max_size=4),
    guideline=st.text("aß\n :#-|>\t'", max_size=40),
)
def test_whatever_it_says_comes_back(tmp_path_factory, name, labels, guideline):
    """Also what YAML would read as something else; blank lines around a guideline are dropped."""
    task = Task(name, labels=coloured(labels, ()), guideline=guideline.strip())

    assert changed(tmp_path_factory.mktemp("task"), task_text(task)) == task


def test_cues_stand_in_the_file_where_they_are_the_task_s_own():
    """The default lists are long; they come when asked for."""
    plain = replace(TASK, cues=RADIOLOGY)

    assert "cues" in task_text(TASK)
    assert "cues" not in task_text(plain)
    assert "no evidence of" in task_text(plain, with_cues=True)


def test_what_the_file_does_not_say_stays(tmp_path):
    """Of a new task that is the default."""
    assert changed(tmp_path, "name: effusion\nguideline: Look twice.\n", TASK) == replace(TASK, guideline="Look twice.")
    assert changed(tmp_path, "name: edema\n") == Task("edema", strata=STRATA)


def test_a_cohort_is_named_changed_and_taken_off(tmp_path):
    """A file without the key leaves it; the key without a name takes it off. A task without one is written without the key."""
    kept = changed(tmp_path, "name: effusion\ncohort: effusion-2020\n", TASK)

    assert kept == replace(TASK, cohort="effusion-2020")
    assert changed(tmp_path, task_text(kept)).cohort == "effusion-2020"
    assert changed(tmp_path, "name: effusion\nguideline: Look.\n", kept).cohort == "effusion-2020"
    assert changed(tmp_path, "name: effusion\ncohort:\n", kept) == TASK
    assert "cohort" not in task_text(TASK)
    assert revision(kept) != revision(TASK)
    with pytest.raises(CcdsError, match="expected a name of at most 40 small letters and digits"):
        changed(tmp_path, "name: effusion\ncohort: Effusion 2020\n", TASK)


def test_labels_keep_their_colours_in_another_order(tmp_path):
    """A new one gets the colour used least; one that goes leaves its own to others."""
    after = changed(tmp_path, "name: effusion\nlabels: [both, right, left]\n", TASK)
    without = changed(tmp_path, "name: effusion\nlabels: [right]\n", TASK)

    assert after.labels == (Label("both", 0), Label("right", 2), Label("left", 5))
    assert without.labels == (Label("right", 2),)
    assert {label.colour for label in coloured(map(str, range(8)), TASK.labels)} == set(range(COLOUR_SLOTS))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: one\n", r"task\.yaml:1.*name"),
        ("name: a\nlabel: [x]\n", r"task\.yaml:2.*label"),
        ("name: a\nkind: both\n", r"task\.yaml:2.*kind"),
        ("name: a\nlabels: [no]\n", r"labels\.0 in .*task\.yaml:2 to be text; found .*; put it in quotes"),
        ("name: a\nname: b\n", "the key 'name' twice"),
        ("name: ' '\n", "found a blank one"),
        ("name: a\nlabels: [x, x]\n", "'x' twice"),
        ("name: a\nstrata: ['']\n", "a strata tag; found a blank one"),
        ("name: a\ncues: {before: [not]}\n", "1 of another name"),
        ("name: a\ncues: {scope_ends: [but, But]}\n", "'but' again"),
        ("- a\n", r"task\.yaml"),
    ],
)
def test_what_is_no_task_is_told_in_one_line(tmp_path, text, told):
    """With line and key, where it is the file's form."""
    with pytest.raises(CcdsError, match=told) as raised:
        changed(tmp_path, text)

    assert "\n" not in str(raised.value)
