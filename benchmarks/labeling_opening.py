"""How long the screens of many reports take to open, how much memory that is, and how long other requests wait meanwhile.

    python benchmarks/labeling_opening.py [--reports 1000000] [--sentences FILE]

Reports and 100 phrases as in `labeling.py`, in a project on SQLite. Each is a process of its own:

- *phrases*: Annotate, until it is open; the page asks twice a second how far it is, and after that something else each time.
- *batch*: what Confirm needs to make a batch: the reports, then what the phrases say of each.

Wall clock, processor time, and the largest memory with what imports had taken before.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.confirmation.soft import soft_studies
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_widgets.labeling.app import labeling_of
from ccds_widgets.labeling.shared_reports import SharedReports
from labeling import PHRASES, phrases_from, sentences_of
from support.confirming import opened, settings_with
from support.site import site_settings

ASK_AGAIN_S = 0.5
LABELS = ("effusion", "no effusion")


def fill(folder: Path, reports: int, file: Path | None) -> None:
    """Makes the project."""
    chance, sentences = random.Random(3), sentences_of(file)  # noqa: S311 - the same reports in every run
    project = opened(settings_with(folder))
    repository = LabelingRepository(project)
    texts = (" ".join(chance.choices(sentences, k=chance.randint(4, 9))) for _ in range(reports))
    repository.load_reports(Report(f"ACC{n}", (Section("findings", text),)) for n, text in enumerate(texts))
    found = phrases_from(sentences, chance)[:PHRASES]
    repository.append_phrases(Phrase(text, LABELS[number % 2]) for number, text in enumerate(found))
    project.close()


def peak_mb() -> float:
    """The largest memory of this process so far; `getrusage` would give that of the one that started it, where it is larger."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def phrases(project: Project) -> str:
    """Opens Annotate; what is told beside the figures."""
    app = labeling_of(project)
    waited: list[float] = []
    while "opening" in app.answer({"screen": "annotate", "task": 1, "kind": "ready"}):
        begin = time.perf_counter()
        app.answer({"kind": "tasks"})
        waited.append(time.perf_counter() - begin)
        time.sleep(ASK_AGAIN_S)
    if not waited:
        return "open at once"
    middle, longest = 1000 * statistics.median(waited), 1000 * max(waited)
    return f"other requests: median {middle:.1f} ms, longest {longest:.0f}, n {len(waited)}"


def batch(project: Project) -> str:
    """Works out what a batch can be made of; what is told beside the figures."""
    task, repository = TaskRepository(project).tasks()[0].task, LabelingRepository(project)
    studies = soft_studies(task, SharedReports(project).of(1), repository.phrases())
    arrays = (studies.phrase_ids, studies.said_of, studies.standing, studies.ends)
    return f"kept in arrays: {sum(array.nbytes for array in arrays) / 2**20:.0f} MB"


def measure(name: str, folder: Path) -> None:
    """In a process of its own: everything about one of them."""
    project = opened(site_settings(folder))
    before, wall, processor = peak_mb(), time.perf_counter(), time.process_time()
    told = {"phrases": phrases, "batch": batch}[name](project)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{name:8} {wall:7.1f} s, processor {processor:6.1f} s, {peak_mb():6.0f} MB ({before:.0f} before); {told}")
    project.close()


def main() -> None:
    """Makes a project and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=1_000_000)
    parser.add_argument("--sentences", type=Path)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]))
        return
    with tempfile.TemporaryDirectory(prefix="ccds-bench-") as folder:
        site = Path(folder) / "site"
        fill(site, options.reports, options.sentences)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, SQLite")
        print(f"{options.reports:,} reports, {PHRASES} phrases", flush=True)
        for name in ("phrases", "batch"):
            subprocess.run([sys.executable, __file__, "--measure", name, str(site)], check=True)


if __name__ == "__main__":
    main()
