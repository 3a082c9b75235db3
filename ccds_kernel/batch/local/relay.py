"""The command of a person's job on this machine: it hands the order to the root helper and stays between it and the wrapper.

Run as `python -I -S relay.py sudo … root_helper.py … job …` by the wrapper, as the service account. What it starts is root's and
then the person's, and the service account may signal neither. So it keeps the helper's input: first the order as one line, then
what is to happen; at its end, kill -9 included, the helper ends everything. Keeper and wrapper see a process that they can
signal.

    CCDS_JOB_ORDER   read: command, env, cwd, log of the job, as JSON. Never as variables of this process, which would obey them.
    CCDS_RUN/said    written: what sudo or the helper says where there is no job.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

ORDER_VARIABLE = "CCDS_JOB_ORDER"
SAID = "said"
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_TOLD = ("CCDS_JOB_ID", "CUDA_VISIBLE_DEVICES")
"""What the scheduler alone knows of the job's environment."""


class _End:
    """TERM, also one that comes before there is anybody to tell."""

    def __init__(self) -> None:
        self._came = False
        self._orders: int | None = None
        signal.signal(signal.SIGTERM, self._on_term)

    def tell(self, orders: int) -> None:
        """From now on says so on `orders`."""
        self._orders = orders
        if self._came:
            self._on_term(signal.SIGTERM, None)

    def _on_term(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True
        if self._orders is not None:
            with suppress(OSError):  # it has ended
                os.write(self._orders, b"TERM\n")


def main(command: list[str]) -> int:
    """Runs `command`, the helper's, to its end; returns its exit status."""
    end = _End()
    order = json.loads(os.environ[ORDER_VARIABLE])
    order["env"] |= {name: os.environ[name] for name in _TOLD}
    said = os.open(Path(os.environ["CCDS_RUN"]) / SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    environment = {"PATH": _PATH, "LANG": "C.UTF-8"}
    helper = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=said,
        env=environment,
        cwd="/",
        start_new_session=True,  # the wrapper's TERM is for us: sudo would hand it on, and the helper end everything at once
    )
    assert helper.stdin  # noqa: S101 - PIPE
    with suppress(BrokenPipeError):  # it refused
        helper.stdin.write(json.dumps(order).encode() + b"\n")
        helper.stdin.flush()
    end.tell(helper.stdin.fileno())
    code = helper.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
