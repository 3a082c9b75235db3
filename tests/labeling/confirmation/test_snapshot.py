"""Label snapshots: whose word counts, files that never change, and the commands."""

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ccds_kernel.cli import main
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation import snapshot_file
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.batch import BatchItem, SoftStudy
from ccds_kernel.labeling.confirmation.decided import by_study, decided_values
from ccds_kernel.labeling.confirmation.snapshot import COLUMNS, Basis, LabelRow, phrase_errors, sealed, shares_present
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.confirmation.soft import soft_labels, soft_studies
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.cues import Cues
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_kernel.rate import rate
from support.confirming import NEGATIVE, POSITIVE, Workplace, answer
from support.site import act_as, write_settings


@pytest.fixture
def snapshots(place) -> LabelSnapshots:
    """The project's, with two phrases: every second study has an effusion, and both kinds hold the later phrase."""
    repository = LabelingRepository(place.project)
    repository.insert_phrase(Phrase("No pleural effusion", "no effusion"), 0)
    repository.insert_phrase(Phrase("pleural effusion", "effusion"), 1)
    return LabelSnapshots(place.project)


def say(place: Workplace, batch, person: str, labels: frozenset[str] | None, times: int) -> None:
    """Lets somebody say that about the next studies; None flags them."""
    for study in place.at_work(person, batch).take(times):
        if labels is None:
            told = answer(study, AnswerKind.FLAG, note="Look.")
        else:
            told = answer(study, AnswerKind.CORRECT, labels=labels)
        place.at_work(person, batch).answer([told])


def rows_of(snapshots: LabelSnapshots, task_id: int = 1) -> dict[str, list[LabelRow]]:
    """Study key → the rows of a snapshot taken now."""
    taken, _ = snapshots.take(task_id)
    rows: dict[str, list[LabelRow]] = {}
    for row in snapshots.read(taken.id).rows:
        rows.setdefault(row.study_key, []).append(row)
    return rows


def decided_now(place: Workplace, task: Task, question: str) -> dict[str, str]:
    """Study key → what people decided about it by now."""
    curating = place.curating()
    return decided_values(
        task,
        question,
        final=curating.final_words(),
        gold=curating.gold(),
        answers=by_study(curating.answers()),
    )


def task_of(place: Workplace) -> Task:
    """The task of the workplace."""
    return next(stored.task for stored in TaskRepository(place.project).tasks() if stored.id == place.task_id)


def test_whose_word_counts(place, snapshots):
    """The final word, then gold, then labelers who agree, then the phrase; who disagrees or only flags gives no label."""
    flag, gold, agreed, disputed, soft = place.keys[:5]
    batch = place.batch([flag], labelers=["ann"])
    say(place, batch, "ann", None, 1)
    batch = place.batch([gold, agreed], overlap=2, labelers=["ann", "bob"])
    say(place, batch, "ann", NEGATIVE, 2)
    say(place, batch, "bob", NEGATIVE, 2)
    batch = place.batch([disputed], overlap=2, labelers=["ann", "bob"])
    say(place, batch, "ann", POSITIVE, 1)
    say(place, batch, "bob", NEGATIVE, 1)
    place.curating().set_gold(gold, POSITIVE)
    before = rows_of(snapshots)
    for key in (flag, gold, disputed):
        place.curating("bob").adjudicate(key, NEGATIVE)

    after = rows_of(snapshots)

    def told(rows):
        return {key: (rows[key][0].value, rows[key][0].source.value, rows[key][0].people) for key in place.keys[:5]}

    assert told(before) == {
        flag: (None, "flagged", ("ann",)),
        gold: ("effusion", "gold", ("ann",)),
        agreed: ("no effusion", "confirmed", ("ann", "bob")),
        disputed: (None, "disputed", ("ann", "bob")),
        soft: ("effusion", "soft", ()),
    }
    final = dict.fromkeys((flag, gold, disputed), ("no effusion", "adjudicated", ("bob",)))
    assert told(after) == told(before) | final
    assert {(row.soft_value, row.phrase) for rows in after.values() for row in rows} == {
        ("effusion", "pleural effusion"),
        ("no effusion", "No pleural effusion"),
    }


