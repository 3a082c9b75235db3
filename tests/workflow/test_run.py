"""A run does what isn't done, whatever an item does to it, and tells of every item once."""

import json
from dataclasses import replace

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.lease import LeaseHeldError, held
from ccds_kernel.workflow.manifest import Cause, State
from ccds_kernel.workflow.progress import RunState, read_progress
from ccds_kernel.workflow.run import Run
from support.workflow import Capitals, KeptEngine, item_of, write_items


def _made(folder) -> dict[str, str]:
    return {path.parent.name: path.read_text(encoding="utf-8") for path in folder.into.glob("study-*/*.txt")}


def test_everything_is_done_and_told_of(tmp_path, folder, engine):
    """Each item's file is there, its record once with the hashes, and the progress says that the run ended."""
    items = write_items(tmp_path / "items", ["one", "two", "three"])

    progress = Run(Capitals(), folder, engine, "ann").over(items)

    records = {record.key: record for record in folder.manifest.records()}
    assert _made(folder) == {"study-0": "ONE", "study-1": "TWO", "study-2": "THREE"}
    assert {record.state for record in records.values()} == {State.DONE}
    assert records.keys() == {item.key for item in items}
    assert records["study-0/a"].files == {"study-0/a.txt": 3}
    assert (progress.state, progress.total, progress.done, progress.failed) == (RunState.ENDED, 3, 3, 0)
    assert read_progress(folder.progress_file) == progress


def test_a_second_run_does_only_the_rest(tmp_path, folder, engine):
    """What is done isn't done again, and where nothing is left no engine is opened."""
    items = write_items(tmp_path / "items", ["one", "two", "three"])
    Run(Capitals(), folder, engine, "ann").over(items[:2])
    before = {path: path.stat().st_mtime_ns for path in folder.into.glob("study-*/*.txt")}

    second = Run(Capitals(), folder, engine, "ann").over(items)
    third = Run(Capitals(), folder, engine, "ann").over(items)

    assert (second.done_before, second.done) == (2, 1)
    assert (third.done_before, third.done, engine.opened) == (3, 0, 2)
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("change", ["input", "operator", "code", "file gone", "file cut", "record gone", "record torn"])
def test_what_changed_is_done_again(tmp_path, folder, engine, change):
    """Another input, operator or code, a file that isn't as it was made, or no record: the item is done anew, others stay."""
    items, operator = write_items(tmp_path / "items", ["one", "two"]), Capitals()
    Run(operator, folder, engine, "ann").over(items)
    record = folder.folder / "manifest" / "study-0" / "a.json"
    changes = {
        "input": lambda: items.__setitem__(0, item_of(tmp_path / "items", 0, "other")),
        "file gone": (folder.into / "study-0" / "a.txt").unlink,
        "file cut": lambda: (folder.into / "study-0" / "a.txt").write_text(""),
        "record gone": record.unlink,
        "record torn": lambda: record.write_text(record.read_text()[:40]),
    }
    changes.get(change, lambda: None)()
    changed = {"operator": replace(operator, digest="d2"), "code": replace(operator, code_version="2")}

    progress = Run(changed.get(change, operator), folder, engine, "ann").over(items)

    assert progress.done == (2 if change in changed else 1)
    assert _made(folder) == {"study-0": "OTHER" if change == "input" else "ONE", "study-1": "TWO"}


def test_a_bad_item_stops_nobody_and_stays_in_quarantine(tmp_path, folder, engine):
    """It is named with step and reason; the next run leaves it, until it is another one or somebody says so."""
    items = write_items(tmp_path / "items", ["bad one", "two"])
    run = Run(Capitals(), folder, engine, "ann")

    first, second = run.over(items), run.over(items)
    again = replace(run, again=True).over(items)
    mended = run.over([item_of(tmp_path / "items", 0, "good"), items[1]])

    assert (first.done, first.failed, first.quarantined) == (1, 1, 1)
    assert first.reasons == {"read: words": 1}
    assert (second.done_before, second.failed, engine.opened) == (1, 1, 3)
    assert again.failed == 1
    assert (mended.done, mended.failed) == (1, 0)


def test_what_kills_its_workers_fails_in_the_end(tmp_path, folder, engine):
    """It is tried three times, and again by the next run; others are done meanwhile."""
    items = write_items(tmp_path / "items", ["kill", "two", "three"])

    progress = Run(Capitals(), folder, engine, "ann").over(items)

    failed = folder.manifest.get("study-0/a")
    assert (progress.done, progress.failed, progress.quarantined) == (2, 1, 0)
    assert (failed.tries, failed.failure.cause) == (3, Cause.DIED)
    assert [item.key for item in Run(Capitals(), folder, engine, "ann").left(items)[0]] == ["study-0/a"]


def test_a_worker_that_dies_once_costs_a_try(tmp_path, folder, engine):
    """The item is done by the second one."""
    items = write_items(tmp_path / "items", [f"kill-once {tmp_path / 'died'}"])

    progress = Run(Capitals(), folder, engine, "ann").over(items)

    assert (progress.done, progress.failed) == (1, 0)
    assert folder.manifest.get("study-0/a").tries == 2


@pytest.mark.parametrize(("word", "cause"), [("unreadable", Cause.MACHINE), ("defect", Cause.DEFECT)])
def test_what_isn_t_the_item_s_fault_is_tried_by_the_next_run(tmp_path, folder, engine, word, cause):
    """Its record says whose affair it is, and nothing of what a defect's exception said."""
    items = write_items(tmp_path / "items", [word])

    progress = Run(Capitals(), folder, engine, "ann").over(items)

    record = folder.manifest.get("study-0/a")
    assert (progress.failed, progress.quarantined) == (1, 0)
    assert record.failure.cause is cause
    assert "what the item says" not in (folder.folder / "manifest" / "study-0" / "a.json").read_text()
    assert Run(Capitals(), folder, engine, "ann").left(items)[0] == items


