"""The commands that take, list and export label snapshots."""

import csv
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ccds_kernel.cli import main
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.labeling.confirmation.snapshot import COLUMNS
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task
from support.confirming import NEGATIVE
from support.site import act_as, write_settings


@pytest.fixture
def command(place, snapshots, tmp_path, monkeypatch):
    """Runs `ccds labeling` as ann, in a folder of her own."""
    assert snapshots.taken() == ()
    monkeypatch.setenv("CCDS_CONFIG", str(write_settings(tmp_path / "site")))
    monkeypatch.chdir(tmp_path)
    act_as(monkeypatch, "ann", place.project.id)
    return lambda *words: main(["labeling", words[0], "--project", "CHEST-1", *words[1:]])


def test_the_command_says_where_a_file_that_was_changed_lies(command, capsys, place):
    """And what it writes instead is exported as before."""
    command("snapshot", "--json")
    name = json.loads(capsys.readouterr().out)["snapshot"]
    path = place.project.folder / "snapshots" / f"labels-{name}.parquet"
    path.unlink()
    path.write_bytes(b"PAR1")

    refused = command("export", "--labels", name, "--out", "a.csv")
    told = capsys.readouterr().err
    mended = command("snapshot"), command("export", "--labels", name, "--out", "a.csv")

    assert (refused, mended) == (1, (0, 0))
    assert "'ccds labeling snapshot' writes it anew" in told
    assert f"the other lies in {path}.damaged" in capsys.readouterr().err


def test_an_export_says_that_it_replaced_a_file(command, capsys):
    """As the other commands do, it replaces; nobody is to find that out later."""
    command("snapshot", "--json")
    name = json.loads(capsys.readouterr().out)["snapshot"]
    for more in ((), ("--labels", name)):
        command("export", *more, "--out", "a.csv")

    phrases, labels = capsys.readouterr().out.splitlines()

    assert phrases.endswith(" written to a.csv")
    assert labels == "labels of 12 studies written to a.csv, in place of the file that was there"


