"""Runs the programs of a scheduler: `squeue`, `bsub` and their like, which may hang, be absent, or never stop talking.

Nothing but a program that ended within its time and its size is an answer. A question that got none leaves everything as it was.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

from ccds_kernel.batch.scheduler import SchedulerUnavailableError

TIMEOUT_S = 10.0
MOST_BYTES = 256 * 2**20
"""Some ten thousand jobs with all that Slurm says about each are 60 MB."""

_LAST_S = 1.0
_LOOK_S = 0.1
"""How often is looked how much a program has said."""
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Answer:
    """What a program said: its exit status, standard output and standard error."""

    code: int
    out: str
    err: str


class Commands(Protocol):
    """Runs a scheduler's programs."""

    def run(self, argv: Sequence[str], *, stdin: str = "", owner: str | None = None) -> Answer:
        """Runs one to its end.

        Args:
            argv: the program's name and its arguments.
            stdin: what it reads.
            owner: the Unix user as whom it acts, where somebody else's job is meant; None for the present one.

        Raises:
            SchedulerUnavailableError: there is no such program, or it hung or said too much; whether it acted is unknown.
        """


class DirectCommands:
    """Runs them as the present Unix user, whoever `owner` is.

    Args:
        bin_folder: where the programs are; None for those on PATH.
        env: what they find in their environment beside PATH, HOME and the C locale, such as SLURM_CONF: nothing else of this
            process's, which may hold tokens.
        timeout_s: seconds for each.
        most_bytes: how much each may say; one that says more is ended at once, before it fills the disk.
    """

    def __init__(
        self,
        bin_folder: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        path = os.environ.get("PATH", _PATH)
        self._env = {"PATH": path, "HOME": str(Path.home()), **(env or {}), "LC_ALL": "C"}
        self._bin = bin_folder
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes

    def run(self, argv: Sequence[str], *, stdin: str = "", owner: str | None = None) -> Answer:  # noqa: ARG002 - the port's
        """See `Commands.run`."""
        program = str(self._bin / argv[0]) if self._bin else argv[0]
        # Files, not pipes: a grandchild that keeps a pipe open would hold up whoever waits for its end.
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(stdin.encode())
            given.seek(0)
            try:
                process = subprocess.Popen(
                    [program, *argv[1:]],
                    stdin=given,
                    stdout=out,
                    stderr=err,
                    env=self._env,
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                raise SchedulerUnavailableError(
                    expected=f"the scheduler's program {argv[0]}",
                    found=(error.strerror or "an error").lower(),
                    do="see [scheduler] in ccds.toml, and `ccds doctor --scheduler`",
                ) from None
            try:
                code = self._wait(process, argv[0], (out, err))
            except SchedulerUnavailableError:
                # What runs as root, by sudo, ends by itself: see `session.root_jobs`. What waits for a disk ends at some time.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_LAST_S)
                raise
            return Answer(code, self._text(out, argv[0]), self._text(err, argv[0]))

    def _wait(self, process: subprocess.Popen[bytes], program: str, said: tuple[IO[bytes], IO[bytes]]) -> int:
        """Its exit status.

        A limit on the size of its files (RLIMIT_FSIZE) would be the kernel's to keep, but Slurm hands the limits of sbatch on to
        the job.

        Raises:
            SchedulerUnavailableError: its time is over, or it says too much.
        """
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                return process.wait(_LOOK_S)
            except subprocess.TimeoutExpired:
                self._refuse_loud(program, said)
            if time.monotonic() > deadline:
                raise _no_answer(program, f"none within {self._timeout_s:.0f} s")

    def _refuse_loud(self, program: str, said: Iterable[IO[bytes]]) -> None:
        if any(os.fstat(file.fileno()).st_size > self._most_bytes for file in said):
            raise _no_answer(program, "more than it can mean")

    def _text(self, said: IO[bytes], program: str) -> str:
        self._refuse_loud(program, [said])
        said.seek(0)
        return said.read().decode(errors="replace")


def _no_answer(program: str, found: str) -> SchedulerUnavailableError:
    return SchedulerUnavailableError(
        expected=f"an answer of {program}", found=found, do="try again; what runs goes on meanwhile"
    )
