"""Handing items to the workers of one engine, and taking in what came of them."""

from __future__ import annotations

import time
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from distributed.scheduler import KilledWorker

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.transactions import DatabaseAwayError
from ccds_kernel.workflow.attempt import Tried, attempt, failure_of, is_full, record_of
from ccds_kernel.workflow.engine import EngineLost, Workers
from ccds_kernel.workflow.keeper import Keeper
from ccds_kernel.workflow.manifest import Cause, Failure, Record
from ccds_kernel.workflow.operator import Item, Operator
from ccds_kernel.workflow.run_folder import RunFolder

MOST_TRIES = 3
_TICK_S = 0.5
_ANSWER_S = 60

PATIENCE_S = 60.0
"""How long a Keeper's database may be away: as long as a server takes to be started anew."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 8.0
WAITS = "waits for the project's database"

_T = TypeVar("_T")


class Watch(Protocol):
    """Who is told how far it is."""

    def settle(self, record: Record) -> None:
        """An item came to its outcome."""

    def look(self, running: int, waiting: int, workers: int, *, why: str | None = None) -> None:
        """Is called a few times a second, with what the run waits for; whatever it raises ends the work."""


class Shift:
    """The items that are left, and those at work.

    As many are at work as there are workers, so that one who dies takes one item down, and together they need no more memory than
    there is. The largest go first: small ones fill what those leave.

    Args:
        operator: what to do.
        folder: what it is made in.
        items: what to do it with.
        most_tries: how often an item is tried whose worker died.
        watch: is told.
        keeper: keeps what the operator tells; None where it tells nothing.
        patience_s: how long the keeper's database may be away.
    """

    def __init__(
        self,
        operator: Operator,
        folder: RunFolder,
        items: Sequence[Item],
        most_tries: int,
        watch: Watch,
        *,
        keeper: Keeper | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._operator, self._folder, self._most_tries, self._watch = operator, folder, most_tries, watch
        self._keeper, self._patience_s = keeper, patience_s
        self._waiting = sorted(items, key=lambda item: (item.memory, item.key))
        self._tries: dict[str, int] = {}
        self._working: dict[Any, Item] = {}
        self._room = self._hands = 0

    @property
    def left(self) -> int:
        """How many items have no outcome yet."""
        return len(self._waiting) + len(self._working)

    def work(self, workers: Workers) -> None:
        """Works until nothing is left.

        Raises:
            EngineLost: the engine broke down; what was at work waits again.
            CcdsError: there is no room to write.
        """
        finished: SimpleQueue[Any] = SimpleQueue()
        try:
            self._room = workers.memory_each
            self._refuse_too_large(self._room)
            while self.left:
                self._hands = hands = _hands(workers)
                self._hand_out(workers, hands, finished)
                self._watch.look(len(self._working), len(self._waiting), hands)
                for future in _taken(finished):
                    self._take_in(future)
        finally:
            for item in self._working.values():
                self._put_back(item)
            self._working.clear()

    def _hand_out(self, workers: Workers, hands: int, finished: SimpleQueue[Any]) -> None:
        while self._waiting and len(self._working) < hands:
            item = self._next(workers.memory_together)
            if item is None:
                return
            if self._keeper is not None:
                item = self._patiently(partial(self._keeper.brief, item))
            tries = self._tries[item.key] = self._tries.get(item.key, 0) + 1
            try:
                future = workers.client.submit(
                    attempt, self._operator, item, self._folder.into, self._folder.manifest, tries,
                    key=f"{self._operator.name}-{item.key}-{tries}-{id(finished)}", pure=False,
                )  # fmt: skip
            except OSError as error:
                self._put_back(item)
                raise EngineLost from error
            self._working[future] = item
            future.add_done_callback(finished.put)

    def _next(self, together: int | None) -> Item | None:
        """The largest item that fits beside those at work; None where none does."""
        if together is None:
            return self._waiting.pop()
        room = together - sum(item.memory for item in self._working.values())
        if not self._working:
            return self._waiting.pop()  # alone it has all there is
        fitting = bisect_right(self._waiting, room, key=lambda item: item.memory)
        return self._waiting.pop(fitting - 1) if fitting else None

    def _put_back(self, item: Item) -> None:
        insort(self._waiting, item, key=lambda one: (one.memory, one.key))

    def _take_in(self, future: Any) -> None:  # noqa: ANN401 - a distributed.Future, which carries no type hints
        item = self._working.pop(future)
        try:
            tried = self._tried(future, item)
        except EngineLost:
            self._put_back(item)
            raise
        if tried is None:
            # It may have been the one that took too much: it gets more room, as far as there is any.
            self._put_back(replace(item, memory=max(item.memory, min(2 * item.memory, self._room))))
            return
        record = self._kept(item, tried)
        if record is None:
            self._put_back(item)
            return
        self._watch.settle(record)
        if record.failure is not None and is_full(record.failure):
            raise CcdsError(
                expected="room to write what is made",
                found=record.failure.found,
                do="make room; the same run goes on with the rest",
            )

    def _kept(self, item: Item, tried: Tried) -> Record | None:
        """The record, once what was told is kept; None where that doesn't hold any more, and the item is tried again."""
        if tried.told is None or self._keeper is None:
            return tried.record
        if self._patiently(partial(self._keeper.keep, item, tried.told)):
            self._folder.manifest.put(tried.record)
            return tried.record
        tries = self._tries[item.key]
        return None if tries < self._most_tries else self._fail(item, _changed(tries))

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        """What the keeper answers about an item, once its database is there again; the run shows meanwhile that it lives.

        Raises:
            DatabaseAwayError: it was away for too long.
        """
        end, pause = time.monotonic() + self._patience_s, _FIRST_PAUSE_S
        while True:
            try:
                return ask()
            except DatabaseAwayError:
                until = time.monotonic() + pause
                if until > end:
                    raise
            while (left := until - time.monotonic()) > 0:
                self._watch.look(len(self._working) + 1, len(self._waiting), self._hands, why=WAITS)
                time.sleep(min(left, _TICK_S))
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _tried(self, future: Any, item: Item) -> Tried | None:  # noqa: ANN401 - as above
        """What came of `item`; None where its worker died, and it is tried again.

        Raises:
            EngineLost: nobody knows.
        """
        if future.status not in {"finished", "error"}:
            raise EngineLost
        try:
            tried: Tried = future.result(timeout=_ANSWER_S)
        except KilledWorker:
            tries = self._tries[item.key]
            known = self._folder.manifest.get(item.key)
            if known is not None and known.is_of(item, self._operator) and known.tries == tries:
                return Tried(known)  # it died after the work was done
            return None if tries < self._most_tries else Tried(self._fail(item, _died(tries)))
        except (TimeoutError, CancelledError) as error:
            raise EngineLost from error
        except Exception as error:  # noqa: BLE001 - the record couldn't be written there: here, or nowhere
            return Tried(self._fail(item, failure_of(error)))
        return tried

    def _fail(self, item: Item, failure: Failure) -> Record:
        record = record_of(self._operator, item, self._tries.get(item.key, 1), failure=failure)
        self._folder.manifest.put(record)
        return record

    def _refuse_too_large(self, memory: int) -> None:
        while self._waiting and self._waiting[-1].memory > memory:
            item = self._waiting.pop()
            self._watch.settle(self._fail(item, _too_large(item, memory)))


