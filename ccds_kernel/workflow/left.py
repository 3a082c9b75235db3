"""What a run has to do, and what an earlier one did that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from ccds_kernel.workflow.manifest import Cause, Record, State
from ccds_kernel.workflow.operator import Item, Operator
from ccds_kernel.workflow.run_folder import RunFolder


def left_of(
    items: Iterable[Item],
    operator: Operator,
    folder: RunFolder,
    most_memory: Callable[[], int | None],
    *,
    again: bool = False,
) -> tuple[list[Item], list[Record]]:
    """What is to be done of `items`, and the records of what isn't.

    Args:
        items: each key once.
        operator: what is done.
        folder: what it is made in.
        most_memory: see `Engine`; is asked only where an item was too large before.
        again: whether what is in quarantine is tried again.
    """
    most = cache(most_memory)
    left: list[Item] = []
    settled: list[Record] = []
    for item in items:
        record = folder.manifest.get(item.key)
        if record is not None and record.is_of(item, operator) and _stands(record, item, folder, most, again=again):
            settled.append(record)
        else:
            left.append(item)
    return left, settled


def _stands(record: Record, item: Item, folder: RunFolder, most: Callable[[], int | None], *, again: bool) -> bool:
    if record.state is State.DONE:
        return record.has_its_files(folder.into)
    if record.failure is None or again:
        return False
    if record.failure.cause is Cause.MEMORY:
        return (there := most()) is not None and item.memory > there
    return record.failure.is_quarantined
