"""How the report is said in words."""

import pytest

from ccds_kernel.cluster.report import Idle
from ccds_kernel.cluster.waits import Waits
from ccds_kernel.cluster.wording import hours, idle_sentence, length, share, waits_sentence


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"), (0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (70, "1 min 10 s"), (3599.7, "1 h"), (5400, "1 h 30 min"),
        (86400, "1 d"), (100_000, "1 d 3 h"),
    ],
)  # fmt: skip
def test_a_wait_is_said_in_two_units_at_most(seconds: float | None, said: str) -> None:
    """No minute has 60 seconds."""
    assert length(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.04, "< 0.1"), (0.05, "0.1"), (9.94, "9.9"), (9.96, "10"), (1234.5, "1,234")],
)
def test_what_is_not_nothing_is_not_shown_as_nothing(value: float, said: str) -> None:
    """A few GPU-minutes are less than can be shown, not none."""
    assert hours(value) == said


def test_shares() -> None:
    """Likewise."""
    assert [share(value) for value in (0, 0.004, 0.25, 1)] == ["0 %", "< 1 %", "25 %", "100 %"]


@pytest.mark.parametrize(
    ("waits", "said"),
    [
        (Waits(), "First nodes: none was asked for."),
        (Waits(waiting=1, waiting_s=300), "First nodes: 1 asked for, 0 came; 1 waits still, for 5 min."),
        (
            Waits(came=2, median_s=15, longest_s=20, waiting=2, waiting_s=60, called_off=1, called_off_s=9),
            (
                "First nodes: 5 asked for, 2 came; half within 15 s, the longest after 20 s; "
                "2 wait still, the longest for 1 min; 1 ended before it came, after 9 s."
            ),
        ),
        (
            Waits(came=30, median_s=15, low_s=9, high_s=70, p95_s=100, longest_s=7200, called_off=3, called_off_s=9),
            (
                "First nodes: 33 asked for, 30 came; half within 15 s (95 % CI 9 s to 1 min 10 s), 95 of 100 within 1 min 40 s, "
                "the longest after 2 h; 3 ended before they came, after at most 9 s."
            ),
        ),
    ],
)
def test_waits_are_said_with_their_n(waits: Waits, said: str) -> None:
    """And with those that last."""
    assert waits_sentence("First nodes", waits) == said


@pytest.mark.parametrize(
    ("measured", "unmeasured", "said"),
    [
        ((0, 0, 0), (0, 0), "Idle: no session with a GPU ended."),
        ((0, 0, 0), (2, 12), "Idle: 2 sessions with 12 GPU-hours not measured."),
        ((1, 8, 2), (0, 0), "Idle: 25 % of the 8.0 GPU-hours of 1 session that ended and were measured."),
        (
            (3, 80, 0),
            (1, 12),
            "Idle: 0 % of the 80 GPU-hours of 3 sessions that ended and were measured; 1 session with 12 GPU-hours not measured.",
        ),
    ],
)
def test_what_was_not_measured_is_not_idle_and_not_busy(
    measured: tuple[int, float, float], unmeasured: tuple[int, float], said: str
) -> None:
    """It is said apart."""
    sessions, held, idle = measured
    found = Idle(
        sessions=sessions,
        gpu_hours=held,
        idle_gpu_hours=idle,
        unmeasured=unmeasured[0],
        unmeasured_gpu_hours=unmeasured[1],
    )

    assert idle_sentence(found) == said