@pytest.mark.parametrize("first", ["ann", "bob"])
def test_a_flag_stands_until_the_fellow_decides_though_another_labeler_confirms(place, snapshots, first):
    """Whoever speaks first: it is nobody's word, tests no phrase, and is no evidence for suggestions."""
    key = place.keys[0]
    batch = place.batch([key], overlap=2, labelers=["ann", "bob"])
    for person in (first, "bob" if first == "ann" else "ann"):
        say(place, batch, person, None if person == "ann" else POSITIVE, 1)

    (flagged,) = rows_of(snapshots)[key]
    decided = decided_now(place, task_of(place), "effusion")
    place.curating("bob").adjudicate(key, NEGATIVE)
    (final,) = rows_of(snapshots)[key]

    assert (flagged.value, flagged.source, flagged.people, flagged.tests) == (None, "flagged", ("ann",), False)
    assert (flagged.error_studies, decided) == (0, {})
    assert (final.value, final.source, final.tests) == ("no effusion", "adjudicated", True)


def test_of_what_one_labeler_said_in_two_batches_the_newer_counts(place, snapshots):
    """Nobody disagrees with themselves."""
    for labels in (POSITIVE, NEGATIVE):
        batch = place.batch(place.keys[:1], labelers=["ann"])
        say(place, batch, "ann", labels, 1)

    (row,) = rows_of(snapshots)[place.keys[0]]

    assert (row.value, row.source, row.people) == ("no effusion", "confirmed", ("ann",))


def test_what_a_snapshot_would_say_is_seen_before_it_is_taken(place, snapshots):
    """The same rows, and nothing is kept."""
    place.curating().set_gold(place.keys[0], NEGATIVE)

    seen = snapshots.now(1)

    assert snapshots.taken() == ()
    taken, _ = snapshots.take(1)
    assert snapshots.read(taken.id) == seen


def test_a_study_without_a_phrase_has_no_label(place):
    """Nobody and nothing says what it is."""
    taken, by_source = LabelSnapshots(place.project).take(1)

    assert (taken.studies, by_source[Source.NONE], sum(by_source.values())) == (12, 12, 12)


def test_how_often_a_phrase_is_wrong_stands_with_its_studies(place, snapshots):
    """Of three that people decided one is wrong; gold studies don't count, nor those of the other phrase."""
    positive = place.keys[::2]
    batch = place.batch(positive[:3], labelers=["ann", "bob"])
    say(place, batch, "ann", POSITIVE, 2)
    place.at_work("ann", batch).give_back()
    say(place, batch, "bob", NEGATIVE, 1)
    place.curating().set_gold(positive[3], NEGATIVE)

    rows = rows_of(snapshots)

    expected = rate(1, 3)
    for key in positive:
        (row,) = rows[key]
        assert (row.error, row.error_low, row.error_high) == (expected.value, expected.low, expected.high)
        assert row.error_studies == 3
    assert {rows[key][0].error for key in place.keys[1::2]} == {None}
    assert rows[positive[2]][0].value == "no effusion"


def test_a_gold_study_tests_no_phrase_even_if_the_fellow_has_the_final_word(place, snapshots):
    """Nor does one that was in no batch, or was planted in one and left the gold set; one that was disputed does."""
    gold, unseen, planted, disputed = place.keys[:8:2]
    place.curating().set_gold(gold, NEGATIVE)
    batch = place.batch([gold, disputed], planted=[planted], overlap=2, labelers=["ann", "bob"])
    say(place, batch, "ann", NEGATIVE, 3)
    say(place, batch, "bob", POSITIVE, 3)
    before = rows_of(snapshots)
    for key in (gold, unseen, planted, disputed):
        place.curating().adjudicate(key, NEGATIVE)

    after = rows_of(snapshots)

    assert {row.error for (row,) in before.values()} == {None}
    assert [key for key in place.keys if after[key][0].tests] == [disputed]
    assert {(row.error, row.error_studies) for (row,) in after.values() if row.phrase == "pleural effusion"} == {(1, 1)}


