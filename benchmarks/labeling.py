"""Phrases over reports by several engines, side by side in one run: time, memory, the same labels; what one more phrase costs.

    python benchmarks/labeling.py [--reports 100000 1000000] [--sentences FILE] [--peers FOLDER] [--only ENGINE …]

Reports are 4 to 9 sentences drawn (seeded) from those of a CSV file with the columns `findings` and `impression`, else from
those of the demo's reports; one line each, so that ripgrep reads the same bytes. Phrases are 100 word sequences of these
sentences, the longest first, as a fellow lists them, and ten further ones. Each engine answers the same two questions:

- *labels*: from raw texts in memory (ripgrep: in a file) to the first phrase that each report matches, as whole words whatever
  their case. What it says is compared with what ours says.
- *one more phrase*, ten times: put above all others. ripgrep, which keeps nothing, only counts the reports (`-c`).

Each engine is a process of its own. Times are medians over runs (one where it takes more than a minute): wall clock, and in
brackets the processor's, by which they are compared, because it says more on a busy machine. Memory is the process's largest
(ripgrep: the larger of it and the process that starts it), and in brackets what imports and texts had taken before. A run that
would take more than ten minutes is scaled from fewer reports, and marked "≈". Snorkel, pandas and pyahocorasick come into a
virtual environment of their own.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import os
import platform
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from labeling_engines.peers import PEERS, Engine, Time, normal, timed
from peers.environment import peers_python

PINS = ("torch==2.13.0", "snorkel==0.10.0", "pyahocorasick==2.3.1", "pandas==3.1.1", "pyarrow==26.0.1")
"""Torch is what Snorkel asks for; nothing here uses it."""
PHRASES, FURTHER, LONGEST_PHRASE = 100, 10, 6
RUNS, LONG_RUN_S, LONGEST_RUN_S = 3, 60.0, 600.0
EDGES = ".,;:()[]\"'"
HEADER = (
    "engine",
    "labels s",
    "n",
    "× ours",
    "differ",
    "MB (before)",
    "one more ms",
    "n",
    "× ours",
    "grown",
    "move ms",
)

OURS = {"ours": "Ours", "ours, with options": "OursWithOptions"}
HERE = {*OURS, "ripgrep", "plain Python"}
"""These need no environment of their own."""
ENGINES = (*OURS, *PEERS)


@dataclass
class Told:
    """What a process found out about its engine; the labels are in a file of its name."""

    version: str = ""
    labels: list[Time] = field(default_factory=list)
    add: list[Time] = field(default_factory=list)
    move: list[Time] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    before_mb: float = 0.0
    peak_mb: float = 0.0
    notes: list[str] = field(default_factory=list)


def peak_mb() -> float:
    """The largest memory of this process so far, or of the largest that it waited for."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def engine_of(name: str) -> Callable[[Path, list[str]], Engine]:
    """The engine of a name. Ours isn't imported in the peers' environment, where it isn't."""
    if name in OURS:
        made: Callable[[Path, list[str]], Engine] = getattr(
            importlib.import_module("labeling_engines.ours"), OURS[name]
        )
        return made
    return PEERS[name]


def measure(name: str, folder: Path) -> Told:
    """In a process of its own: everything about one engine."""
    phrases = (folder / "phrases.txt").read_text(encoding="utf-8").splitlines()
    engine = engine_of(name)(folder, phrases[:PHRASES])
    told = Told(engine.version, before_mb=peak_mb())
    while not told.labels or (len(told.labels) < RUNS and told.labels[0][0] < LONG_RUN_S):
        took, first = timed(engine.labels)
        told.labels.append(took)
        told.peak_mb = told.peak_mb or peak_mb()
    np.save(folder / f"{name}.npy", first)
    if hasattr(engine, "move"):
        told.move = [timed(partial(engine.move, PHRASES - 1 - at, at))[0] for at in range(RUNS)]
        for at in reversed(range(RUNS)):
            engine.move(at, PHRASES - 1 - at)
    for phrase in phrases[PHRASES:]:
        took, count = timed(partial(engine.add, phrase))
        told.add.append(took)
        told.counts.append(count)
        if sum(wall for wall, _ in told.add) > LONG_RUN_S:
            break
    if hasattr(engine, "more"):
        told.notes = engine.more(phrases[PHRASES:])
    return told