def _hands(workers: Workers) -> int:
    """How many workers there are now."""
    if workers.client.status != "running":
        raise EngineLost
    try:
        return len(workers.client.nthreads())
    except (OSError, TimeoutError) as error:
        raise EngineLost from error


def _taken(finished: SimpleQueue[Any]) -> Iterator[Any]:
    """What has finished; waits a moment for the first."""
    with suppress(Empty):
        yield finished.get(timeout=_TICK_S)
        while True:
            yield finished.get_nowait()


def _died(tries: int) -> Failure:
    return Failure(
        cause=Cause.DIED,
        step="",
        expected="a worker that survives the volume",
        found=f"{tries} that died at it, mostly of too little memory",
        do="take fewer workers, or a session with more memory, and run again",
    )


def _changed(tries: int) -> Failure:
    return Failure(
        cause=Cause.MACHINE,
        step="",
        expected="what is asked of it to stay as it is while the work is done",
        found=f"{tries} times that it was another then",
        do="run again when nobody changes it",
    )


def _too_large(item: Item, memory: int) -> Failure:
    return Failure(
        cause=Cause.MACHINE,
        step=item.memory_at,
        expected="a volume that the memory suffices for",
        found=f"one that needs about {item.memory / 1e9:.1f} GB, where a worker has {memory / 1e9:.1f} GB now",
        do="wait until there is more, or take a session with more memory, and run again",
    )


def never_fits(item: Item, most: int) -> Failure:
    """Why an item is in quarantine that needs more than the bytes `most`, which are all that one may ever need here."""
    coarser = "" if item.memory_at == "read" else "a coarser spacing, or "
    return Failure(
        cause=Cause.MEMORY,
        step=item.memory_at,
        expected="a volume that the memory suffices for",
        found=f"one that needs about {item.memory / 1e9:.1f} GB, where a worker has {most / 1e9:.1f} GB at most",
        do=f"take {coarser}a session or nodes with more memory, and run again",
    )
