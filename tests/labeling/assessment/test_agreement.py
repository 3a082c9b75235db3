"""Agreement of labelers with each other, as the screen gets it."""

import json

import pytest

from ccds_kernel.labeling.assessment.agreement import Agreement, agreement, pairwise
from ccds_kernel.labeling.assessment.coefficients import cohen_kappa, raw_agreement, specific_agreement
from ccds_kernel.labeling.assessment.estimate import NotDefined, Why
from ccds_kernel.labeling.assessment.rating import PRESENT, RatingTable, counted, questions
from support.ratings import codes, ratings

LABELS = ("none", "small", "large")
CODES = codes([[0, 0, 0], [0, 0, 1], [1, 1, None], [2, 1, 2], [2, None, 2], [0, None, None], [1, 1, 1], [0, 0, 0]])
TABLE = RatingTable(ratings(CODES, LABELS))
(WHICH,) = questions(LABELS, exclusive=True)


def test_all_at_once():
    """Every coefficient of the one question; Cohen's kappa is for two; each label by itself beside them."""
    found = agreement(TABLE, WHICH)

    assert (found.label, found.labelers, found.cohen) == (None, ("a", "b", "c"), None)
    assert found.raw == raw_agreement(counted(CODES, 3))
    assert {one.label: one.positive for one in found.labels} == {
        label: specific_agreement(counted(CODES, 3), code) for code, label in enumerate(LABELS)
    }


def test_two_by_two():
    """Each pair once, over the studies that both rated."""
    found = pairwise(TABLE, WHICH)

    assert [one.labelers for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found[1].cohen == cohen_kappa(CODES[:, 0], CODES[:, 2], 3)
    assert [one.raw.studies for one in found] == [6, 6, 5]


def test_a_label_by_itself_is_present_or_absent():
    """In a task of several labels: the same ratings, asked about one of them."""
    of_label = questions(LABELS, exclusive=False)[2]

    found = agreement(TABLE, of_label)

    large = counted(TABLE.codes(of_label), 2)
    assert found.label == "large"
    assert [one.label for one in found.labels] == ["large"]
    assert found.labels[0].positive == specific_agreement(large, PRESENT)


def test_labelers_without_a_study_in_common_are_told_so():
    """They stay in the list."""
    table = RatingTable(ratings(codes([[0, None], [None, 1]]), LABELS))

    (found,) = pairwise(table, WHICH)

    nothing = NotDefined(why=Why.NO_OVERLAP, studies=0)
    assert (found.raw, found.cohen, found.fleiss, found.ac1, found.alpha) == (nothing,) * 5


@pytest.mark.parametrize("rated", [TABLE, RatingTable([])])
def test_it_goes_to_the_page_as_json_and_back(rated):
    """Numbers or reasons, told apart by `kind`; no NaN."""
    found = agreement(rated, WHICH)

    text = json.dumps(found.model_dump(mode="json"), allow_nan=False)

    assert Agreement.model_validate_json(text) == found
