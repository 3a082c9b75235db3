"""What stands in the records of sessions, whatever happens to the hub that writes them."""

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.cluster import HowEnded, Records, SessionRecord
from ccds_kernel.errors import CcdsError

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=7)


def after(minutes: float) -> datetime:
    """That long after noon."""
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """Records in a folder of their own."""
    return Records(tmp_path)


def submit(records: Records, job: str = "7", person: str = "sam", at: datetime = NOON) -> None:
    """A session of two GPUs is submitted."""
    records.note_submitted(
        JobId(job),
        person=person,
        project="CHEST-1",
        session="chest-1-lab",
        priority_class=PriorityClass.SECOND,
        at=at,
        gpus=2,
        gpu_model="a100",
        cores=8,
        hours=8,
        image="torch",
    )


def test_a_session_is_recorded_from_its_submission_to_its_end(records: Records) -> None:
    """Every note stands in it, also for whoever opens the file anew."""
    submit(records)
    records.note_class(JobId("7"), PriorityClass.FIRST, at=after(5))
    records.note_started(JobId("7"), node="n1", at=after(6))
    records.note_idle(JobId("7"), 90, gpus_measured=True)
    records.note_ended(JobId("7"), HowEnded.WALL_TIME, at=after(480), said="TIMEOUT\non n1")

    assert records.of_person("sam", LONG_AGO) == (
        SessionRecord(
            person="sam",
            project="CHEST-1",
            session="chest-1-lab",
            job=JobId("7"),
            submitted=NOON,
            classes=((NOON, PriorityClass.SECOND), (after(5), PriorityClass.FIRST)),
            gpus=2,
            gpu_model="a100",
            cores=8,
            hours=8,
            image="torch",
            started=after(6),
            node="n1",
            ended=after(480),
            how=HowEnded.WALL_TIME,
            said="TIMEOUT on n1",
            idle_s=90,
            gpus_measured=True,
        ),
    )


def test_what_was_never_measured_is_not_zero(records: Records) -> None:
    """A session whose use nobody looked at may have been idle; one that was looked at and never idle wasn't."""
    submit(records, "7")
    submit(records, "8")
    records.note_idle(JobId("8"), 0, gpus_measured=True)

    assert {record.job: record.idle_s for record in records.all(LONG_AGO)} == {"7": None, "8": 0}


@pytest.mark.parametrize(
    ("notes", "measured"), [((True, True), True), ((True, False), False), ((False, True), False), ((False,), False)]
)
def test_gpus_are_measured_when_they_were_each_time(records: Records, notes: tuple[bool, ...], measured: bool) -> None:
    """What was once not looked at may have worked meanwhile."""
    submit(records)
    for gpus_measured in notes:
        records.note_idle(JobId("7"), 60, gpus_measured=gpus_measured)

    (record,) = records.all(LONG_AGO)
    assert (record.idle_s, record.gpus_measured) == (60, measured)


def test_what_is_said_twice_counts_once(records: Records) -> None:
    """A hub that was killed says all of it again when it is back: the first word stands."""
    for minutes in (0, 30):
        submit(records, at=after(minutes))
        records.note_class(JobId("7"), PriorityClass.SECOND, at=after(minutes))
        records.note_started(JobId("7"), node=f"n{minutes}", at=after(minutes + 1))
        records.note_idle(JobId("7"), 60 - minutes, gpus_measured=True)
    records.note_ended(JobId("7"), HowEnded.IDLE, at=after(60))
    records.note_ended(JobId("7"), HowEnded.BY_ITSELF, at=after(61))

    (record,) = records.all(LONG_AGO)
    assert (record.submitted, record.started, record.node, record.idle_s) == (NOON, after(1), "n0", 60)
    assert (record.classes, record.how, record.ended) == (((NOON, PriorityClass.SECOND),), HowEnded.IDLE, after(60))


def test_a_job_s_number_may_come_again(records: Records) -> None:
    """A scheduler that was set up anew counts from one: the record of the earlier job stays as it is."""
    submit(records)
    records.note_ended(JobId("7"), HowEnded.STOPPED, at=after(1))
    submit(records, at=after(2))
    records.note_started(JobId("7"), node="n2", at=after(3))

    latest, earlier = records.all(LONG_AGO)
    assert (latest.ended, latest.node) == (None, "n2")
    assert (earlier.how, earlier.node) == (HowEnded.STOPPED, None)


