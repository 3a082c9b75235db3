"""The three ways to split patients: nobody is on two sides, shares are met as far as that allows."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.dataset.sides import SIDES, By, Placed, Split, check_every_side, check_sides, sides_of
from ccds_kernel.dataset.split import patient_key
from ccds_kernel.errors import CcdsError

DAY = date(2026, 1, 1)
shares = st.tuples(st.integers(1, 100), st.integers(0, 100)).map(
    lambda pair: (pair[0], min(pair[1], 100 - pair[0]), 100 - pair[0] - min(pair[1], 100 - pair[0]))
)
split = st.one_of(
    st.builds(Split, by=st.just(By.RANDOM), shares=shares, seed=st.integers(0, 2**32 - 1)),
    st.builds(Split, by=st.sampled_from([By.DATE, By.SITE]), shares=shares),
)
studies = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 40), st.integers(0, 6)), max_size=50).map(
    lambda listed: [placed(n, patient, day, site) for n, (patient, day, site) in enumerate(listed)]
)


def placed(number: int, patient: int, day: int = 0, site: int = 0) -> Placed:
    """A study of a patient, on a day, on a scanner, by their numbers."""
    return Placed(f"study{number}", patient_key(b"secret", f"PAT{patient}"), DAY + timedelta(day), f"scanner {site}")


@settings(deadline=None)  # no timings in tests
@given(studies, split)
def test_each_patient_has_one_side(listed, how):
    """Whoever was examined how often, when and on whichever scanners, however it is split; the check agrees."""
    sides = sides_of(listed, how)

    assert sides.keys() == {study.patient for study in listed}
    assert set(sides.values()) <= set(SIDES)
    check_sides([(study.patient, sides[study.patient]) for study in listed])


@settings(deadline=None)  # no timings in tests
@given(studies, split)
def test_the_order_of_studies_doesn_t_count(listed, how):
    """The same studies in another order are split the same way."""
    assert sides_of(listed, how) == sides_of(listed[::-1], how)


@settings(deadline=None)  # no timings in tests
@given(studies, shares)
def test_by_date_nothing_trained_on_is_later_than_what_is_tested_on(listed, how):
    """Each patient stands where their latest study does: a side's latest studies come after those of the sides before."""
    sides = sides_of(listed, Split(By.DATE, how))
    latest = {study.patient: max(one.day for one in listed if one.patient == study.patient) for study in listed}

    days = [[latest[patient] for patient, side in sides.items() if side == name] for name in SIDES]

    for before, after in ((days[0], days[1]), (days[1], days[2]), (days[0], days[2])):
        assert not (before and after) or max(before) < min(after)


@settings(deadline=None)  # no timings in tests
@given(studies, shares)
def test_by_site_no_scanner_is_on_two_sides(listed, how):
    """Whole scanners stay together, and so do those that share a patient."""
    sides = sides_of(listed, Split(By.SITE, how))

    of_site: dict[str, set[str]] = {}
    for study in listed:
        of_site.setdefault(study.site, set()).add(sides[study.patient])
    assert all(len(found) == 1 for found in of_site.values())


@settings(deadline=None)  # no timings in tests
@given(studies, studies, st.integers(0, 9))
def test_by_chance_who_comes_later_moves_nobody(before, later, seed):
    """A patient's side stays when the project grows."""
    how = Split(seed=seed)

    assert sides_of(before, how).items() <= sides_of([*before, *later], how).items()


def test_shares_are_met():
    """By chance within five standard deviations; by date and by scanner to the patient, where each has one study."""
    listed = [placed(n, n, n, n % 20) for n in range(1000)]

    counts = {
        by: [list(sides_of(listed, Split(by)).values()).count(side) for side in SIDES] for by in (By.DATE, By.SITE)
    }
    thrown = list(sides_of(listed, Split()).values())

    assert counts == {By.DATE: [700, 150, 150], By.SITE: [700, 150, 150]}
    assert abs(thrown.count("training") - 700) < 5 * (1000 * 0.7 * 0.3) ** 0.5


def test_another_seed_is_another_throw():
    """The same seed is the same split."""
    listed = [placed(n, n) for n in range(100)]

    first, again, other = (sides_of(listed, Split(seed=seed)) for seed in (1, 1, 2))

    assert first == again != other


def test_a_patient_on_two_sides_is_refused():
    """However that came about."""
    with pytest.raises(CcdsError, match="expected each patient on one side of the split; found 1 on two or more"):
        check_sides([(b"one", "training"), (b"two", "test"), (b"one", "test")])


def test_an_empty_side_is_refused():
    """One that was asked for, and by name."""
    listed = [placed(n, n, site=0) for n in range(9)]
    how = Split(By.SITE)

    with pytest.raises(CcdsError, match=r"a patient for validation \(15 %\); found none among 9, split by site"):
        check_every_side(sides_of(listed, how).values(), how)


@pytest.mark.parametrize(
    ("by", "expected"), [(By.DATE, "the date of every study"), (By.SITE, "the scanner of every study")]
)
def test_a_study_that_doesn_t_say_is_counted_and_refused(by, expected):
    """No study is put on a side by a guess."""
    unknown = Placed("study9", b"somebody")

    with pytest.raises(CcdsError, match=f"{expected}.*; found 1 without one"):
        sides_of([placed(0, 0), unknown], Split(by))


@pytest.mark.parametrize(
    "wrong",
    [
        {"shares": (70, 15, 10)},
        {"shares": (0, 50, 50)},
        {"shares": (120, -10, -10)},
        {"shares": (50, 50)},
        {"seed": -1},
        {"by": By.DATE, "seed": 1},
    ],
)
def test_a_split_that_makes_no_sense_is_refused(wrong):
    """Before anything is read."""
    with pytest.raises(CcdsError):
        Split(**wrong)
