"""How much a lab session's kernels may send to its page in a minute: figures pass, a volume that is poured out doesn't.

Everything that goes from kernels to the page counts, whatever kind of message it is and however many pages are open: outputs,
widgets' messages, answers. It bounds bulk, and makes it seen; a value at a time passes, as docs/limits.md says.

Rejected: jupyter_server's own `iopub_data_rate_limit`, which counts printed text only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST_BYTES = 64_000_000
SMALL = 4_096
"""Bytes of what still passes when the minute's are used up, until they are used up twice: that a cell has ended, an answer."""

SECONDS = 60.0


@dataclass
class OutputPace:
    """What one session may send.

    Args:
        clock: seconds that only go forward.
        exceeded: called once in each minute in which something is held back.
    """

    clock: Callable[[], float]
    exceeded: Callable[[], None]
    _since: float = float("-inf")
    _sent: int = 0
    _told: bool = False

    def lets(self, size: int) -> bool:
        """Whether a message of `size` bytes may go now; it counts if it may."""
        now = self.clock()
        if now - self._since >= SECONDS:
            self._since, self._sent, self._told = now, 0, False
        sent = self._sent + size
        if sent <= MOST_BYTES or (size <= SMALL and sent <= 2 * MOST_BYTES):
            self._sent = sent
            return True
        if not self._told:
            self._told = True
            self.exceeded()
        return False
