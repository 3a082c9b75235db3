"""The screens of the cohort app on a real archive, without a browser: what its page may see and do."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.asking import Asked, keep_criteria
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import Outcome, State
from ccds_kernel.imaging.retrieval.run import SILENT
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_widgets.cohort.app import cohort_of
from ccds_widgets.cohort.ask.model import AskModel
from ccds_widgets.cohort.fetch.model import FetchModel
from ccds_widgets.cohort.site_archive import SiteArchive
from support.cohort_site import PROJECT, STUDIES, WANTED, CohortSite, approved, filled_orthanc, make_site
from support.orthanc import Orthanc
from support.site import ADMINISTRATOR, act_as
from support.waiting import until

READY = {"kind": "ready"}
ALL = {"codes": ["CTHEAD", "MRHEAD"], "first": "2024-01-01", "last": "2024-03-31", "consecutive": None}
HEADS = Criteria(frozenset(ALL["codes"]), date(2024, 1, 1), date(2024, 3, 31))
FAILED = Outcome(State.FAILED, "no file came (0 of 3)", announced=3)


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory) -> Iterator[Orthanc]:
    """An archive for all tests, which only read from it."""
    with filled_orthanc(tmp_path_factory.mktemp("files")) as running:
        yield running


@pytest.fixture
def site(tmp_path, monkeypatch, orthanc) -> CohortSite:
    """A site that asks it."""
    made = make_site(tmp_path, orthanc)
    monkeypatch.setenv("CCDS_CONFIG", str(made.config))
    return made


@pytest.fixture
def open_as(site) -> Iterator[Callable[[str], Project]]:
    """Opens HEAD-1 as somebody."""
    opened = []

    def open_it(person: str) -> Project:
        opened.append(open_project(PROJECT, Action.READ_IMAGES, person=person, settings=site.settings))
        return opened[-1]

    yield open_it
    for project in opened:
        project.close()


@pytest.fixture
def project(open_as) -> Project:
    """HEAD-1, opened by the scientist sam."""
    return open_as("sam")


@pytest.fixture
def page(project) -> Callable[..., dict[str, Any]]:
    """The app's page: sends a screen what is asked, and returns the answer."""
    model = cohort_of(project)

    def ask(screen: str, kind: str, **more: Any) -> dict[str, Any]:
        return model.answer({"screen": screen, "kind": kind, **more})

    return ask


@pytest.fixture
def queue(project) -> RetrievalQueue:
    """The queue, in which three studies wait that the archive doesn't have."""
    found = RetrievalQueue(project)
    kept = keep_criteria(project, "others", HEADS)
    found.request(
        [StudyFound(f"1.2.{n}", f"ACC{n}", f"PAT{n}", ("CTHEAD",), date(2024, 1, n), instances=3) for n in (1, 2, 3)],
        kept,
    )
    return found


def counted(page) -> dict[str, Any]:
    """What came of counting."""
    told = page("ask", "count", criteria=ALL)
    if not told["counting"]:
        return told
    return until(lambda: not (told := page("ask", "look"))["counting"] and told, "the archive to be asked")


def tried(project, outcome: Outcome) -> str:
    """One try of the next study; its key."""
    with project.store.writing() as connection:
        request = rows.claim(connection)
        assert request is not None
        rows.settle(connection, request.id, outcome)
    return request.study_key


def events(site, kind: str) -> list[dict[str, Any]]:
    """What the project's chain says of such events."""
    return [one for one in FileAuditSink(site.settings.paths.audit).entries(PROJECT) if one["event"] == kind]


# --- Ask


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


# --- Fetch


def confirming(page) -> dict[str, Any]:
    """The archive's answer about heads-v1, to be confirmed."""
    page("fetch", "ask", named="heads-v1")
    return until(lambda: page("fetch", "look", which="waiting")["confirm"], "the archive to be asked")


def test_studies_are_put_into_the_queue_when_their_counts_are_confirmed(page):
    """What was counted and nothing else; those that were asked for before are no new ones."""
    page("ask", "keep", name="heads", criteria=ALL)
    first = confirming(page)
    before = page("fetch", "look", which="waiting")["counts"]["all"]
    with pytest.raises(CcdsError, match="expected the counts that are shown"):
        page("fetch", "put", digest="0" * 64)

    added = page("fetch", "put", digest=first["digest"])
    again = confirming(page)
    page("fetch", "drop")

    assert (first["studies"], first["new"], before, added) == (6, 6, 0, {"added": 6})
    assert (again["studies"], again["new"]) == (6, 0)
    told = page("fetch", "look", which="waiting")
    assert (told["confirm"], told["counts"]["waiting"], told["list"]["total"]) == (None, 6, 6)
    assert told["requested"][0]["counts"]["waiting"] == 6
    with pytest.raises(CcdsError, match="expected the counts that are shown"):
        page("fetch", "put", digest=first["digest"])


