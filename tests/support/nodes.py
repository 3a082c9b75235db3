"""Nodes as the first-node rule sees them."""

from datetime import UTC, datetime, timedelta

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.batch.policy import NodeSession

MORNING = datetime(2026, 11, 26, 8, tzinfo=UTC)


def node(
    person: str, session: str, at: int, kind: PriorityClass | None = PriorityClass.FIRST, **fields: object
) -> NodeSession:
    """A node that waits, asked for `at` minutes after eight; its job is called like it."""
    known = {"job": JobId(f"{person}-{session}"), "gpus": 1}
    return NodeSession(
        person=person,
        session=session,
        asked=MORNING + timedelta(minutes=at),
        priority_class=kind,
        **{**known, **fields},
    )