def test_the_word_for_the_uncertain_is_never_wrong_where_people_say_present_or_absent(place):
    """It has no error, and its studies aren't counted as captured; what people say of them is counted by itself."""
    task = TaskRepository(place.project).make(Task("findings", TaskKind.SEVERAL, (Label("effusion", 0),)))
    repository = LabelingRepository(place.project, task.id)
    texts = {"P1": "Possible effusion.", "P2": "Possible effusion.", "S1": "Effusion.", "S2": "Effusion."}
    repository.load_reports([Report(name, (Section("impression", text),)) for name, text in texts.items()])
    keys = {stored.report.accession: stored.study_key for stored in repository.reports()}
    repository.insert_phrase(Phrase("effusion.", "effusion", uncertain_label="perhaps"), 0)
    place.task_id = task.id
    batch = place.batch([keys[name] for name in texts], labelers=["ann"])
    say(place, batch, "ann", POSITIVE, 1)
    say(place, batch, "ann", frozenset(), 1)
    say(place, batch, "ann", POSITIVE, 1)

    snapshot = LabelSnapshots(place.project).now(task.id)

    rows = {row.study_key: row for row in snapshot.rows}
    told = {name: (rows[keys[name]].soft_value, rows[keys[name]].error, rows[keys[name]].tests) for name in texts}
    assert told == {
        "P1": ("perhaps", None, True),
        "P2": ("perhaps", None, True),
        "S1": ("present", 0, True),
        "S2": ("present", 0, False),
    }
    (errors,) = phrase_errors(TaskKind.SEVERAL, [rows[key] for name, key in keys.items() if name in texts])[1].phrases
    assert (errors.counts.captured, errors.counts.confirmed, errors.counts.wrong) == (2, 1, 0)
    assert list(shares_present(TaskKind.SEVERAL, snapshot.rows).values()) == [rate(1, 2)]
    assert shares_present(TaskKind.ONE, snapshot.rows) == {}


def test_labels_that_are_decided_by_themselves_have_a_row_each(place):
    """Present, absent, or nothing; people say which are present, and so that the others are absent."""
    task = TaskRepository(place.project).make(
        Task("findings", TaskKind.SEVERAL, (Label("effusion", 0), Label("edema", 1)), left_out=frozenset({"history"}))
    )
    repository = LabelingRepository(place.project, task.id)
    repository.insert_phrase(Phrase("No pleural effusion", "effusion", excludes=True), 0)
    repository.insert_phrase(Phrase("pleural effusion", "effusion"), 1)
    place.task_id = task.id
    place.curating().adjudicate(place.keys[2], ["edema"])

    rows = rows_of(LabelSnapshots(place.project), task.id)

    told = {key: [(row.question, row.value, row.source.value) for row in rows[key]] for key in place.keys[:3]}
    assert told == {
        place.keys[0]: [("edema", None, "none"), ("effusion", "present", "soft")],
        place.keys[1]: [("edema", None, "none"), ("effusion", "absent", "soft")],
        place.keys[2]: [("edema", "present", "adjudicated"), ("effusion", "absent", "adjudicated")],
    }


def test_what_people_decided_is_the_same_in_a_snapshot_and_as_evidence(place):
    """Of each label by itself: where labelers differ about one they may agree about the other."""
    labels = (Label("effusion", 0), Label("edema", 1))
    task = TaskRepository(place.project).make(Task("findings", TaskKind.SEVERAL, labels))
    place.task_id = task.id
    gold, final, agreed, differing, flagged = place.keys[:5]
    batch = place.batch([agreed, differing, flagged], overlap=2, labelers=["ann", "bob"])
    for person, last in (("ann", POSITIVE), ("bob", None)):
        say(place, batch, person, POSITIVE, 1)
        say(place, batch, person, POSITIVE if person == "ann" else POSITIVE | {"edema"}, 1)
        say(place, batch, person, last, 1)
    place.curating().set_gold(gold, ["edema"])
    place.curating().adjudicate(final, [])

    rows = [row for of_study in rows_of(LabelSnapshots(place.project), task.id).values() for row in of_study]

    for question in task.task.words:
        in_snapshot = {
            row.study_key: row.value for row in rows if row.question == question and row.people and row.value
        }
        assert decided_now(place, task.task, question) == in_snapshot
    assert decided_now(place, task.task, "effusion") == {
        gold: "absent", final: "absent", agreed: "present", differing: "present"
    }  # fmt: skip
    assert decided_now(place, task.task, "edema") == {gold: "present", final: "absent", agreed: "absent"}


