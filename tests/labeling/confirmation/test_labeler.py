"""What somebody who is a labeler, and nothing more, may do: confirm what they are assigned to, and see what that takes."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Executable, Insert, delete, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.answer import AnswerKind, LeaseState
from ccds_kernel.labeling.confirmation.assigned import Assigned
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.confirming import Confirming
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.confirmation.feedback import Feedback
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.confirmation.tagging import Tagging
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks import tables as task_tables
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task
from ccds_kernel.settings import Settings
from ccds_kernel.store.store import Store
from support.confirming import NEGATIVE, POSITIVE, TERM, Workplace, answer
from support.keeping_to_cohorts import keep_to
from support.postgresql import in_session
from support.site import application, on_roster, site_settings


def workplace(settings: Settings) -> Iterator[Workplace]:
    """Six studies; ann is a fellow, lea a labeler, each in a session of their own."""
    apply_application(application(roster=on_roster(ann="fellow", lea="labeler")), person="admin", settings=settings)
    projects = {}
    for person in ("ann", "lea"):
        projects[person] = open_project("CHEST-1", Action.OPEN_LABELING, person=person, settings=settings)
        with in_session(settings, "CHEST-1", person):
            assert projects[person].store
    place = Workplace(projects)
    place.prepare(6)
    yield place
    for project in projects.values():
        project.close()


@pytest.fixture
def place(tmp_path) -> Iterator[Workplace]:
    """In a SQLite file."""
    yield from workplace(site_settings(tmp_path))


@pytest.fixture
def on_server(postgresql, tmp_path) -> Iterator[Workplace]:
    """In a PostgreSQL database."""
    values = site_settings(tmp_path).model_dump(mode="json", exclude_defaults=True)
    values |= {"database": postgresql.take_in(tmp_path / "state")}
    yield from workplace(Settings.model_validate(values))
    postgresql.forget("chest-1")


@pytest.fixture(params=["place", "on_server"], ids=["sqlite", "postgresql"])
def either(request) -> Workplace:
    """On each engine in turn."""
    return request.getfixturevalue(request.param)


def test_a_labeler_confirms_corrects_and_tags(either):
    """With the rights that their session has in the database; a fellow sees what they said."""
    batch = either.batch(either.keys[:4], planted=either.keys[4:], labelers=["lea"])
    at_work = either.at_work("lea", batch)

    first, second, *_ = at_work.take(6)
    said = [answer(first), answer(second, AnswerKind.CORRECT, labels=NEGATIVE)]
    kept = at_work.answer(said)
    tagging = Tagging(either.projects["lea"], batch.id)
    tagging.tag(first.lease, first.report.study_key, ["motion"])
    at_work.give_back()

    assert [one.counts for one in kept] == [True, True]
    assert [stored.said for stored in either.curating().answers()] == [first.prefill, NEGATIVE]
    assert tagging.own(either.keys) == {first.report.study_key: {"motion"}}


def lease_of(place: Workplace, person: str, batch: StoredBatch) -> dict[str, object]:
    """The row of the one lease that somebody holds of a batch."""
    (held,) = place.at_work(person, batch).take(1)
    with place.project.store.reading() as connection:
        row = connection.execute(select(tables.lease).where(tables.lease.c.id == held.lease)).mappings().one()
    return dict(row)


def said_under(lease: Mapping[str, object], name: str, **other: object) -> Insert:
    """The row of an answer about a study that somebody holds, in the name of somebody."""
    said = {"client_id": str(uuid4()), "kind": "confirm", "note": "", "shown": "[]", "seconds": 1.0}
    under = {"lease_id": lease["id"], "item_id": lease["item_id"], "answered_at": lease["taken_at"], "labeler": name}
    return insert(tables.answer).values({**said, **under, **other})


def signed(name: str, lease: Mapping[str, object]) -> list[Insert]:
    """Rows that a labeler adds, in the name of somebody who holds a study: an answer, tags and a lease."""
    return [
        said_under(lease, name),
        insert(tables.strata).values(task_id=1, report_id=1, tags="[]", person=name, at=lease["taken_at"]),
        insert(tables.lease).values({**{key: lease[key] for key in lease if key != "id"}, "labeler": name}),
    ]


def decided(name: str, at: object) -> list[Insert]:
    """Rows that a fellow adds, in the name of somebody: a gold label, a label snapshot, changes of a task and of a phrase."""
    step = {"step": 99, "task_id": 1, "person": name, "at": at, "kind": "do"}
    made = {"id": name, "task_id": 1, "digest": "", "studies": 0, "created_by": name, "created_at": at}
    return [
        insert(tables.curation).values(task_id=1, report_id=1, kind="gold", note="", person=name, at=at),
        insert(tables.snapshot).values(made),
        insert(task_tables.task_change).values(**step, before="{}", after="{}"),
        insert(task_tables.phrase_change).values(**step, phrase_id=1),
    ]


def put(connection: Connection, *statements: Executable) -> None:
    """Carries out statements, in a step of their own: what is refused leaves the transaction as it was."""
    with connection.begin_nested():
        for statement in statements:
            connection.execute(statement)


def refuse(store: Store, *statements: Executable) -> None:
    """Makes sure that the database refuses the last one of these rows."""
    with store.writing() as connection, pytest.raises(ProgrammingError, match="row-level security"):
        put(connection, *statements)


def test_on_a_server_a_session_signs_with_its_person_s_name_only(on_server):
    """Past the program, too: by the rights of the session's login, whatever role it takes on."""
    batch = on_server.batch(labelers=["ann", "lea"])
    theirs, own = (lease_of(on_server, name, batch) for name in ("ann", "lea"))
    store = on_server.projects["lea"].store

    for role in (text("RESET ROLE"), text('SET LOCAL ROLE "chest-1_answers_write"')):
        for row in signed("ann", theirs):
            refuse(store, role, row)
    with store.writing() as connection:
        put(connection, *signed("lea", own))

    assert [stored.labeler for stored in on_server.curating().every_answer()] == ["lea"]


