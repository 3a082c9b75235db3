"""From the hub's sessions to the nodes that the policy speaks of: everybody's, as they were at the hub's latest look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Self

from ccds_kernel.batch.policy import NodeSession
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.errors import CcdsError
from ccds_spawners.options import LabOptions

_HAS_NODE = {JobState.RUNNING, JobState.SUSPENDED}


class LiveNodes:
    """Everybody's nodes, shared by the policy's loop, which renews them, and the sessions' pages, which read them."""

    def __init__(self) -> None:
        self.live: tuple[NodeSession, ...] = ()

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies for each spawner what a configuration holds, and this one is shared by all."""
        return self


def node_of(spawner: Any, status: JobStatus | None = None) -> NodeSession | None:  # noqa: ANN401 - JupyterHub has no type hints
    """The node that a spawner's session runs on, waits for, or is about to ask for; None where it takes none, or has ended.

    Args:
        spawner: a ClusterSpawner.
        status: what the scheduler says now, where it was asked. What it doesn't say is as the watch last knew it.
    """
    if not spawner.takes_node or (status is not None and status.state.ended):
        return None
    job = JobId(spawner.job_id) if spawner.job_id else None
    known = spawner.watch.known(job) if job else None
    last = status if status and status.state is not JobState.UNKNOWN else known.status if known else None
    options = chosen_options(spawner)
    return NodeSession(
        person=spawner.user.name,
        session=spawner.name,
        asked=(last.submitted if last else None) or _began(spawner),
        job=job,
        # Suspended while it waited (LSF knows that), it has no node; what answered the hub once, and isn't known of, has one.
        placed=last.state in _HAS_NODE and bool(last.node) if last else spawner.up,
        priority_class=status.priority_class if status else None,
        gpus=options.gpus,
        gpu_model=options.gpu_model,
    )


def other_nodes(spawner: Any) -> list[NodeSession]:  # noqa: ANN401 - likewise
    """The other nodes of a spawner's person that run, wait, or began to start before this one."""
    found = (node_of(other) for name, other in spawner.user.spawners.items() if name != spawner.name)
    return [node for node in found if node]


def _began(spawner: Any) -> datetime:  # noqa: ANN401 - likewise
    """When the hub began to start it, for a session of which the scheduler hasn't said when it was submitted."""
    began = spawner.orm_spawner.started
    return began.replace(tzinfo=UTC) if began else datetime.now(UTC)


def chosen_options(spawner: Any) -> LabOptions:  # noqa: ANN401 - likewise
    """What was chosen; what its start refuses, since it makes no sense, counts as the form's defaults."""
    try:
        return LabOptions.from_mapping(spawner.user_options or {})
    except CcdsError:
        return LabOptions()