def test_a_worker_fetches_without_the_page(page, site, monkeypatch):
    """A process of its own: how fast it is and how far stands in the queue; a second one isn't started beside it."""
    act_as(monkeypatch, "sam", PROJECT)
    page("ask", "keep", name="heads", criteria=ALL)
    page("fetch", "put", digest=confirming(page)["digest"])

    page("fetch", "fetch")
    told = until(
        lambda: (one := page("fetch", "look", which="arrived"))["worker"] and one["worker"]["life"] == "ended" and one,
        "the worker to be done",
        seconds=120,
    )

    assert (told["counts"]["arrived"], told["counts"]["all"], told["start_failed"]) == (6, 6, None)
    assert (told["worker"]["person"], told["worker"]["why"]) == ("sam", None)
    assert {one["state"] for one in told["list"]["rows"]} == {"arrived"}
    assert len(list((site.settings.paths.projects / PROJECT / "dicom").glob("*/*/*.dcm"))) == 18


@pytest.mark.usefixtures("queue")
def test_a_second_worker_is_not_started(page, project):
    """Somebody's is at work, and takes what is asked for meanwhile."""
    with project.store.writing() as connection:
        rows.begin_run(connection, "eve")

    with pytest.raises(CcdsError, match="expected no other worker; found one of eve"):
        page("fetch", "fetch")
    page("fetch", "halt")

    assert page("fetch", "look", which="running")["worker"]["stops"]


def test_what_a_dead_worker_left_is_not_running(project, queue):
    """It gave no sign of life for long: what it was at is interrupted, and waits for the next one."""
    clock = [datetime.now(UTC)]
    site = SiteArchive(project)
    model = FetchModel(site, site, project=PROJECT, permit=lambda: None, now=lambda: clock[0])
    with project.store.writing() as connection:
        run = rows.begin_run(connection, "eve")
        rows.beat(connection, run, 5_000_000, 2_500_000.0)
        rows.claim(connection)
    look = {"kind": "look", "which": "running"}

    alive = model.answer(look)
    clock[0] += SILENT + timedelta(seconds=1)
    dead = model.answer(look)

    assert (alive["worker"]["life"], alive["worker"]["mb_per_s"], alive["worker"]["mb"]) == ("working", 2.5, 5.0)
    assert (alive["counts"]["running"], alive["counts"]["interrupted"]) == (1, 0)
    assert [one["state"] for one in alive["list"]["rows"]] == ["running"]
    assert (dead["worker"]["life"], dead["worker"]["mb_per_s"]) == ("gone", None)
    assert (dead["counts"]["running"], dead["counts"]["interrupted"]) == (0, 1)
    assert [one["state"] for one in dead["list"]["rows"]] == ["interrupted"]
    assert queue.counts()[State.RUNNING] == 1


def test_a_study_that_failed_has_its_card_and_is_tried_so_often(page, project, queue):
    """Cause, tries and the time of the last; again up to the number that the site allows, and then no more."""
    key = tried(project, FAILED)
    (card,) = page("fetch", "look", which="missing")["list"]["rows"]
    once = page("fetch", "retry", study=key)
    queue.hurry([key])
    tried(project, FAILED)
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
    assert told["causes"] == [{"cause": "another patient", "studies": 1}]


@pytest.mark.usefixtures("queue")
def test_one_study_goes_ahead_of_the_others(page):
    """It is first in the list, and says so; a key of no study is refused."""
    *_, last = page("fetch", "look", which="waiting")["list"]["rows"]

    assert page("fetch", "hurry", study=last["study"]) == {"ahead": 1}

    first, *_ = page("fetch", "look", which="waiting")["list"]["rows"]
    assert (first["study"], first["urgent"], first["can_hurry"]) == (last["study"], True, False)
    assert [one["study"] for one in page("fetch", "look", which="waiting", study=last["study"])["list"]["rows"]] == [
        last["study"]
    ]
    with pytest.raises(CcdsError, match="found 1 other"):
        page("fetch", "hurry", study="nosuchkey")


@pytest.mark.parametrize(
    ("accession", "line", "queued"),
    [
        (WANTED[0].accession, "It goes ahead.", True),
        (next(one for one in STUDIES if one.exam_code == "CTKNEE").accession, "doesn’t cover its exam code", False),
        ("NOSUCH", "The archive has no such study.", False),
        ("A*", "Expected accession numbers of at most", False),
    ],
)
def test_one_study_is_asked_for_by_its_accession_number(page, accession, line, queued):
    """It goes ahead of those that wait; what is beyond the application doesn't come in. No answer repeats the number."""
    page("fetch", "single", accession=f" {accession} ")
    told = until(lambda: not (one := page("fetch", "look", which="waiting"))["single"]["busy"] and one, "an answer")

    assert line in told["single"]["told"]["line"]
    assert (told["single"]["told"]["study"] is not None, told["counts"]["waiting"]) == (queued, int(queued))
    assert [one["urgent"] for one in told["list"]["rows"]] == [True] * queued
    assert accession not in json.dumps(told)


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
    tried(project, FAILED)

    (asked,) = page("fetch", "look", which="missing")["requested"]

    assert asked["hole"] == "1 of its 2 consecutive studies aren’t there"


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
    tried(project, FAILED)
    page("ask", "keep", name="heads", criteria=ALL)
    told = [counted(page), confirming(page), *(page("fetch", "look", which=one) for one in ("missing", "waiting"))]

    text = json.dumps(told)

    assert not any(word in text for word in ("ACC", "PAT", "Nobody", "1.2.1", STUDIES[0].uid))
    assert os.environ["CCDS_CONFIG"] not in text
