"""The screen Ask on a real archive: what is counted, refused and kept."""

import json
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.asking import Asked
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_widgets.cohort.ask.model import AskModel
from ccds_widgets.cohort.site_archive import SiteArchive
from support.cohort_pages import ALL, counted, events
from support.cohort_site import PROJECT, STUDIES, WANTED, approved
from support.site import ADMINISTRATOR
from support.waiting import until


def test_what_the_application_covers_is_offered(page):
    """Exam codes and the window of study dates; the archive can be reached from here."""
    told = page("ask", "ready")

    assert told["approved"] == {"codes": ["CTHEAD", "MRHEAD"], "first": "2024-01-01", "last": "2024-03-31"}
    assert (told["reach"], told["found"], told["counting"], told["kept"]) == (
        {"where": "here", "why": None},
        None,
        None,
        [],
    )


def test_a_count_is_of_what_meets_the_criteria_and_copies_nothing(page, site):
    """Although the archive ignores the code: by month, modality, scanner and exam code, instances, what is left out."""
    found = counted(page)["found"]

    assert (found["studies"], found["instances"], found["undecided"]) == (len(WANTED), 3 * len(WANTED), 0)
    assert found["left_out"] == sum(one.exam_code == "CTKNEE" and one.date < date(2024, 4, 1) for one in STUDIES)
    assert found["months"] == [
        {"month": "2024-01", "number": 4},
        {"month": "2024-02", "number": 0},
        {"month": "2024-03", "number": 2},
    ]
    names = {table["name"]: {row["name"]: row["number"] for row in table["rows"]} for table in found["tables"]}
    assert names["Exam code"] == {"CTHEAD": 3, "MRHEAD": 3}
    assert names["Modality"] == {"CT": 6}
    assert sum(names["Scanner"].values()) == 6
    assert not (site.settings.paths.projects / PROJECT / "dicom").exists()
    assert [one["detail"]["studies"] for one in events(site, "StudiesFound")] == [6]


def test_consecutive_studies_are_the_first_ones(page):
    """As they were acquired."""
    page("ask", "count", criteria=ALL | {"consecutive": 3})
    found = until(lambda: page("ask", "look")["found"], "the archive to be asked")

    assert found["studies"] == 3
    assert [one["number"] for one in found["months"]] == [3, 0, 0]


@pytest.mark.parametrize(
    ("criteria", "told"),
    [
        (ALL | {"codes": ["CTKNEE"]}, "found CTKNEE"),
        (ALL | {"first": "2023-12-31"}, "found 2023-12-31"),
        (ALL | {"last": "2024-04-02"}, "found 2024-04-01 to 2024-04-02"),
        (ALL | {"codes": []}, "expected at least one exam code"),
        (ALL | {"first": ""}, "expected a first study date; found none"),
        (ALL | {"first": "May"}, "expected a first study date; found something else"),
        (ALL | {"first": "2024-03-01", "last": "2024-02-01"}, "expected a first study date that isn't after the last"),
        (ALL | {"consecutive": 0}, "expected a request that this app knows"),
        (ALL | {"more": 1}, "expected a request that this app knows"),
    ],
)
def test_what_is_beyond_the_application_or_no_question_is_refused(page, criteria, told):
    """Whatever the page sends; counting and keeping alike."""
    for request in ({"kind": "count"}, {"kind": "keep", "name": "heads"}):
        with pytest.raises(CcdsError) as raised:
            page("ask", **request, criteria=criteria)

        assert told in str(raised.value)
    assert page("ask", "look")["kept"] == []


def test_a_typed_code_that_is_not_covered_is_refused_and_written_down(page, site):
    """The person reads which one; the log doesn't, since it may be anything."""
    assert page("ask", "check", code=" CTHEAD ") == {"code": "CTHEAD"}

    with pytest.raises(
        ProjectAccessDenied, match="found CTKNEE; name what it covers, or ask the principal investigator"
    ):
        page("ask", "check", code="CTKNEE")

    assert "1 other exam code(s)" in events(site, "AccessDenied")[0]["detail"]["reason"]
    assert "CTKNEE" not in json.dumps(events(site, "AccessDenied"))


def test_an_amendment_holds_from_its_day_on(page, site):
    """A page that is open doesn't go on with what was taken away."""
    page("ask", "ready")
    apply_application(approved(exam_codes=["CTHEAD"]), person=ADMINISTRATOR, settings=site.settings)

    with pytest.raises(ProjectAccessDenied, match="found MRHEAD"):
        page("ask", "count", criteria=ALL)

    assert page("ask", "ready")["approved"]["codes"] == ["CTHEAD"]


