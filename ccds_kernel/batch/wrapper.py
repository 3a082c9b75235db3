"""The small process around every job's command: it says that it began, ends what it started, and leaves an exit file.

Run as `python -S -I -X utf8 wrapper.py RUN_DIR [ATTEMPT]`: no site packages and nothing of ours imported, so that it is up in
about 30 ms and is the same file on a node where only the folder is shared. All schedulers run their jobs in it, so that an end is
known after the scheduler has forgotten the job or was itself restarted. In RUN_DIR (0700, all files 0600):

    run.json     read: command, env, cwd, log, grace_s; and where a scheduler has a use for them wake (whom to ring up), take and
                 take_all (see `_environment`). The environment may hold tokens: never in argv or a log.
    claim.json   written once, by link(2): pid, started, boot. Who finds it there already does not run.
    exit.json    written last, by rename(2): code, reason, stopped, ended. It exists only when no process is left.

A cluster's scheduler may start a job anew by itself, and a job of many tasks many times at once: it says which ATTEMPT this is,
and claim and exit file lie in the folder of that name inside RUN_DIR.

TERM asks for the end, and so do INT, with which LSF's bkill begins, and USR2, which LSF sends when the run limit is reached: the
command's process group gets TERM, and after `grace_s` whatever descends from the command gets KILL, also what made itself a
session of its own (the wrapper is a child subreaper). What the command left behind when it ended by itself is ended as well.
Rejected: a shell script (quoting, no subreaper), killing a process group only (Jupyter kernels are sessions of their own),
cgroups (need root or delegation).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PROC = Path("/proc/self/stat").exists()
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_LEFTOVER_GRACE_S = 2.0
_AGAIN_S = 0.2
_AT_ONCE_S = 0.001
"""A timer of 0 s would never go off."""
_NEVER_BEGAN, _KILLED = 127, 128
_END = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)


def processes() -> dict[int, tuple[int, str]]:
    """Every process that is not a zombie: pid → (parent's pid, start time as an opaque text that never changes)."""
    if not _PROC:
        return _processes_by_ps()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (facts := _stat(int(entry.name))):
            found[int(entry.name)] = facts
    return found


def started_of(pid: int) -> str | None:
    """When this process started, as an opaque text; None when it is gone or a zombie. Tells a reused pid apart."""
    if pid <= 0:
        return None
    facts = _stat(pid) if _PROC else _processes_by_ps().get(pid)
    return facts[1] if facts else None


def boot_id() -> str:
    """A text that is another one after each start of the machine."""
    if _PROC:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return _output("/usr/sbin/sysctl", "-n", "kern.boottime")


def _stat(pid: int) -> tuple[int, str] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - read for every process of the machine
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in b"ZX" else (int(fields[1]), fields[19].decode())


def _processes_by_ps() -> dict[int, tuple[int, str]]:
    rows = (line.split(None, 3) for line in _output("/bin/ps", "-A", "-o", "pid=,ppid=,stat=,lstart=").splitlines())
    return {int(pid): (int(parent), started) for pid, parent, stat, started in rows if stat[0] != "Z"}


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout.strip()


class _Command:
    """The one command of this run, and everything that descends from it."""

    def __init__(self, run: dict[str, Any]) -> None:
        self._grace_s = float(run["grace_s"])
        self._env = _environment(run)
        self._pid = 0
        self.stopped = False
        self.code: int | None = None
        self.reason: str | None = None
        for number in _END:
            signal.signal(number, self._on_term)
        signal.signal(signal.SIGALRM, self._on_alarm)
        try:
            self._start(run)
        except _CannotStartError as error:
            self.reason = str(error)

    def _start(self, run: dict[str, Any]) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        with _or("the log file can't be opened"):
            log = os.open(run["log"], flags, 0o600)
        with _or("the working directory can't be entered"):
            os.chdir(run["cwd"])
        os.environ["PATH"] = self._env.get("PATH", os.defpath)  # posix_spawnp looks here for the program
        with _or(f"the command can't be started: {Path(run['command'][0]).name}"):
            self._pid = os.posix_spawnp(
                run["command"][0],
                run["command"],
                self._env,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                ],
                setpgroup=0,
                setsigmask=[],
                setsigdef=[signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGALRM],
            )
        os.close(log)

    def wait(self) -> None:
        """Returns when the command and all that it started have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                return
            if pid == self._pid:
                self._pid, self.code = 0, os.waitstatus_to_exitcode(status)
                self._end_leftovers()

    def _end_leftovers(self) -> None:
        if self._send(signal.SIGTERM) and not self.stopped:
            grace_s = min(self._grace_s, _LEFTOVER_GRACE_S)
            signal.setitimer(signal.ITIMER_REAL, max(grace_s, _AT_ONCE_S), _AGAIN_S)

    def _on_term(self, *_: object) -> None:
        if self._pid and not self.stopped:
            self.stopped = True
            signal.setitimer(signal.ITIMER_REAL, max(self._grace_s, _AT_ONCE_S), _AGAIN_S)
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGTERM)
                os.killpg(self._pid, signal.SIGCONT)

    def _on_alarm(self, *_: object) -> None:
        self._send(signal.SIGKILL)

    @staticmethod
    def _send(number: signal.Signals) -> int:
        pids = descendants(os.getpid())
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        return len(pids)


def _environment(run: dict[str, Any]) -> dict[str, str]:
    """The command's: what the run says, and of ours what the scheduler alone knows.

    `take` maps a name to those of ours of which the first that is there gives its value; `take_all` are beginnings of names that
    are handed on as they are.
    """
    found: dict[str, str] = dict(run["env"])
    found |= {name: value for name, value in os.environ.items() if name.startswith(tuple(run.get("take_all", ())))}
    for name, sources in run.get("take", {}).items():
        if value := next((os.environ[source] for source in sources if source in os.environ), None):
            found[name] = value
    return found


def descendants(root: int) -> list[int]:
    """The pids of all that descends from `root`, children before grandchildren."""
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in processes().items():
        children.setdefault(parent, []).append(pid)
    found = list(children.get(root, ()))
    for pid in found:  # grows while it is read: that is the walk
        found.extend(children.get(pid, ()))
    return found


class _CannotStartError(Exception):
    """The command never ran; the text is for the person who submitted it."""


@contextlib.contextmanager
def _or(reason: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _CannotStartError(f"{reason} ({(error.strerror or type(error).__name__).lower()})") from None


def _adopt_orphans() -> None:
    """What the command's children leave behind becomes ours (Linux only), so that nothing outlives the job."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - 5 ms that only Linux pays

        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def write_json(path: Path, value: dict[str, Any]) -> Path:
    """Writes `value` beside `path` (0600, on the disk) under a name of this process; returns that name."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(value, out)
        out.flush()
        os.fsync(out.fileno())
    return temporary


def claim(run_dir: Path, pid: int) -> bool:
    """Whether the run in `run_dir` is now `pid`'s (0: nobody's, it shall not happen); False when it was claimed before."""
    temporary = write_json(run_dir / "claim.json", {"pid": pid, "started": started_of(pid), "boot": boot_id()})
    try:
        os.link(temporary, run_dir / "claim.json")
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def main(run_dir: Path, attempt: str | None = None) -> int:
    """Runs the job described in `run_dir`; the exit status is the command's, as a shell would tell it.

    Without `attempt` it is 0 whenever an exit file was left: who started it reads that.
    """
    # Held back until there is a command to tell; by the local scheduler since before this program began.
    signal.pthread_sigmask(signal.SIG_BLOCK, _END)
    run = json.loads((run_dir / "run.json").read_text(encoding="utf-8"))
    place = run_dir
    if attempt is not None:
        place = run_dir / attempt
        place.mkdir(mode=0o700, exist_ok=True)
    if not claim(place, os.getpid()):
        return 0 if attempt is None else _NEVER_BEGAN
    _adopt_orphans()
    command = _Command(run)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _END)
    command.wait()
    signal.setitimer(signal.ITIMER_REAL, 0)
    ended = {"code": command.code, "reason": command.reason, "stopped": command.stopped, "ended": time.time()}
    write_json(place / "exit.json", ended).rename(place / "exit.json")
    if wake := run.get("wake"):
        with contextlib.suppress(OSError):  # nobody listens: the file is found later
            os.write(os.open(wake, os.O_WRONLY | os.O_NONBLOCK), b"e")
    return 0 if attempt is None else _status(command.code)


def _status(code: int | None) -> int:
    """What a shell says of a command that ended so, or never began."""
    if code is None:
        return _NEVER_BEGAN
    return code if code >= 0 else _KILLED - code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:3]))
