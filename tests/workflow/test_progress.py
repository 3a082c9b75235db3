"""How far a run is: counted, written whole, and read by whoever comes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.workflow.manifest import Cause, Failure, Record, State
from ccds_kernel.workflow.progress import SILENT, RunState, read_progress, write_progress
from ccds_kernel.workflow.tally import Tally, begun


class Clock:
    """Goes forward when told to."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def _record(key: str, cause: Cause | None = None, step: str = "read") -> Record:
    failure = cause and Failure(cause=cause, step=step, expected="words", found="none", do="mend it")
    state = State.FAILED if cause else State.DONE
    common = {"operator": "d1", "code_version": "1", "input_version": "v1", "tries": 1, "at": "", "seconds": 0.1}
    return Record(key=key, state=state, files={}, failure=failure, **common)


@pytest.fixture
def clock() -> Clock:
    """At 0."""
    return Clock()


@pytest.fixture
def tally(clock) -> Tally:
    """Of a run over 100 items."""
    return Tally(begun("capitals", "d1", "local", "ann", 100), clock)


def test_outcomes_are_counted(tally):
    """Done now and before, failed by reason, refused among them."""
    tally.keep(_record("a"))
    tally.keep(_record("b", Cause.REFUSED))
    tally.settle(_record("c"))
    tally.settle(_record("d", Cause.REFUSED))
    tally.settle(_record("e", Cause.DIED, step=""))

    progress = tally.progress(running=2, waiting=93, workers=2)

    assert (progress.done_before, progress.done, progress.failed, progress.quarantined) == (1, 1, 3, 2)
    assert progress.reasons == {"read: words": 2, "words": 1}
    assert (progress.running, progress.waiting, progress.workers, progress.total) == (2, 93, 2, 100)


def test_the_rate_is_that_of_lately(tally, clock):
    """One a second for a minute, after a slow beginning: what was long ago doesn't count."""
    clock.now = 1000
    for _ in range(90):
        clock.now += 1
        tally.settle(_record("a"))

    progress = tally.progress(running=0, waiting=10, workers=2)

    assert progress.per_s == pytest.approx(1, rel=0.05)
    assert progress.seconds_left == pytest.approx(10, rel=0.05)


def test_no_rate_is_told_of_one_outcome(tally, clock):
    """It would be a guess; what earlier runs did doesn't count."""
    tally.keep(_record("a"))
    clock.now = 5
    tally.settle(_record("b"))

    progress = tally.progress(running=1, waiting=97, workers=2)

    assert (progress.per_s, progress.seconds_left) == (None, None)


def test_it_is_read_as_it_was_written(tmp_path, tally):
    """By another process, whenever it comes."""
    tally.settle(_record("d", Cause.REFUSED))
    progress = tally.progress(running=1, waiting=98, workers=2)

    write_progress(tmp_path / "progress.json", progress)

    assert read_progress(tmp_path / "progress.json") == progress


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"state": "running"}'])
def test_what_is_no_progress_counts_as_none(tmp_path, text):
    """No file, or one that somebody wrote by hand."""
    if text is not None:
        (tmp_path / "progress.json").write_text(text, encoding="utf-8")

    assert read_progress(tmp_path / "progress.json") is None


def test_a_run_that_gives_no_sign_was_interrupted(tally):
    """Only one that should: what has ended stays so."""
    running = tally.progress(running=1, waiting=99, workers=2)
    ended = replace(running, state=RunState.ENDED)
    later = datetime.now(UTC) + SILENT + timedelta(seconds=5)

    assert running.now() is RunState.RUNNING
    assert running.now(later) is RunState.INTERRUPTED
    assert ended.now(later) is RunState.ENDED
