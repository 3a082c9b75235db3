"""What a label snapshot says: whose word counts, and how often each phrase is wrong."""

import pytest

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.confirmation.decided import by_study, decided_values
from ccds_kernel.labeling.confirmation.snapshot import LabelRow, phrase_errors, shares_present
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_kernel.rate import rate
from support.confirming import NEGATIVE, POSITIVE, Workplace, answer


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
    _, errors = phrase_errors(TaskKind.ONE, [row for (row,) in after.values()])
    assert errors.left.studies == len(place.keys[::2]) - 4  # nor is it among those that nobody looked at


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


def test_a_prefill_and_a_confirmed_label_are_the_same_words(place, snapshots):
    """What is confirmed is what was preselected, whatever the phrases say by now."""
    batch = place.curating().make_batch("b", [BatchItem(place.keys[0], None, NEGATIVE)])
    place.curating().assign(batch.id, "ann")
    place.at_work("ann", batch).answer([answer(place.at_work("ann", batch).take(1)[0])])

    (row,) = rows_of(snapshots)[place.keys[0]]

    assert (row.value, row.source, row.soft_value) == ("no effusion", Source.CONFIRMED, "effusion")
