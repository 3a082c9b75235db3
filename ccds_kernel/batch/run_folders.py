"""The folders of the runs that are handed to a cluster's scheduler; the same for LSF and Slurm.

In the scheduler's folder, all 0700 and 0600:

    jobs/<name>-<nonce>/       one job: `run.json` and, for each attempt at it, what `wrapper.py` leaves; `note.json`, what it is;
                               `job`, a link that only says which job it is;
                               `cancelled` when its end was asked for through us; `end.json`, how the scheduler said it ended
    ids/<job id>               a link to the one that is that job's: it outlasts the scheduler's memory
    locks/<number>             held while a job of a name is looked for and submitted

The scheduler, not this folder, knows which jobs there are: every file can be written again from what it says, by anybody, at any
time. The nodes see the folder under the same path.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ccds_kernel.batch.exits import ExitFile, read_exit
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.batch.wrapper import write_json
from ccds_kernel.errors import CcdsError

_FOLDER = re.compile(r"/[A-Za-z0-9._/@+-]{1,1000}")
_ID = re.compile(r"[1-9][0-9]{0,18}")
_TIMES = ("submitted", "started", "ended")
_KEPT = ("state", "reason", "exit_code", "user", "node", "requeues", *_TIMES)
_LOCKS = 64
_LOCK_S = 10.0
_AGAIN_S = 0.02
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Noted:
    """What is noted of a job that was submitted.

    Attributes:
        run: the name of its folder.
        nonce: the last part of that name.
        name: `spec.name`.
        owner: the person for whom it runs.
        tasks: how many tasks it has; 0 when it isn't an array.
        submitted: UTC seconds since 1970.
    """

    run: str
    nonce: str
    name: str
    owner: str
    tasks: int
    submitted: float


class RunFolders:
    """The runs in one scheduler's folder.

    Args:
        folder: made (0700) when it isn't there.

    Raises:
        CcdsError: its path isn't absolute, or has other characters than letters, digits and `._/@+-`: scripts hold it.
        SchedulerUnavailableError: it can't be made or used.
    """

    def __init__(self, folder: Path) -> None:
        if not _FOLDER.fullmatch(str(folder)) or ".." in folder.parts:
            raise CcdsError(
                expected="an absolute path of letters, digits and ._/@+- for the scheduler's folder",
                found=ascii(str(folder)),
                do="choose another folder",
            )
        self.folder = folder
        self._known: dict[JobId, Noted] = {}
        self._ended: set[JobId] = set()
        try:
            for part in (folder, folder / "jobs", folder / "ids", folder / "locks"):
                part.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SchedulerUnavailableError(
                expected="a scheduler's folder that can be written",
                found=str(error.strerror),
                do="choose another folder",
            ) from error

    def path(self, noted: Noted) -> Path:
        """The folder of this job."""
        return self.folder / "jobs" / noted.run

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Held by one process at a time for each name.

        Raises:
            SchedulerUnavailableError: another one holds it for too long.
        """
        deadline = time.monotonic() + _LOCK_S
        with (self.folder / "locks" / str(zlib.crc32(name.encode()) % _LOCKS)).open("w") as file:
            while not _is_locked(file.fileno()):
                if time.monotonic() > deadline:
                    raise SchedulerUnavailableError(
                        expected="an earlier submission of this name to come to its end",
                        found=f"that it takes more than {_LOCK_S:.0f} s",
                        do="try again",
                    )
                time.sleep(_AGAIN_S)
            yield

    def prepare(
        self, spec: JobSpec, *, grace_s: float, take: Mapping[str, Sequence[str]], take_all: Sequence[str] = ()
    ) -> Noted:
        """A new run's folder with its `run.json`.

        Args:
            spec: the job.
            grace_s: seconds from TERM to KILL, fewer than the scheduler itself waits.
            take: what of the scheduler's own variables the command gets under which name, see `wrapper.py`.
            take_all: the beginnings of those that it gets as they are.

        Raises:
            SchedulerUnavailableError: it can't be written.
        """
        nonce = secrets.token_hex(8)
        noted = Noted(
            run=f"{spec.name}-{nonce}",
            nonce=nonce,
            name=spec.name,
            owner=spec.owner,
            tasks=spec.array.count if spec.array else 0,
            submitted=time.time(),
        )
        order = {
            "owner": spec.owner,
            "command": spec.command,
            "env": {"PATH": _PATH, "HOME": str(Path.home()), "LANG": "C.UTF-8", **spec.env, "CUDA_VISIBLE_DEVICES": ""},
            "cwd": str(spec.cwd),
            "log": str(spec.log),
            "grace_s": grace_s,
            "take": {name: list(sources) for name, sources in take.items()},
            "take_all": list(take_all),
        }
        try:
            self.path(noted).mkdir(mode=0o700)
            for name, content in (("note.json", asdict(noted)), ("run.json", order)):
                write_json(self.path(noted) / name, content).rename(self.path(noted) / name)
        except OSError as error:
            self.discard(noted)
            raise SchedulerUnavailableError(
                expected="room for a job in the scheduler's folder", found=str(error.strerror), do="see to its disk"
            ) from error
        return noted

    def discard(self, noted: Noted) -> None:
        """Removes the folder of a run of which the scheduler has none."""
        shutil.rmtree(self.path(noted), ignore_errors=True)

    def note(self, job: JobId, noted: Noted) -> bool:
        """Notes which job this run is; False, and nothing is noted, where it is another one already."""
        if self._known.get(job) != noted:
            first = self.path(noted) / "job"
            try:
                first.symlink_to(job)
            except FileExistsError:
                if str(first.readlink()) != job:
                    return False
            link = self.folder / "ids" / f".{job}.{secrets.token_hex(4)}"
            link.symlink_to(Path("..") / "jobs" / noted.run)
            link.rename(self.folder / "ids" / job)
            self._known[job] = noted
        return True

    def noted(self, job: JobId) -> Noted | None:
        """Which run this job is; None when that wasn't noted."""
        if job not in self._known and _ID.fullmatch(job) and (found := _read_note(self.folder / "ids" / job)):
            self._known[job] = found
        return self._known.get(job)

    def find(self, nonce: str, owner: str, name: str | None) -> Noted | None:
        """That owner's run with this nonce, and name where that is known; None when there is none (any more).

        Everybody may read a nonce, and write it to a job of their own: it alone says nothing.
        """
        if name is None:
            places: Iterator[Path] = self.folder.glob(f"jobs/*-{nonce}")
        elif "/" in name:
            return None
        else:
            places = iter([self.folder / "jobs" / f"{name}-{nonce}"])
        found = next(filter(None, map(_read_note, places)), None)
        return found if found and found.owner == owner and name in {None, found.name} else None

    def exit_file(self, noted: Noted, attempt: str) -> ExitFile | None:
        """What this attempt left."""
        return read_exit(self.path(noted) / attempt)

    def last_exit(self, noted: Noted, task: int | None = None) -> ExitFile | None:
        """What the last attempt that began left; of one task where the job has several."""
        try:
            names = [entry.name for entry in self.path(noted).iterdir()]
        except OSError:
            return None
        beginning = "" if task is None else f"{task}."
        attempts = [
            int(name.removeprefix(beginning))
            for name in names
            if name.startswith(beginning) and name.removeprefix(beginning).isdecimal()
        ]
        return self.exit_file(noted, f"{beginning}{max(attempts)}") if attempts else None

    def note_cancelled(self, noted: Noted) -> None:
        """Notes that the end of this job was asked for."""
        os.close(os.open(self.path(noted) / "cancelled", os.O_WRONLY | os.O_CREAT, 0o600))

    @contextmanager
    def cancelling(self, noted: Noted) -> Iterator[None]:
        """Around the request to end this job: noted before, for its end may be seen at once; taken back where it is refused."""
        before = self.is_cancelled(noted)
        self.note_cancelled(noted)
        try:
            yield
        except (JobRefusedError, UnknownJobError):
            if not before:
                (self.path(noted) / "cancelled").unlink(missing_ok=True)
            raise

    def is_cancelled(self, noted: Noted) -> bool:
        """Whether that was noted."""
        return (self.path(noted) / "cancelled").exists()

    def note_end(self, noted: Noted, status: JobStatus) -> None:
        """Notes how this job ended, the first time that somebody sees it: that is more than an exit file tells."""
        place = self.path(noted) / "end.json"
        if status.id not in self._ended:
            self._ended.add(status.id)
            if not place.exists():
                known = {key: getattr(status, key) for key in _KEPT}
                write_json(
                    place, {key: it.timestamp() if isinstance(it, datetime) else it for key, it in known.items()}
                ).rename(place)

    def end(self, noted: Noted) -> dict[str, Any] | None:
        """The fields of the job's status that were noted at its end; None when nobody saw it."""
        try:
            known = json.loads((self.path(noted) / "end.json").read_text(encoding="utf-8"))
            return {
                **{key: known[key] for key in _KEPT},
                "state": JobState(known["state"]),
                **{key: known[key] and datetime.fromtimestamp(known[key], UTC) for key in _TIMES},
            }
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def forget_secrets(self, noted: Noted) -> None:
        """Removes what may hold tokens once the job is over; exit files stay."""
        (self.path(noted) / "run.json").unlink(missing_ok=True)


def _read_note(run_dir: Path) -> Noted | None:
    try:
        return Noted(**json.loads((run_dir / "note.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def attempt_of(restarts: int, task: int | None = None) -> str:
    """What `wrapper.py` is told about which attempt it is: after so many restarts, of this task where there are several."""
    return str(restarts) if task is None else f"{task}.{restarts}"


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
