"""Which job a hub that starts anew takes for that of a session."""

import asyncio
from dataclasses import dataclass

from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_spawners.adopt import living_job


@dataclass(frozen=True)
class Told:
    """A scheduler that has these jobs."""

    jobs: tuple[JobStatus, ...]

    def mine(self) -> tuple[JobStatus, ...]:
        """See `Scheduler.mine`."""
        return self.jobs


def test_a_job_of_that_name_of_somebody_else_s_is_not_the_session_s() -> None:
    """Everybody may call a job of their own as a session of another's is called."""
    eves, sams = (
        JobStatus(id=JobId(job), state=JobState.RUNNING, name="session-sam-lab", owner=owner)
        for job, owner in (("7", "eve"), ("9", "sam"))
    )

    found = [asyncio.run(living_job("session-sam-lab", "sam", Told(jobs))) for jobs in ((eves, sams), (eves,))]

    assert found == ["9", None]