def test_a_person_reads_what_lives_or_ended_lately(records: Records) -> None:
    """Not what ended earlier, not what others had; all() has everybody's, the latest first."""
    submit(records, "1")
    records.note_ended(JobId("1"), HowEnded.STOPPED, at=after(10))
    submit(records, "2", at=after(1))
    records.note_ended(JobId("2"), HowEnded.STOPPED, at=after(20))
    submit(records, "3", at=after(2))
    submit(records, "4", person="tom", at=after(3))

    assert [record.job for record in records.of_person("sam", after(15))] == ["3", "2"]
    assert [record.job for record in records.all(after(15))] == ["4", "3", "2"]


def test_a_person_s_last_node_is_known_for_each_project(records: Records) -> None:
    """However long ago, ended or not; an app session is no node, and other people's and projects' don't count."""
    submit(records, "1")
    records.note_class(JobId("1"), PriorityClass.FIRST, at=after(1))
    records.note_ended(JobId("1"), HowEnded.STOPPED, at=after(10))
    submit(records, "2", person="tom")
    records.note_submitted(
        JobId("3"), person="sam", project="CHEST-1", session="chest-1-app", priority_class=PriorityClass.APP, at=NOON
    )

    last = records.last_node("sam", "CHEST-1")
    assert last is not None
    assert (last.job, last.gpus) == ("1", 2)
    assert records.last_node("sam", "CHEST-2") is None


def test_a_job_that_nobody_submitted_here_is_left_out(records: Records) -> None:
    """It began before there were records: notes about it change nothing."""
    records.note_started(JobId("9"), node="n1", at=NOON)
    records.note_class(JobId("9"), PriorityClass.FIRST, at=NOON)
    records.note_ended(JobId("9"), HowEnded.STOPPED, at=NOON)

    assert records.all(LONG_AGO) == ()


_WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.cluster import HowEnded, Records

records = Records(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    job, now = JobId(str(number)), datetime.now(UTC)
    records.note_submitted(job, person="sam", project="", session="reports", priority_class=PriorityClass.APP, at=now)
    records.note_started(job, node="n1", at=now)
    if number % 2:
        records.note_ended(job, HowEnded.STOPPED, at=now)
    print(number, flush=True)
"""


@pytest.mark.parametrize("least", [5, 10, 15])
def test_a_killed_hub_leaves_whole_records(tmp_path: Path, least: int) -> None:
    """Killed with -9 in the middle of writing, it left each record with its class, all but the last complete, and none locked."""
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        told = [writer.stdout.readline() for _ in range(least)]  # who read the file meanwhile might find it locked
        writer.send_signal(signal.SIGKILL)

    records = Records(tmp_path)
    found = records.all(LONG_AGO)
    assert len(found) >= len(told) == int(told[-1])
    live = [record for record in found if record.ended is None]
    assert all(record.priority_class is PriorityClass.APP for record in found)
    assert all(record.started for record in found[1:])
    assert len(live) in {len(found) // 2, len(found) // 2 + 1}
    submit(records, "next")
    assert records.all(LONG_AGO)[0].job == "next"


def test_nobody_else_reads_them(records: Records, tmp_path: Path) -> None:
    """Who uses the cluster is the hub's to know."""
    submit(records)

    assert oct((tmp_path / "cluster.sqlite").stat().st_mode & 0o777) == "0o600"
    assert os.listdir(tmp_path) == ["cluster.sqlite"]  # noqa: PTH208 - names only


def test_records_from_before_cores_were_recorded_are_read(records: Records, tmp_path: Path) -> None:
    """Their cores are unknown; all else stays, and what comes now has its cores."""
    submit(records)
    with sqlite3.connect(tmp_path / "cluster.sqlite") as db:
        db.executescript("ALTER TABLE session DROP COLUMN cores; PRAGMA user_version = 1")

    later = Records(tmp_path)
    submit(later, job="8")

    assert [(record.job, record.gpus, record.cores) for record in later.all(LONG_AGO)] == [("8", 2, 8), ("7", 2, 0)]


def test_a_file_that_can_not_be_used_is_one_line(records: Records, tmp_path: Path) -> None:
    """Damaged, or of another version: the person reads what to do, and nothing is overwritten."""
    with sqlite3.connect(tmp_path / "cluster.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(CcdsError, match=r"expected cluster.sqlite of version 2 or older; found version 99"):
        Records(tmp_path)
    (tmp_path / "cluster.sqlite").write_bytes(b"no database, " * 1000)

    with pytest.raises(CcdsError, match=r"expected cluster.sqlite in the state folder to answer; found DatabaseError"):
        records.all(LONG_AGO)

    assert (tmp_path / "cluster.sqlite").read_bytes().startswith(b"no database")
