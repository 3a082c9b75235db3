"""Who runs holds the lease meanwhile, so that two runs of one recipe never work at once.

A small file with a token of its own, renewed every few seconds. A holder that died leaves it behind: one of the same machine
is seen to be gone at once, one of another is given `SILENT_S` to show itself. Ages are told by the file system's clock, not
by those of two hosts. Decided against: a lock alone (on some network file systems it holds on one host only, and nobody sees
who has it).

What the lease doesn't do is guard the files: what an operator makes appears whole, and the same whoever makes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole

SILENT_S = 60.0
"""A holder on another machine that hasn't renewed the lease for so long is gone."""

_FILE = "lease.json"
_LOCK = "lease.lock"
_LONGEST = 1 << 12


class LeaseHeldError(CcdsError):
    """Somebody else holds the lease, or may."""


class LeaseLostError(CcdsError):
    """Somebody else took the lease over, as if this process were gone."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that is held: see `held`.

    Args:
        folder: the run's own.
        token: nobody else's.
        person: who holds it.
        engine: whose workers do the work, as `--engine` calls it.
    """

    folder: Path
    token: str
    person: str
    engine: str

    def renew(self) -> None:
        """Shows that its holder lives.

        Raises:
            LeaseLostError: it isn't this one's any more.
            OSError: it can't be written.
        """
        with _deciding(self.folder):
            content = _read(self.folder)
            if content is None or content.get("token") != self.token:
                raise LeaseLostError(
                    expected="to be the only run of this recipe in the project",
                    found="another one that took over, as this one gave no sign of life",
                    do="look at that one with 'ccds normalization show'",
                )
            self._write()

    def _write(self) -> None:
        content = {"token": self.token, "person": self.person, "engine": self.engine, **_this_process()}
        write_whole(self.folder / _FILE, json.dumps(content) + "\n", 0o664)


@contextmanager
def held(folder: Path, person: str, engine: str = "local") -> Iterator[Lease]:
    """Holds the lease of the run in `folder`, which is made where missing.

    Raises:
        LeaseHeldError: somebody else holds it, or may.
        OSError: `folder` can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lease = Lease(folder, secrets.token_hex(16), person, engine)
    with _deciding(folder):
        other = _read(folder)
        if other is not None and (reason := _may_live(folder, other)):
            raise LeaseHeldError(
                expected="nobody else who runs this recipe in the project",
                found=f"a run of {str(other.get('person', 'somebody'))[:60]}{reason}",
                do="wait for it or stop it; 'ccds normalization show' says how far it is",
            )
        for left in folder.glob(f".{_FILE}.*"):
            left.unlink(missing_ok=True)  # begun by a holder that was killed
        lease._write()  # noqa: SLF001 - its own module
    try:
        yield lease
    finally:
        with _deciding(folder):
            if (_read(folder) or {}).get("token") == lease.token:
                (folder / _FILE).unlink(missing_ok=True)


def is_held(folder: Path) -> bool:
    """Whether somebody holds the lease of the run in `folder`, or may."""
    try:
        with _deciding(folder):
            other = _read(folder)
            return other is not None and bool(_may_live(folder, other))
    except FileNotFoundError:  # nothing ever ran there
        return False


def is_held_by_job_of(folder: Path, person: str) -> bool:
    """Whether the lease of the run in `folder` is that of a controller's job of `person`, dead or alive."""
    other = _read(folder) or {}
    return (other.get("engine"), other.get("person")) == ("cluster", person)


@contextmanager
def _deciding(folder: Path) -> Iterator[None]:
    """One at a time decides whose the lease is."""
    with (folder / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(lock.fileno())
        yield


def _may_live(folder: Path, other: dict[str, object]) -> str:
    """Why the holder of `other` may be alive; empty where it is gone."""
    mine = _this_process()
    if other.get("machine") == mine["machine"]:
        # A controller is a job: that it runs on this machine is the scheduler's affair, and says nothing of its workers.
        where = " on the cluster" if other.get("engine") == "cluster" else " on this machine"
        return where if _lives(other.get("pid"), other.get("started")) else ""
    # By the file system's own clock: the lock was touched just now.
    silent = (folder / _LOCK).stat().st_mtime - (folder / _FILE).stat().st_mtime
    return "" if silent > SILENT_S else f" on another machine, who gave a sign of life {max(silent, 0):.0f} s ago"


def _lives(pid: object, started: object) -> bool:
    return type(pid) is int and started is not None and _start_of(pid) == started


def _start_of(pid: int) -> int | None:
    """When process `pid` of this machine began, in clock ticks since it was started; None where it has ended."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # proc(5): the name in brackets may hold anything; after it come the state (3rd field) and the start (22nd).
    fields = told.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _this_process() -> dict[str, object]:
    """How another process finds out whether this one lives: a machine is one start of a host, and one space of process ids."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    pids = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - it leads to no path
    return {
        "machine": f"{socket.gethostname()} {boot} {pids}",
        "pid": os.getpid(),
        "started": _start_of(os.getpid()),
    }


def _read(folder: Path) -> dict[str, object] | None:
    """The lease that is there; None where there is none. One that can't be read is nobody's: leases appear whole."""
    try:
        with (folder / _FILE).open("rb") as file:
            content = json.loads(file.read(_LONGEST))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
