"""Two hundred random ways to spoil a series of DICOM files: never a silently wrong volume, never a crash.

    python tests/soak/soak_mutations.py [--mutations 200] [--first-seed 0]

What is promised of each mutation stands in tests/support/mutations.py; every accepted volume is compared, voxel by voxel,
with what the mutated files say. The sample of it in `make test` is tests/imaging/test_mutations.py.
"""

# ruff: noqa: T201 - a script that prints

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.mutated import outcome
from support.soak import tell


def main() -> int:
    """Runs it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    options = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    broken = []
    for seed in range(options.first_seed, options.first_seed + options.mutations):
        with tempfile.TemporaryDirectory() as folder:
            result = outcome(seed, Path(folder))
        counts[result.mutation, result.status] += 1
        if result.broken:
            broken.append(str(result))
    for (mutation, status), count in sorted(counts.items()):
        print(f"{count:4}  {mutation:<32}  {status}")
    accepted = sum(count for (_, status), count in counts.items() if "accepted" in status)
    print(f"{options.mutations} mutations, {accepted} with an accepted volume")
    return tell(broken)


if __name__ == "__main__":
    sys.exit(main())
