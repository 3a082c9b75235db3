"""A simulated fellow who takes the suggestions, on real chest reports: precision, recall and F1 after each step.

    python benchmarks/labeling_fellow.py [--reports FILE] [--out FOLDER] [--halves 20] [--seed 2026]

The reports (findings and impression) were coded by people for effusion and cardiomegaly. A half of them, drawn with as many of
each finding as the other half, is the fellow's; what the list says is compared with the coding on the other half. A report
counts as positive where the phrase that captures it has the finding's label. The file isn't published: where it isn't,
nothing is measured.

*Fellows.* Each has one list per finding and does nothing but what stands here:

- names: the finding's name and its plain variants (`NAMES`), nothing else.
- names and plain negations: likewise, and above them each of these after "no", "without" and "no evidence of". No suggestion;
  this is the list that others begin with.
- all read: as before; then ten times the top suggestion: of `suggestions.settling` for the finding and `suggestions.correcting`
  of it the one with the larger gain. Without a gain the fellow stops. The whole half is confirmed.
- 20 read a step: likewise, but before each step 20 more reports are confirmed, half of them among those that have the label.
- all read, names only: the whole half is confirmed, and the list begins with the names alone.
- names, not if negated: the names with the option "not if negated" (`labeling.negation`), no suggestion.
- not if negated, all read: that list, then ten suggestions; the whole half is confirmed.

*Intervals.* Precision and recall: Wilson, 95 %. F1: the percentiles 2.5 and 97.5 over 2,000 resamples of the other half.
Both are of one half, the first. Over all halves: the median, and the percentiles 10 and 90. Halves share reports, so that
this is a spread and no interval. 16 of the 400 reports have an effusion, 8 of each half: that limits all of it.

*Time.* Reports of 4 to 9 sentences, drawn from the file's; best of three.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.stop_words import STOP_WORDS
from ccds_kernel.labeling.suggestions import Suggestion, correcting, settling
from ccds_kernel.labeling.vocabulary import Vocabulary
from ccds_kernel.rate import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REPORTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "openi-sample-400.csv"
NAMES = {
    "effusion": ("effusion", "effusions", "pleural effusion", "pleural effusions"),
    "cardiomegaly": (
        "cardiomegaly",
        "enlarged heart",
        "heart is enlarged",
        "enlarged cardiac silhouette",
        "cardiac silhouette is enlarged",
    ),
}
NEGATIONS = ("no", "without", "no evidence of")
STEPS, READ_A_STEP, RESAMPLES = 10, 20, 2_000
NOTHING_SAID = STOP_WORDS | {"xxxx"}
"""The file has "xxxx" where a word was taken out of a report."""

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fellow:
    """What a fellow does: with which list, how many steps, and how many reports are confirmed before each (None: all)."""

    negations: bool = False
    negatable: bool = False
    steps: int = STEPS
    read: int | None = None


FELLOWS = {
    "names": Fellow(steps=0),
    "names and plain negations": Fellow(negations=True, steps=0),
    "all read": Fellow(negations=True),
    f"{READ_A_STEP} read a step": Fellow(negations=True, read=READ_A_STEP),
    "all read, names only": Fellow(),
    "names, not if negated": Fellow(negatable=True, steps=0),
    "not if negated, all read": Fellow(negatable=True),
}
MAIN = "all read"


@dataclass(frozen=True)
class Reports:
    """The file: `texts` per report, and per finding whether it was coded, shape (n,)."""

    texts: Sequence[tuple[str, str]]
    coded: dict[str, Flags]

    @classmethod
    def read(cls, path: Path) -> Reports:
        """The reports of a file."""
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        coded = {finding: np.array([row[finding.capitalize()] == "1" for row in rows]) for finding in NAMES}
        return cls([(row["findings"], row["impression"]) for row in rows], coded)

    def part(self, rows: Ints) -> Reports:
        """Some of them."""
        return Reports([self.texts[row] for row in rows], {name: flags[rows] for name, flags in self.coded.items()})

    def halves(self, seed: int) -> tuple[Reports, Reports]:
        """Two halves, alike in how many have each combination of findings."""
        chance = np.random.default_rng(seed)
        group = sum(flags.astype(int) << place for place, flags in enumerate(self.coded.values()))
        drawn = np.concatenate([chance.permutation(np.flatnonzero(group == one)) for one in np.unique(group)])
        return self.part(np.sort(drawn[::2])), self.part(np.sort(drawn[1::2]))


def start(finding: str, fellow: Fellow) -> list[Phrase]:
    """The list that a fellow begins with."""
    names = NAMES[finding]
    negated = [Phrase(f"{no} {name}", f"no {finding}") for no in NEGATIONS for name in names]
    return (negated if fellow.negations else []) + [Phrase(name, finding, fellow.negatable) for name in names]


def has_label(index: PhraseIndex, finding: str) -> Flags:
    """Per report whether the list says the finding."""
    says = np.array([*(phrase.label == finding for phrase in index.phrases), False])
    return says[index.first]


@dataclass(frozen=True)
class Course:
    """What came of one fellow's list on the other half: `said[k]` after k steps, and the suggestions that were taken."""

    said: list[Flags]
    coded: Flags
    taken: list[Suggestion]


