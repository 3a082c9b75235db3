"""Label snapshots as files that never change, by names that cover all that they say."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation import snapshot_file
from ccds_kernel.labeling.confirmation.snapshot import COLUMNS, Basis, LabelRow, sealed
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.cues import Cues
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from support.confirming import NEGATIVE, POSITIVE


def test_a_snapshot_stays_what_it_is(place, snapshots):
    """The same labels are the same snapshot, once in the log; other labels are another one, and the first is read as before."""
    first, _ = snapshots.take(1)
    again, _ = snapshots.take(1)
    whole = snapshots.read(first.id)
    place.curating().adjudicate(place.keys[0], NEGATIVE)
    second, by_source = snapshots.take(1)

    taken = snapshots.taken()

    assert again == first
    assert [one.id for one in taken] == [first.id, second.id]
    assert (by_source[Source.ADJUDICATED], by_source[Source.SOFT]) == (1, 11)
    assert snapshots.read(first.id) == whole
    logged = [one["detail"] for one in place.project.audit.entries("CHEST-1") if one["event"] == "LabelSnapshotTaken"]
    assert logged == [{"task_id": 1, "digest": one.digest, "studies": 12} for one in taken]
    assert (snapshots.folder / f"labels-{first.id}.parquet").stat().st_mode & 0o777 == 0o440


def test_a_file_that_was_changed_is_refused(snapshots):
    """Another label in it, a column less, or no Parquet at all: not read; taken again it is set aside and written anew."""
    taken, _ = snapshots.take(1)
    path = snapshots.folder / f"labels-{taken.id}.parquet"
    frame = pl.read_parquet(path)
    changed = (
        lambda: frame.with_columns(pl.lit("effusion").alias("value")).write_parquet(path),
        lambda: frame.drop("error").write_parquet(path),
        lambda: path.write_bytes(b"PAR1"),
    )
    aside: list[Path] = []
    for change in changed:
        path.unlink()
        change()
        damaged = path.read_bytes()

        with pytest.raises(CcdsError, match="as it was written; found something else"):
            snapshots.read(taken.id)
        again, _ = snapshots.take(1, tell=aside.append)

        assert again == taken
        assert snapshots.read(taken.id).digest == taken.digest
        assert aside[-1].read_bytes() == damaged
    assert [one.name for one in aside] == [f"{path.name}.damaged{number}" for number in ("", 1, 2)]
    snapshots.take(1, tell=aside.append)
    assert len(aside) == len(changed)


def test_the_digest_covers_every_column_and_no_order():
    """Rows in another order are the same snapshot; any other value is another one."""
    basis = Basis.of(1, Task("q"))
    row = LabelRow("k", "q", "v", Source.SOFT, ("ann",), "v", 1, "p", False, 0.5, 0.1, 0.9, 4)
    others = {
        "study_key": "l", "question": "r", "value": None, "source": Source.GOLD, "people": (), "soft_value": None,
        "phrase_id": 2, "phrase": "o", "tests": True, "error": 0.4, "error_low": 0.2, "error_high": 0.8, "error_studies": 5,
    }  # fmt: skip
    second = replace(row, study_key="z")

    digests = {sealed(basis, [replace(row, **{name: value}), second]).digest for name, value in others.items()}

    assert set(others) == set(COLUMNS)
    assert len(digests | {sealed(basis, [row, second]).digest}) == len(COLUMNS) + 1
    assert sealed(basis, [second, row]) == sealed(basis, [row, second])


def test_the_digest_covers_how_the_task_was_asked():
    """Its number, name, kind, labels, what is left out, and the cues; not what says nothing about labels."""
    task = Task("q", labels=(Label("a", 0),))
    others = [
        Basis.of(2, task),
        *(
            Basis.of(1, replace(task, **change))
            for change in (
                {"name": "r"},
                {"kind": TaskKind.SEVERAL},
                {"labels": (Label("b", 0),)},
                {"left_out": frozenset({"history"})},
                {"cues": Cues(negation_before=("no",))},
            )
        ),
    ]

    digests = {sealed(basis, []).digest for basis in (Basis.of(1, task), *others)}

    assert len(digests) == 1 + len(others)
    assert Basis.of(1, replace(task, guideline="Look.")) == Basis.of(1, task)


def test_two_tasks_with_the_same_labels_have_two_snapshots(place):
    """Each read back as what it was taken of."""
    words = (Label("effusion", 0),)
    tasks = [TaskRepository(place.project).make(Task(name, TaskKind.SEVERAL, words)) for name in ("a", "b")]
    snapshots = LabelSnapshots(place.project)

    taken = [snapshots.take(task.id)[0] for task in tasks]

    assert [one.task_id for one in taken] == [task.id for task in tasks]
    assert taken[0].digest != taken[1].digest
    assert [snapshots.read(one.id).basis for one in taken] == [Basis.of(task.id, task.task) for task in tasks]


def test_a_snapshot_of_a_cohort_has_its_studies(place):
    """Others are left out; what was said about them is, too."""
    new = [Report(f"B{month}", (Section("impression", "Effusion."),), "CXR1", date(2019, month, 1)) for month in (1, 3)]
    LabelingRepository(place.project).load_reports(new)
    keys = {stored.report.accession: stored.study_key for stored in LabelingRepository(place.project).reports()}
    place.curating().set_gold(keys["B1"], POSITIVE)
    place.curating().set_gold(keys["B3"], POSITIVE)

    taken, by_source = LabelSnapshots(place.project).take(
        1, Criteria(frozenset({"CXR1"}), date(2019, 1, 1), date(2019, 2, 1))
    )

    assert (taken.studies, by_source[Source.GOLD]) == (1, 1)
    assert [row.study_key for row in LabelSnapshots(place.project).read(taken.id).rows] == [keys["B1"]]


def test_a_snapshot_of_a_cohort_beyond_the_application_is_refused(place):
    """As every other look at it."""
    with pytest.raises(ProjectAccessDenied):
        LabelSnapshots(place.project).take(1, Criteria(frozenset({"CT1"}), date(2019, 1, 1), date(2019, 2, 1)))


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    """One line, and nothing is left there."""
    (tmp_path / "file").touch()

    with pytest.raises(CcdsError, match=r"expected to write the folder .*; found Not a directory"):
        snapshot_file.keep(tmp_path / "file", sealed(Basis.of(1, Task("q")), []))


@pytest.mark.parametrize("name", ["", "../../../etc/passwd", "0" * 11, "g" * 12, "A" * 12])
def test_what_is_no_name_of_a_snapshot_is_refused(snapshots, name):
    """No path is made of it."""
    with pytest.raises(CcdsError, match="expected a label snapshot's name of 12 hexadecimal digits"):
        snapshots.read(name)


def test_who_may_not_take_one_is_turned_away(place, snapshots):
    """A scientist reads what a fellow took."""
    taken, _ = snapshots.take(1)
    sam = LabelSnapshots(place.projects["sam"])

    assert sam.read(taken.id).digest == taken.digest
    with pytest.raises(ProjectAccessDenied):
        sam.take(1)


def test_what_a_snapshot_would_say_is_seen_before_it_is_taken(place, snapshots):
    """The same rows, and nothing is kept."""
    place.curating().set_gold(place.keys[0], NEGATIVE)

    seen = snapshots.now(1)

    assert snapshots.taken() == ()
    taken, _ = snapshots.take(1)
    assert snapshots.read(taken.id) == seen
