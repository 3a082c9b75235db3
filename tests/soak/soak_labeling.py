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
from collections import Counter
from pathlib import Path
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ccds_kernel.labeling.tasks.task import TaskKind
from support.labeling_machine import TaskIndexAgainstReference

STEPS = 50
"""Changes of one task, at most."""


class Counted(TaskIndexAgainstReference):
    """Counts what was done in all sequences: changes, those made where a phrase has options, and tasks by kind."""

    operations = 0
    with_options = 0
    tasks: ClassVar[Counter[TaskKind]] = Counter()

    def teardown(self) -> None:
        """Once a sequence is over."""
        listed = [phrase for phrases in self.reference.lists.values() for phrase in phrases]
        Counted.operations += self.changes
        Counted.with_options += self.changes * any(
            one.negatable or one.uncertain_label or one.excludes for one in listed
        )
        Counted.tasks[TaskKind.SEVERAL if self.reference.several else TaskKind.ONE] += 1


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
    of_kinds = ", ".join(f"{count} of kind {kind.value}" for kind, count in sorted(Counted.tasks.items()))
    print(f"{Counted.operations} operations in {time.monotonic() - begin:.0f} s, each as the reference says:")
    print(f"{of_kinds} ({Counted.with_options} operations in tasks that had phrases with options in the end)")


if __name__ == "__main__":
    main()
