"""When a sum of what isn't written down is due."""

from ccds_hub.left_out import LeftOut


def test_a_million_are_twenty_lines():
    """The first of a kind at once, then whenever they have doubled; each kind for itself."""
    left_out = LeftOut()

    due = [count for count in (left_out.note("stranger") for _ in range(1_000_000)) if count]

    assert due == [2**power for power in range(20)]
    assert left_out.note("ann") == 1


def test_its_memory_is_bounded():
    """However many kinds there are; what is forgotten is counted anew."""
    left_out = LeftOut()

    assert [left_out.note(number) for number in range(30_000)] == [1] * 30_000
    assert len(left_out._counts) <= 10_001
