"""Phrases over many reports: this index beside ripgrep, a plain Python loop, and Snorkel where it is installed.

    python benchmarks/labeling_match.py [--reports 1000000]

Reports are made up from sentence parts (seeded, ASCII, one line each, so that ripgrep reads the same bytes). Every peer's
answer is compared with ours before its time is printed. Times are the best of three.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import random
import re
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase import Phrase

NEGATIONS = (
    "No",
    "No evidence of",
    "There is no",
    "Small",
    "Large",
    "Stable",
    "Resolved",
    "Possible",
    "Worsening",
    "Mild",
)
SIDES = ("left", "right", "bilateral", "basilar", "apical", "focal", "diffuse", "new", "residual", "chronic")
FINDINGS = ("pleural effusion", "effusions", "pneumothorax", "consolidation", "atelectasis", "pulmonary edema", "mass",
            "nodule", "opacity", "granuloma", "rib fracture", "hiatal hernia", "cardiomegaly", "emphysema")  # fmt: skip
TAILS = ("in the lower lobe.", "since the prior examination.", "as described above.", "measuring 1.5 cm.",
         "within the limits of portable technique.", "on the lateral view.", "of uncertain significance.")  # fmt: skip
CALM = ("The heart size is normal.", "The cardiomediastinal silhouette is within normal limits.", "The lungs are clear.",
        "Osseous structures are intact.", "Degenerative changes of the T-spine are noted.", "Comparison is made.")  # fmt: skip
CALM_SHARE = 0.4
SCANNED = ("no", "in the", "effusion", "pleural effusion", "no left pleural effusion", "t-spine", "1.5 cm", "fracture",
           "resolved chronic hiatal hernia in the lower lobe", "pneumomediastinum")  # fmt: skip


def made_up_reports(count: int) -> list[str]:
    """`count` reports of 3 to 8 sentences."""
    chance = random.Random(2026)  # noqa: S311 - made-up texts, nothing secret
    findings = [
        f"{negation} {side} {finding} {chance.choice(TAILS)}"
        for negation in NEGATIONS
        for side in SIDES
        for finding in FINDINGS
    ]
    return [
        " ".join(chance.choice(CALM if chance.random() < CALM_SHARE else findings) for _ in range(chance.randint(3, 8)))
        for _ in range(count)
    ]


def phrase_list(count: int) -> list[Phrase]:
    """`count` phrases as a fellow would list them: long negative ones first, short positive ones last."""
    negative = [f"{negation} {side} {finding}" for finding in FINDINGS for side in SIDES for negation in NEGATIONS[:3]]
    single = [*FINDINGS, *(f"{side} {finding}" for side in SIDES[:4] for finding in FINDINGS)]
    texts = negative[: count - min(len(single), count // 2)] + single[: min(len(single), count // 2)]
    return [Phrase(text, "negative" if text in set(negative) else "positive") for text in texts]


def best_of_three(action: Callable[[], Any]) -> tuple[float, Any]:
    """The shortest of three runs in seconds, and what the last one returned."""
    shortest, result = float("inf"), None
    for _ in range(3):
        begin = time.perf_counter()
        result = action()
        shortest = min(shortest, time.perf_counter() - begin)
    return shortest, result


def add_one_phrase(index: PhraseIndex, file: Path) -> None:
    """The time from a phrase to its counts, beside `rg -c -i -w -F` on the same bytes."""
    print(f"\nadd one phrase to {len(index.first):,} reports ({file.stat().st_size / 1e6:.0f} MB)")
    print(f"{'phrase':<50} {'reports':>9} {'ours ms':>8} {'rg ms':>8} {'ratio':>6}")
    for text in SCANNED:
        phrase = Phrase(text, "x")

        def add(phrase: Phrase = phrase) -> int:
            index._scans.clear()  # noqa: SLF001 - the second and third run must scan again
            index.insert(phrase, 0)
            return index.counts[0].raw

        ours, times = 0, []
        for _ in range(3):
            begin = time.perf_counter()
            ours = add()
            times.append(time.perf_counter() - begin)
            index.remove(0)
        call = ["rg", "-c", "-i", "-w", "-F", "--no-config", text, str(file)]
        peer, answer = best_of_three(partial(_output_of, call))
        same = ours == int(answer or 0)
        print(f"{text:<50} {ours:>9,} {min(times) * 1e3:>8.1f} {peer * 1e3:>8.1f} {min(times) / peer:>6.2f}"
              f"{'' if same else f'   DIFFERS: rg says {int(answer or 0)}'}")  # fmt: skip


def add_with_options(texts: Sequence[str]) -> None:
    """What negation and uncertainty cost a phrase, over a fresh index: its reports are read for the first time, then again."""
    index = PhraseIndex([(text,) for text in texts])
    print(f"\nadd one phrase with both options to {len(texts):,} reports")
    print(f"{'phrase':<50} {'holding it':>10} {'negated':>9} {'plain ms':>9} {'first ms':>9} {'again ms':>9}")
    for text in ("no left pleural effusion", "pneumothorax", "pleural effusion"):
        times = []
        for phrase in (Phrase(text, "x"), *[Phrase(text, "x", negatable=True, uncertain_label="y")] * 2):
            index._scans.clear()  # noqa: SLF001 - each run must scan again
            begin = time.perf_counter()
            index.insert(phrase, 0)
            times.append((time.perf_counter() - begin) * 1e3)
            counts = index.counts[0]
            index.remove(0)
        print(f"{text:<50} {counts.raw + counts.negated:>10,} {counts.negated:>9,} "
              f"{times[0]:>9.1f} {times[1]:>9.1f} {times[2]:>9.1f}")  # fmt: skip


def _output_of(call: Sequence[str]) -> bytes:
    return subprocess.run(call, capture_output=True, check=False).stdout  # exit status 1 says that nothing matched


def reprioritise(index: PhraseIndex) -> None:
    """The time of one move, over every place of the list."""
    last = len(index) - 1
    for what, moves in (
        ("one place up or down", [pair for at in range(last) for pair in ((at, at + 1), (at + 1, at))]),
        ("from last to first and back", [pair for _ in range(20) for pair in ((last, 0), (0, last))]),
        ("any place to any place", [tuple(random.Random(at).sample(range(last + 1), 2)) for at in range(200)]),  # noqa: S311 - draws moves, not secrets
    ):
        times = []
        for old, new in moves:
            begin = time.perf_counter()
            index.move(old, new)
            times.append(time.perf_counter() - begin)
        ordered = np.array(times) * 1e3
        print(f"  {what:<30} median {np.median(ordered):.2f} ms, p95 {np.quantile(ordered, 0.95):.2f} ms, "
              f"worst {ordered.max():.2f} ms")  # fmt: skip
    begin = time.perf_counter()
    total = sum(counts.captured for counts in index.counts)
    print(f"  reading all counts: {(time.perf_counter() - begin) * 1e3:.2f} ms ({total:,} reports captured)")


def many_phrases(texts: Sequence[str], phrases: Sequence[Phrase]) -> None:
    """From raw texts to first-match labels, beside loops over every report and phrase."""
    print(f"\nmatch {len(phrases)} phrases x {len(texts):,} reports, raw texts to first-match labels")

    def ours() -> np.ndarray[Any, Any]:
        index = PhraseIndex([(text,) for text in texts])
        for position, phrase in enumerate(phrases):
            index.insert(phrase, position)
        return index.first

    seconds, first = best_of_three(ours)
    print(f"  ours                                  {seconds:7.2f} s")
    part = texts[: max(1, len(texts) // 20)]
    compiled = [re.compile(rf"(?<!\w){re.escape(phrase.normalised)}(?!\w)") for phrase in phrases]

    def plain() -> list[int]:
        found = []
        for text in part:
            folded = " ".join(text.split()).casefold()
            found.append(next((at for at, words in enumerate(compiled) if words.search(folded)), -1))
        return found

    peer, answer = best_of_three(plain)
    scaled = peer * len(texts) / len(part)
    same = "same labels" if answer == first[: len(part)].tolist() else "LABELS DIFFER"
    print(f"  plain Python, stops at first match    {scaled:7.2f} s = {scaled / seconds:.0f} x ours "
          f"({len(part):,} reports, scaled; {same})")  # fmt: skip
    _snorkel(texts, compiled, first, seconds)


def _snorkel(
    texts: Sequence[str], compiled: Sequence[re.Pattern[str]], first: np.ndarray[Any, Any], seconds: float
) -> None:
    try:
        labeling = importlib.import_module("snorkel.labeling")
        pandas = importlib.import_module("pandas")
    except ImportError:
        print("  Snorkel's LFApplier                   not installed here: not compared")
        return

    def function(words: re.Pattern[str], at: int) -> object:
        return labeling.LabelingFunction(
            f"phrase_{at}", lambda row: at if words.search(" ".join(row.text.split()).casefold()) else -1
        )

    functions = [function(words, at) for at, words in enumerate(compiled)]
    part = pandas.DataFrame({"text": list(texts[: max(1, len(texts) // 20)])})
    begin = time.perf_counter()
    votes = labeling.PandasLFApplier(functions).apply(part, progress_bar=False)
    scaled = (time.perf_counter() - begin) * len(texts) / len(part)
    answer = np.where((votes >= 0).any(axis=1), (votes >= 0).argmax(axis=1), -1)
    same = "same labels" if (answer == first[: len(part)]).all() else "LABELS DIFFER"
    version = importlib.metadata.version("snorkel")
    print(f"  Snorkel {version} PandasLFApplier        {scaled:7.2f} s = {scaled / seconds:.0f} x ours "
          f"({len(part):,} reports, scaled; {same})")  # fmt: skip


def main() -> None:
    """Prints the versions, then each measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reports", type=int, default=1_000_000)
    count = parser.parse_args().reports
    ripgrep = shutil.which("rg")
    version = (
        subprocess.run([ripgrep, "--version"], capture_output=True, text=True, check=True).stdout if ripgrep else ""
    )
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}, polars {pl.__version__}, numpy {np.__version__}, "
          f"{version.splitlines()[0] if version else 'no ripgrep: not compared'}")  # fmt: skip
    texts = made_up_reports(count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    index = PhraseIndex([(text,) for text in texts])
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"index over {count:,} reports: {time.perf_counter() - begin:.1f} s, once; at most {grown:.0f} MB more memory"
    )
    if ripgrep:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "reports.txt"
            file.write_text("\n".join(texts) + "\n", encoding="ascii")
            add_one_phrase(index, file)
    add_with_options(texts)
    phrases = phrase_list(100)
    for position, phrase in enumerate(phrases):
        index.insert(phrase, position)
    print(f"\nreprioritise one of {len(index)} phrases over {count:,} reports")
    reprioritise(index)
    many_phrases(texts[: count // 10], phrases)


if __name__ == "__main__":
    main()