def test_on_a_server_an_answer_stands_under_a_lease_of_one_s_own(on_server):
    """Of the same study: under another's nobody undoes what that one said."""
    batch = on_server.batch(labelers=["ann", "lea"])
    theirs, own = (lease_of(on_server, name, batch) for name in ("ann", "lea"))

    for row in (
        said_under(theirs, "lea"),
        said_under(own, "lea", item_id=theirs["item_id"]),
        said_under(own, "lea", lease_id=theirs["id"]),
        said_under(theirs, "lea", kind="undo", undoes=str(uuid4())),
    ):
        refuse(on_server.projects["lea"].store, row)

    assert on_server.curating().every_answer() == ()


def test_on_a_server_a_fellow_decides_in_their_own_name_only(on_server):
    """Gold labels and final words, snapshots, and the histories of tasks and phrases."""
    store, now = on_server.project.store, on_server.clock.now

    for row in decided("lea", now):
        refuse(store, row)
    with store.writing() as connection:
        put(connection, *decided("ann", now))

    assert [one.person for one in LabelingRepository(on_server.project).changes()] == ["ann"]


def test_on_a_server_a_fellow_takes_a_batch_away_in_their_own_name_only(on_server):
    """Past the program, too."""
    batch = on_server.batch(labelers=["lea"])
    row = {"batch_id": batch.id, "removed_at": on_server.clock.now}
    store = on_server.project.store

    refuse(store, insert(tables.removal).values(**row, removed_by="lea"))
    with store.writing() as connection:
        put(connection, insert(tables.removal).values(**row, removed_by="ann"))

    assert on_server.curating().batches() == ()


