"""What a batch is made of."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.batch import (
    BatchItem,
    Planted,
    SoftStudy,
    check_batch,
    compose,
    misleadable,
    plantable,
)

YES, NO = frozenset({"yes"}), frozenset({"no"})


def studies(*phrases: int | None) -> list[SoftStudy]:
    """Studies that these phrases decide: even ones stand for yes."""
    labels = {None: frozenset()}
    return [
        SoftStudy(f"s{number}", labels.get(phrase, YES if phrase and phrase % 2 == 0 else NO), phrase)
        for number, phrase in enumerate(phrases)
    ]


def composed(ordinary, *, planted=(), gold=None, wrong=0, seed=1, order=(1, 2, 3, 4)) -> tuple[BatchItem, ...]:
    """A batch with the phrases in that order."""
    return compose(ordinary, order=order, gold=gold or {}, planted=planted, wrong=wrong, chance=Random(seed))  # noqa: S311 - keeps no secret


@given(
    phrases=st.lists(st.sampled_from([1, 2, 3, 4, None]), min_size=1, max_size=30),
    golden=st.lists(st.sampled_from([1, 2, 3, 4]), max_size=8),
    wrong=st.integers(0, 8),
    seed=st.integers(0, 1000),
)
def test_every_study_is_there_once_and_groups_stand_together(phrases, golden, wrong, seed):
    """In the phrases' order, those without one last; each planted one as it is or wrong, and wrong ones are wrong."""
    ordinary = studies(*phrases)
    everything = frozenset({1, 2, 3, 4})
    shown = {study.phrase_id: study.labels for study in ordinary}
    planted = [
        SoftStudy(f"g{number}", shown[phrase], phrase, everything)
        for number, phrase in enumerate(golden)
        if phrase in shown
    ]
    gold = {study.study_key: YES for study in planted}
    wrong = min(wrong, len(planted) if any(study.labels == NO for study in ordinary) else 0)

    items = composed(ordinary, planted=planted, gold=gold, wrong=wrong, seed=seed)

    assert sorted(item.study_key for item in items) == sorted(study.study_key for study in (*ordinary, *planted))
    places = [item.phrase_id or 99 for item in items]
    assert places == sorted(places)
    misled = [item for item in items if item.planted is Planted.WRONG]
    assert len(misled) == wrong
    assert all(item.prefill == NO for item in misled)
    shown = {(item.phrase_id, item.prefill) for item in items if item.planted is Planted.NO}
    assert {(item.phrase_id, item.prefill) for item in misled} <= shown


def test_a_wrong_prefill_stands_where_its_phrase_stands_in_the_report():
    """Of two groups with a wrong label the one whose phrase is in the report too is taken: the other has nothing to highlight."""
    planted = [SoftStudy("g", YES, 2, also=frozenset({2, 3}))]

    items = [composed(studies(1, 1, 3, 2), planted=planted, gold={"g": YES}, wrong=1, seed=seed) for seed in range(20)]

    assert {item.phrase_id for batch in items for item in batch if item.planted is Planted.WRONG} == {3}


def test_a_study_without_a_group_that_misleads_gets_no_wrong_prefill():
    """Only a group with another label than its gold one, whose phrase stands in its report, will do."""
    ordinary = studies(1, 2, None)
    gold = [
        SoftStudy("both", NO, 1, frozenset({2})),
        SoftStudy("one", NO, 1),
        SoftStudy("right", YES, 1, frozenset({2})),
    ]

    found = misleadable(gold, {"both": NO, "one": NO, "right": YES}, ordinary)

    assert [study.study_key for study in found] == ["both", "right"]


def test_a_planted_study_stands_among_others_of_its_phrase_and_label():
    """In a group of its own it would be the odd one out: refused, unless it gets a wrong prefill in another group."""
    ordinary = studies(1, 1, 2)
    fits, other_label, other_phrase = (
        SoftStudy("a", NO, 1),
        SoftStudy("b", YES, 1),
        SoftStudy("c", YES, 4, frozenset({1})),
    )
    gold = dict.fromkeys("abc", YES)

    assert plantable([fits, other_label, other_phrase], ordinary) == (fits,)
    for odd in (other_label, other_phrase):
        with pytest.raises(
            CcdsError, match="whose phrase and label other studies of the batch have, too; found 1 without"
        ):
            composed(ordinary, planted=[fits, odd], gold=gold)
    for seed in range(10):
        items = composed(ordinary, planted=[fits, other_phrase], gold=gold, wrong=1, seed=seed)
        assert {item.study_key: item.planted for item in items if item.planted is not Planted.NO} == {
            "a": Planted.GOLD,
            "c": Planted.WRONG,
        }


def test_planted_studies_are_anywhere_in_their_group():
    """Who knows the order learns nothing."""
    planted = [SoftStudy("g", NO, 1)]

    places = {
        [item.study_key for item in composed(studies(1, 1, 1), planted=planted, gold={"g": NO}, seed=seed)].index("g")
        for seed in range(60)
    }

    assert places == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"ordinary": []}, "studies to confirm, each once"),
        ({"ordinary": studies(1) * 2}, "studies to confirm, each once"),
        ({"ordinary": studies(1), "planted": studies(1)}, "studies to confirm, each once"),
        ({"ordinary": studies(1), "planted": [SoftStudy("g", NO, 1)]}, "gold labels of the studies to mix in"),
        (
            {"ordinary": studies(1), "planted": [SoftStudy("g", NO, 1)], "gold": {"g": NO}, "wrong": 1},
            "at most 0 studies with a wrong label preselected",
        ),
        (
            {
                "ordinary": studies(2),
                "planted": [SoftStudy("g", NO, 1, frozenset({2}))],
                "gold": {"g": NO},
                "wrong": -1,
            },
            "at most 1 studies with a wrong label preselected",
        ),
    ],
)
def test_what_makes_no_batch_is_told(arguments, expected):
    """One line."""
    with pytest.raises(CcdsError) as raised:
        composed(**arguments)

    assert raised.value.expected == expected


@pytest.mark.parametrize(("name", "overlap"), [(" ", 1), ("x" * 201, 1), ("a\0b", 1), ("a", 0), ("a", 21)])
def test_a_batch_has_a_name_and_an_overlap_that_can_be(name, overlap):
    """Refused before anything is written."""
    with pytest.raises(CcdsError):
        check_batch(name, overlap)
