"""The root helper as the parent of what it started as a person: it passes on what is said, and ends all of it at the end.

On its input comes one line that describes what to start, then orders. Whoever says them, a session's server or the local
scheduler's relay, holds that input open: once it is closed, by whatever death, everything that descends from the child is ended.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
from pathlib import Path

_SIGNALS = {b"INT": signal.SIGINT, b"TERM": signal.SIGTERM, b"KILL": signal.SIGKILL}
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """From now on what a child leaves behind is this process's, to be ended with the rest."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def keep(child: int, orders: int | None) -> int:
    """Waits for `child` and carries out what the server says on `orders`; ends everything once that is closed.

    Args:
        child: the process that was started, its group's leader.
        orders: a file of lines INT, TERM and KILL; None where there are none, and a signal to this process ends all.
    """
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    told: list[int] = []
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda came, _frame: told.append(came))
    rest = b""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            _end_all(None)
            return os.waitstatus_to_exitcode(status)
        if signal.SIGTERM in told or signal.SIGHUP in told:
            return _end_all(child)
        ready, _, _ = select.select([woken, *([orders] if orders is not None else [])], [], [])
        if woken in ready:
            os.read(woken, 256)
            _reap_others(child)
        if orders in ready and orders is not None:
            said = os.read(orders, 256)
            if not said:
                return _end_all(child)
            *lines, rest = (rest + said).split(b"\n")
            rest = rest[-16:]
            for line in lines:
                if line in _SIGNALS:
                    _signal_group(child, _SIGNALS[line])


def _signal_group(child: int, number: int) -> None:
    try:
        os.killpg(child, number)
    except ProcessLookupError:
        if number != signal.SIGINT:  # which a process that isn't the command yet would take for its own
            os.kill(child, number)  # forked a moment ago it leads no group yet; one that has ended is still waited for


def _reap_others(child: int) -> None:
    """Takes the exit status of orphans that came to this process, never `child`'s."""
    for pid in _children(os.getpid()):
        if pid != child:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


def _end_all(child: int | None) -> int:
    """Ends everything below this process, whatever it made of itself; returns the exit status of `child`."""
    status = 0
    while True:
        for pid in _descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            ended, code = os.waitpid(-1, 0)
        except ChildProcessError:
            return status
        if ended == child:
            status = os.waitstatus_to_exitcode(code)


def _descendants(parent: int) -> list[int]:
    found = []
    for pid in _children(parent):
        found += [pid, *_descendants(pid)]
    return found


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def first_line(most: int) -> bytes:
    """The first line of standard input, byte by byte: what comes after it is orders."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) <= most and (byte := os.read(0, 1)):
        line += byte
    return bytes(line)
