"""Who makes the volumes of a study holds its lock meanwhile.

A run, the command and whoever lets a reason pass may meet at one study. Each of them reads what is chosen and let pass, converts,
moves what isn't a volume any more, and says what became of it: in turns, or one would set aside what another has just made and
told of.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.lock_file import locked


@contextmanager
def making(folder: Path, study_key: str, *, wait: bool = True) -> Iterator[bool]:
    """Waits until nobody else makes the volumes of a study below `folder`, and keeps others away. It ends with this process.

    Gives False where another is at it and we don't `wait`.

    Raises:
        CcdsError: `folder` can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = locked(folder / f".making-{study_key}", wait=wait)
    except OSError as error:
        raise CcdsError(
            expected="to write the project's volumes",
            found=error.strerror or "an error",
            do="ask the administrators of this site",
        ) from None
    if lock is None:
        yield False
        return
    with lock:
        yield True
