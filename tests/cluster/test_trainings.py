"""Reading what trainings left in their folders, where anybody of the project may have laid something else."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccds_kernel.batch import PriorityClass
from ccds_kernel.cluster.trainings import Trainings, read_trainings
from ccds_kernel.cluster.use import Training, Use
from ccds_kernel.training.attempt import Attempt
from ccds_kernel.training.folder import RunFolder
from ccds_kernel.training.record import Exit, Outcome, RunRecord
from ccds_kernel.training.spec import TrainingSpec

MADE = datetime(2026, 11, 9, 8, tzinfo=UTC)
NOW = MADE + timedelta(days=3)
RUN = "20261109-080000-0a1b2c"


def hour(number: float) -> datetime:
    """So many hours after the run was made."""
    return MADE + timedelta(hours=number)


def make_run(projects: Path, project: str = "CHEST-1", person: str = "sam", gpus: int = 1) -> RunFolder:
    """A run's folder without any attempt."""
    run = RunFolder(projects / project / "runs" / RUN)
    for folder in (run.attempts, run.path / "starts"):
        folder.mkdir(parents=True)
    record = RunRecord(
        id=RUN,
        project="ELSEWHERE",
        person=person,
        made=MADE,
        spec=TrainingSpec(datalist=Path("list.json"), gpus=gpus),
        bundle_sha256="",
        datalist_sha256="",
        versions={},
    )
    (run.path / "run.json").write_text(record.to_text())
    return run


def note(run: RunFolder, begin: float, end: float, *, start: int = 1, gpus: int = 1) -> Path:
    """An attempt between these hours."""
    path = run.attempts / f"{hour(begin):%Y%m%dT%H%M%S}.json"
    path.write_text(Attempt(start=start, gpus=gpus, began=hour(begin), seen=hour(end)).to_text())
    return path


def read(projects: Path, *ids: str) -> Trainings:
    """What is found in these projects."""
    return read_trainings(projects, ids or ("CHEST-1",), NOW)


def test_a_training_held_its_gpu_in_each_attempt(tmp_path: Path) -> None:
    """In the project in whose folder it lies, whatever the run says; how its last start ended by its own account."""
    run = make_run(tmp_path)
    note(run, 1, 2)
    note(run, 4, 7, start=2)
    run.leave_exit(1, Exit(outcome=Outcome.FAILED, reason="no"))
    run.leave_exit(2, Exit(outcome=Outcome.FINISHED))

    found = read(tmp_path, "CHEST-1", "EMPTY-1")

    uses = tuple(
        Use(project="CHEST-1", person="sam", priority_class=PriorityClass.BATCH, gpus=1, begin=hour(b), end=hour(e))
        for b, e in ((1, 2), (4, 7))
    )
    training = Training(project="CHEST-1", person="sam", uses=uses, seen=hour(7), outcome=Outcome.FINISHED)
    assert found == Trainings((training,), unread=0, damaged=0)


def test_a_training_without_a_word_of_its_end_has_no_outcome(tmp_path: Path) -> None:
    """It runs, or was killed."""
    note(make_run(tmp_path), 1, 2)

    assert [one.outcome for one in read(tmp_path).found] == [None]


def test_a_training_on_the_cpu_or_from_before_attempts_were_noted_holds_nothing(tmp_path: Path) -> None:
    """Neither is damaged."""
    note(make_run(tmp_path, "CHEST-1", gpus=0), 1, 2, gpus=0)
    make_run(tmp_path, "CHEST-2")

    assert read(tmp_path, "CHEST-1", "CHEST-2") == Trainings((), 0, 0)


def spoil_with_fifo(path: Path) -> None:
    """Whoever opens it to read waits for ever."""
    path.unlink()
    os.mkfifo(path)


def spoil_with_link(path: Path) -> None:
    """It leads to a file that is right."""
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


@pytest.mark.parametrize("spoil", [
    lambda path: path.write_text("{}"),
    lambda path: path.write_text("9" * 300_000),
    lambda path: path.write_bytes(b"\xff\x00"),
    lambda path: path.write_text(path.read_text().replace('"gpus": 1', '"gpus": 4096')),
    lambda path: path.write_text(path.read_text().replace("2026-11", "0001-01")),
    lambda path: path.write_text(path.read_text().replace("2026-11", "9999-01")),
    spoil_with_fifo,
    spoil_with_link,
], ids=["other", "long", "bytes", "GPUs that weren't asked for", "before the run", "after today", "fifo", "link"])  # fmt: skip
def test_what_cannot_be_understood_is_counted_and_left_out(tmp_path: Path, spoil) -> None:
    """The other attempt of the run stands."""
    run = make_run(tmp_path)
    note(run, 1, 2)
    spoil(note(run, 4, 7))

    found = read(tmp_path)

    assert [one.uses[0].begin for one in found.found] == [hour(1)]
    assert (len(found.found[0].uses), found.damaged) == (1, 1)


@pytest.mark.parametrize("spoil", [
    lambda path: path.write_text("{}"),
    lambda path: path.write_text(path.read_text().replace('"sam"', '"<b>sam</b>"')),
    spoil_with_fifo,
], ids=["other", "no login name", "fifo"])  # fmt: skip
def test_a_run_that_cannot_be_understood_is_counted_and_left_out(tmp_path: Path, spoil) -> None:
    """As a whole."""
    run = make_run(tmp_path)
    note(run, 1, 2)
    spoil(run.path / "run.json")

    assert read(tmp_path) == Trainings((), 0, 1)


def test_a_project_that_cannot_be_looked_into_is_counted(tmp_path: Path) -> None:
    """Its runs lead around in a circle, as they would behind a file system that is away."""
    (tmp_path / "CHEST-1").mkdir()
    (tmp_path / "CHEST-1" / "runs").symlink_to("runs")

    assert read(tmp_path) == Trainings((), 1, 0)