def test_a_full_disk_ends_the_run(tmp_path, folder, engine):
    """It would be the same for every item; the progress says why."""
    items = write_items(tmp_path / "items", ["full"] * 30)

    with pytest.raises(CcdsError, match="No space left"):
        Run(Capitals(), folder, engine, "ann").over(items)

    progress = read_progress(folder.progress_file)
    assert progress.state is RunState.BROKEN
    assert "No space left" in progress.why
    assert progress.failed < 30


def test_an_item_that_needs_more_memory_than_there_is_isn_t_tried(tmp_path, folder, engine):
    """It says how much it needs; the next run, which may have more, tries it."""
    large = item_of(tmp_path, 0, "one", memory=2 << 30)

    progress = Run(Capitals(), folder, engine, "ann").over([large, item_of(tmp_path, 1, "two")])

    assert (progress.done, progress.failed, progress.quarantined) == (1, 1, 0)
    assert "2.1 GB" in folder.manifest.get("study-0/a").failure.found
    assert Run(Capitals(), folder, engine, "ann").left([large])[0] == [large]


def test_large_items_wait_for_room(tmp_path, folder, engine):
    """Two that don't fit beside each other are at work one after the other, and small ones beside them."""
    sizes = [700 << 20, 700 << 20, 100 << 20, 100 << 20]
    items = [item_of(tmp_path, number, "word", memory=size) for number, size in enumerate(sizes)]
    seen = []

    progress = Run(Capitals(), folder, engine, "ann").over(items, seen.append)

    assert progress.done == 4
    assert max(one.running for one in seen) <= 2


def test_somebody_asks_it_to_stop(tmp_path, folder, engine):
    """It stops, says so, and the next run does the rest; the wish doesn't outlive it."""
    items = write_items(tmp_path / "items", ["word"] * 40)

    stopped = Run(Capitals(), folder, engine, "ann").over(items, lambda _: folder.ask_to_stop())
    rest = Run(Capitals(), folder, engine, "ann").over(items)

    assert stopped.state is RunState.STOPPED
    assert stopped.done < 40
    assert stopped.total == stopped.done + stopped.waiting
    assert rest.state is RunState.ENDED
    assert rest.done_before + rest.done == 40


def test_nobody_else_runs_the_same_meanwhile(tmp_path, folder, engine):
    """Who comes second is told whose the first is, and nothing is touched."""
    items = write_items(tmp_path / "items", ["one"])

    with held(folder.folder, "bob"), pytest.raises(LeaseHeldError, match="a run of bob"):
        Run(Capitals(), folder, engine, "ann").over(items)

    assert engine.opened == 0
    assert folder.progress() is None


def test_an_item_is_there_once(tmp_path, folder, engine):
    """The same key twice is a mistake of the caller's."""
    item = item_of(tmp_path, 0, "one")

    with pytest.raises(ValueError, match="twice"):
        Run(Capitals(), folder, engine, "ann").over([item, item])


def test_the_progress_is_a_json_object(tmp_path, folder, engine):
    """As whoever reads it without our code sees it."""
    Run(Capitals(), folder, engine, "ann").over(write_items(tmp_path / "items", ["bad", "two"]))

    told = json.loads(folder.progress_file.read_text(encoding="utf-8"))

    assert told["format"] == "ccds-progress-1"
    assert (told["state"], told["total"], told["done"], told["failed"]) == ("ended", 2, 1, 1)
    assert told["reasons"] == {"read: words": 1}


def test_a_freak_makes_no_other_item_s_worker_large(tmp_path, folder, engine):
    """Common sizes go first, with workers for them; then the large ones, with no more workers than there are of them."""
    sizes = [100 << 20, 110 << 20, 390 << 20, 90 << 20, 800 << 20]
    items = [item_of(tmp_path, number, "word", memory=size) for number, size in enumerate(sizes)]
    seen = []

    progress = Run(Capitals(), folder, engine, "ann").over(items, seen.append)

    assert progress.done == 5
    assert engine.asked == [(390 << 20, 4), (800 << 20, 1)]
    assert {one.done + one.failed + one.running + one.waiting for one in seen} == {5}


def test_what_never_fits_is_in_quarantine_until_there_is_more_memory(tmp_path, folder, workers):
    """Nothing is started for it, and the next run leaves it; with more memory, or where somebody says so, it is tried."""
    large = [replace(item_of(tmp_path, 0, "one", memory=900 << 20), memory_at="2 resample")]
    little, more = KeptEngine(workers, most=800 << 20), KeptEngine(workers, most=950 << 20)

    first, second = (Run(Capitals(), folder, little, "ann").over(large) for _ in range(2))
    failure = folder.manifest.get("study-0/a").failure
    again, _ = Run(Capitals(), folder, little, "ann", again=True).left(large)
    grown = Run(Capitals(), folder, more, "ann").over(large)

    assert (first.state, first.failed, first.quarantined) == (RunState.ENDED, 1, 1)
    assert (second.failed, second.quarantined, little.opened) == (1, 1, 0)
    assert (failure.cause, failure.step) == (Cause.MEMORY, "2 resample")
    assert "0.9 GB, where a worker has 0.8 GB at most" in failure.found
    assert again == large
    assert (grown.done, grown.failed) == (1, 0)
