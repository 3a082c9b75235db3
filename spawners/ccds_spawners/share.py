"""What a lab session has of a node beside its GPUs: cores and memory. Pure.

The site says how much comes with each GPU, and what a session without one has. No session asks for more than one node offers that
has its GPUs: it would wait for ever.

Rejected: to let people choose. Who takes too little waits for their data beside an idle GPU, and who takes too much leaves the
node's other GPUs without cores.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ccds_kernel.batch.states import Node
from ccds_kernel.settings.sessions import SessionsSettings
from ccds_spawners.offer import Offer
from ccds_spawners.options import LabOptions
from ccds_spawners.words import count_words

_GIB = 1024


@dataclass(frozen=True)
class Share:
    """Cores, and MiB of memory."""

    cores: int
    memory_mb: int


APP_SHARE = Share(1, 1024)
"""Of a session that runs no code of its person's."""


def share_of(options: LabOptions, sessions: SessionsSettings, nodes: Iterable[Node] | None) -> Share:
    """What a lab session asks for.

    Args:
        options: its GPUs and their model.
        sessions: the site's settings of sessions.
        nodes: as the scheduler says, None where it doesn't; then, or where no node that is up has such GPUs, it is as set.
    """
    wanted = Share(
        max(sessions.cores, options.gpus * sessions.cores_per_gpu),
        max(sessions.memory_mb, options.gpus * sessions.memory_mb_per_gpu),
    )
    offered = [_most(wanted, node) for node in nodes or () if _has_gpus(node, options)]
    return max(offered, key=lambda share: (share.cores, share.memory_mb), default=wanted)


def share_words(gpus: int, share: Share) -> str:
    """`2 GPUs, 8 cores, 32 GiB`."""
    memory = f"{share.memory_mb / _GIB:.4g} GiB" if share.memory_mb >= _GIB else f"{share.memory_mb} MiB"
    return f"{count_words(gpus, 'GPU') or 'no GPU'}, {count_words(share.cores, 'core')}, {memory}"


def share_table(offer: Offer, sessions: SessionsSettings, nodes: Iterable[Node] | None) -> dict[str, list[str]]:
    """What a form says of each choice that it offers: GPU model, empty for any → the words for each number of GPUs from 0 on."""
    known = None if nodes is None else tuple(nodes)
    table = {}
    for model, most in [("", offer.most_gpus), *((one.name, offer.most_of(one.name)) for one in offer.named_models)]:
        choices = [LabOptions(gpus=gpus, gpu_model=model or None) for gpus in range(most + 1)]
        table[model] = [share_words(one.gpus, share_of(one, sessions, known)) for one in choices]
    return table


def _has_gpus(node: Node, options: LabOptions) -> bool:
    if not options.gpus:
        return node.up
    return node.up and node.gpus >= options.gpus and options.gpu_model in {None, node.gpu_model}


def _most(wanted: Share, node: Node) -> Share:
    """As much of what is wanted as the node has; where the scheduler doesn't say how much that is (0), all."""
    return Share(
        min(wanted.cores, node.cpus or wanted.cores), min(wanted.memory_mb, node.memory_mb or wanted.memory_mb)
    )