@pytest.mark.parametrize("of", ["another's", "another study's", "none"])
def test_an_undo_that_is_not_of_one_s_own_answer_counts_for_nothing(place, of):
    """Written past the program, as whoever may write a SQLite file can: everybody goes on with what was said."""
    batch = place.batch(labelers=["ann", "lea"])
    ann, lea = place.at_work("ann", batch), place.at_work("lea", batch)
    said, *others = [answer(study) for study in (*ann.take(1), *lea.take(2))]
    ann.answer([said])
    lea.answer(others)
    undone = {"another's": said.id, "another study's": others[1].id, "none": str(uuid4())}[of]
    with place.project.store.writing() as connection:
        leases = tables.lease.c
        lease = connection.execute(select(tables.lease).where(leases.id == others[0].lease)).mappings().one()
        connection.execute(said_under(lease, "lea", kind="undo", undoes=undone))

    assert [stored.answer for stored in place.curating().answers()] == [said, *others]
    assert lea.own_work().answers == tuple(others)
    assert LabelSnapshots(place.project).now(1).studies == 6


def test_on_a_server_another_s_lease_can_only_be_shortened(on_server):
    """As whoever takes studies does after the clock was set back; it stays of that study and that person, and doesn't go."""
    batch = on_server.batch(labelers=["ann", "lea"])
    theirs, own = lease_of(on_server, "ann", batch), lease_of(on_server, "lea", batch)
    store = on_server.projects["lea"].store
    later, sooner = theirs["until"] + TERM, theirs["until"] - TERM
    change = update(tables.lease)

    for row, values in (
        (theirs, {"until": later}),
        (theirs, {"state": LeaseState.RETURNED.value}),
        (theirs, {"labeler": "lea"}),
        (own, {"labeler": "ann"}),
        (own, {"item_id": theirs["item_id"]}),
    ):
        with pytest.raises(CcdsError, match="can only be shortened"), store.writing() as connection:
            connection.execute(change.where(tables.lease.c.id == row["id"]).values(values))
    with store.writing() as connection:
        connection.execute(change.where(tables.lease.c.id == theirs["id"]).values(until=sooner))
        connection.execute(change.where(tables.lease.c.id == own["id"]).values(until=later))
        gone = connection.execute(delete(tables.lease)).rowcount

    with store.reading() as connection:
        left = {row.id: row.until for row in connection.execute(select(tables.lease))}
    assert (left, gone) == ({theirs["id"]: sooner, own["id"]: later}, 0)


def test_a_fellow_ends_the_leases_of_whom_they_withdraw(either):
    """Also where a session writes its own leases only: the study goes to the next one."""
    batch = either.batch(either.keys[:1], labelers=["ann", "lea"])
    (held,) = either.at_work("lea", batch).take(1)

    either.curating().withdraw(batch.id, "lea")

    assert [study.report for study in either.at_work("ann", batch).take(1)] == [held.report]


def test_a_labeler_learns_that_their_batch_is_taken_away(either):
    """Also where their session reads and writes little: what they hold is theirs no more, what they say of it is kept."""
    batch = either.batch(either.keys[:2], labelers=["lea"])
    work = either.at_work("lea", batch)
    (held,) = work.take(1)
    with pytest.raises(ProjectAccessDenied):
        either.curating("lea").remove_batch(batch.id)

    either.curating().remove_batch(batch.id)

    with pytest.raises(CcdsError, match="found 'first', which ann has taken away"):
        work.take(1)
    (late,) = work.answer([answer(held)])
    assert (late.kept, late.counts) == (True, False)
    assert Assigned(either.projects["lea"], clock=either.clock).batches() == ()


def test_a_labeler_is_given_what_the_task_is_kept_to(either):
    """Their session reads which cohort that is; who may read no cohort otherwise is told nothing else of it."""
    day = date(2019, 3, 1)
    LabelingRepository(either.project).load_reports(
        Report(code, (Section("impression", "Pleural effusion."),), code, day) for code in ("CXR1", "CXR2")
    )
    keys = {stored.report.exam_code: stored.study_key for stored in LabelingRepository(either.project).reports()}
    CohortRepository(either.project).keep("second", Criteria(frozenset({"CXR2"}), day, day))
    batch = either.batch([keys["CXR1"], keys["CXR2"]], labelers=["lea"])

    keep_to(either, "second")
    (given,) = either.at_work("lea", batch).take(9)
    (shown,) = Assigned(either.projects["lea"], clock=either.clock).batches(1)

    assert given.report.study_key == keys["CXR2"]
    assert (shown.task.cohort, shown.studies, shown.open) == ("second", 1, 1)
    with pytest.raises(ProjectAccessDenied):
        CohortRepository(either.projects["lea"]).get("second")


