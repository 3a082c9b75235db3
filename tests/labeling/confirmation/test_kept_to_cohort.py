"""A task that is kept to a cohort: what people say and are shown is of the cohort's members; nothing that was said is lost."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import delete

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.cohort.tables import cohort as cohort_table
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation.assigned import Assigned
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.confirmation.feedback import Feedback
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.confirmation.tagging import Tagging
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task
from support.confirming import LABELERS, NEGATIVE, POSITIVE, answer, undo
from support.keeping_to_cohorts import keep_to
from support.site import application, on_roster

DAY = date(2019, 3, 1)


def coded_reports(place) -> dict[str, str]:
    """Two reports of each exam code beside those without one, and a cohort of each; exam code and number → study key."""
    text = (Section("impression", "Pleural effusion."),)
    repository, cohorts = LabelingRepository(place.project), CohortRepository(place.project)
    names = [f"{code}-{n}" for code in ("CXR1", "CXR2") for n in (1, 2)]
    repository.load_reports([Report(name, text, name[:4], DAY) for name in names])
    for code in ("CXR1", "CXR2"):
        cohorts.keep(code.lower(), Criteria(frozenset({code}), DAY, DAY))
    return {stored.report.accession: stored.study_key for stored in repository.reports() if stored.report.exam_code}


def cover_first_only(settings) -> None:
    """An amendment takes away the second exam code."""
    roster = on_roster(**dict.fromkeys(LABELERS, "fellow"), sam="scientist")
    apply_application(application(roster=roster, exam_codes=["CXR1"]), person="admin", settings=settings)


def test_everything_that_was_said_is_read_of_members_only_and_kept(either):
    """Answers, gold labels, final words and counts; with the task on all reports again they are all back."""
    keys, curating = coded_reports(either), either.curating()
    batch = either.batch(list(keys.values()), labelers=["ann"])
    at_work = either.at_work("ann", batch)
    at_work.answer([answer(study) for study in at_work.take(4)[:3]])  # the last one, CXR2-2, stays in ann's hands
    for key in (keys["CXR1-1"], keys["CXR2-1"]):
        curating.set_gold(key, POSITIVE)
        curating.adjudicate(key, NEGATIVE)

    def read() -> tuple[object, ...]:
        counts = curating.counts()[batch.id]
        return (
            {stored.answer.study_key for stored in curating.answers()},
            {stored.answer.study_key for stored in curating.every_answer()},
            set(curating.gold()),
            set(curating.final_words()),
            (counts.studies, counts.done, counts.held, at_work.own_work().progress.answered),
        )

    all_of_them, newest = read(), curating.newest()
    keep_to(either, "cxr2")
    second, then = read(), curating.newest()
    keep_to(either, None)

    only = {keys["CXR2-1"]}
    assert second == (only, only, only, only, (2, 1, {"ann": 1}, 1))
    assert (then.answer, then.word, then == newest) == (newest.answer, newest.word, False)
    assert read() == all_of_them
    assert all_of_them[4] == (4, 3, {"ann": 1}, 3)


def test_a_labeler_is_given_members_only(either):
    """Nor keeps another study that they hold: what they say about it later counts for nothing, and is kept."""
    keys = coded_reports(either)
    batch = either.batch(list(keys.values()), overlap=2, labelers=["ann", "bob"])
    ann = either.at_work("ann", batch)
    (held,) = ann.take(1)

    keep_to(either, "cxr2")
    given = ann.take(9)
    (late,) = ann.answer([answer(held)])
    seen = Assigned(either.projects["bob"], clock=either.clock)

    assert held.report.study_key == keys["CXR1-1"]
    assert {study.report.study_key for study in given} == {keys["CXR2-1"], keys["CXR2-2"]}
    assert sorted(study.number for study in given) == [1, 2]
    assert (late.counts, late.kept) == (False, True)
    assert ann.own_work().open == 2
    assert [(one.studies, one.open) for one in seen.batches()] == [(2, 2)]
    assert sum(seen.outline(batch.id).sizes.values()) == 2


def test_what_is_left_is_of_members_before_a_page_takes_anew(either):
    """Others that a labeler still holds, or takes an answer back of, are neither counted nor in the way of the batch's end. What
    is said of them until then is kept, and there again when they are members.
    """
    keys = coded_reports(either)
    batch = either.batch(list(keys.values()), labelers=["ann"])
    ann = either.at_work("ann", batch)
    held = {study.report.study_key: study for study in ann.take(9)}
    said = answer(held[keys["CXR1-1"]])
    ann.answer([said])

    keep_to(either, "cxr2")
    (late,) = ann.answer([answer(held[keys["CXR1-2"]])])
    ann.answer([undo(said)])
    before = ann.open(), ann.own_work().open, ann.own_work().progress.held
    seen = Assigned(either.project, clock=either.clock).batches()
    ann.answer([answer(held[keys[name]]) for name in ("CXR2-1", "CXR2-2")])
    Feedback(either.project, batch.id, clock=either.clock).give()
    keep_to(either, None)

    assert before == (2, 2, 2)
    assert [(one.studies, one.open) for one in seen] == [(2, 2)]
    assert late.counts
    assert {stored.answer.study_key for stored in either.curating().answers()} == set(keys.values()) - {keys["CXR1-1"]}
    assert ann.own_work().progress.held == 1


def test_tags_of_a_study_that_left_are_kept(either):
    """As answers are that come in late: whoever was given the study sees them when it is a member again."""
    keys = coded_reports(either)
    batch = either.batch([keys["CXR1-1"]], labelers=["ann"])
    (held,) = either.at_work("ann", batch).take(1)
    tagging = Tagging(either.project, batch.id, clock=either.clock)

    keep_to(either, "cxr2")
    refusal = tagging.tag(held.lease, keys["CXR1-1"], ["motion"])
    keep_to(either, None)

    assert refusal is None
    assert tagging.own(list(keys.values())) == {keys["CXR1-1"]: {"motion"}}


def test_feedback_is_on_members_only(either):
    """A batch of which no member is left to somebody is at its end; other gold studies aren't told."""
    keys = coded_reports(either)
    for name in ("CXR1-2", "CXR2-2"):
        either.curating("dee").set_gold(keys[name], NEGATIVE)
    batch = either.batch(list(keys.values()), planted=[keys["CXR1-2"], keys["CXR2-2"]], labelers=["ann"])
    ann = either.at_work("ann", batch)
    told = [study for study in ann.take(9) if study.report.study_key != keys["CXR1-1"]]
    ann.answer([answer(study) for study in told])

    keep_to(either, "cxr2")
    ann.take(9)
    (given,) = Feedback(either.project, batch.id, clock=either.clock).give()

    assert (given.report.study_key, given.is_right) == (keys["CXR2-2"], True)


