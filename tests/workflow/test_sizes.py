"""Items are parted so that a large one costs the others nothing."""

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.workflow.operator import Item
from ccds_kernel.workflow.sizes import batches

MEMORY = st.lists(st.integers(1, 1 << 40), max_size=60)


def _items(memory):
    return [Item(f"study-{number}/a", Path("a"), "v1", each) for number, each in enumerate(memory)]


def test_one_freak_among_many_comes_last_and_alone():
    """A head CT of 512 x 512 x 300 takes about a gigabyte; one of 1250³ voxels of eight bytes, 23."""
    (common, freak) = batches(_items([1 << 30, 23 << 30, *[900 << 20] * 127]))

    assert len(common) == 128
    assert [item.memory for item in freak] == [23 << 30]


def test_sizes_that_are_alike_are_one_batch():
    """One opening of an engine is enough."""
    assert len(batches(_items([1 << 30, 2 << 30, 3 << 30]))) == 1


@given(MEMORY)
def test_every_item_is_in_one_batch_and_larger_ones_come_later(memory):
    """None is lost; each batch has half of what is left at least."""
    items = _items(memory)

    found = batches(items)

    assert sorted(item.key for batch in found for item in batch) == sorted(item.key for item in items)
    assert all(max(one.memory for one in small) < min(one.memory for one in large) for small, large in pairwise(found))
    assert len(found) <= len(items).bit_length()
