"""The screen Fetch: what its page tells of studies, and to whom."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.asking import keep_criteria
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import Outcome, State
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_widgets.cohort.app import cohort_of
from support.cohort_pages import ALL, HEADS, NO_FILE, confirming, counted, events, tried
from support.cohort_site import STUDIES


def test_a_study_that_failed_has_its_card_and_is_tried_so_often(page, project, queue):
    """Cause, tries and the time of the last; again up to the number that the site allows, and then no more."""
    key = tried(project, NO_FILE)
    (card,) = page("fetch", "look", which="missing")["list"]["rows"]
    once = page("fetch", "retry", study=key)
    queue.hurry([key])
    tried(project, NO_FILE)
    (spent,) = page("fetch", "look", which="missing")["list"]["rows"]

    assert (card["study"], card["state"], card["cause"], card["attempts"]) == (
        key,
        "failed",
        "no file came (0 of 3)",
        1,
    )
    assert (card["received"], card["announced"], card["can_retry"]) == (0, 3, True)
    assert datetime.now(UTC) - datetime.fromisoformat(card["tried"]) < timedelta(minutes=5)
    assert once == {"again": 1, "spent": 0}
    assert (spent["attempts"], spent["can_retry"], spent["why_not"]) == (
        2,
        False,
        "It was tried as often as this site allows.",
    )
    assert page("fetch", "retry", study=None) == {"again": 0, "spent": 1}


@pytest.mark.usefixtures("queue")
def test_a_study_that_was_refused_is_not_asked_for_again(page, project):
    """It would bring the same."""
    tried(project, Outcome(State.REFUSED, "another patient", doubt="other-patient", received=3, announced=3))

    told = page("fetch", "look", which="missing")

    (card,) = told["list"]["rows"]
    assert (card["state"], card["can_retry"]) == ("refused", False)
    assert "asking again would bring the same" in card["why_not"]
    assert told["causes"] == [{"cause": "another patient", "studies": 1, "tried": card["tried"]}]


@pytest.mark.usefixtures("queue", "at_work")
def test_one_study_goes_ahead_of_the_others(page):
    """It is first in the list, and says so; a key of no study is refused."""
    *_, last = page("fetch", "look", which="waiting")["list"]["rows"]

    assert page("fetch", "hurry", study=last["study"]) == {"ahead": 1, "begun": False}

    first, *_ = page("fetch", "look", which="waiting")["list"]["rows"]
    assert (first["study"], first["urgent"], first["can_hurry"]) == (last["study"], True, False)
    assert [one["study"] for one in page("fetch", "look", which="waiting", study=last["study"])["list"]["rows"]] == [
        last["study"]
    ]
    with pytest.raises(CcdsError, match="found 1 other"):
        page("fetch", "hurry", study="nosuchkey")


def test_long_lists_come_in_pages_and_by_cause(page, project):
    """A page that has become empty is the last one that isn't."""
    kept = keep_criteria(project, "many", HEADS)
    queue = RetrievalQueue(project)
    queue.request([StudyFound(f"1.9.{n}", f"A{n}", None, ("CTHEAD",), date(2024, 1, 1)) for n in range(120)], kept)
    for number in range(60):
        tried(project, Outcome(State.FAILED, "too few" if number % 3 else "no file came"))

    first = page("fetch", "look", which="missing")["list"]
    beyond = page("fetch", "look", which="missing", begin=500)["list"]
    some = page("fetch", "look", which="missing", cause="no file came")["list"]

    assert (first["total"], len(first["rows"])) == (60, 50)
    assert (beyond["begin"], len(beyond["rows"])) == (50, 10)
    assert {one["study"] for one in first["rows"]}.isdisjoint(one["study"] for one in beyond["rows"])
    assert (some["total"], {one["cause"] for one in some["rows"]}) == (20, {"no file came"})


def test_a_hole_among_consecutive_studies_is_told(page, project):
    """Then they aren't consecutive."""
    kept = keep_criteria(project, "next-two", HEADS, 2)
    RetrievalQueue(project).request([StudyFound(f"1.8.{n}", f"A{n}", None, ("CTHEAD",)) for n in (1, 2)], kept)
    tried(project, NO_FILE)

    (asked,) = page("fetch", "look", which="missing")["requested"]

    assert asked["hole"] == "1 of its 2 consecutive studies isn’t there"


@pytest.mark.usefixtures("queue")
def test_who_only_reads_images_looks(open_as, site):
    """A fellow sees how far it is, and has no screen to ask; whatever their page sends is refused."""
    fellow = cohort_of(open_as("fay"))

    def ask(kind: str, **more: Any) -> dict[str, Any]:
        return fellow.answer({"screen": "fetch", "kind": kind, **more})

    told = ask("look", which="waiting")
    key = told["list"]["rows"][0]["study"]

    assert fellow.start()["screens"] == ["fetch", "reports"]
    assert (told["may_write"], told["counts"]["waiting"]) == (False, 3)
    refused: list[tuple[str, dict[str, Any]]] = [
        ("ask", {"named": "others-v1"}), ("leave", {"named": "others-v1"}), ("fetch", {}), ("halt", {}),
        ("retry", {"study": None}), ("hurry", {"study": key}),
    ]  # fmt: skip
    for kind, more in refused:
        with pytest.raises(ProjectAccessDenied):
            ask(kind, **more)
    assert len(events(site, "AccessDenied")) == len(refused)


@pytest.mark.usefixtures("queue")
def test_no_answer_names_a_patient(page, project):
    """Studies go by their key: no accession number, patient or UID reaches the page."""
    tried(project, NO_FILE)
    page("ask", "keep", name="heads", criteria=ALL)
    told = [counted(page), confirming(page), *(page("fetch", "look", which=one) for one in ("missing", "waiting"))]

    text = json.dumps(told)

    assert not any(word in text for word in ("ACC", "PAT", "Nobody", "1.2.1", STUDIES[0].uid))
    assert os.environ["CCDS_CONFIG"] not in text