def test_criteria_are_kept_in_versions(page):
    """With digest, who and when; the same ones again are the same version."""
    first = page("ask", "keep", name=" heads ", criteria=ALL)
    again = page("ask", "keep", name="heads", criteria=ALL)
    second = page("ask", "keep", name="heads", criteria=ALL | {"consecutive": 50})

    assert [one["named"] for one in (first, again, second)] == ["heads-v1", "heads-v1", "heads-v2"]
    newest, oldest = second["kept"]
    assert (newest["named"], newest["by"], newest["consecutive"]) == ("heads-v2", "sam", 50)
    assert datetime.now(UTC) - datetime.fromisoformat(newest["at"]) < timedelta(minutes=5)
    assert len({newest["digest"], oldest["digest"]}) == 2
    with pytest.raises(CcdsError, match="small letters and digits"):
        page("ask", "keep", name="Two Words", criteria=ALL)


def test_a_kept_file_that_was_changed_is_told_and_hides_no_other(page, site):
    """By its name."""
    page("ask", "keep", name="heads", criteria=ALL)
    page("ask", "keep", name="more", criteria=ALL)
    path = site.settings.paths.projects / PROJECT / "criteria" / "more-v1.json"
    path.write_text(path.read_text().replace("MRHEAD", "MRKNEE"))

    told = page("ask", "look")

    assert [one["named"] for one in told["kept"]] == ["heads-v1"]
    assert told["damaged"][0].startswith("Expected a criteria file in 'more-v1.json'; found one that was changed since")


def test_an_archive_that_is_away_is_told_once(page, orthanc):
    """What it is that is wrong; the form is as it was, and can be asked again."""
    orthanc.kill()
    try:
        told = counted(page)
    finally:
        orthanc.start()

    assert told["ask_error"].startswith("Expected the archive at")
    assert told["found"] is None
    assert page("ask", "look")["ask_error"] is None
    assert counted(page)["found"]["studies"] == len(WANTED)


def test_where_the_archive_is_closed_to_a_person_they_keep_criteria(page, site):
    """The screens say so, and whoever can is the site."""
    site.close_archive()
    told = page("ask", "ready")
    kept = page("ask", "keep", name="heads", criteria=ALL)
    fetch = page("fetch", "ready")

    page("fetch", "leave", named="heads-v1")

    assert told["reach"] == fetch["reach"]
    assert told["reach"]["where"] == "site"
    assert "let the site ask" in told["reach"]["why"]
    assert kept["named"] == "heads-v1"
    (asked,) = page("fetch", "look", which="waiting")["requested"]
    assert (asked["named"], asked["answered"], asked["by"]) == ("heads-v1", None, "sam")
    with pytest.raises(CcdsError, match="let the site ask"):
        page("fetch", "fetch")


class SlowSite(SiteArchive):
    """An archive that answers about one month, and then only when it is let go on."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.asking, self.go_on = Event(), Event()

    def ask(self, versioned, progress):
        """Asks the real one after a while."""
        progress(Asked(date(2024, 1, 1), 3, 0, 7))
        self.asking.set()
        self.go_on.wait(60)
        progress(Asked(date(2024, 2, 1), 3, 1, 7))
        return super().ask(versioned, progress)


def test_counting_says_how_far_it_is_and_is_stopped(project, site):
    """Between months; nothing was counted then, and it can be asked again."""
    slow = SlowSite(project)
    model = AskModel(slow, project=PROJECT, permit=lambda: None)
    model.answer({"kind": "count", "criteria": ALL})
    slow.asking.wait(60)

    going = model.answer({"kind": "look"})["counting"]
    with pytest.raises(CcdsError, match="one question at a time"):
        model.answer({"kind": "count", "criteria": ALL})
    stopping = model.answer({"kind": "stop"})["counting"]
    slow.go_on.set()
    ended = until(lambda: not (told := model.answer({"kind": "look"}))["counting"] and told, "it to stop")

    assert going == {"month": "2024-01", "months": 3, "done": 0, "studies": 7, "stops": False}
    assert stopping["stops"]
    assert (ended["stopped"], ended["found"], ended["ask_error"]) == (True, None, None)
    assert events(site, "StudiesFound") == []
    model.answer({"kind": "count", "criteria": ALL})
    assert until(lambda: model.answer({"kind": "look"})["found"], "a second count")["studies"] == 6
