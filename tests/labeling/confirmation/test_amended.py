"""An amendment takes an exam code away: its reports are there no more, on any screen, in any batch or snapshot; none is lost."""

from datetime import date

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_widgets.labeling.app import labeling_of
from support.confirming import LABELERS, answer
from support.phrase_screens import answered
from support.site import application, on_roster

ROSTER = on_roster(**dict.fromkeys(LABELERS, "fellow"), sam="scientist")


@pytest.fixture
def amend(settings):
    """Lets the application cover some exam codes only."""

    def amended(*codes: str) -> None:
        apply_application(application(roster=ROSTER, exam_codes=list(codes)), person="admin", settings=settings)

    return amended


@pytest.fixture
def coded(place) -> dict[str, str]:
    """Exam code → the study key of a report of it."""
    texts = {code: (Section("impression", "Pleural effusion."),) for code in ("CXR1", "CXR2")}
    LabelingRepository(place.project).load_reports(
        [Report(f"A-{code}", sections, code, date(2019, 3, 1)) for code, sections in texts.items()]
    )
    stored = LabelingRepository(place.project).reports()
    return {one.report.exam_code: one.study_key for one in stored if one.report.exam_code}


def test_reports_that_are_not_covered_any_more_are_not_read(place, coded, amend):
    """By nobody, and in no new snapshot; with the next amendment they are back."""
    amend("CXR1")

    read = {stored.study_key for stored in LabelingRepository(place.project).reports()}
    (taken, _) = LabelSnapshots(place.project).take(1)
    with pytest.raises(CcdsError, match="found one that it doesn't cover any more"):
        place.curating().report(coded["CXR2"])
    amend("CXR1", "CXR2")

    assert coded["CXR1"] in read
    assert coded["CXR2"] not in read
    assert taken.studies == 13
    assert len(LabelingRepository(place.project).reports()) == 14
    assert place.curating().report(coded["CXR2"]).study_key == coded["CXR2"]


def test_a_labeler_is_given_no_study_that_is_not_covered_any_more(place, coded, amend):
    """Nor keeps one that they hold; what they say about it doesn't count."""
    batch = place.batch([coded["CXR2"], coded["CXR1"]], labelers=["ann", "bob"])
    held = place.at_work("ann", batch).take(1)[0]

    amend("CXR1")
    given = place.at_work("ann", batch).take(5)
    (late,) = place.at_work("ann", batch).answer([answer(held)])

    assert held.report.study_key == coded["CXR2"]
    assert [study.report.study_key for study in given] == [coded["CXR1"]]
    assert (late.counts, late.kept) == (False, True)
    assert place.at_work("bob", batch).open() == 0
    assert place.curating().answers() == ()


def test_an_open_page_asks_to_be_loaded_anew(place, coded, amend):
    """It has the reports of before; loaded anew, in the same kernel, it has those of now."""
    page = labeling_of(place.project)
    request = {"screen": "annotate", "task": 1, "kind": "ready"}
    before = answered(page, request)

    amend("CXR1")
    with pytest.raises(CcdsError, match="found an amendment of the IRB application; load the page anew"):
        page.answer({"screen": "annotate", "task": 1, "kind": "window", "report": 0, "among": None})

    after = answered(page, request)
    assert (before["overview"]["reports"], after["overview"]["reports"]) == (14, 13)
    assert len(coded) == 2
