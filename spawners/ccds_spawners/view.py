"""What the hub's pages read about a session: plain values that are there already, so that no page waits for a scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus
from ccds_spawners.watch import Known


@dataclass(frozen=True, kw_only=True)
class SessionView:
    """A session that starts, runs, or is being ended; times are UTC and aware, None where not (yet) known.

    Attributes:
        session: its name.
        job: its job; empty while there is none yet.
        state: what the scheduler said last.
        up: whether the session's server answers.
        ending: whether it is being ended.
        interrupted: whether its start was interrupted by a hub's death, and is about to be taken up.
        priority_class: the job's present class.
        node: the host on which it runs.
        gpus: the scheduler's names of its GPUs.
        submitted: when the scheduler took it.
        started: when its job began to run.
        wall_ends: when its wall time will be over.
        waits: why it waits, its position and estimated start; None where the scheduler hasn't said.
        silent_since: when the scheduler said `state`, where it doesn't answer now; None while it does.
        longest: until when it may be extended at most.
    """

    session: str
    job: JobId
    state: JobState
    up: bool
    ending: bool
    interrupted: bool = False
    priority_class: PriorityClass | None = None
    node: str | None = None
    gpus: tuple[str, ...] = ()
    submitted: datetime | None = None
    started: datetime | None = None
    wall_ends: datetime | None = None
    waits: Explanation | None = None
    silent_since: datetime | None = None
    longest: datetime | None = None


def session_view(
    session: str,
    job: JobId,
    known: Known | None,
    last: JobStatus | None,
    *,
    up: bool,
    ending: bool,
    interrupted: bool,
    waits: Explanation | None,
    longest: datetime | None,
) -> SessionView:
    """The view of a session.

    Args:
        session: its name.
        job: its job; empty while there is none yet.
        known: the last that the scheduler really said about it.
        last: its last answer, which may be that it doesn't know.
        up: whether its server answers.
        ending: whether it is being ended.
        interrupted: whether its start is about to be taken up.
        waits: why it waits, as the scheduler said.
        longest: until when it may be extended at most.
    """
    if known is None:
        state = last.state if last else (JobState.UNKNOWN if job else JobState.PENDING)
        return SessionView(session=session, job=job, state=state, up=up, ending=ending, interrupted=interrupted)
    status = known.status
    return SessionView(
        session=session,
        job=job,
        state=status.state,
        up=up,
        ending=ending,
        interrupted=interrupted,
        priority_class=status.priority_class,
        node=status.node,
        gpus=status.gpus_granted,
        submitted=status.submitted,
        started=status.started,
        wall_ends=status.wall_ends,
        waits=waits if status.state is JobState.PENDING else None,
        silent_since=known.at if last and last.state is JobState.UNKNOWN else None,
        longest=longest,
    )
