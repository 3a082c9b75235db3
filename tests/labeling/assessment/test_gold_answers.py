"""One labeler against the gold set."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.assessment.coefficients import cohen_kappa, gwet_ac1
from ccds_kernel.labeling.assessment.drift import Cusum, State
from ccds_kernel.labeling.assessment.estimate import NotDefined, Why
from ccds_kernel.labeling.assessment.gold_answers import Assessment, assess
from ccds_kernel.labeling.assessment.rating import Rating, RatingTable, counted, questions
from ccds_kernel.rate import rate
from support.ratings import MORNING, codes

EFFUSION = ("effusion", "none", "unsure")
WHICH = questions(EFFUSION, exclusive=True)
FINDINGS = ("effusion", "nodule")
EACH = questions(FINDINGS, exclusive=False)


def said(*rows, labeler="ann"):
    """Ratings of studies s0, s1, … a minute apart from (labels, labels shown or None), words divided by white space."""
    return [
        Rating(
            f"s{at}",
            labeler,
            frozenset(labels.split()),
            MORNING + timedelta(minutes=at),
            None if shown is None else frozenset(shown.split()),
            seconds=10.0 + at,
        )
        for at, (labels, shown) in enumerate(rows)
    ]


def gold(*rows):
    """The gold labels of studies s0, s1 and so on."""
    return {f"s{at}": frozenset(labels.split()) for at, labels in enumerate(rows)}


ROWS = said(
    ("effusion", "effusion"),
    ("effusion", "effusion"),
    ("none", "effusion"),
    ("unsure", "effusion"),
    ("none", None),
    ("none", "none"),
)
GOLD = gold("effusion", "none", "none", "none", "effusion")


def test_figures_where_labels_exclude_each_other():
    """Right in two of five; the sixth study isn't of the gold set and counts for pace only."""
    found = assess(RatingTable(ROWS), "ann", GOLD, WHICH)

    two = codes([[0, 0], [0, 1], [1, 1], [2, 1], [1, 0]])
    assert (found.labeler, found.rated) == ("ann", 6)
    assert found.accuracy == rate(2, 5)
    assert found.cohen == cohen_kappa(two[:, 0], two[:, 1], 3)
    assert found.ac1 == gwet_ac1(counted(two, 3))
    assert {one.label: (one.sensitivity, one.specificity) for one in found.labels} == {
        "effusion": (rate(1, 2), rate(2, 3)),
        "none": (rate(1, 3), rate(1, 2)),
        "unsure": (None, rate(4, 5)),
    }
    assert (found.pace.studies, found.pace.median) == (6, 12.5)


def test_anchoring_is_over_wrong_prefills():
    """Three were wrong: one was taken over, one put right, one changed to another wrong label, which isn't taken over."""
    assert assess(RatingTable(ROWS), "ann", GOLD, WHICH).anchoring == rate(1, 3)


def test_without_wrong_prefills_there_is_no_anchoring():
    """Right prefills, and none, say nothing about it."""
    table = RatingTable(said(("effusion", "effusion"), ("none", None)))

    assert assess(table, "ann", gold("effusion", "effusion"), WHICH).anchoring is None


def test_figures_where_labels_go_together():
    """An answer is right if it is in each label; there is no kappa over which label it is, but one for each."""
    table = RatingTable(said(("effusion nodule", None), ("effusion", None), ("", None), ("", None)))

    found = assess(table, "ann", gold("effusion nodule", "effusion nodule", "nodule", ""), EACH)

    assert found.accuracy == rate(2, 4)
    assert (found.cohen, found.ac1) == (None, None)
    assert {one.label: (one.sensitivity, one.specificity) for one in found.labels} == {
        "effusion": (rate(2, 2), rate(2, 2)),
        "nodule": (rate(1, 3), rate(1, 1)),
    }
    assert found.labels[0].cohen.value == 1


@pytest.mark.parametrize(
    ("answer", "shown", "truth", "anchored"),
    [
        ("effusion", "effusion", "nodule", True),
        ("nodule", "effusion", "nodule", False),
        ("effusion nodule", "effusion", "nodule", True),
        ("", "", "nodule", True),
        ("effusion nodule", "", "nodule", False),
    ],
)
def test_anchoring_where_labels_go_together_is_any_wrong_mark_left_as_it_stood(answer, shown, truth, anchored):
    """Also a mark that was missing; a new error of the labeler's own isn't anchoring."""
    found = assess(RatingTable(said((answer, shown))), "ann", gold(truth), EACH)

    assert found.anchoring == rate(int(anchored), 1)


def test_each_gold_answer_is_there_for_feedback_in_order_of_time():
    """What was said, shown and right."""
    rows = said(("none", "effusion"), ("effusion", None))
    rows[0] = replace(rows[0], at=MORNING + timedelta(days=1))

    found = assess(RatingTable(rows), "ann", gold("effusion", "effusion"), WHICH).answers

    assert [(one.study, one.said, one.gold, one.shown, one.right) for one in found] == [
        ("s1", ("effusion",), ("effusion",), None, True),
        ("s0", ("none",), ("effusion",), ("effusion",), False),
    ]


def test_drift_is_told_from_the_gold_answers():
    """With the test that is asked for: here one that a single wrong answer after ten right ones alarms."""
    table = RatingTable(said(*[("none", None)] * 10, ("effusion", None)))

    found = assess(table, "ann", gold(*["none"] * 11), WHICH, Cusum(0.001, 0.5, 0.5, 20)).drift

    assert (found.state, found.before, found.accepted) == (State.CHANGED, 10, 0.001)


def test_others_do_not_count():
    """Two labelers, each with their own figures."""
    table = RatingTable([*ROWS, *said(("effusion", None), ("none", None), labeler="bob")])

    assert assess(table, "bob", GOLD, WHICH).accuracy == rate(2, 2)
    assert assess(table, "ann", GOLD, WHICH) == assess(RatingTable(ROWS), "ann", GOLD, WHICH)


@pytest.mark.parametrize("asked", [WHICH, EACH, ()])
def test_who_rated_nothing_has_no_figures(asked):
    """The screen shows them with empty fields, not with zeros."""
    found = assess(RatingTable([]), "new", GOLD, asked)

    assert (found.rated, found.accuracy, found.anchoring, found.pace, found.answers) == (0, None, None, None, ())
    assert found.drift.state is State.TOO_FEW
    assert {one.cohen for one in found.labels} <= {NotDefined(why=Why.NO_OVERLAP, studies=0)}


def test_a_gold_label_that_the_task_lacks_is_refused():
    """One line, without the label."""
    with pytest.raises(CcdsError, match="one label of the task each"):
        assess(RatingTable(ROWS), "ann", gold("pneumonia"), WHICH)


def test_it_goes_to_the_page_as_json_and_back():
    """Times, rates, reasons; no NaN."""
    found = assess(RatingTable(ROWS), "ann", GOLD, WHICH)

    text = json.dumps(found.model_dump(mode="json"), allow_nan=False)

    assert Assessment.model_validate_json(text) == found
