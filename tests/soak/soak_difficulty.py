"""Soak: other seeds than the demo's make a demo whose findings counting bright voxels doesn't find either.

    python tests/soak/soak_difficulty.py [SEED ...]

A line for each seed with the strongest of 24 scores; exit status 1 where one reaches an AUROC of 0.7, either way round.
"""

# ruff: noqa: T201 - a script that prints

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.difficulty import found_by_counting
from support.soak import tell

SEEDS = (11, 12)
LIMIT = 0.7


def main(seeds: list[int]) -> int:
    """Tries each seed; the exit status."""
    broken = []
    for seed in seeds:
        name, value = max(found_by_counting(seed).items(), key=lambda found: abs(found[1] - 0.5))
        print(f"seed {seed}: strongest {name}: AUROC {value:.3f}")
        if not 1 - LIMIT < value < LIMIT:
            broken.append(f"seed {seed}: {name} has an AUROC of {value:.3f}")
    return tell(broken)


if __name__ == "__main__":
    raise SystemExit(main([int(word) for word in sys.argv[1:]] or list(SEEDS)))
