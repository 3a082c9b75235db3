"""Who comes first: a person's first node is high priority, each further one far down."""

from ccds_kernel.batch.spec import PriorityClass


def priority_for(live_nodes: int) -> PriorityClass:
    """The class of a new node for a person who has `live_nodes` nodes that run or wait; app sessions count as none."""
    return PriorityClass.SECOND if live_nodes else PriorityClass.FIRST