def sentences_of(file: Path | None) -> list[str]:
    """Those of a file's reports, or of the demo's."""
    if file is None:
        from ccds_kernel.demo.reports import generate_reports  # noqa: PLC0415 - not in the peers' environment

        texts = [text for one in generate_reports(2026, 400) for text in (one.findings, one.impression)]
    else:
        with file.open(encoding="utf-8", newline="") as lines:
            texts = [text for row in csv.DictReader(lines) for text in (row["findings"], row["impression"])]
    return [one for text in texts for one in re.split(r"(?<=[.!?]) ", " ".join(text.split())) if one]


def phrases_from(sentences: Sequence[str], chance: random.Random) -> list[str]:
    """`PHRASES` different word sequences, the longest first, then `FURTHER` of any length."""
    from ccds_kernel.labeling.stop_words import STOP_WORDS  # noqa: PLC0415 - not in the peers' environment

    found: dict[str, None] = {}
    while len(found) < PHRASES + FURTHER:
        words = normal(chance.choice(sentences)).split()
        begin, length = chance.randrange(len(words)), chance.randint(1, LONGEST_PHRASE)
        phrase = " ".join(words[begin : begin + length]).strip(EDGES)
        if phrase and phrase[0].isalnum() and phrase[-1].isalnum() and set(phrase.split()) - STOP_WORDS:
            found[phrase] = None
    drawn = list(found)
    return [*sorted(drawn[FURTHER:], key=lambda one: (-len(one.split()), one)), *drawn[:FURTHER]]


def write_reports(folder: Path, count: int, sentences_from: Path | None) -> None:
    """In a process of its own, because the processes that measure begin with their parent's memory."""
    chance = random.Random(2026)  # noqa: S311 - draws sentences, nothing secret
    sentences = sentences_of(sentences_from)
    (folder / "phrases.txt").write_text("\n".join(phrases_from(sentences, chance)) + "\n", encoding="utf-8")
    with (folder / "reports.txt").open("w", encoding="utf-8") as file:
        file.writelines(" ".join(chance.choices(sentences, k=chance.randint(4, 9))) + "\n" for _ in range(count))


def in_own_process(python: str | Path, arguments: Iterable[object]) -> str:
    """What this script prints when it is run by `python` with `arguments`."""
    call = [str(python), __file__, *map(str, arguments)]
    return subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True).stdout


def processor_of(times: Sequence[Time]) -> float:
    """The median of the processor times, in seconds."""
    return statistics.median(spent for _, spent in times)


def ratio(times: Sequence[Time], others: Sequence[Time]) -> float:
    """The medians' ratio, over as many as both have: further phrases are the same ones in the same order."""
    both = min(len(times), len(others))
    return processor_of(times[:both]) / processor_of(others[:both])


def median_of(times: Sequence[Time], unit: float = 1.0, digits: int = 2) -> str:
    """Wall clock, and processor time in brackets."""
    return (
        f"{statistics.median(wall for wall, _ in times) * unit:,.{digits}f} ({processor_of(times) * unit:,.{digits}f})"
    )


def row_of(name: str, told: Told, ours: Told, differing: str, smaller: Told | None) -> list[str]:
    """What the tables say of an engine; `smaller`: of the same with fewer reports."""
    grown = f"{ratio(told.add, smaller.add):.1f} ×" if smaller else ""
    return [
        f"{name} {told.version}", median_of(told.labels), str(len(told.labels)),
        f"{processor_of(told.labels) / processor_of(ours.labels):.1f}", differing,
        f"{told.peak_mb:,.0f} ({told.before_mb:,.0f})" if told.peak_mb else "", median_of(told.add, 1e3, 1), str(len(told.add)),
        f"{ratio(told.add, ours.add):.1f}", grown, median_of(told.move, 1e3, 2) if told.move else "",
    ]  # fmt: skip


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """As text, then in Markdown."""
    widths = [max(map(len, column)) for column in zip(HEADER, *rows, strict=True)]
    for cells in (HEADER, *rows):
        name, *others = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print("  ".join((name, *(cell.strip().rjust(len(cell)) for cell in others))))
    print()
    for cells in (HEADER, ["---", *["--:"] * (len(HEADER) - 1)], *rows):
        print(f"| {' | '.join(cells)} |")


