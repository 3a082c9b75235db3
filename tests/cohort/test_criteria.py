"""Criteria of cohorts, and what of them an application covers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.cohort.criteria import MOST_NAMED, Criteria, beyond, named
from ccds_kernel.errors import CcdsError
from support.site import application

FIRST, LAST = date(2019, 1, 1), date(2019, 12, 31)
APPROVED = application(exam_codes=["CXR1", "CXR2"], study_dates=[str(FIRST), str(LAST)])

days = st.dates(date(2018, 6, 1), date(2020, 6, 1))


def test_what_nobody_names_is_the_application_s():
    """All its exam codes, all its study dates."""
    assert Criteria.within(APPROVED) == Criteria(frozenset({"CXR1", "CXR2"}), FIRST, LAST)
    assert Criteria.within(APPROVED, ["CXR2"], last=date(2019, 3, 1)) == Criteria(
        frozenset({"CXR2"}), FIRST, date(2019, 3, 1)
    )


@pytest.mark.parametrize(
    ("codes", "first", "last", "found"),
    [
        ((), FIRST, LAST, "found none"),
        (("",), FIRST, LAST, "found none"),
        (("CXR1",), LAST, FIRST, f"found {LAST}"),
    ],
)
def test_criteria_that_nothing_could_meet_are_refused(codes, first, last, found):
    """No exam code, or days in the wrong order."""
    with pytest.raises(CcdsError, match=found):
        Criteria(frozenset(codes), first, last)


@given(codes=st.sets(st.sampled_from(["CXR1", "CXR2", "CT1"]), min_size=1), one=days, other=days)
def test_what_is_beyond_is_exactly_what_the_application_does_not_cover(codes, one, other):
    """Every other code, every other day of the range, and no day twice."""
    criteria = Criteria(frozenset(codes), min(one, other), max(one, other))

    found = beyond(criteria, APPROVED)

    uncovered = {
        day
        for day in map(date.fromordinal, range(criteria.first.toordinal(), criteria.last.toordinal() + 1))
        if not FIRST <= day <= LAST
    }
    told = [] if found is None else [
        date.fromordinal(number)
        for first, last in found.dates
        for number in range(first.toordinal(), last.toordinal() + 1)
    ]  # fmt: skip
    assert sorted(told) == sorted(uncovered)
    assert set(() if found is None else found.codes) == codes - {"CXR1", "CXR2"}


def test_the_refusal_is_one_line_that_says_what_is_not_covered():
    """What is covered, what was asked beyond it, and whom to ask."""
    criteria = Criteria(frozenset({"CT1", "CXR1"}), date(2018, 12, 31), date(2020, 2, 1))

    found = beyond(criteria, APPROVED)

    assert str(found.refusal(APPROVED)) == (
        "expected exam codes and study dates that the IRB application covers (CXR1, CXR2; 2019-01-01 to 2019-12-31); "
        "found CT1 and 2018-12-31 and 2020-01-01 to 2020-02-01; "
        "name what it covers, or ask the principal investigator, Dr. Reed, for an amendment"
    )
    assert found.counted == "1 other exam code(s) and 2018-12-31 and 2020-01-01 to 2020-02-01"


def test_a_line_names_only_some_of_many_codes():
    """And says how many more there are."""
    codes = [f"C{number:02}" for number in range(MOST_NAMED + 3)]

    assert named(codes) == ", ".join(codes[:MOST_NAMED]) + " and 3 more"
    assert named(["B", "A"]) == "A, B"
