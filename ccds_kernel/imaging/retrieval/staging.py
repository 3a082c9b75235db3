"""Where studies lie until they have proven what they are, and their way from there into the project.

`<staging>/<project>/<study key>-<request>/` is outside the project and closed to its members. Files aren't renamed into the
project but copied into a new folder of it: a file keeps the permissions of where it was made, and the project's are to hold.
That folder gets its name when it is complete. A file's name is made of its content (`archive.received`), so that two folders
with the same names hold the same.

An archive needn't send a study twice in the same bytes. So that a worker which was killed when a study was in the project, and
before the queue knew, isn't followed by one that takes it for another copy, a note in staging says which files are about to be
put there; it goes when the queue knows.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ccds_kernel.archive.claims import Claim
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed, write_whole
from ccds_kernel.imaging.lock_file import locked
from ccds_kernel.imaging.output import hashed_name
from ccds_kernel.imaging.retrieval.slots import Slots

DICOM = "dicom"
_ARRIVING = ".arriving-"
_LOCK = ".fetching"
"""In the project, not where studies are staged: that may be a disk of one host."""


class DiskFull(CcdsError):  # noqa: N818 - named for what a person is told
    """There is no room; nothing of what didn't fit is left."""


class AtWork(CcdsError):  # noqa: N818 - named for what a person is told
    """Another program fetches this project's studies."""


class OtherCopy(Exception):  # noqa: N818 - its caller tells the person
    """The project has other files of that series already."""


class Staging:
    """The staging of one project, for the one worker that has it.

    Args:
        folder: of all projects' staging.
        project_folder: the project's directory.
        keep_free: bytes that stay free on either disk.

    Attributes:
        slots: in which studies of all projects are fetched.
    """

    def __init__(self, folder: Path, project_folder: Path, keep_free: int) -> None:
        self.slots = Slots(folder)
        self._root = folder
        self._folder = folder / project_folder.name
        self._project = project_folder
        self._keep_free = keep_free

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Keeps other workers of this project away, on whatever host, and clears what one left that was killed.

        Raises:
            AtWork: another one is at work.
            CcdsError: the folder, or the project's, can't be written.
        """
        try:
            make_closed(self._root, self._folder.name)
            self._folder.chmod(0o700)
        except OSError as error:
            raise CcdsError(
                expected="a staging folder that this program may write",
                found=error.strerror or "an error",
                do="let the service account fetch ('ccds imaging work'), or see archive.staging",
            ) from None
        path = self._project / DICOM / _LOCK
        try:
            path.parent.mkdir(exist_ok=True)
            lock = locked(path, wait=False)
        except OSError as error:
            raise CcdsError(
                expected="to write the project's studies",
                found=error.strerror or "an error",
                do="ask who administers this site",
            ) from None
        if lock is None:
            raise AtWork(
                expected="no other program that fetches this project's studies",
                found="one at work",
                do="leave it to that one: it takes what is asked for meanwhile, too",
            )
        with lock:
            self._clear()
            yield

    def _clear(self) -> None:
        try:
            for left in [*self._folder.iterdir(), *(self._project / DICOM).glob(f"{_ARRIVING}*")]:
                if left.is_dir():
                    shutil.rmtree(left)
                elif left.name.startswith("."):  # a note that was being written
                    left.unlink()
        except OSError as error:
            raise CcdsError(
                expected="to take away what a worker left that was killed",
                found=error.strerror or "an error",
                do="see archive.staging, and the project's directory",
            ) from None

    def check_room(self) -> None:
        """Makes sure that there is room for one more study.

        Raises:
            DiskFull: there isn't.
        """
        for place, what in ((self._folder, "where studies are staged"), (self._project, "where the project lies")):
            free = shutil.disk_usage(place).free
            if free < self._keep_free:
                raise DiskFull(
                    expected=f"{self._keep_free // 2**20} MiB free {what}",
                    found=f"{free // 2**20}",
                    do="make room, or set archive.keep_free_mb lower; then go on",
                )

    @contextmanager
    def study(self, name: str) -> Iterator[Path]:
        """A new folder for one study, gone afterwards with all that is left in it.

        What can't be taken away, since the archive still writes it, say, the next worker does.

        Raises:
            OSError: it can't be made.
        """
        folder = self._folder / name
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def published(self, study_key: str) -> list[Path]:
        """One file of each series that the project has under that key."""
        found = (min(folder.iterdir(), default=None) for folder in (self._project / DICOM / study_key).glob("*/"))
        return [path for path in found if path is not None]

    def publish(self, claims: Iterable[Claim], study_key: str, turn: str) -> bool:
        """Puts the files of a study, which has proven itself, into `dicom/<study key>/<series>/` of the project.

        True where a worker that was killed had put them there, all of them.

        Args:
            claims: of its files.
            study_key: its key, of which nobody else publishes a study meanwhile.
            turn: what its turn is called, see `study`; an earlier one of that name may have come this far.

        Raises:
            OtherCopy: there is another copy of a series; nothing was changed then.
            OSError: the project can't be written.
        """
        by_series: dict[str, list[Path]] = {}
        for claim in claims:
            by_series.setdefault(hashed_name("series", claim.series_uid), []).append(claim.path)
        target = self._project / DICOM / study_key
        noted = self._noted(turn)
        by_another = all(series in noted and (target / series).exists() for series in by_series)
        wanted = {}
        for series, paths in by_series.items():
            wanted[series] = {path.name for path in paths}
            if (target / series).exists():
                there = _names(target / series)
                if there not in (wanted[series], noted.get(series)):
                    raise OtherCopy
                wanted[series] = there
        write_whole(self._note(turn), json.dumps({series: sorted(names) for series, names in wanted.items()}), 0o600)
        arriving = self._project / DICOM / f"{_ARRIVING}{turn}"
        arriving.parent.mkdir(exist_ok=True)
        arriving.mkdir()
        try:
            for series, paths in by_series.items():
                (arriving / series).mkdir()
                for path in paths:
                    _copy(path, arriving / series / path.name)
            if not target.exists():
                arriving.rename(target)
                return False
            for series in by_series:  # another study of that patient under that accession number came before
                if not (target / series).exists():
                    (arriving / series).rename(target / series)
            return by_another
        finally:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(arriving)

    def forget(self, turn: str) -> None:
        """Takes the note of a study's turn away: the queue knows what became of it."""
        with contextlib.suppress(OSError):  # what is left of it says nothing wrong
            self._note(turn).unlink()

    def _note(self, turn: str) -> Path:
        return self._folder / f"{turn}.files"

    def _noted(self, turn: str) -> dict[str, set[str]]:
        try:
            return {series: set(names) for series, names in json.loads(self._note(turn).read_bytes()).items()}
        except FileNotFoundError:
            return {}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _copy(source: Path, target: Path) -> None:
    """A copy that is on the disk when this returns: the queue says next that it is there."""
    with source.open("rb") as read, target.open("xb") as written:
        shutil.copyfileobj(read, written, 2**20)
        written.flush()
        os.fsync(written.fileno())
