"""`<project>/airlock/<submission>/`: where the files of submissions lie.

A site with groups makes `airlock/` a drop that members write and whose things only their owner removes; a submission's own
folder and files are read-only once sealed. Nobody relies on that: whoever reads a file here compares it with the hash that is
on record, which the audit log has, too.

Whoever fills a folder holds a lock on it until its row is there. A folder without row and lock is what a crash left, and
is swept away by the next submission.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ccds_kernel.airlock.submission import ID, SealedFile, Submission
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed

FOLDER = "airlock"
_CHUNK = 2**20


class Drop:
    """The airlock's folder in the directory of a project."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self.folder = project / FOLDER

    def folder_of(self, submission_id: str) -> Path:
        """Where the files of a submission lie."""
        return self.folder / submission_id

    @contextmanager
    def filling(self, submission_id: str) -> Iterator[Path]:
        """A new folder for a submission, which nobody sweeps away meanwhile; gone where the block fails.

        Raises:
            CcdsError: it can't be made.
        """
        target = self.folder_of(submission_id)
        try:
            make_closed(self._project, FOLDER)
            with _locked(self.folder):
                target.mkdir(mode=0o700)
                held = _lock(target)
        except OSError as error:
            raise _unwritable(error) from None
        try:
            yield target
        except BaseException:
            _remove(target)
            raise
        finally:
            os.close(held)

    def sweep(self, known: Callable[[], Collection[str]]) -> int:
        """Removes what crashes left; returns how many folders.

        Args:
            known: the ids that have a row. Asked when no folder can begin any more.
        """
        if not self.folder.is_dir():
            return 0
        count = 0
        with _locked(self.folder):
            candidates = {path.name for path in self.folder.iterdir() if ID.fullmatch(path.name)}
            for name in sorted(candidates - set(known())):
                count += self._sweep_one(self.folder / name, known)
        return count

    def _sweep_one(self, leftover: Path, known: Callable[[], Collection[str]]) -> bool:
        try:
            held = _lock(leftover, wait=False)
        except OSError:  # somebody fills it now, or it is gone
            return False
        try:
            if leftover.name in known():  # its row came between the look and the lock
                return False
            _remove(leftover)
        finally:
            os.close(held)
        return not leftover.exists()  # somebody else's stays: its owner's next submission sweeps it

    def read(self, submission: Submission, file: SealedFile) -> bytes:
        """The bytes of one file, which are those that were submitted; for files that fit into memory.

        Raises:
            CcdsError: they aren't, or can't be read.
        """
        return b"".join(self.verified(submission, file))

    def verified(self, submission: Submission, file: SealedFile) -> Iterator[bytes]:
        """The bytes of one file in chunks. Believe them only when the last one has come.

        Raises:
            CcdsError: they aren't what was submitted, or can't be read.
        """
        digest = hashlib.sha256()
        left = file.size
        path = self.folder_of(submission.id) / file.name
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as source:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise _changed(file)
                while left >= 0 and (chunk := source.read(_CHUNK)):
                    left -= len(chunk)
                    digest.update(chunk)
                    yield chunk
        except OSError as error:
            raise CcdsError(
                expected=f"to read {file.name} of submission {submission.id}",
                found=error.strerror or "an error",
                do="let whoever runs this site look at the project's folder airlock",
            ) from None
        if left or digest.hexdigest() != file.sha256:
            raise _changed(file)


def store(chunks: Iterable[bytes], folder: Path, name: str) -> SealedFile:
    """Writes `chunks` as the file `name` in `folder`, read-only and synced to disk.

    Raises:
        CcdsError: it can't be written.
    """
    target = folder / name
    digest, size = hashlib.sha256(), 0
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Closed to others until it is whole, whatever the folder hands on
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
            os.fchmod(out.fileno(), 0o440)
    except OSError as error:
        raise _unwritable(error) from None
    return SealedFile(name, size, digest.hexdigest())


def close(folder: Path) -> None:
    """Takes from everybody the right to change what is in `folder`, and makes its names last.

    Raises:
        CcdsError: the file system refuses it.
    """
    try:
        for inner in [path for path in folder.rglob("*") if path.is_dir()] + [folder]:
            inner.chmod(0o550)
            handle = os.open(inner, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    except OSError as error:
        raise _unwritable(error) from None


def _remove(folder: Path) -> None:
    """Removes `folder`, sealed or not, as far as this person may."""
    for inner in [folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())]:
        try:
            inner.chmod(0o750)
        except OSError:
            continue
    shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path, *, wait: bool = True) -> int:
    """A handle that holds the lock on `folder` until it is closed."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(handle)
        raise
    return handle


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = _lock(folder)
    try:
        yield
    finally:
        os.close(handle)


def _changed(file: SealedFile) -> CcdsError:
    return CcdsError(
        expected=f"{file.name} as it was submitted",
        found="another content: its hash isn't the one on record",
        do="refuse the submission, and let the author submit the result anew",
    )


def _unwritable(error: OSError) -> CcdsError:
    return CcdsError(
        expected="to write the project's folder airlock",
        found=error.strerror or "an error",
        do="let whoever runs this site mend its permissions or make room",
    )
