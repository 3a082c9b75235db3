"""Where a volume goes, and how it gets there whole.

`<out>/<study>/<series>.nii.gz` with `.json` beside it, both names hashes of the UIDs: stable, without a patient's id. A project's
ingest gives the study key as the name of the study folder instead. Files are made in a working folder inside `out` (the same
file system, the same access rights) and linked to their names when they are complete; a name that is taken is never
overwritten by another image.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.verdict import QuarantineError
from ccds_kernel.imaging.volume import digest

_WORKING = ".ccds-converting-"
_ABANDONED_S = 60
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


SERIES = "series-"
"""How the names of series begin that `hashed_name` gives."""


def hashed_name(kind: str, uid: str) -> str:
    """A name for a study or series: `kind`, and 80 bits of the hash of its UID."""
    return f"{kind}-{hashlib.sha256(uid.encode()).hexdigest()[:20]}"


@contextlib.contextmanager
def working_folder(out: Path) -> Iterator[Path]:
    """A private folder inside `out`, gone afterwards; `out` is made where missing.

    Raises:
        CcdsError: `out` is a file, or can't be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_WORKING, dir=out))
    except OSError as error:
        raise CcdsError(
            expected="an output folder that can be written", found=error.strerror or "an error", do="choose another OUT"
        ) from error
    remove_abandoned(out)
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds a lock on `folder` that ends with this process, however it ends.

    Raises:
        BlockingIOError: another process holds it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def remove_abandoned(out: Path, older_than_s: float = _ABANDONED_S) -> None:
    """Removes working folders of processes that were killed: nobody holds their lock."""
    for folder in out.glob(f"{_WORKING}*"):
        with contextlib.suppress(OSError):
            # A new folder is without its lock for an instant.
            if time.time() - folder.stat().st_mtime > older_than_s:
                with _locked(folder):
                    shutil.rmtree(folder)


def publish(image: Path, sidecar: Path, image_sha256: str, target: Path) -> None:
    """Moves a finished image and its sidecar to `target` (.nii.gz) and the .json beside it.

    The same image already there is left as it is, its sidecar renewed.

    Raises:
        QuarantineError: another image is there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name.removesuffix(".nii.gz") + ".json")
    if not target.exists():
        # The sidecar first: who sees a volume finds its sidecar.
        sidecar.replace(beside)
        if _appear(image, target):
            return
    if _digest_or_none(target) != image_sha256:
        raise QuarantineError(
            "output-differs", "the output folder already holds another image of this series; move it away"
        )
    if sidecar.exists():
        sidecar.replace(beside)


def _appear(image: Path, target: Path) -> bool:
    """Gives `image` the name `target` unless it is taken; False if it was."""
    try:
        os.link(image, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links: two runs at once could overwrite each other's identical work.
        image.replace(target)
    return True


def _digest_or_none(path: Path) -> str | None:
    try:
        return digest(path)
    except (OSError, EOFError, zlib.error, ValueError):
        return None
