"""What the verbs that run a workflow have in common: the bar, and that they end in order."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ccds_kernel.workflow.progress import Progress


@contextmanager
def bar(at: list[Progress], *, doing: str = "normalizing", unit: str = "volumes") -> Iterator[Any]:
    """A bar on a terminal, with the rate and the time left; `at` has how far it is, also where there is none."""
    from tqdm import tqdm

    with tqdm(desc=doing, unit=f" {unit}", disable=not sys.stderr.isatty(), leave=False) as shown:

        def tell(progress: Progress) -> None:
            if not at:
                shown.total, shown.initial = progress.total, progress.done_before + progress.failed
                shown.n = shown.initial
            at[:] = [progress]
            if progress.failed:
                shown.set_postfix_str(f"{progress.failed} failed", refresh=False)
            shown.update(progress.done_before + progress.done + progress.failed - shown.n)

        yield tell


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """A job that its scheduler ends goes as one that a person interrupts: in order."""

    def interrupted(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
