"""The queue in a project's database, on each engine: who may do what, what is kept, and what is written down."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import VersionedCriteria, save_criteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.asking import answer_requests, ask_archive
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import NOT_APPROVED, Outcome, State
from ccds_kernel.imaging.retrieval.wording import cards, left_out
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from support.postgresql import each_engine, in_session
from support.site import ADMINISTRATOR, on_roster

FOUND = [
    StudyFound(f"1.2.{number}", f"ACC{number}", f"PAT{number}", ("CTHEAD",), date(2024, 1, number), instances=3)
    for number in range(1, 5)
]


class Answers:
    """An archive that only answers, always the same."""

    def __init__(self, *more: StudyFound) -> None:
        self.asked = 0
        self._more = more

    def find(self, _query: object, *, scanners: bool) -> Iterator[StudyFound]:
        """The studies; nobody counts them."""
        assert not scanners
        self.asked += 1
        yield from (*FOUND, *self._more)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path) -> Iterator[dict[str, Any]]:
    """What the site's [database] says: each engine in turn."""
    yield from each_engine(request, tmp_path / "site" / "state", schema="head-1")


@pytest.fixture
def queue(project, settings, criteria) -> RetrievalQueue:
    """The project's queue, in which four studies wait."""
    found = RetrievalQueue(project)
    with in_session(settings, "HEAD-1", "eve"):
        found.request(FOUND, criteria)
    return found


