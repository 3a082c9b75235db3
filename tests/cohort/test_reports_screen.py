"""The screen Reports of the cohort app, without a browser: counting a project's reports and keeping cohorts."""

from collections.abc import Callable
from typing import Any

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_widgets.cohort.app import cohort_of

Page = Callable[..., dict[str, Any]]
ALL = {"codes": ["CXR1", "CXR2"], "first": "2020-01-01", "last": "2020-12-31", "consecutive": None}


@pytest.fixture
def page_of(open_as, load) -> Callable[[str], Page]:
    """The page of a person, in a project with reports and without images."""
    load()

    def opened(person: str) -> Page:
        model = cohort_of(open_as(person, Action.READ_REPORTS))
        assert model.start()["screens"] == ["reports"]
        return lambda kind, **more: model.answer({"screen": "reports", "kind": kind, **more})

    return opened


def test_reports_are_counted_by_month_and_code(page_of):
    """And what is left out, by why."""
    page = page_of("sam")

    assert page("ready")["approved"] == {"codes": ["CXR1", "CXR2"], "first": "2020-01-01", "last": "2020-12-31"}
    found = page("count", criteria=ALL)["found"]
    assert found["reports"] == 4
    assert found["months"] == [
        {"month": "2020-01", "number": 1},
        {"month": "2020-02", "number": 1},
        {"month": "2020-03", "number": 0},
        {"month": "2020-04", "number": 2},
    ]
    assert [(row["name"], row["number"]) for row in found["tables"][0]["rows"]] == [("CXR1", 3), ("CXR2", 1)]
    assert found["left_out"] == [
        {"number": 1, "why": "without an exam code"},
        {"number": 1, "why": "without a study date"},
        {"number": 2, "why": "without exam code and study date"},
    ]


def test_what_the_application_does_not_cover_is_not_counted(page_of):
    """Typed or sent; nor are some of the reports: there is no order among them."""
    page = page_of("sam")

    for request in (
        {"kind": "check", "code": "CT9"},
        {"kind": "count", "criteria": ALL | {"codes": ["CT9"]}},
        {"kind": "count", "criteria": ALL | {"last": "2021-01-01"}},
    ):
        with pytest.raises(ProjectAccessDenied, match="that the IRB application covers"):
            page(**request)
    assert page("check", code=" CXR1 ") == {"code": "CXR1"}
    with pytest.raises(CcdsError, match="expected all reports of the criteria"):
        page("count", criteria=ALL | {"consecutive": 2})


def test_a_cohort_is_kept_for_good_and_its_members_by_snapshots(page_of):
    """Other criteria need another name; the same members are the same snapshot."""
    page = page_of("fay")

    kept = page("keep", name=" effusion ", criteria=ALL)
    first, again = page("take", name="effusion"), page("take", name="effusion")

    assert (kept["named"], [one["name"] for one in kept["cohorts"]], page("ready")["may_keep"]) == (
        "effusion",
        ["effusion"],
        True,
    )
    assert (first["new"], again["new"], first["snapshot"]["members"]) == (True, False, 4)
    (cohort,) = again["cohorts"]
    assert (cohort["by"], [one["name"] for one in cohort["snapshots"]]) == ("fay", [first["snapshot"]["name"]])
    with pytest.raises(CcdsError, match="a cohort stays what it is"):
        page("keep", name="effusion", criteria=ALL | {"codes": ["CXR1"]})


def test_who_may_not_load_reports_keeps_nothing(page_of):
    """A scientist counts, and sees what is kept."""
    fay, sam = page_of("fay"), page_of("sam")
    fay("keep", name="effusion", criteria=ALL)

    told = sam("ready")

    assert (told["may_keep"], [one["name"] for one in told["cohorts"]]) == (False, ["effusion"])
    for request in ({"kind": "keep", "name": "mine", "criteria": ALL}, {"kind": "take", "name": "effusion"}):
        with pytest.raises(ProjectAccessDenied, match="found sam as scientist"):
            sam(**request)
