"""How long the airlock's scan takes to know a project's reports, and to look for their words in a result.

Made-up reports of 150 words; `--reports` chooses how many.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import time

from ccds_kernel.airlock.scan.known_texts import KnownTexts

WORDS = 150


def main() -> None:
    """Times reading the reports in, and looking through a notebook of 20,000 lines; prints one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=100_000, help="number of reports")
    parser.add_argument("--repeats", type=int, default=5, help="how often the look is timed")
    options = parser.parse_args()
    chance = random.Random(1)  # noqa: S311 - made-up data, to be the same each time
    vocabulary = [f"word{number}" for number in range(5000)]
    texts = [" ".join(chance.choices(vocabulary, k=WORDS)) for _ in range(options.reports)]
    ids = [f"ACC{number:07d}" for number in range(options.reports)]
    lines = [" ".join(chance.choices(vocabulary, k=12)) for _ in range(20_000)]
    lines[777] = " ".join(texts[5].split()[3:11]).upper()

    begin = time.perf_counter()
    known = KnownTexts(texts, ids)
    built = time.perf_counter() - begin
    looks = []
    for _ in range(options.repeats):
        begin = time.perf_counter()
        found = known.lines_with_words(lines), known.lines_with_ids(lines)
        looks.append(time.perf_counter() - begin)
    assert found == ([777], [])  # noqa: S101 - a look that finds nothing is fast and worthless

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.reports:,} reports of {WORDS} words: known after {built:.1f} s; peak memory {peak:,.0f} MiB")
    print(f"20,000 lines of 12 words: looked through in {statistics.median(looks):.2f} s (median of {options.repeats})")


if __name__ == "__main__":
    main()
