"""How much a lab's kernels send to its page in a minute."""

from ccds_kernel.session.output_pace import MOST_BYTES, SECONDS, SMALL, OutputPace


class Minute:
    """A clock that the test turns, and how often too much was told."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.told = 0
        self.pace = OutputPace(lambda: self.now, self.tell)

    def tell(self) -> None:
        """Takes word that something is held back."""
        self.told += 1


def test_a_minute_has_its_bytes() -> None:
    """Bulk is held back, and told once; the next minute is as the first."""
    minute, part = Minute(), MOST_BYTES // 4

    first = [minute.pace.lets(part) for _ in range(7)]
    minute.now += SECONDS - 1
    late = minute.pace.lets(part)
    minute.now += 1
    second = [minute.pace.lets(part) for _ in range(5)]

    assert first == [True] * 4 + [False] * 3
    assert late is False
    assert second == [True] * 4 + [False]
    assert minute.told == 2


def test_that_a_cell_has_ended_still_passes() -> None:
    """Small messages do, until they are bulk themselves."""
    minute = Minute()
    minute.pace.lets(MOST_BYTES)

    small = sum(minute.pace.lets(SMALL) for _ in range(2 * MOST_BYTES // SMALL))

    assert small == MOST_BYTES // SMALL
    assert not minute.pace.lets(1 + SMALL)
    assert minute.told == 1


def test_a_message_larger_than_a_minute_s_is_held_back_alone() -> None:
    """It takes nothing from what follows."""
    minute = Minute()

    assert [minute.pace.lets(size) for size in (MOST_BYTES + 1, MOST_BYTES)] == [False, True]