def events(settings, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """What the project's chain says of such events."""
    entries = FileAuditSink(settings.paths.audit).entries("HEAD-1")
    return [(one["person"], one["detail"]) for one in entries if one["event"] in kinds]


def tried(project, outcome: Outcome) -> str:
    """One try of the next study; its key."""
    with project.store.writing() as connection:
        request = rows.claim(connection)
        assert request is not None
        rows.settle(connection, request.id, outcome)
    return request.study_key


def test_studies_wait_in_the_order_in_which_they_were_asked_for(queue):
    """With what the archive said of each; the key names them, and is the same for the same accession number."""
    requests = queue.requests()

    assert [one.study.study_uid for one in requests] == ["1.2.1", "1.2.2", "1.2.3", "1.2.4"]
    assert {(one.state, one.attempts, one.received, one.asked_by) for one in requests} == {(State.WAITING, 0, 0, "eve")}
    assert len({one.study_key for one in requests}) == 4
    assert [one.study for one in requests] == FOUND
    assert all("ACC" not in repr(one) and "PAT" not in repr(one) for one in requests)


def test_what_nobody_tried_says_so(project, queue):
    """Until somebody did."""
    before = cards(queue.requests(), 3)
    key = tried(project, Outcome(State.FAILED, "no file came"))
    [after] = [line for line in cards(queue.requests(), 3) if line.startswith(key)]

    assert [line.split("  ", 1)[1] for line in before] == ["waiting   not tried yet"] * 4
    assert after.startswith(f"{key}  failed    tried 1 of 3, last 2")


def test_what_was_asked_for_before_is_not_new(settings, queue, criteria):
    """Whatever became of it; each request is an audit event with the criteria's digest."""
    more = StudyFound("1.2.9", "ACC9", None)

    assert queue.request([*FOUND, more], criteria) == 1
    assert queue.counts() == {State.WAITING: 5}
    assert events(settings, "StudiesRequested") == [
        ("eve", {"digest": criteria.digest, "studies": 4}),
        ("eve", {"digest": criteria.digest, "studies": 1}),
    ]


@pytest.fixture
def others() -> VersionedCriteria:
    """Criteria that meet one of the studies as well."""
    few = Criteria(frozenset({"CTHEAD", "MRHEAD"}), date(2024, 1, 1), date(2024, 1, 1))
    return VersionedCriteria("HEAD-1", "others", 1, few)


def test_what_was_refused_waits_again_for_other_criteria_that_it_may_meet(project, queue, criteria, others):
    """By those, with all its tries; by the same criteria, or such as its files don't meet, the same would come."""
    knee = StudyFound("1.2.1", "ACC1", "PAT1", ("CTKNEE",), date(2024, 1, 1))
    for study in (None, knee):
        tried(project, Outcome(State.REFUSED, "an exam code that wasn't asked for", study=study))

    new = queue.new_among(FOUND, criteria), queue.new_among(FOUND, others)
    asked = queue.request(FOUND, criteria), queue.request(FOUND[:2], others), queue.request(FOUND[:2], others)

    assert (new, asked) == ((0, 1), (0, 1, 0))
    first, second = queue.requests()[:2]
    assert (first.state, first.attempts, first.cause) == (State.WAITING, 0, None)
    assert (first.query.last, second.state) == (others.criteria.last, State.REFUSED)


@pytest.mark.usefixtures("queue")
def test_what_nobody_may_fetch_is_asked_for_anew_by_who_may(settings, project, open_as, criteria):
    """Whether a worker has held it back already or not; what failed otherwise has its tries, and is retried by hand."""
    tried(project, Outcome(State.WAITING, f"{NOT_APPROVED}expected eve; found sam", counts=False))
    roster = on_roster(sam="scientist", ann="engineer")
    applied = type(project.application).model_validate(
        project.application.model_dump(mode="json", exclude_none=True) | {"roster": roster}
    )
    apply_application(applied, person=ADMINISTRATOR, settings=settings)

    with in_session(settings, "HEAD-1", "ann"):
        theirs = RetrievalQueue(open_as("ann"))
        assert theirs.request(FOUND, criteria) == 4
        assert theirs.request(FOUND, criteria) == 0
        assert {(one.asked_by, one.state) for one in theirs.requests()} == {("ann", State.WAITING)}


def test_a_failure_has_its_cause_and_time_and_so_many_tries(settings, project, queue):
    """Retried by hand up to the number that the site allows; what arrived or was refused isn't retried."""
    failed = Outcome(State.FAILED, "no file came (0 of 3)", received=0, announced=3)
    for _ in range(settings.archive.attempts):
        key = tried(project, failed)
        again, spent = queue.retry([key])

    (card,) = queue.requests(State.FAILED)
    assert (again, spent) == (0, 1)
    assert (card.cause, card.attempts, card.study.instances) == ("no file came (0 of 3)", 3, 3)
    assert card.tried_at is not None
    assert queue.causes() == {"no file came": 1}
    assert [detail["studies"] for _, detail in events(settings, "StudiesRetried")] == [1, 1, 0]

    tried(project, Outcome(State.REFUSED, "another patient", doubt="other-patient"))
    assert queue.retry() == (0, 1)


def test_a_try_that_does_not_count_is_not_counted(project, queue):
    """As when the archive was away."""
    tried(project, Outcome(State.WAITING, "Connection refused", counts=False))

    assert {one.attempts for one in queue.requests()} == {0}
    assert queue.requests()[0].cause == "Connection refused"


@pytest.mark.usefixtures("queue")
def test_what_runs_when_its_worker_dies_waits_again(settings, project):
    """Unless it was tried as often as is allowed: it may be what ends workers."""
    with project.store.writing() as connection:
        claimed = rows.claim(connection)
        rows.release_running(connection, settings.archive.attempts)
        first = {one.state for one in rows.requests(connection)}
        rows.claim(connection)
        rows.release_running(connection, 2)
        second = [one.state for one in rows.requests(connection)]

    assert claimed is not None
    assert first == {State.WAITING}
    assert second == [State.FAILED, *[State.WAITING] * 3]


def test_keys_that_are_none_are_refused(queue):
    """Nothing is done for the others either."""
    key = queue.requests()[0].study_key

    for ask in (queue.hurry, queue.retry):
        with pytest.raises(CcdsError, match=r"study keys of HEAD-1's queue; found 1 other\(s\)"):
            ask([key, "nonsense"])

    assert not any(one.urgent for one in queue.requests())


@pytest.mark.usefixtures("queue")
def test_who_may_only_read_images_looks_and_asks_for_nothing(settings, criteria, open_as):
    """A fellow sees how far it is; asking, hurrying and retrying are for who writes images."""
    with in_session(settings, "HEAD-1", "fay"):
        theirs = RetrievalQueue(open_as("fay", Action.READ_IMAGES))
        assert theirs.counts() == {State.WAITING: 4}
        for ask in (
            lambda: theirs.request(FOUND, criteria),
            lambda: theirs.request_later(criteria),
            lambda: theirs.hurry(["a"]),
            theirs.retry,
        ):
            with pytest.raises(ProjectAccessDenied, match="a role that may write images"):
                ask()


def test_criteria_beyond_the_application_are_refused_everywhere(settings, project, queue):
    """Asked for now, later, or of the archive; each time it is a denial in the log."""
    beyond = VersionedCriteria(
        "HEAD-1", "knees", 1, Criteria(frozenset({"CTKNEE"}), date(2024, 1, 1), date(2024, 1, 2))
    )
    archive = Answers()

    for ask in (
        lambda: queue.request(FOUND, beyond),
        lambda: queue.request_later(beyond),
        lambda: ask_archive(project, archive, beyond),
    ):
        with pytest.raises(ProjectAccessDenied, match="found CTKNEE;"):
            ask()

    assert archive.asked == 0
    assert [detail["action"] for _, detail in events(settings, "AccessDenied")] == ["write images"] * 3


def test_what_is_left_for_the_site_to_ask_is_asked_once(project, settings, criteria):
    """In the name of who left it; the archive isn't asked again until somebody asks again."""
    queue, archive = RetrievalQueue(project), Answers()
    kept = save_criteria(project.folder, "HEAD-1", "heads", criteria.criteria, None, person="eve")
    queue.request_later(kept)
    queue.request_later(kept)

    added = [answer_requests(project, archive) for _ in range(2)]
    queue.request_later(kept)
    again = answer_requests(project, archive)

    assert (added, again, archive.asked) == ([4, 0], 0, 2 * 3)
    assert {one.asked_by for one in queue.requests()} == {"eve"}
    assert [detail["studies"] for _, detail in events(settings, "StudiesFound")] == [4, 4]


def test_criteria_that_were_changed_meanwhile_are_not_asked(project, criteria):
    """The digest of what was asked for is in the database. They are told and given up; what others left is asked."""
    kept = save_criteria(project.folder, "HEAD-1", "heads", criteria.criteria, None, person="eve")
    RetrievalQueue(project).request_later(kept)
    other = save_criteria(project.folder, "HEAD-1", "more", criteria.criteria, 5, person="eve")
    text = other.text().replace('"more"', '"heads"')
    (project.folder / "criteria" / "heads-v1.json").write_text(text, encoding="utf-8")

    RetrievalQueue(project).request_later(other)
    told: list[CcdsError] = []

    added = answer_requests(project, Answers(), told.append), answer_requests(project, Answers(), told.append)

    assert added == (4, 0)
    (error,) = told
    assert "found one that was changed since" in str(error)
    assert {one.name: one.why for one in RetrievalQueue(project).requested()} == {"heads": str(error), "more": None}
    RetrievalQueue(project).request_later(kept)
    assert {one.why for one in RetrievalQueue(project).requested()} == {None}


def test_consecutive_studies_that_cannot_be_known_hinder_nobody(project, criteria):
    """Once it is said that they can't, the archive isn't asked for them each time; `status` says so."""
    kept = save_criteria(project.folder, "HEAD-1", "heads", criteria.criteria, 2, person="eve")
    queue, archive = RetrievalQueue(project), Answers(StudyFound("1.2.9", "ACC9", None))
    queue.request_later(kept)

    added = [answer_requests(project, archive) for _ in range(2)]

    assert (added, archive.asked) == ([0, 0], 3)
    (line,) = left_out(queue.requested())
    assert line.startswith("heads-v1 brought nothing: expected an archive that says every study's exam code and date")


def test_causes_are_told_apart_by_what_they_say_and_not_by_how_many_files(project, queue):
    """Else each study has one of its own; the list of one cause has all of it."""
    for cause in ("an exam code that wasn't asked for (3 of 30)", "an exam code that wasn't asked for (1 of 2)"):
        tried(project, Outcome(State.REFUSED, cause))
    tried(project, Outcome(State.REFUSED, "an exam code that wasn't asked for (by the archive)"))

    ours = "an exam code that wasn't asked for"
    assert queue.causes() == {ours: 2, f"{ours} (by the archive)": 1}
    assert [queue.page([State.REFUSED], 0, 9, cause)[0] for cause in queue.causes()] == [2, 1]
    moments = [one.tried_at for one in queue.requests() if one.tried_at and ours in (one.cause or "")]
    assert [(one.cause, one.studies) for one in queue.missing()] == [(ours, 2), (f"{ours} (by the archive)", 1)]
    assert max(one.tried_at for one in queue.missing()) == max(moments)