REFUSED: dict[str, Callable[[Project], object]] = {
    "read reports": lambda project: LabelingRepository(project).reports(),
    "read phrases": lambda project: LabelingRepository(project).phrases(),
    "read the history": lambda project: LabelingRepository(project).changes(),
    "insert a phrase": lambda project: LabelingRepository(project).insert_phrase(Phrase("fluid", "effusion"), 0),
    "make a task": lambda project: TaskRepository(project).make(Task("edema")),
    "change a task": lambda project: TaskRepository(project).change(1, Task("x"), Task("edema")),
    "read a task's history": lambda project: TaskRepository(project).changes(1),
    "take back a task's change": lambda project: TaskRepository(project).undo(1),
    "list batches": lambda project: Curating(project, 1).batches(),
    "assign": lambda project: Curating(project, 1).assign(1, "lea"),
    "read answers": lambda project: Curating(project, 1).answers(),
    "count batches": lambda project: Curating(project, 1).counts(),
    "read the gold set": lambda project: Curating(project, 1).gold(),
    "mark gold": lambda project: Curating(project, 1).set_gold("key", POSITIVE),
    "say the final word": lambda project: Curating(project, 1).adjudicate("key", POSITIVE),
    "list snapshots": lambda project: LabelSnapshots(project).taken(),
    "take a snapshot": lambda project: LabelSnapshots(project).take(1),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_rest_is_closed_to_them(place, what):
    """By their role, whatever they are assigned to."""
    place.batch(labelers=["lea"])

    with pytest.raises(ProjectAccessDenied, match="found lea as labeler"):
        REFUSED[what](place.projects["lea"])


@pytest.mark.parametrize(
    "use",
    [
        lambda project, batch: Assigned(project).outline(batch),
        lambda project, batch: Confirming(project, batch).take(1),
        lambda project, batch: Confirming(project, batch).own_work(),
        lambda project, batch: Tagging(project, batch).own(["key"]),
        lambda project, batch: Feedback(project, batch).give(),
    ],
    ids=["outline", "take", "own work", "tags", "feedback"],
)
def test_a_batch_of_others_is_closed_to_them_as_if_there_were_none(place, use):
    """Assignment is per batch. A number that somebody guesses tells neither its name nor who made it or does it."""
    batch = place.batch(labelers=["ann"])
    lines = set()

    for number in (batch.id, batch.id + 1):
        with pytest.raises(CcdsError, match="expected a batch that is assigned to you") as raised:
            use(place.projects["lea"], number)
        lines.add(str(raised.value))

    assert len(lines) == 1


def test_a_labeler_sees_the_tasks_of_their_batches(place):
    """The newest batch's first, each once; a fellow sees all."""
    tasks = TaskRepository(place.project)
    made = tasks.make(Task("edema", labels=(Label("effusion", 0), Label("no effusion", 1))))
    tasks.make(Task("tubes"))
    place.batch(labelers=["lea"])
    place.task_id = made.id
    place.batch(labelers=["lea"])

    seen = [stored.task.name for stored in TaskRepository(place.projects["lea"]).tasks()]

    assert seen == ["edema", "effusion"]
    assert [stored.task.name for stored in tasks.tasks()] == ["effusion", "edema", "tubes"]


def test_a_labeler_without_a_batch_is_told_whom_to_ask(place):
    """Not that something is wrong."""
    place.batch(labelers=["ann"])

    with pytest.raises(CcdsError) as raised:
        TaskRepository(place.projects["lea"]).tasks()

    assert str(raised.value) == (
        "expected a batch of studies that is assigned to you; found none; ask a fellow of the project to assign you one"
    )