def test_the_commands_take_and_export_a_snapshot(command, capsys, place, tmp_path):
    """As CSV and as Parquet the same rows; each export is an audit event."""
    place.curating().adjudicate(place.keys[0], NEGATIVE)
    assert command("snapshot", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    name = told["snapshot"]

    ends = [
        command("export", "--labels", name, "--out", "a.csv"),
        command("export", "--labels", name, "--out", "b.csv", "--csv"),
        command("export", "--labels", name, "--out", "c.parquet"),
    ]

    assert ends == [0, 0, 0]
    assert (told["task"], told["studies"], told["sources"]["adjudicated"], told["sources"]["soft"]) == (
        "effusion",
        12,
        1,
        11,
    )
    assert capsys.readouterr().out.splitlines()[0] == "labels of 12 studies written to a.csv"
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    with Path("a.csv").open(encoding="utf-8", newline="") as source:
        rows = {row["study_key"]: row for row in csv.DictReader(source)}
    frame = pl.read_parquet(tmp_path / "c.parquet")
    assert list(rows[place.keys[0]]) == frame.columns == list(COLUMNS)
    assert (rows[place.keys[0]]["value"], rows[place.keys[0]]["people"]) == ("no effusion", '["ann"]')
    assert rows[place.keys[1]]["people"] == "[]"
    assert rows[place.keys[1]]["error"] == ""
    assert {row["study_key"]: row["value"] for row in frame.iter_rows(named=True)} == {
        key: row["value"] for key, row in rows.items()
    }
    events = [one["detail"] for one in place.project.audit.entries("CHEST-1") if one["event"] == "LabelsExported"]
    assert events == [{"digest": told["digest"], "studies": 12}] * 3


def test_the_snapshot_command_takes_a_cohort(command, capsys, place):
    """By its name; one that isn't there is told."""
    report = Report("B1", (Section("impression", "Pleural effusion."),), "CXR1", date(2019, 1, 1))
    LabelingRepository(place.project).load_reports([report])
    CohortRepository(place.project).keep("winter", Criteria(frozenset({"CXR1"}), date(2019, 1, 1), date(2019, 2, 1)))

    taken, refused = command("snapshot", "--cohort", "winter"), command("snapshot", "--cohort", "summer")

    told = capsys.readouterr()
    assert (taken, refused) == (0, 1)
    assert told.out.splitlines()[0].endswith(": labels of 1 study")
    assert "found none called 'summer'" in told.err


def test_the_snapshot_command_tells_what_there_is(command, capsys):
    """Its name, how many studies, and where their labels come from."""
    command("snapshot")

    first, *counts = capsys.readouterr().out.splitlines()
    assert first.startswith("snapshot ")
    assert first.endswith(": labels of 12 studies")
    assert counts == ["       12  soft"]


def test_the_snapshots_that_there_are_are_listed(command, capsys, place):
    """With the task, when and by whom; whose name isn't there is sent to the list."""
    command("snapshot", "--json")
    first = json.loads(capsys.readouterr().out)["snapshot"]
    place.curating().adjudicate(place.keys[0], NEGATIVE)
    command("snapshot", "--json")
    second = json.loads(capsys.readouterr().out)["snapshot"]

    command("snapshots")
    lines = capsys.readouterr().out.splitlines()
    command("snapshots", "--json")
    told = json.loads(capsys.readouterr().out)
    command("export", "--labels", "0" * 12, "--out", "a.csv")

    assert lines[0] == "2 label snapshots"
    assert [line[:12] for line in lines[1:]] == [one["snapshot"] for one in told] == [first, second]
    assert all(line.endswith("  12 studies  task 'effusion', by ann") for line in lines[1:])
    assert [(one["task"], one["studies"], one["taken_by"]) for one in told] == [("effusion", 12, "ann")] * 2
    assert "name one that 'ccds labeling snapshots' lists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("snapshot", "--task", "edema"),
            "expected a task of this project; found none of that name; name one with --task: 'effusion'",
        ),
        (("export", "--labels", "x", "--out", "a.csv"), "expected a label snapshot's name of 12 hexadecimal digits"),
        (
            ("export", "--labels", "0" * 12, "--out", "a.csv"),
            "expected a label snapshot of this project; found none of that name",
        ),
        (("export", "--parquet", "--out", "a.csv"), "expected a phrase list as CSV; found --parquet"),
        (("export", "--out", "a.parquet"), "expected a phrase list as CSV; found a.parquet"),
        (
            ("export", "--labels", "0" * 12, "--out", "a.xlsx"),
            "expected a file whose name ends in .csv, .parquet or .pq; found",
        ),
        (("export", "--out", "a"), "expected a file whose name ends in .csv, .parquet or .pq; found a; "),
        (
            ("export", "--labels", "0" * 12, "--out", "a.csv", "--parquet"),
            "expected a.csv to be what its name says; found --parquet",
        ),
    ],
)
def test_what_the_commands_can_not_do_is_one_line(command, capsys, words, told):
    """Exit status 1, nothing written."""
    status = command(*words)

    error = capsys.readouterr().err
    assert (status, error.count("\n")) == (1, 1)
    assert error.startswith(f"ccds: {told}")
    assert not list(Path().glob("a*"))


def test_of_several_tasks_one_is_named(command, capsys, place):
    """Without a name it is asked for."""
    TaskRepository(place.project).make(Task("edema"))

    asked, named = command("snapshot"), command("snapshot", "--task", "edema")

    assert (asked, named) == (1, 0)
    assert "name one with --task: 'effusion', 'edema'" in capsys.readouterr().err


def test_an_export_into_the_snapshot_itself_is_refused(command, capsys, place, snapshots):
    """It would be replaced."""
    taken, _ = snapshots.take(1)
    path = place.project.folder / "snapshots" / f"labels-{taken.id}.parquet"

    status = command("export", "--labels", taken.id, "--out", str(path), "--parquet")

    assert status == 1
    assert "which is an input" in capsys.readouterr().err
    assert snapshots.read(taken.id).digest == taken.digest