def play(own: Reports, other: Reports, finding: str, fellow: Fellow, seed: int) -> Course:
    """One fellow, one finding, one pair of halves."""
    vocabulary = Vocabulary(own.texts, stop_words=NOTHING_SAID)
    index, judge = PhraseIndex(own.texts), PhraseIndex(other.texts)
    for place, phrase in enumerate(start(finding, fellow)):
        index.insert(phrase, place)
        judge.insert(phrase, place)
    truth = {row: finding if coded else f"no {finding}" for row, coded in enumerate(own.coded[finding])}
    confirmed = truth if fellow.read is None else {}
    chance = np.random.default_rng(seed)
    said, taken = [has_label(judge, finding)], []
    for _ in range(fellow.steps):
        if fellow.read is not None:
            confirmed |= {
                row: truth[row] for row in _to_read(has_label(index, finding), confirmed, fellow.read, chance)
            }
        offered = settling(vocabulary, index, finding, confirmed, most=1)
        offered += correcting(vocabulary, index, finding, confirmed, instead=f"no {finding}", most=1)
        best = max(offered, key=lambda one: one.gain, default=None)
        if best is not None and best.gain > 0:
            index.insert(best.phrase, best.position)
            judge.insert(best.phrase, best.position)
            taken.append(best)
        said.append(has_label(judge, finding))
    return Course(said, other.coded[finding], taken)


