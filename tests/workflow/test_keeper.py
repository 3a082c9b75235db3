"""What an operator tells is kept by the run's Keeper, and only then does an item count as done."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ccds_kernel.cli._run_shown import pace
from ccds_kernel.errors import CcdsError
from ccds_kernel.store.transactions import DatabaseAwayError
from ccds_kernel.workflow.manifest import Record, State
from ccds_kernel.workflow.operator import Item, Outcome
from ccds_kernel.workflow.progress import RunState
from ccds_kernel.workflow.run import Run
from ccds_kernel.workflow.shift import WAITS, Shift
from ccds_kernel.workflow.tally import begun
from support.workflow import write_items


@dataclass(frozen=True, slots=True)
class Briefed(Item):
    """An item, and the word that its worker is to add."""

    word: str = ""


@dataclass(frozen=True)
class Says:
    """Makes no file: it tells what the item holds, and the word."""

    digest: str = "d1"
    code_version: str = "1"
    name: str = "says"

    def run(self, item: Briefed, into: Path) -> Outcome:  # noqa: ARG002 - an operator's
        """See the class."""
        return Outcome("", "", (), told=f"{item.source.read_text(encoding='utf-8')} {item.word}")


@dataclass
class Remembers:
    """A Keeper whose word changes so many times while the work is done, and whose database is away for so many calls."""

    changes: int = 0
    away: Counter[str] = field(default_factory=Counter)
    breaks: bool = False
    kept: list[str] = field(default_factory=list)
    briefed: list[str] = field(default_factory=list)

    def brief(self, item: Item) -> Item:
        """As a Keeper's."""
        self._reach("brief")
        self.briefed.append(item.key)
        return replace(item, word=f"said {self.changes} more times")

    def keep(self, item: Item, told: object) -> bool:
        """As a Keeper's."""
        if self.breaks:
            raise CcdsError(expected="a database", found="none", do="wait")
        if self.changes:
            self.changes -= 1
            return False
        assert isinstance(item, Briefed)
        self._reach("keep")
        self.kept.append(str(told))
        return True

    def _reach(self, method: str) -> None:
        if self.away[method]:
            self.away[method] -= 1
            raise DatabaseAwayError(expected="a database", found="none", do="wait")


@dataclass
class Watches:
    """Remembers what was waited for."""

    waited: set[str | None] = field(default_factory=set)

    def settle(self, record: Record) -> None:
        """As a Watch's."""

    def look(self, running: int, waiting: int, workers: int, *, why: str | None = None) -> None:  # noqa: ARG002 - a Watch's
        """As a Watch's."""
        self.waited.add(why)


@pytest.fixture
def items(tmp_path: Path) -> list[Briefed]:
    """Two."""
    return [Briefed(one.key, one.source, one.version, one.memory) for one in write_items(tmp_path / "i", ["a", "b"])]


def test_what_was_told_is_kept_once(folder, engine, items):
    """By the run's own process, each item as it was briefed; a second run has nothing left to do."""
    keeper = Remembers()
    run = Run(Says(), folder, engine, "ann", keeper=keeper)

    first, second = run.over(items), run.over(items)

    assert sorted(keeper.kept) == ["a said 0 more times", "b said 0 more times"]
    assert (first.done, second.done_before) == (2, 2)


def test_what_doesn_t_hold_any_more_is_briefed_and_tried_again(folder, engine, items):
    """The worker then has the word of now."""
    keeper = Remembers(changes=2)

    progress = Run(Says(), folder, engine, "ann", keeper=keeper).over(items[:1])

    assert (progress.done, keeper.kept) == (1, ["a said 0 more times"])
    assert keeper.briefed == [items[0].key] * 3


def test_what_changes_each_time_fails_and_stops_nobody(folder, engine, items):
    """After three tries; the next run tries it again."""
    run = Run(Says(), folder, engine, "ann", keeper=Remembers(changes=3))

    progress, after = run.over(items[:1]), run.over(items[:1])

    assert (progress.failed, progress.quarantined, after.done) == (1, 0, 1)


def test_a_keeper_that_can_t_ends_the_run_and_nothing_counts_as_done(folder, engine, items):
    """Its reason is the run's; the same run then does all of it."""
    with pytest.raises(CcdsError, match="expected a database"):
        Run(Says(), folder, engine, "ann", keeper=Remembers(breaks=True)).over(items)
    broken, records = folder.progress(), list(folder.manifest.records())

    progress = Run(Says(), folder, engine, "ann", keeper=Remembers()).over(items)

    assert (broken.state, broken.why, records) == ("broken", "expected a database; found none; wait", [])
    assert progress.done == 2
    assert {record.state for record in folder.manifest.records()} == {State.DONE}


@pytest.mark.parametrize("method", ["brief", "keep"])
def test_a_database_that_is_away_for_a_moment_is_waited_for(folder, engine, items, method):
    """Before an item is handed out and when its outcome is kept; the run says what it waits for, and in the end no more."""
    keeper = Remembers(away=Counter({method: 1}))
    told: list[str | None] = []

    progress = Run(Says(), folder, engine, "ann", keeper=keeper).over(items, lambda now: told.append(now.why))

    assert (progress.done, progress.state, progress.why) == (2, RunState.ENDED, None)
    assert sorted(keeper.kept) == ["a said 0 more times", "b said 0 more times"]
    assert WAITS in told


def test_one_that_stays_away_ends_the_work(folder, engine, items):
    """Its reason is told; nothing counts as done."""
    keeper, watch = Remembers(away=Counter(brief=100)), Watches()

    with engine.open(1 << 20, 2) as workers, pytest.raises(DatabaseAwayError, match="expected a database"):
        Shift(Says(), folder, items, 3, watch, keeper=keeper, patience_s=1.0).work(workers)

    assert (list(folder.manifest.records()), watch.waited) == ([], {WAITS})


def test_who_asks_how_far_a_run_is_reads_what_it_waits_for():
    """Behind its pace; nothing of it where it waits for nothing."""
    waits = replace(begun("says", "d1", "local", "ann", 2), workers=1, why=WAITS)

    assert pace(waits) == f"1 worker; {WAITS}"
    assert pace(replace(waits, why=None)) == "1 worker"
