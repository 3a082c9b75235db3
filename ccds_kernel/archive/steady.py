"""Reading an HTTP answer as it comes: whoever waits for it can give up, and one that comes in drops counts as broken off.

`requests` waits for a whole piece before it hands out any of it, and its time limit is for each byte: an answer of one byte in a
while would be waited for for days, whatever somebody says meanwhile.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import ProtocolError

LEAST_BYTES_PER_S = 1000
"""What comes more slowly counts as nothing."""


class SteadyAnswer:
    """Takes the place of `requests.Response.raw`.

    Args:
        raw: what was there.
        patience_s: seconds of waiting after which it is looked at how much came.
        going_on: called after each read. It may take its time, and raise.
    """

    def __init__(self, raw: BaseHTTPResponse, patience_s: float, going_on: Callable[[], object]) -> None:
        self._raw = raw
        self._patience_s = patience_s
        self._going_on = going_on

    def stream(self, size: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """What the answer holds: at most `size` bytes at once, and less where no more is there.

        Raises:
            ProtocolError: it broke off, or comes in drops.
        """
        waited, came = 0.0, 0
        while True:
            begin = time.monotonic()
            data = self._raw.read1(size, decode_content)
            waited += time.monotonic() - begin
            if not data:
                return
            came += len(data)
            if waited >= self._patience_s:
                if came < LEAST_BYTES_PER_S * waited:
                    slow = OSError(errno.ETIMEDOUT, f"less than {LEAST_BYTES_PER_S} bytes a second")
                    raise ProtocolError("it comes in drops", slow)
                waited, came = 0.0, 0
            self._going_on()
            yield data

    def close(self) -> None:
        """Closes the connection."""
        self._raw.close()

    def release_conn(self) -> None:
        """Gives the connection back."""
        self._raw.release_conn()
