"""Soak: thousands of random changes of a task's phrases, undone here and there, against the slow and obvious reference.

    python tests/soak/soak_labeling.py [--operations 20000] [--limit-s 1800]

After each one every count, label, posting and conflict is what `tests/support/labeling_reference.py` says, which asks every
report anew; negation, uncertainty, left-out sections and both kinds of task are in it. Hypothesis draws the changes (`make test`
runs the same machine shortly) and prints the shortest sequence that goes wrong. Exit status 1 where one does.
"""

# ruff: noqa: T201 - a script that prints

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.labeling_machine import TaskIndexAgainstReference

STEPS = 50
"""Changes of one task, at most."""


class Counted(TaskIndexAgainstReference):
    """Counts what it does."""

    operations = 0

    @invariant()
    def is_counted(self) -> None:
        """Holds after every step, the first of which is no change."""
        Counted.operations += 1


def main() -> None:
    """Draws sequences until there were enough changes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--limit-s", type=float, default=1800)
    options = parser.parse_args()
    begin = time.monotonic()
    at_once = settings(
        max_examples=20,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while Counted.operations < options.operations:
        if time.monotonic() - begin > options.limit_s:
            sys.exit(f"only {Counted.operations} operations in {options.limit_s:.0f} s: give it more time (--limit-s)")
        run_state_machine_as_test(Counted, settings=at_once)
    print(f"{Counted.operations} operations in {time.monotonic() - begin:.0f} s, each as the reference says")


if __name__ == "__main__":
    main()
