"""One operator over many items: what is done stays, the rest is done, whatever happens meanwhile.

The manifest says what is done; a run that was killed anywhere is run again and does only the rest. An item that fails goes to
quarantine with its reason and stops nobody. One whose worker died is tried again, for it may have been somebody else's fault,
and fails after `MOST_TRIES`. An engine that broke down is opened anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.attempt import record_of
from ccds_kernel.workflow.engine import Engine, EngineLost
from ccds_kernel.workflow.keeper import Keeper
from ccds_kernel.workflow.lease import Lease, held
from ccds_kernel.workflow.left import left_of
from ccds_kernel.workflow.manifest import Record
from ccds_kernel.workflow.operator import Item, Operator
from ccds_kernel.workflow.progress import Progress, RunState, write_progress
from ccds_kernel.workflow.run_folder import RunFolder
from ccds_kernel.workflow.shift import MOST_TRIES, Shift, never_fits
from ccds_kernel.workflow.sizes import batches
from ccds_kernel.workflow.tally import Tally, begun

Tell = Callable[[Progress], object]

_BEAT_S = 5.0
_SOON_S = 1.0
"""How often the progress is written where something changes."""

_TELL_S = 0.5
_MOST_LOST = 3
"""So many engines in a row may break down without bringing an item to its outcome."""


class _StopAsked(Exception):  # noqa: N818 - what happened
    """Somebody asked the run to stop."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be run.

    Args:
        operator: what to do.
        folder: what it is made in.
        engine: who does it.
        person: who runs it.
        again: whether items that were refused before are tried again, though nothing changed.
        most_tries: how often an item is tried whose worker died.
        keeper: keeps what the operator tells; None where it tells nothing.
    """

    operator: Operator
    folder: RunFolder
    engine: Engine
    person: str
    again: bool = False
    most_tries: int = MOST_TRIES
    keeper: Keeper | None = None

    def over(
        self,
        items: Iterable[Item],
        tell: Tell = lambda _: None,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> Progress:
        """Does what isn't done of `items`; how far it came: `ENDED`, or `STOPPED` where somebody asked it to.

        Args:
            items: each key once.
            tell: is called in this thread with how far it is, at most twice a second.
            around: is entered before the first item is looked at, and left after the last: while no other run is at work.

        Raises:
            CcdsError: another run of this is at work or took over, the engine can't be started, or breaks down again and
                again, or there is no room to write. What was done stays. OSError: the run's folder can't be read or written.
                KeyboardInterrupt: as ever; what was done stays. ValueError: a key is there twice.
        """
        items = list(items)
        if len({item.key for item in items}) < len(items):
            raise ValueError("an item is there twice")
        with held(self.folder.folder, self.person, self.engine.name) as lease, around():
            self.folder.begin()
            start = begun(self.operator.name, self.operator.digest, self.engine.name, self.person, len(items))
            watch = _Watch(self.folder, lease, Tally(start), tell)
            try:
                self._do(items, watch)
            except _StopAsked:
                return watch.end(RunState.STOPPED, "somebody asked it to")
            except CcdsError as error:
                watch.end(RunState.BROKEN, str(error))
                raise
            except KeyboardInterrupt:
                watch.end(RunState.STOPPED, "interrupted")
                raise
            except BaseException:
                watch.end(RunState.BROKEN, "a defect in ccds itself")
                raise
            self.folder.sweep()
            return watch.end(RunState.ENDED)

    def left(self, items: Iterable[Item]) -> tuple[list[Item], list[Record]]:
        """What is to be done of `items`, and the records of what isn't."""
        return left_of(items, self.operator, self.folder, self.engine.most_memory, again=self.again)

    def _do(self, items: list[Item], watch: _Watch) -> None:
        left, settled = self.left(_shown(items, watch))
        for record in settled:
            watch.tally.keep(record)
        later = batches(self._fitting(left, watch))
        watch.look(0, sum(map(len, later)), 0, now=True)
        while later:
            batch = later.pop(0)
            watch.later = sum(map(len, later))
            self._do_batch(batch, watch)

    def _fitting(self, left: list[Item], watch: _Watch) -> list[Item]:
        """What there can be memory for; the others go to quarantine, before anything is started for them."""
        most = self.engine.most_memory() if left else None
        if most is None:
            return left
        for item in left:
            if item.memory > most:
                record = record_of(self.operator, item, 1, failure=never_fits(item, most))
                self.folder.manifest.put(record)
                watch.tally.keep(record)
        return [item for item in left if item.memory <= most]

    def _do_batch(self, batch: list[Item], watch: _Watch) -> None:
        shift = Shift(self.operator, self.folder, batch, self.most_tries, watch, keeper=self.keeper)
        largest = max(item.memory for item in batch)
        lost = 0
        while shift.left:
            before = shift.left
            try:
                with self.engine.open(largest, shift.left) as workers:
                    shift.work(workers)
            except EngineLost as error:
                lost = lost + 1 if shift.left == before else 1
                if lost >= _MOST_LOST:
                    raise CcdsError(
                        expected=f"the engine '{self.engine.name}' to stay up",
                        found=f"one that broke down {lost} times without finishing a volume",
                        do="take fewer workers, or a session with more memory; the same run goes on with the rest",
                    ) from error


@dataclass
class _Watch:
    """Counts, shows that the run lives, and hears that it is to stop."""

    folder: RunFolder
    lease: Lease
    tally: Tally
    tell: Tell
    later: int = 0
    _at: Progress = field(init=False)
    _beat: float = field(default=float("-inf"))
    _told: float = field(default=float("-inf"))

    def __post_init__(self) -> None:
        self._at = self.tally.start
        self._write()

    def settle(self, record: Record) -> None:
        self.tally.settle(record)

    def look(self, running: int, waiting: int, workers: int, *, now: bool = False, why: str | None = None) -> None:
        moment, now = time.monotonic(), now or why != self._at.why
        if now or moment - self._told >= _TELL_S:
            self._told = moment
            counted = self.tally.progress(running, waiting + self.later, workers)
            before, self._at = self._at, replace(counted, why=why)
            self.tell(self._at)
            if now or moment - self._beat >= (_BEAT_S if _counts(before) == _counts(self._at) else _SOON_S):
                self._beat = moment
                self.lease.renew()
                self._write()
        if self.folder.is_to_stop():
            raise _StopAsked

    def end(self, state: RunState, why: str | None = None) -> Progress:
        """Writes how it ended; what is at work then is lost, and left."""
        waiting = self._at.total - (counted := self.tally.progress(0, 0, 0)).done_before - counted.done - counted.failed
        self._at = replace(
            counted, state=state, why=why, ended_at=datetime.now(UTC), waiting=waiting, seconds_left=None
        )
        self._write()
        self.tell(self._at)
        return self._at

    def _write(self) -> None:
        write_progress(self.folder.progress_file, self._at)


def _shown(items: list[Item], watch: _Watch) -> Iterator[Item]:
    """`items`, while the run shows that it lives: on a slow file system it takes its time to read what became of them."""
    for item in items:
        watch.look(0, len(items), 0)
        yield item


def _counts(progress: Progress) -> tuple[int, ...]:
    return progress.done, progress.failed, progress.running, progress.workers
