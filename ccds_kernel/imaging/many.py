"""Many series, several at once: each by one process of its own, so that one that is large or broken holds up no other.

Threads would wait for each other where Python reads headers and compares voxels. Verdicts come in the order of the series.
"""

from __future__ import annotations

import functools
import multiprocessing
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from ccds_kernel.imaging.convert import convert_series
from ccds_kernel.imaging.correction import Correction
from ccds_kernel.imaging.series import Series
from ccds_kernel.imaging.verdict import SeriesVerdict
from ccds_kernel.spawning import without_this_folder


def convert_many(
    series: Sequence[Series],
    out: Path,
    *,
    workers: int = 1,
    study_folder: str | None = None,
    correct: AbstractSet[Correction] = frozenset(),
) -> Iterator[SeriesVerdict]:
    """A verdict for each of `series`, as `convert_series`, by `workers` processes.

    Raises:
        CcdsError: `out` can't be written.
    """
    convert = functools.partial(convert_series, out=out, study_folder=study_folder, correct=correct)
    if workers == 1:
        yield from map(convert, series)
        return
    # A forked process would share locks that another thread of this one may hold.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        with without_this_folder():
            verdicts = pool.map(convert, series)  # starts them
        yield from verdicts
