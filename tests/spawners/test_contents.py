"""What lies in a project, counted without holding anybody up."""

import copy
import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, literal, select

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.database import open_database
from ccds_kernel.irb.roles import Access, DataKind
from ccds_kernel.labeling.tables import report
from ccds_kernel.labeling.tasks.tables import task
from ccds_kernel.settings import Settings
from ccds_kernel.store.store import open_store
from ccds_spawners.contents import (
    BEING_COUNTED,
    EMPTY_SECONDS,
    FRESH_SECONDS,
    NOT_COUNTED,
    Contents,
    ContentsCounter,
    contents_of,
    count,
)
from ccds_spawners.seen import seen_by
from support.postgresql import Server
from support.site import ADMINISTRATOR, application, site_settings
from support.waiting import until

DAY = date(2024, 3, 1)
LABELS = ("present", "absent"), ("absent", "tube")
"""Of the project's two tasks, which have no phrases yet."""


def add_tasks(connection: Connection) -> None:
    """Gives the first task its labels, and makes the second one."""
    first, second = (json.dumps([{"name": name, "colour": slot} for slot, name in enumerate(of)]) for of in LABELS)
    connection.execute(task.update().values(labels=first))
    copied = select(
        literal("second"), task.c.kind, literal(second), task.c.guideline, task.c.left_out, task.c.strata,
        task.c.created_by, task.c.created_at,
    )  # fmt: skip
    names = ["name", "kind", "labels", "guideline", "left_out", "strata", "created_by", "created_at"]
    connection.execute(task.insert().from_select(names, copied))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project directory with three reports, two tasks and two studies with images."""
    store = open_store(tmp_path / "project.db")
    with store.writing() as connection:
        for number, day in enumerate((date(2024, 1, 5), None, DAY)):
            key = f"{number:016x}"
            connection.execute(report.insert().values(accession=f"A{number}", study_key=key, study_date=day))
        add_tasks(connection)
    store.close()
    for name in ("dicom/k1", "dicom/k2", "dicom/.half"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_what_is_there_is_counted(project: Path) -> None:
    """Reports with their first and last day, studies with images, the tasks' labels once each; what is half made isn't there."""
    found = count(project)

    assert found == Contents(3, 2, (date(2024, 1, 5), DAY), ("present", "absent", "tube"))


def test_counting_leaves_no_trace(project: Path) -> None:
    """A project without a database has none after it either."""
    empty = project / "other"
    (empty / "dicom").mkdir(parents=True)

    found = count(empty)

    assert found == Contents(reports=0, imaged=0)
    assert [path.name for path in empty.iterdir()] == ["dicom"]


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be looked at" * 40])
def test_what_is_no_database_is_not_counted(tmp_path: Path, content: bytes) -> None:
    """Nor is a folder that isn't there; nobody gets an error for it."""
    (tmp_path / "project.db").write_bytes(content)

    assert count(tmp_path) == NOT_COUNTED


@pytest.mark.parametrize(
    "labels",
    ["[1]", '{"a": 1}', '[{"x": 1}]', '[{"name": {}}]', '[{"name": 5}]', "null", "no JSON", "[" * 19_000, b"\xff", 7,
     json.dumps([{"name": f"label {number}"} for number in range(2000)])],
    ids=["number", "no-list", "no-name", "dict", "name-number", "null", "no-json", "deep", "bytes", "integer", "long"],
)  # fmt: skip
def test_labels_that_somebody_wrote_past_the_program_are_left_out(project: Path, labels: object) -> None:
    """All else is counted: on SQLite each member of a project can write to its file."""
    with closing(sqlite3.connect(project / "project.db")) as database:
        database.execute("UPDATE task SET labels = ? WHERE id = (SELECT min(id) FROM task)", (labels,))
        database.commit()

    assert count(project) == Contents(3, 2, (date(2024, 1, 5), DAY), ("absent", "tube"))


def test_a_day_that_is_none_leaves_the_rows_uncounted(project: Path) -> None:
    """Nobody gets an error for it."""
    with closing(sqlite3.connect(project / "project.db")) as database:
        database.execute("UPDATE report SET study_date = 20240105")
        database.commit()

    assert count(project) == Contents(imaged=2)


def test_a_count_that_failed_is_asked_for_again() -> None:
    """Whatever was wrong with it: meanwhile it isn't counted, and nobody who asks gets an error."""
    now, counts = [0.0], []

    def counting(project_id: str) -> Contents:
        counts.append(project_id)
        return {2: Contents(reports=1)}[len(counts)]

    counter = ContentsCounter(counting, clock=lambda: now[0])
    failed = counter.counted("A-1", 20)
    now[0] += EMPTY_SECONDS
    counter.known("A-1")
    until(lambda: counter.known("A-1") == Contents(reports=1), "the second count")

    assert failed == NOT_COUNTED


def test_a_count_that_takes_too_long_is_given_up(project: Path) -> None:
    """By the clock: here each look at it takes an hour."""
    hours = iter(range(0, 10**9, 3600))

    found = count(project, clock=lambda: float(next(hours)))

    assert found.imaged is None


