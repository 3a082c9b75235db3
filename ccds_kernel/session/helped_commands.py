"""The scheduler's programs as the hub runs them: by itself for its own questions, by the root helper for a person's jobs."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

from ccds_kernel.batch.commands import Answer, Commands
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.session.helped import helper_start
from ccds_kernel.session.root_helper import NO_JOB, REFUSED, UNABLE


class HelperCommands:
    """Implements `Commands`: what has an owner is done as that Unix user, or for them as root; see `root_jobs`.

    Args:
        config: the site's `ccds.toml`, by the path that sudoers names.
        own: runs what has no owner, and sudo.
    """

    def __init__(self, config: Path, own: Commands) -> None:
        self._start = helper_start(config)
        self._own = own

    def run(self, argv: Sequence[str], *, stdin: str = "", owner: str | None = None) -> Answer:
        """See `Commands.run`.

        Raises:
            SchedulerUnavailableError: likewise; or sudo, or the helper, can't at this moment.
            JobRefusedError: the helper won't: not for this person, not this job, not this script.
            UnknownJobError: the scheduler knows no such job.
        """
        if owner is None:
            return self._own.run(argv, stdin=stdin)
        answer = self._own.run([*self._start, "scheduler", owner, *argv], stdin=stdin)
        if answer.code == -signal.SIGALRM:
            raise _unavailable(f"an answer of {argv[0]}", "none in time", "try again")
        said = answer.err.removeprefix("ccds root helper: ").strip().partition("\n")[0] or "no answer"
        if answer.code == UNABLE or answer.err.startswith("sudo:"):
            raise _unavailable("the root helper to ask the scheduler", said, "tell the administrators of this site")
        if answer.code == NO_JOB:
            raise UnknownJobError(
                expected="a job that the scheduler knows", found="none", do="see the list of your jobs"
            )
        if answer.code == REFUSED:
            raise JobRefusedError(
                expected="what the root helper does for a person", found=said, do="tell the administrators of this site"
            )
        return answer


def _unavailable(expected: str, found: str, do: str) -> SchedulerUnavailableError:
    return SchedulerUnavailableError(expected=expected, found=found, do=f"{do}; what runs goes on meanwhile")