def test_nothing_is_said_about_a_study_that_the_task_does_not_read(place):
    """A page of before asks for it: one line, and nothing is changed."""
    keys, curating = coded_reports(place), place.curating()
    keep_to(place, "cxr2")
    asked = [
        lambda: curating.set_gold(keys["CXR1-1"], POSITIVE),
        lambda: curating.adjudicate(place.keys[0], POSITIVE),
        lambda: curating.report(keys["CXR1-1"]),
        lambda: curating.make_batch("late", [BatchItem(keys["CXR1-1"], None, POSITIVE)]),
    ]

    refused = []
    for ask in asked:
        with pytest.raises(CcdsError) as raised:
            ask()
        refused.append(str(raised.value))

    (line,) = set(refused)
    assert line == (
        "expected a study of the cohort cxr2, to which the task 'effusion' is kept; found one that the task doesn't read; "
        "go on with another one"
    )
    assert (curating.batches(), curating.gold()) == ((), {})


def test_a_snapshot_has_the_members(either):
    """With a cohort beside that those that are in both. What a snapshot is about names the task's cohort, if it has one."""
    keys, snapshots = coded_reports(either), LabelSnapshots(either.project)
    dates = (date(2019, 1, 1), date(2019, 12, 31))
    both, none = Criteria(frozenset({"CXR1", "CXR2"}), *dates), Criteria(frozenset({"CXR2"}), dates[0], dates[0])
    before = snapshots.now(1)

    beside = snapshots.now(1, Criteria(frozenset({"CXR1"}), *dates))
    keep_to(either, "cxr1")
    kept = snapshots.now(1)

    assert (
        {row.study_key for row in kept.rows} == {keys["CXR1-1"], keys["CXR1-2"]} == {r.study_key for r in beside.rows}
    )
    assert snapshots.now(1, both) == kept
    assert snapshots.now(1, none).studies == 0
    assert (before.studies, '"cohort": "cxr1"' in kept.basis.asked, "cohort" in before.basis.asked) == (16, True, False)
    assert kept.digest != beside.digest


