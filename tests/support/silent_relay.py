"""A relay between a client and a server that falls silent in the middle: as a cable that is pulled, or a firewall that forgets.

Neither side is told: its connection stays open, and nothing comes any more. It may close it instead.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_AT_ONCE = 4096


@dataclass
class _Relay:
    """One connection at a time is enough to know which of them falls silent: clients open theirs one after the other.

    Attributes:
        server: the port on 127.0.0.1 to which it relays.
        connection: from which connection on it falls silent, from 1; only that one is closed.
        after: bytes of the server's that still get through on it.
        closes: whether it is closed then, and doesn't only fall silent.
    """

    server: int
    connection: int
    after: int
    closes: bool
    open: list[socket.socket] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def run(self, listening: socket.socket) -> None:
        """Takes connections until its socket is closed."""
        count = 0
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                count += 1
                there = socket.create_connection(("127.0.0.1", self.server))
                self.open += [client, there]
                is_meant = count == self.connection if self.closes else count >= self.connection
                limit = self.after if is_meant else None
                self._start(client, there, None)
                self._start(there, client, limit)

    def _start(self, *pump: object) -> None:
        self.threads.append(threading.Thread(target=self._pump, args=pump))
        self.threads[-1].start()

    def _pump(self, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_AT_ONCE):
                through = data if limit is None else data[:limit]
                limit = None if limit is None else limit - len(through)
                target.sendall(through)
                if limit == 0 and self.closes:
                    source.shutdown(socket.SHUT_RDWR)
                    break
            if limit is None or self.closes:
                target.shutdown(socket.SHUT_WR)


@contextmanager
def silent_relay(server: int, *, connection: int, after: int, closes: bool = False) -> Iterator[int]:
    """Relays to the port `server`; its own. From its `connection`-th connection on nothing comes after so many bytes."""
    relay = _Relay(server, connection, after, closes)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taking = threading.Thread(target=relay.run, args=[listening])
        taking.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            taking.join()
            for one in relay.open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            for thread in relay.threads:
                thread.join()
            for one in relay.open:
                one.close()