def _to_read(labelled: Flags, confirmed: dict[int, str], count: int, chance: np.random.Generator) -> list[int]:
    rows = []
    for pool in (labelled, ~labelled):
        unread = [int(row) for row in np.flatnonzero(pool) if int(row) not in confirmed]
        rows += chance.permutation(unread)[: count // 2].astype(int).tolist()
    return rows


def scores(said: Flags, coded: Flags) -> npt.NDArray[np.float64]:
    """Precision, recall, F1; of shape (3, …) for flags of shape (…, n). Precision is 0 where nothing was said."""
    both, one, two = ((a & b).sum(axis=-1) for a, b in ((said, coded), (said, said), (coded, coded)))
    return np.array([both / np.maximum(1, one), both / np.maximum(1, two), 2 * both / np.maximum(1, one + two)])


def intervals(said: Flags, coded: Flags) -> list[tuple[float, float]]:
    """95 % intervals of precision, recall and F1 of one half."""
    right = int((said & coded).sum())
    found = [wilson(right, whole) if whole else (0.0, 1.0) for whole in (int(said.sum()), int(coded.sum()))]
    drawn = np.random.default_rng(2026).integers(0, len(coded), (RESAMPLES, len(coded)))
    low, high = np.percentile(scores(said[drawn], coded[drawn])[2], [2.5, 97.5])
    return [*found, (float(low), float(high))]


Courses = dict[tuple[str, str], list[Course]]
"""Finding and fellow → one course per pair of halves."""


def print_one_half(courses: Courses, finding: str) -> None:
    """Each step of the main fellow on the first half, with intervals, and the phrase that was taken."""
    course = courses[finding, MAIN][0]
    print(f"\n{finding}, {MAIN}, first half: {int(course.coded.sum())} of {len(course.coded)} reports have it")
    print(f"{'step':>4}  {'precision':<18} {'recall':<18} {'F1':<18} phrase")
    for step, said in enumerate(course.said):
        values = zip(scores(said, course.coded), intervals(said, course.coded), strict=True)
        cells = " ".join(f"{value:.2f} ({low:.2f}-{high:.2f})".ljust(18) for value, (low, high) in values)
        what = "the list at the beginning" if step == 0 else "none has a gain"
        if 0 < step <= len(course.taken):
            one = course.taken[step - 1]
            what = f"{one.phrase.text!r} -> {one.phrase.label}, changes {one.changes} ({one.right} right, {one.wrong} wrong)"
        print(f"{step:>4}  {cells} {what}")


def over_halves(courses: list[Course]) -> npt.NDArray[np.float64]:
    """Precision, recall and F1 of every half after every step, shape (3, halves, steps + 1)."""
    return np.array([[scores(said, course.coded) for said in course.said] for course in courses]).transpose(2, 0, 1)


def print_halves(courses: Courses, finding: str) -> None:
    """What each fellow has in the end, over all halves."""
    print(f"\n{finding}, after {STEPS} steps, {len(courses[finding, MAIN])} halves: median (percentiles 10 to 90)")
    print(f"{'fellow':<28} {'precision':<18} {'recall':<18} {'F1':<18} suggestions taken")
    for fellow in FELLOWS:
        last = over_halves(courses[finding, fellow])[:, :, -1]
        cells = [
            f"{middle:.2f} ({low:.2f}-{high:.2f})".ljust(18)
            for low, middle, high in np.percentile(last, [10, 50, 90], axis=1).T
        ]
        taken = [len(course.taken) for course in courses[finding, fellow]]
        print(f"{fellow:<28} {' '.join(cells)} {int(np.median(taken))} ({min(taken)}-{max(taken)})")


def draw(courses: Courses, path: Path) -> None:
    """Precision, recall and F1 after each step: medians and spread over halves; the first half's with its intervals."""
    import matplotlib as mpl  # noqa: PLC0415 - the tables need none

    mpl.use("agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after its backend is chosen

    figure, panels = plt.subplots(len(NAMES), 3, figsize=(12, 6.6), sharex=True, sharey=True, layout="constrained")
    styles = dict(zip(FELLOWS, ("--", "-.", "-", (0, (5, 1, 1, 1, 1, 1)), ":", "--", "-"), strict=True))
    for row, finding in enumerate(NAMES):
        for column, measure in enumerate(("precision", "recall", "F1")):
            panel = panels[row, column]
            for number, fellow in enumerate(FELLOWS):
                low, middle, high = np.percentile(over_halves(courses[finding, fellow])[column], [10, 50, 90], axis=0)
                steps = np.arange(STEPS + 1)
                if len(middle) == 1:
                    low, middle, high = (np.repeat(one, STEPS + 1) for one in (low, middle, high))
                panel.plot(steps, middle, linestyle=styles[fellow], color=f"C{number}", label=fellow)
                if fellow == MAIN:
                    panel.fill_between(steps, low, high, color=f"C{number}", alpha=0.2, linewidth=0)
                    _whiskers(panel, courses[finding, fellow][0], column, f"C{number}")
            panel.set(title=f"{finding}: {measure}", ylim=(0, 1.03), xlim=(-0.3, STEPS + 0.3))
            panel.grid(alpha=0.3)
    for panel in panels[-1]:
        panel.set_xlabel("suggestions that were offered")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _whiskers(panel: Axes, course: Course, column: int, color: str) -> None:
    """The first half's points with their 95 % intervals."""
    for step, said in enumerate(course.said):
        low, high = intervals(said, course.coded)[column]
        panel.plot([step, step], [low, high], color=color, linewidth=0.8)
        panel.plot(step, scores(said, course.coded)[column], "o", color=color, markersize=3)


def time_suggestions(reports: Reports, count: int) -> None:
    """How long a suggestion takes over many reports."""
    chance = random.Random(2026)  # noqa: S311 - draws sentences, not secrets
    sentences = [sentence for texts in reports.texts for text in texts for sentence in text.split(". ") if sentence]
    texts = [(". ".join(chance.choices(sentences, k=chance.randint(4, 9))),) for _ in range(count)]
    index = PhraseIndex(texts)
    begin = time.perf_counter()
    vocabulary = Vocabulary(texts, stop_words=NOTHING_SAID)
    print(f"\n{count:,} reports of drawn sentences; the words numbered in {time.perf_counter() - begin:.1f} s, once")
    for place, phrase in enumerate(start("effusion", FELLOWS[MAIN])):
        index.insert(phrase, place)
    left = chance.sample(range(count), min(count, 2_000))
    some = {row: "effusion" if "left" in texts[row][0] else "no effusion" for row in left}
    for known, confirmed in (("nothing", {}), (f"{len(some):,} reports", some)):
        for name, call in (
            ("settling", partial(settling, vocabulary, index, "effusion", confirmed)),
            ("correcting", partial(correcting, vocabulary, index, "effusion", confirmed, instead="no effusion")),
        ):
            times = []
            for _ in range(3):
                begin = time.perf_counter()
                call()
                times.append(time.perf_counter() - begin)
            print(f"  {name:<11} {known + ' confirmed':<24} {min(times):.2f} s")


def main() -> int:
    """Plays every fellow on every half; prints the tables, draws the plot where a folder is given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reports", type=Path, default=REPORTS, help="the coded reports, as CSV")
    parser.add_argument("--out", type=Path, help="a folder for the plot, labeling-fellow.png")
    parser.add_argument("--halves", type=int, default=20, help="how often the reports are halved")
    parser.add_argument("--seed", type=int, default=2026, help="of the halves and of what is read")
    parser.add_argument("--many", type=int, default=100_000, help="over how many reports the time is taken")
    options = parser.parse_args()
    if not options.reports.is_file():
        print("the coded reports aren't there (--reports FILE): nothing is measured")
        return 0
    reports = Reports.read(options.reports)
    print(f"{len(reports.texts)} reports, {options.halves} halves, seed {options.seed}; Python {platform.python_version()}, "
          f"numpy {np.__version__}, {os.cpu_count()} CPUs")  # fmt: skip
    pairs = [reports.halves(options.seed + number) for number in range(options.halves)]
    courses: Courses = {
        (finding, name): [play(*pair, finding, fellow, options.seed + number) for number, pair in enumerate(pairs)]
        for finding in NAMES
        for name, fellow in FELLOWS.items()
    }
    for finding in NAMES:
        print_one_half(courses, finding)
        print_halves(courses, finding)
    if options.out is not None:
        draw(courses, options.out / "labeling-fellow.png")
        print(f"\nplot: {options.out / 'labeling-fellow.png'}")
    time_suggestions(reports, options.many)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