@pytest.mark.parametrize("kind", list(TaskKind))
def test_what_a_batch_is_composed_of_is_the_soft_label(place, kind):
    """The labels that are there, the phrase that decides, and every phrase that stands in the report."""
    task = TaskRepository(place.project).make(Task("t", kind))
    repository = LabelingRepository(place.project, task.id)
    some = kind is TaskKind.SEVERAL
    low = repository.insert_phrase(Phrase("pleural effusion", "effusion"), 0)
    label = "effusion" if some else "no effusion"
    top = repository.insert_phrase(Phrase("no pleural effusion", label, excludes=some), 0)
    (stored,) = [one for one in TaskRepository(place.project).tasks() if one.id == task.id]

    studies = soft_studies(stored.task, repository.reports(), repository.phrases())

    says_no = frozenset() if some else NEGATIVE
    assert studies[:2] == (
        SoftStudy(place.keys[0], POSITIVE, low.id, frozenset({low.id})),
        SoftStudy(place.keys[1], says_no, top.id, frozenset({top.id, low.id})),
    )
    assert len(soft_labels(stored.task, repository.reports(), repository.phrases())) == 12


@pytest.mark.parametrize(
    ("kind", "preselected"), [(TaskKind.ONE, frozenset({"perhaps"})), (TaskKind.SEVERAL, frozenset())]
)
def test_what_is_uncertain_is_preselected_as_a_label_only_where_it_is_one(place, kind, preselected):
    """Elsewhere it is said of a label, and nothing is preselected; the phrase decides all the same."""
    task = TaskRepository(place.project).make(Task("t", kind))
    repository = LabelingRepository(place.project, task.id)
    repository.load_reports([Report("P1", (Section("impression", "Possible effusion."),))])
    phrase = repository.insert_phrase(Phrase("effusion", "effusion", uncertain_label="perhaps"), 0)
    (stored,) = [one for one in TaskRepository(place.project).tasks() if one.id == task.id]
    (report,) = [one for one in repository.reports() if one.report.accession == "P1"]

    (study,) = soft_studies(stored.task, [report], repository.phrases())
    (label,) = [one for one in soft_labels(stored.task, [report], repository.phrases()) if one.phrase_id is not None]

    assert study == SoftStudy(report.study_key, preselected, phrase.id, frozenset({phrase.id}))
    assert (label.value, label.phrase_id) == ("perhaps", phrase.id)


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


@pytest.fixture
def command(place, snapshots, tmp_path, monkeypatch):
    """Runs `ccds labeling` as ann, in a folder of her own."""
    assert snapshots.taken() == ()
    monkeypatch.setenv("CCDS_CONFIG", str(write_settings(tmp_path / "site")))
    monkeypatch.chdir(tmp_path)
    act_as(monkeypatch, "ann", place.project.id)
    return lambda *words: main(["labeling", words[0], "--project", "CHEST-1", *words[1:]])


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


def test_a_prefill_and_a_confirmed_label_are_the_same_words(place, snapshots):
    """What is confirmed is what was preselected, whatever the phrases say by now."""
    batch = place.curating().make_batch("b", [BatchItem(place.keys[0], None, NEGATIVE)])
    place.curating().assign(batch.id, "ann")
    place.at_work("ann", batch).answer([answer(place.at_work("ann", batch).take(1)[0])])

    (row,) = rows_of(snapshots)[place.keys[0]]

    assert (row.value, row.source, row.soft_value) == ("no effusion", Source.CONFIRMED, "effusion")