@pytest.mark.parametrize("lost", ["not covered any more", "gone"])
def test_without_its_cohort_nothing_of_a_task_is_read(place, settings, lost):
    """An amendment took a part of it away, or somebody removed it from the database: one line. What comes in is kept."""
    keys, curating = coded_reports(place), place.curating()
    batch = place.batch([keys["CXR2-1"]], labelers=["ann"])
    ann = place.at_work("ann", batch)
    keep_to(place, "cxr2")
    (held,) = ann.take(1)

    if lost == "gone":
        with place.project.store.writing() as connection:
            connection.execute(delete(cohort_table).where(cohort_table.c.name == "cxr2"))
    else:
        cover_first_only(settings)
    asked = [
        curating.answers,
        curating.gold,
        curating.counts,
        curating.newest,
        lambda: ann.take(1),
        ann.open,
        ann.own_work,
        Assigned(place.project).batches,
        lambda: Assigned(place.project).outline(batch.id),
        lambda: LabelSnapshots(place.project).take(1),
        LabelingRepository(place.project, 1).task_reports,
    ]
    refused = []
    for ask in asked:
        with pytest.raises(CcdsError) as raised:
            ask()
        refused.append(str(raised.value))
    (kept,) = ann.answer([answer(held)])

    expected = {
        "gone": "; found none of that name; let a fellow name one of 'ccds cohort list --project CHEST-1' in the task's "
        "settings, or none",
        "not covered any more": ", within the IRB application; found CXR2 in it, which isn't covered; let a fellow name another "
        "cohort in the task's settings, or none, or ask the principal investigator, Dr. Reed, for an amendment",
    }
    assert set(refused) == {f"expected the cohort cxr2, to which the task 'effusion' is kept{expected[lost]}"}
    assert kept.counts
    keep_to(place, None)
    assert len(curating.answers()) == (1 if lost == "gone" else 0)


def test_opening_a_task_that_is_not_covered_any_more_is_nobody_s_violation(place, settings):
    """The log says nothing of who reads it, and is told; it does of who asks that a task be kept to such a cohort."""
    coded_reports(place)
    ann = place.at_work("ann", place.batch(labelers=["ann"]))
    keep_to(place, "cxr2")
    cover_first_only(settings)

    def refusals(ask: Callable[[], object]) -> int:
        before = denied()
        with pytest.raises(ProjectAccessDenied):
            ask()
        return denied() - before

    def denied() -> int:
        return [entry["event"] for entry in place.project.audit.entries("CHEST-1")].count("AccessDenied")

    tasks = TaskRepository(place.project)
    asked = [
        lambda: ann.take(3),
        ann.own_work,
        place.curating().answers,
        LabelingRepository(place.project, 1).task_reports,
        lambda: tasks.make(Task("edema", cohort="cxr2")),
    ]
    found = [refusals(ask) for ask in asked]
    keep_to(place, None)

    assert [*found, refusals(lambda: keep_to(place, "cxr2"))] == [0, 0, 0, 0, 1, 1]


def test_a_report_that_is_loaded_later_joins(place):
    """As it does the cohort: its members are those that meet the criteria now."""
    coded_reports(place)
    keep_to(place, "cxr2")
    repository = LabelingRepository(place.project, 1)
    before = repository.task_reports()

    repository.load_reports([Report("LATE", (Section("impression", "Clear."),), "CXR2", DAY)])

    assert [one.report.accession for one in before] == ["CXR2-1", "CXR2-2"]
    assert [one.report.accession for one in repository.task_reports()] == ["CXR2-1", "CXR2-2", "LATE"]
    assert len(repository.reports()) == 17