def test_nobody_waits_for_a_count() -> None:
    """While the only thread counts a slow project, everybody is told at once that it is being counted; then what it found."""
    go, asked = threading.Event(), []

    def slow(project_id: str) -> Contents:
        asked.append(project_id)
        go.wait(20)
        return Contents(reports=7)

    counter = ContentsCounter(slow)

    meanwhile = [counter.known("A-1") for _ in range(100)]
    short = counter.counted("A-1", 0.01)
    go.set()
    until(lambda: counter.known("A-1") == Contents(reports=7), "the count")

    assert [*meanwhile, short] == [BEING_COUNTED] * 101
    assert asked == ["A-1"]


def test_a_first_count_is_waited_for_where_that_is_allowed() -> None:
    """As the start form does."""
    counter = ContentsCounter(lambda _: Contents(imaged=3))

    assert counter.counted("A-1", 20) == Contents(imaged=3)


def test_an_old_count_is_renewed() -> None:
    """Once a minute at most, however many ask; meanwhile the old one stands."""
    now, counts = [0.0], []

    def counting(project_id: str) -> Contents:
        counts.append(project_id)
        return Contents(reports=len(counts))

    counter = ContentsCounter(counting, clock=lambda: now[0])
    counter.counted("A-1", 20)
    with ThreadPoolExecutor(8) as pool:
        same = set(pool.map(counter.known, ["A-1"] * 200))

    now[0] += FRESH_SECONDS
    old = counter.known("A-1")
    until(lambda: counter.known("A-1").reports == 2, "the second count")

    assert (same, old.reports, counts) == ({Contents(reports=1)}, 1, ["A-1", "A-1"])


def test_who_has_just_loaded_the_first_reports_soon_sees_them(tmp_path: Path) -> None:
    """A new project has no database yet, and no reports; a moment after the first are loaded they are counted."""
    now = [0.0]
    counter = ContentsCounter(lambda _: count(tmp_path), clock=lambda: now[0])
    new = counter.counted("A-1", 20)
    with closing(open_store(tmp_path / "project.db")) as store, store.writing() as rows:
        rows.execute(report.insert().values(accession="A1", study_key="k1", study_date=DAY))
    now[0] += EMPTY_SECONDS
    counter.known("A-1")

    until(lambda: counter.known("A-1") == Contents(1, None, (DAY, DAY), ()), "the second count")

    assert new == Contents(reports=0)


def test_a_folder_that_is_not_there_is_not_counted(tmp_path: Path) -> None:
    """As one that is closed to the hub: nobody can say that it holds no reports."""
    assert count(tmp_path / "gone") == NOT_COUNTED


def test_all_spawners_share_one() -> None:
    """Traitlets copies for each spawner what a configuration holds."""
    counter = ContentsCounter(lambda _: NOT_COUNTED)

    assert copy.deepcopy({"contents": counter})["contents"] is counter


def test_rows_on_a_server_are_counted_there(postgresql: Server, tmp_path: Path) -> None:
    """By the service account, read only; a server that refuses it leaves them uncounted."""
    values = site_settings(tmp_path).model_dump(mode="json", exclude_defaults=True)
    settings = Settings.model_validate(values | {"database": postgresql.take_in(tmp_path / "state")})
    apply_application(application(id="COUNT-1"), person=ADMINISTRATOR, settings=settings)
    with closing(open_database("COUNT-1", settings)) as store, store.writing() as rows:
        rows.execute(report.insert().values(accession="A1", study_key="k1", study_date=DAY))
        add_tasks(rows)

    found = contents_of(settings)("COUNT-1")
    password = settings.database.password_path(settings.paths.state)
    password.write_text("wrong")
    refused = contents_of(settings)("COUNT-1")
    postgresql.forget("count-1")

    assert (found.reports, found.dates, found.labels) == (1, (DAY, DAY), ("present", "absent", "tube"))
    assert refused.reports is None


def test_what_one_will_see_is_what_one_has_a_right_to() -> None:
    """The kinds of data with how far one's rights reach; no reports' dates or labels without a right to reports."""
    contents = Contents(1200, 1, (date(2019, 2, 1), date(2019, 3, 1)), ("absent", "present"))
    one = application(data=["reports", "images"], withdrawn="2998-01-01")

    both = seen_by(one, {DataKind.REPORTS: Access.READ, DataKind.IMAGES: Access.WRITE}, contents)
    images = seen_by(one, {DataKind.IMAGES: Access.READ}, contents)
    unknown = seen_by(one, {DataKind.REPORTS: Access.WRITE}, NOT_COUNTED)
    first = seen_by(one, {DataKind.REPORTS: Access.WRITE}, BEING_COUNTED)
    assigned = seen_by(one, {DataKind.REPORTS: Access.ROWS}, contents)

    assert both.kinds == ("1 study with images, read and write", "1,200 reports, read only")
    assert (both.there, both.labels) == ("2019-02-01 to 2019-03-01", "absent, present")
    assert (both.until, both.cohort) == (date(2998, 1, 1), ("CXR1", "CXR2"))
    assert (images.kinds, images.there, images.labels) == (("1 study with images, read only",), "", "")
    assert (assigned.kinds, assigned.there, assigned.labels) == (("reports that are assigned to you",), "", "")
    assert (first.kinds, first.labels) == (("reports: being counted, read and write",), "being counted")
    assert (unknown.kinds, unknown.labels) == (("reports: not counted, read and write",), "not counted")
    assert seen_by(one, {DataKind.REPORTS: Access.READ}, Contents(reports=0)).labels == "none yet"
