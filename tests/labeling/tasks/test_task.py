"""What a task is, and what about it may be changed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.tasks.changing import Uses, refuse_beyond_limits, refuse_lost_words
from ccds_kernel.labeling.tasks.task import COLOUR_SLOTS, Label, Task, TaskKind

TASK = Task("effusion", labels=(Label("present", 0), Label("absent", 3)), strata=("motion",))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Task(" "),
        lambda: Task("a" * 501),
        lambda: Task("a\0b"),
        lambda: Task("a", labels=(Label("x", 0), Label(" x", 1))),
        lambda: Task("a", strata=("x", "x ")),
        lambda: Task("a", strata=("",)),
        lambda: Task("a", guideline="a" * 50_001),
        lambda: Task("a", guideline="half \ud800"),
        lambda: Label("", 0),
        lambda: Label("a", COLOUR_SLOTS),
        lambda: Label("a", -1),
    ],
)
def test_what_is_no_task_is_refused(make):
    """Blank, too long, half characters, a word twice, a colour that there isn't."""
    with pytest.raises(CcdsError):
        make()


def test_new_labels_come_behind_in_the_colour_used_least():
    """Those that are there keep their place and colour; without new ones the task is the same."""
    after = TASK.with_labels(["absent", "unclear", "unclear", "edema"])

    assert after.words == ("present", "absent", "unclear", "edema")
    assert [label.colour for label in after.labels] == [0, 3, 1, 2]
    assert TASK.with_labels(["absent"]) is TASK


@given(st.lists(st.text("abc", min_size=1, max_size=3), max_size=40))
def test_no_colour_is_used_twice_more_than_another(words):
    """However many labels come."""
    colours = [label.colour for label in Task("t").with_labels(words).labels]

    used = [colours.count(slot) for slot in range(COLOUR_SLOTS)]
    assert max(used) - min(used) <= 1


def test_one_label_is_said_where_labels_exclude_each_other_and_any_number_elsewhere():
    """Of the task's own."""
    several = replace(TASK, kind=TaskKind.SEVERAL)

    assert TASK.checked_labels(["absent"]) == frozenset({"absent"})
    assert several.checked_labels([]) == frozenset()
    assert several.checked_labels(["absent", "present"]) == frozenset({"absent", "present"})
    for task, labels in ((TASK, []), (TASK, ["absent", "present"]), (TASK, ["x"]), (several, ["x"])):
        with pytest.raises(CcdsError):
            task.checked_labels(labels)


def test_strata_are_the_task_s_own():
    """Any number of them."""
    assert TASK.checked_strata(["motion"]) == frozenset({"motion"})
    assert TASK.checked_strata([]) == frozenset()
    with pytest.raises(CcdsError, match="found 1 that it doesn't have"):
        TASK.checked_strata(["mimic"])


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (
            replace(TASK, labels=TASK.labels[:1]),
            (
                "expected the label 'absent' to be used nowhere before it is removed; "
                "found 2 of the phrases and 3 of the studies with it; give these another one first"
            ),
        ),
        (
            replace(TASK, strata=("mimic",)),
            (
                "expected the strata tag 'motion' to be used nowhere before it is removed; "
                "found 0 of the phrases and 1 of the studies with it; give these another one first"
            ),
        ),
    ],
)
def test_what_is_in_use_does_not_go(after, told):
    """One line that says how often."""
    uses = {"absent": Uses(2, 3), "motion": Uses(0, 1)}

    with pytest.raises(CcdsError) as raised:
        refuse_lost_words(TASK, after, uses)

    assert str(raised.value) == told


@pytest.mark.parametrize(
    "after",
    [TASK.with_labels(["Present "]), TASK.with_labels(["new", "NEW"]), replace(TASK, strata=("motion", "MOTION"))],
)
def test_a_new_word_differs_from_the_others_by_more_than_case(after):
    """White space doesn't count either. Words that a project had before stay."""
    with pytest.raises(CcdsError, match="case and white space don't count"):
        refuse_beyond_limits(TASK, after)
    with pytest.raises(CcdsError, match="case and white space don't count"):
        refuse_beyond_limits(None, after)

    refuse_beyond_limits(after, replace(after, guideline="Look twice."))


@pytest.mark.parametrize(
    "after",
    [
        TASK,
        replace(TASK, labels=TASK.labels[::-1], strata=("mimic", "motion")),
        replace(TASK, labels=TASK.labels[1:]),
        replace(TASK, labels=(Label("absent", 7), Label("new", 1)), guideline="Read both.", name="other"),
    ],
)
def test_everything_else_may_change(after):
    """Order, colours, what is used nowhere, the guideline, the name."""
    refuse_lost_words(TASK, after, {"absent": Uses(2, 3), "motion": Uses(0, 1)})
