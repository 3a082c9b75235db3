"""Who comes first: a person's first node is high priority, each further one far down.

A *node* here is a lab session that runs or waits; app sessions are none. **A person's first node is the one that they have;
where they have several, the one asked for first; where they have none yet, the one that they have waited for longest.** What
they have comes before what they wait for, because whoever has a node has had their turn: a small node that was started in
a gap while a large one waits makes the large one a further node. Otherwise a person could work on one node and stand with
the next one in front of everybody who has none. For the same reason the node that runs becomes the first one when the
first has ended, and not an older one that waits.

The hub knows each node's class only by the scheduler's word, and repairs it tick by tick: `reconcile` says what has to
change. Nothing is remembered in between, so that a hub that starts anew, a scheduler that was away and an owner who moved
a job by hand are one case: what drifted is put right. A node of which the scheduler says nothing is alive, keeps its
place, and is left as it is.

What keeps a further node from *starting* while somebody's first node that would fit waits is the scheduler, which goes by
the classes:

- local: `dispatch.plan` gives to further nodes only what no first node waits for, at every start.
- Slurm: partitions of tiers over the same nodes. A pass of the scheduler considers the higher tier first; backfill starts
  a further node only where no first node could start at once, and where it delays none by its wall time. With
  `bf_continue` a pass goes on with the queue that it began with: a first node asked for meanwhile waits for the next one.
- LSF: queues of priorities, the same; without BACKFILL on the further nodes' queue nothing passes by wall time. A large first
  node has to be kept room for by the queue (RESOURCE_RESERVE), or small further nodes use the gaps before it.

Between two ticks a class may be stale: of a waiting node whose person's first one has just ended, or of a node that its
owner moved by hand. The first loses at most that time; the second is refused by Slurm itself where `job_submit.lua` of
`hub/site` is installed; elsewhere, and on LSF always, it is moved back by the next tick. Rejected: that the hub holds back
each further node and releases it, since then none would start while the hub is away.

Nodes that people got past the hub aren't here: who has one is for the scheduler to see, which refuses the promotion then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobId
from ccds_kernel.errors import CcdsError


@dataclass(frozen=True, kw_only=True)
class NodeSession:
    """A lab session that has not ended, as far as anybody knows.

    Args:
        person: whose it is.
        session: its name, unique among the person's.
        asked: when it was asked for; aware.
        job: its job; None before the scheduler has it.
        placed: whether it has its node, by the scheduler's latest word: it runs, or is suspended there.
        priority_class: as the scheduler says; None while it doesn't.
        gpus: that it takes.
        gpu_model: that it asks for; None for any.

    Raises:
        CcdsError: a time without zone, or a class that no node has.
    """

    person: str
    session: str
    asked: datetime
    job: JobId | None = None
    placed: bool = False
    priority_class: PriorityClass | None = None
    gpus: int = 0
    gpu_model: str | None = None

    def __post_init__(self) -> None:
        if self.asked.tzinfo is None or self.priority_class is PriorityClass.APP:
            raise CcdsError(
                expected="a node's class, and when it was asked for with its time zone",
                found=f"{self.priority_class}, {self.asked}",
                do="leave app sessions out; give an aware time",
            )


@dataclass(frozen=True, kw_only=True)
class Change:
    """A node that belongs into another class than the scheduler has it in."""

    job: JobId
    person: str
    session: str
    was: PriorityClass
    to: PriorityClass


def priority_for(person: str, live: Iterable[NodeSession]) -> PriorityClass:
    """The class in which a new node of `person` is asked for, beside the `live` ones of everybody."""
    return PriorityClass.SECOND if any(node.person == person for node in live) else PriorityClass.FIRST


def first_nodes(live: Iterable[NodeSession]) -> dict[str, NodeSession]:
    """Each person's first node: see the top of this file."""
    nodes: dict[str, list[NodeSession]] = defaultdict(list)
    for node in live:
        nodes[node.person].append(node)
    return {person: min(theirs, key=_turn) for person, theirs in nodes.items()}


def reconcile(live: Iterable[NodeSession]) -> tuple[Change, ...]:
    """What has to change so that each person's first node, and no other, is in the class of first nodes.

    Carrying it out and asking again gives nothing. What goes down comes before what goes up: at no moment has a person two
    nodes in the class of first ones by our doing, which a scheduler may refuse.
    """
    live = tuple(live)
    firsts = first_nodes(live)
    changes = [
        Change(job=node.job, person=node.person, session=node.session, was=node.priority_class, to=right)
        for node in live
        if node.job is not None and node.priority_class is not None
        for right in [PriorityClass.FIRST if firsts[node.person] is node else PriorityClass.SECOND]
        if node.priority_class is not right
    ]
    return tuple(sorted(changes, key=lambda change: (change.to is PriorityClass.FIRST, change.person, change.session)))


def people_before(session: NodeSession, live: Iterable[NodeSession]) -> int:
    """How many other people wait for their first node, on GPUs that this further one could take.

    Args:
        session: one of `live`, or one that is only thought of.
        live: everybody's nodes.

    Returns:
        0 for a first node, or one that has its place: among first nodes the scheduler's fair share decides.
    """
    firsts = first_nodes([node for node in live if _name(node) != _name(session)] + [session])
    if session.placed or firsts[session.person] is session:
        return 0
    others = (node for person, node in firsts.items() if person != session.person)
    return sum(not node.placed and _same_gpus(node, session) for node in others)


def own_before(session: NodeSession, live: Iterable[NodeSession]) -> tuple[NodeSession, ...]:
    """The nodes of the same person that wait, too, and were asked for earlier, in that order; none for one that has its place."""
    theirs = (node for node in live if node.person == session.person and _name(node) != _name(session))
    earlier = (node for node in theirs if not node.placed and node.asked <= session.asked and _same_gpus(node, session))
    return () if session.placed else tuple(sorted(earlier, key=_turn))


def _turn(node: NodeSession) -> tuple[bool, datetime, str]:
    return not node.placed, node.asked, node.session


def _name(node: NodeSession) -> tuple[str, str]:
    return node.person, node.session


def _same_gpus(one: NodeSession, other: NodeSession) -> bool:
    """Whether both could want the same nodes: two that name different models never meet."""
    return one.gpu_model is None or other.gpu_model is None or one.gpu_model == other.gpu_model
