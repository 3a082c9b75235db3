"""The socket at which people ask the broker: who they are, one line of theirs, and one in answer.

Everybody may connect, so nobody is waited for: a request has to come, and its answer has to be taken, within seconds, and one
person's connections have a bound of their own.

Rejected: a port (everybody's, and it doesn't say who asks).
"""

from __future__ import annotations

import logging
import os
import pwd
import re
import socket
import stat
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from ccds_kernel.batch.local.broker import Broker
from ccds_kernel.batch.local.wire import MOST_BYTES, error_to_wire, not_understood, to_line
from ccds_kernel.errors import CcdsError

FIRST_PERSON = 1000
"""The first Unix user's number that is a person's."""
_MOST_AT_ONCE = 8
"""Connections of one person at once: who opens more waits for themselves, not the others for them."""
_PATIENCE_S = 5.0
"""In which a request has to come, and in which its answer has to be taken."""
_TROUBLE_S = 0.1
_PERSON = re.compile(r"[a-z_][a-z0-9_.-]{0,63}")

_log = logging.getLogger("ccds.batch.broker")


class Door:
    """The socket: takes connections and has the broker answer them, each in a thread of its own."""

    def __init__(self, listener: socket.socket, broker: Broker) -> None:
        self._listener = listener
        self._broker = broker
        self._counting = threading.Lock()
        self._inside: Counter[int] = Counter()

    def run(self) -> None:
        """Goes on until the process ends; what a kill cuts off can be asked again."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:  # too many files are open, say: it passes
                _log.warning("no connection can be taken: %s", error.strerror)
                time.sleep(_TROUBLE_S)
                continue
            _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            with self._counting:
                is_let_in = self._inside[uid] < _MOST_AT_ONCE
                self._inside[uid] += is_let_in
            if is_let_in:
                threading.Thread(target=self._attend, args=(connection, uid), daemon=True).start()
            else:
                connection.close()

    def _attend(self, connection: socket.socket, uid: int) -> None:
        try:
            with connection, suppress(OSError):  # who is gone needs no answer
                answer = self._answer(connection, uid)
                connection.settimeout(_PATIENCE_S)
                connection.sendall(to_line(answer))
        finally:
            with self._counting:
                self._inside[uid] -= 1
                if not self._inside[uid]:
                    del self._inside[uid]

    def _answer(self, connection: socket.socket, uid: int) -> dict[str, Any]:
        line = read_line(connection)  # of whomever: closed with something unread, a socket drops its answer
        person = person_of(uid)
        if person is None:
            return {"error": error_to_wire(_nobody())}
        return {"error": error_to_wire(not_understood())} if line is None else self._broker.answer(person, line)


def person_of(uid: int) -> str | None:
    """The name of the person with this number; None where it is no person's: the system's, or the service account's own."""
    if uid < FIRST_PERSON or uid == os.geteuid():
        return None
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
    return name if _PERSON.fullmatch(name) else None


def read_line(connection: socket.socket) -> bytes | None:
    """The one line that comes; None where it is too long, too slow or cut off."""
    deadline, line = time.monotonic() + _PATIENCE_S, bytearray()
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or len(line) > MOST_BYTES:
            return None
        connection.settimeout(left)
        try:
            came = connection.recv(MOST_BYTES)
        except TimeoutError:
            return None
        if not came:
            return None
        line += came
    return bytes(line) if len(line) <= MOST_BYTES else None


def listen(place: Path) -> socket.socket:
    """The socket at `place`, to which everybody may connect and whose place nobody else can take.

    Raises:
        CcdsError: its folder isn't there, or isn't this user's alone.
    """
    try:
        known = place.parent.lstat()
    except OSError as error:
        raise _no_folder(place.parent, (error.strerror or "an error").lower()) from None
    if not stat.S_ISDIR(known.st_mode) or known.st_uid != os.geteuid() or known.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _no_folder(place.parent, "one that others may write")
    listener = socket.socket(socket.AF_UNIX)
    making = place.with_name(f"{place.name}.{os.getpid()}")
    making.unlink(missing_ok=True)
    listener.bind(str(making))
    making.chmod(0o666)
    listener.listen(128)
    making.rename(place)  # in place of one that a killed broker left
    return listener


def _no_folder(folder: Path, found: str) -> CcdsError:
    return CcdsError(
        expected=f"a folder {folder} that is the service account's alone",
        found=found,
        do="let its unit make it: RuntimeDirectory= in docs/running.md",
    )


def _nobody() -> CcdsError:
    return CcdsError(
        expected="a person of this machine",
        found="an account that is none's",
        do="ask as the person whose jobs they are",
    )
