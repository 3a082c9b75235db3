"""What the cohort view costs for each volume: its header, its quantiles, a recipe tried on a coarse copy.

    python benchmarks/normalization_cohort.py [--rounds 3]

A made-up CT of 512 x 512 x 300, int16, compressed as a conversion compresses. Processor time says more than the time where other
programs run beside. Nothing is taken from what was kept of an earlier measurement.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from normalize import make_ct

from ccds_kernel.imaging.volume import compress
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.spread_measure import grid_in, planned_in, quantiles_in, tried_in

RECIPE = Recipe.from_yaml(
    "name: brain CT\nsteps:\n- reorient: {to: RAS}\n- resample: {spacing_mm: [1, 1, 1], interpolation: linear}\n"
    "- window: {center: 40, width: 80}\n- z_score: {mask: nonzero}\n"
)


def main() -> None:
    """Measures, and prints a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how many times each part is measured")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "ct.nii", Path(folder) / "ct.nii.gz"
        make_ct(plain)
        compress(plain, packed)
        print(
            f"{platform.processor() or platform.machine()}, n = {rounds}, a file of {packed.stat().st_size / 1e6:.0f} MB"
        )
        parts: dict[str, Callable[[], object]] = {
            "grid, by the header": lambda: grid_in(packed),
            "grid after the recipe, by the header": lambda: planned_in(RECIPE, packed),
            "quantiles": lambda: quantiles_in(packed),
            "recipe tried on a coarse copy": lambda: tried_in(RECIPE, packed),
        }
        for name, part in parts.items():
            seconds, processor = zip(*(measured(part) for _ in range(rounds)), strict=True)
            print(
                f"{name}: median {statistics.median(seconds):.3f} s, of the processor {statistics.median(processor):.3f} s"
            )


def measured(part: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and seconds of the processor."""
    began, used = time.perf_counter(), time.process_time()
    part()
    return time.perf_counter() - began, time.process_time() - used


if __name__ == "__main__":
    main()
