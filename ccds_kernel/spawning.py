"""Starting processes of our own that import nothing from the folder that somebody happens to be in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_NAME = "PYTHONSAFEPATH"


@contextmanager
def without_this_folder() -> Iterator[None]:
    """What `multiprocessing` starts meanwhile looks for no library in the working folder, nor does what that starts.

    It starts Python with `-c`, which looks there first: a `pickle.py` that anybody of a project left in its folder would be run
    as whoever works there. Of the whole process, threads included: hold it while processes are started, no longer.
    """
    before = os.environ.get(_NAME)
    os.environ[_NAME] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_NAME]
        else:
            os.environ[_NAME] = before
