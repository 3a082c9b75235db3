"""Which cores and which memory come with the GPUs of a lab session."""

from typing import Any

import pytest

from ccds_kernel.batch import Node
from ccds_kernel.settings.sessions import SessionsSettings
from ccds_spawners.offer import Offer, models_of
from ccds_spawners.options import LabOptions
from ccds_spawners.share import Share, share_of, share_table, share_words

SET = SessionsSettings(cores=2, memory_mb=4096, cores_per_gpu=4, memory_mb_per_gpu=16384)


def node(name: str, gpus: int, cpus: int, memory_mb: int, **more: Any) -> Node:
    """A node of which nothing is in use."""
    return Node(
        name=name, cpus=cpus, cpus_free=cpus, memory_mb=memory_mb, memory_mb_free=memory_mb, gpus=gpus, gpus_free=gpus,
        **({"gpu_model": "a100" if gpus else None} | more),
    )  # fmt: skip


LARGE = node("large", 4, 64, 512_000)
SMALL = node("small", 4, 8, 32_000)


@pytest.mark.parametrize(
    ("gpus", "share"), [(0, Share(2, 4096)), (1, Share(4, 16384)), (2, Share(8, 32768)), (4, Share(16, 65536))]
)
@pytest.mark.parametrize("nodes", [None, (), (SMALL, LARGE)])
def test_a_share_grows_with_the_gpus(gpus: int, share: Share, nodes: tuple[Node, ...] | None) -> None:
    """As the site set it: also where the scheduler doesn't say what there is, and where a larger node has it."""
    assert share_of(LabOptions(gpus=gpus), SET, nodes) == share


def test_the_base_holds_where_a_gpu_has_less() -> None:
    """Each of the two by itself."""
    little = SessionsSettings(cores=6, memory_mb=20_000, cores_per_gpu=4, memory_mb_per_gpu=16384)

    assert share_of(LabOptions(gpus=1), little, None) == Share(6, 20_000)
    assert share_of(LabOptions(gpus=2), little, None) == Share(8, 32768)


@pytest.mark.parametrize(
    ("options", "nodes", "share"),
    [
        (LabOptions(gpus=4), [SMALL], Share(8, 32_000)),
        (LabOptions(gpus=1), [SMALL], Share(4, 16384)),
        (LabOptions(gpus=0), [node("tiny", 0, 1, 2000)], Share(1, 2000)),
        (
            LabOptions(gpus=4),
            [SMALL, node("other", 4, 12, 16_000)],
            Share(12, 16_000),
        ),  # one node's, not the best of two
        (LabOptions(gpus=4), [SMALL, node("no GPUs", 0, 64, 512_000)], Share(8, 32_000)),
        (LabOptions(gpus=4), [SMALL, node("two GPUs", 2, 64, 512_000)], Share(8, 32_000)),
        (LabOptions(gpus=4), [SMALL, node("down", 4, 64, 512_000, up=False)], Share(8, 32_000)),
        (LabOptions(gpus=4, gpu_model="v100"), [LARGE, node("v", 4, 8, 9000, gpu_model="v100")], Share(8, 9000)),
        (LabOptions(gpus=4), [LARGE, node("v", 4, 8, 9000, gpu_model="v100")], Share(16, 65536)),
        (LabOptions(gpus=2), [node("silent", 4, 0, 0)], Share(8, 32768)),
        (LabOptions(gpus=2), [node("silent about memory", 4, 6, 0)], Share(6, 32768)),
    ],
)
def test_nobody_asks_for_more_than_one_node_has(options: LabOptions, nodes: list[Node], share: Share) -> None:
    """The largest that is up and has these GPUs; then all that it has. What a scheduler doesn't say (0) is no bound."""
    assert share_of(options, SET, nodes) == share


@pytest.mark.parametrize(
    ("gpus", "share", "words"),
    [
        (2, Share(8, 32768), "2 GPUs, 8 cores, 32 GiB"),
        (1, Share(1, 1024), "1 GPU, 1 core, 1 GiB"),
        (0, Share(1, 512), "no GPU, 1 core, 512 MiB"),
        (4, Share(8, 32_000), "4 GPUs, 8 cores, 31.25 GiB"),
        (4, Share(128, 1_031_000), "4 GPUs, 128 cores, 1007 GiB"),
    ],
)
def test_a_share_in_words(gpus: int, share: Share, words: str) -> None:
    """As the form has it."""
    assert share_words(gpus, share) == words


def test_the_form_has_words_for_each_choice_that_it_offers() -> None:
    """Each model, and any, with as many GPUs as one node has."""
    nodes = (LARGE, node("v", 2, 8, 16_000, gpu_model="v100"))

    table = share_table(Offer(models_of(nodes), 24), SET, nodes)

    assert {model: len(words) for model, words in table.items()} == {"": 5, "a100": 5, "v100": 3}
    assert (table[""][4], table["v100"][2]) == ("4 GPUs, 16 cores, 64 GiB", "2 GPUs, 8 cores, 15.62 GiB")


def test_the_form_has_words_where_nothing_is_known() -> None:
    """As the site set it."""
    assert share_table(Offer((), 24, known=False), SET, None) == {
        "": [share_words(gpus, share_of(LabOptions(gpus=gpus), SET, None)) for gpus in range(5)]
    }
