"""A worker's job: `python -m ccds_kernel.workflow.cluster_worker FOLDER NAME`.

One process with one thread does one study at a time; more of them are more jobs, so that a run takes what is free anywhere,
core by core, and gives back as little as interactive work needs. It ends by itself: when the run is over, when its controller is
gone or isn't found, and some time before its wall time, with a stagger so that not all of a run begin anew at once.

Rejected: dask's nanny, which would start a worker again inside its job (the controller replaces the job, and what the job may
use is the scheduler's to enforce).
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import dask
from distributed import Worker
from distributed.comm import get_address_host_port
from distributed.utils import get_ip

from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.meeting import Meeting
from ccds_kernel.workflow.own_folder import opened
from ccds_kernel.workflow.tls import NO_PAGES, credentials_in

GIVES_UP_S = 60
"""So long a worker looks for its controller."""


def main(arguments: Sequence[str]) -> int:
    """Works until there is nothing left to do; the exit status is 0 then."""
    try:
        with opened(Path(arguments[0])) as folder:
            meeting = Meeting.read(folder)
            if meeting is not None:
                with tempfile.TemporaryDirectory(prefix="ccds-worker-") as scratch, dask.config.set(NO_PAGES):
                    asyncio.run(_work(folder, arguments[1], meeting, scratch))
    except FileNotFoundError:
        return 0  # the run is over
    except CcdsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _work(folder: Path, name: str, meeting: Meeting, scratch: str) -> None:
    host, port = get_address_host_port(meeting.address)
    worker = Worker(
        meeting.address,
        name=name,
        nthreads=1,
        security=credentials_in(folder),
        host=get_ip(host, port),  # by which the controller is reached
        local_directory=scratch,
        memory_limit=0,  # the scheduler's business: dask would only stop taking studies
        dashboard=False,
        dashboard_address="127.0.0.1:0",
        death_timeout=GIVES_UP_S,
        lifetime=meeting.lifetime_s,
        lifetime_stagger=meeting.lifetime_s / 10,
    )
    joining = asyncio.ensure_future(_joined(worker))
    leaving: set[asyncio.Future[None]] = set()

    def leave() -> None:
        # Preempted, or cancelled: the study goes to another worker at once, and doesn't count as one that kills workers.
        if joining.done():
            leaving.add(asyncio.ensure_future(worker.close_gracefully(reason="the scheduler ends this job")))
        joining.cancel()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2):
        asyncio.get_running_loop().add_signal_handler(number, leave)
    with suppress(asyncio.CancelledError):
        if await joining:
            await worker.finished()


async def _joined(worker: Worker) -> bool:
    """Whether the worker found its controller; False where there is none any more."""
    try:
        await worker
    except (TimeoutError, OSError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