def scaled(told: Told, times: float) -> Told:
    """What `times` as many reports would take, were everything in proportion."""

    def more(taken: list[Time]) -> list[Time]:
        return [(wall * times, spent * times) for wall, spent in taken]

    return Told(f"{told.version} ≈", more(told.labels), more(told.add), more(told.move))


def differing_from_ours(folder: Path, name: str, told: Told, ours: Told) -> str:
    """In how many reports an engine says another first phrase, or in the counts of how many further phrases another number."""
    if name == "ours, with options":
        return "on purpose"
    labels = int((np.load(folder / f"{name}.npy") != np.load(folder / "ours.npy")).sum())
    counts = sum(count != of_ours for count, of_ours in zip(told.counts, ours.counts, strict=False))
    return f"{labels:,}" + (f"; {counts} of {len(told.counts)} counts" if counts else "")


def compare(
    count: int, sentences: str, engines: Iterable[str], peers: Path | None, fewer: tuple[int, dict[str, Told]] | None
) -> dict[str, Told]:
    """Measures `engines` on `count` reports and prints it; `fewer`: of how many reports they told what before."""
    found: dict[str, Told] = {}
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        in_own_process(sys.executable, ("--write", folder, count, sentences))
        megabytes = (folder / "reports.txt").stat().st_size / 1e6
        print(
            f"\n{count:,} reports ({megabytes:,.0f} MB), {PHRASES} phrases; load {os.getloadavg()[0]:.1f}\n", flush=True
        )
        for name in engines:
            python = Path(sys.executable) if name in HERE else peers
            if python is None or (name == "ripgrep" and shutil.which("rg") is None):
                print(f"{name} isn't here: not compared")
                continue
            before = fewer[1].get(name) if fewer else None
            times = count / fewer[0] if fewer else 1.0
            if before and before.labels[0][0] * times > LONGEST_RUN_S:
                found[name] = scaled(before, times)
                differing = ""
            else:
                found[name] = Told(**json.loads(in_own_process(python, ("--one", name, folder))))
                differing = differing_from_ours(folder, name, found[name], found["ours"])
            rows.append(row_of(name, found[name], found["ours"], differing, before))
            print("  ".join(rows[-1]), flush=True)
            for note in found[name].notes:
                print(f"  {note}", flush=True)
    print(f"\nload {os.getloadavg()[0]:.1f}\n")
    print_table(rows)
    return found


def main() -> None:
    """Prints the versions, then a table for each number of reports."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--reports", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--sentences", default="", help="a CSV file with the columns findings and impression")
    parser.add_argument(
        "--peers", type=Path, default=Path(tempfile.gettempdir()) / f"ccds-labeling-peers-{os.getuid()}"
    )
    parser.add_argument("--only", nargs="+", choices=ENGINES, default=ENGINES, metavar="ENGINE")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        folder, count, sentences = arguments.write
        write_reports(Path(folder), int(count), Path(sentences) if sentences else None)
        return
    if arguments.one:
        name, folder = arguments.one
        print(json.dumps(asdict(measure(name, Path(folder)))))
        return
    engines = tuple(dict.fromkeys(("ours", *arguments.only)))  # the others are compared with ours
    peers = None if HERE.issuperset(engines) else peers_python(arguments.peers, PINS)
    print(f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}")
    fewer: tuple[int, dict[str, Told]] | None = None
    for count in sorted(arguments.reports):
        fewer = count, compare(count, arguments.sentences, engines, peers, fewer)


if __name__ == "__main__":
    main()
