"""A cohort's numbers, and their picture for the terminal."""

import json
import re
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.cohort.counts import CohortCounts
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.wording import LONGEST_BAR, bars, picture
from support.checkout import ROOT

CRITERIA = Criteria(frozenset({"CXR1", "CXR2"}), date(2020, 1, 1), date(2020, 12, 31))
COUNTS = CohortCounts(
    CRITERIA,
    {("CXR1", "2020-01"): 1, ("CXR2", "2020-01"): 2, ("CXR1", "2020-03"): 30},
    without_code=4,
    without_date=5,
    without_both=6,
    others=7,
)


def test_months_without_reports_between_others_are_counted_as_such():
    """A gap in the archive is to be seen; a code without reports as well."""
    only_one = CohortCounts(CRITERIA, {("CXR2", "2020-01"): 1, ("CXR2", "2020-03"): 1})

    assert {month: dict(codes) for month, codes in COUNTS.by_month.items()} == {
        "2020-01": {"CXR1": 1, "CXR2": 2},
        "2020-02": {},
        "2020-03": {"CXR1": 30},
    }
    assert only_one.by_code == {"CXR1": 0, "CXR2": 2}


def test_the_picture_shows_every_number():
    """Bars in proportion, the smallest still to be seen, and what is left out under its name."""
    assert picture(COUNTS) == [
        "33 reports of CXR1, CXR2, 2020-01-01 to 2020-12-31",
        "month    reports",
        "2020-01        3  ████",
        "2020-02        0",
        "2020-03       30  " + "█" * LONGEST_BAR,
        "exam code  reports",
        "CXR1            31  " + "█" * LONGEST_BAR,
        "CXR2             2  ███",
        "        4  left out: without an exam code",
        "        5  left out: without a study date",
        "        6  left out: without exam code and study date",
        "        7  left out: of other exam codes or dates",
    ]


def test_the_picture_of_nothing_says_so():
    """One line, no empty tables."""
    assert picture(CohortCounts(CRITERIA, {})) == ["0 reports of CXR1, CXR2, 2020-01-01 to 2020-12-31"]


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(0, 10**9), min_size=1))
def test_a_bar_is_never_too_long_and_none_only_for_nothing(numbers):
    """A larger number's bar is never shorter."""
    lengths = [line.count("█") for line in bars("name", numbers)[1:]]

    by_number = sorted(zip(numbers.values(), lengths, strict=True))
    assert [length for _, length in by_number] == sorted(lengths)
    assert all((length == 0) == (number == 0) for number, length in by_number)
    assert max(lengths) in {0, LONGEST_BAR}


def test_the_json_document_adds_up():
    """Months, codes and what is left out are all of the index."""
    document = COUNTS.as_json()

    assert document["reports"] == sum(month["reports"] for month in document["months"]) == 33
    assert document["codes"] == {"CXR1": 31, "CXR2": 2}
    assert document["months"][0] == {"month": "2020-01", "reports": 3, "codes": {"CXR1": 1, "CXR2": 2}}
    assert document["left_out"] == {"without_code": 4, "without_date": 5, "without_both": 6, "others": 7}


def test_the_document_of_the_documentation_is_what_is_printed():
    """The same keys and the same sums."""
    text = (ROOT / "docs/cohorts.md").read_text(encoding="utf-8")
    (example,) = [json.loads(found) for found in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    cells = {(code, month["month"]): count for month in example["months"] for code, count in month["codes"].items()}

    counts = CohortCounts(CRITERIA, cells, **example["left_out"])

    assert {"project": "CHEST-1"} | counts.as_json() == example
