"""How long each part of the assess screen takes in the kernel, by the number of answers.

    python benchmarks/labeling_assess.py [--studies 12500] [--runs 3]

A task of two labels whose studies four labelers answered each, 7 of 100 answers wrong, 1,000 studies in the gold set. Each run
opens the screen anew: what the first request of each part takes, and the same request again; then a final word, and what it
makes be worked out anew. Wall clock and processor time, medians over the runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, insert, select

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.json_text import told
from ccds_kernel.labeling.tables import report
from ccds_widgets.labeling.assess.app import assess_screen
from support.assessing import truth_of, with_phrases
from support.confirming import LABELERS, NEGATIVE, POSITIVE, Workplace, opened, settings_with

GOLD = 1_000
WRONG = 0.07
AT_ONCE = 5_000
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)

Rows = list[dict[str, Any]]


def fill(place: Workplace) -> None:
    """Writes a batch that is done, as if all labelers had gone through it."""
    chance = random.Random(1)  # noqa: S311 - which answers are wrong, the same ones in every run
    leases: Rows = []
    answers: Rows = []
    with place.project.store.writing() as connection:
        ids = {row.study_key: row.id for row in connection.execute(select(report.c.study_key, report.c.id))}
        batch = {"id": 1, "task_id": 1, "name": "b", "overlap": len(LABELERS), "created_by": "ann", "created_at": BEGAN}
        connection.execute(insert(tables.batch), batch)
        items: Rows = []
        for position, key in enumerate(place.keys):
            truth, planted = truth_of(place, key), "gold" if position < GOLD else "no"
            item = {"id": position + 1, "batch_id": 1, "position": position, "report_id": ids[key], "seats": 0}
            items.append({**item, "prefill": told(truth), "planted": planted})
            for labeler in LABELERS:
                number = len(leases) + 1
                at = BEGAN + timedelta(seconds=10 * number)
                whose = {"item_id": position + 1, "labeler": labeler}
                leases.append({"id": number, "batch_id": 1, **whose, "state": "answered", "taken_at": at, "until": at})
                is_wrong = chance.random() < WRONG
                said = told(NEGATIVE if truth == POSITIVE else POSITIVE) if is_wrong else None
                kind = {"kind": "correct" if is_wrong else "confirm", "labels": said, "note": "", "shown": told(truth)}
                sent = {"client_id": str(uuid4()), "lease_id": number, "seconds": 8.0, "answered_at": at}
                answers.append({**whose, **kind, **sent})
        for table, rows in ((tables.item, items), (tables.lease, leases), (tables.answer, answers)):
            add(connection, table, rows)
        add(connection, tables.curation, list(gold(place, ids)))


def gold(place: Workplace, ids: dict[str, int]) -> Iterator[dict[str, Any]]:
    """The rows of the gold set."""
    for key in place.keys[:GOLD]:
        word = {"task_id": 1, "report_id": ids[key], "kind": "gold", "said": told(truth_of(place, key))}
        yield {**word, "note": "", "person": "ann", "at": BEGAN}


def add(connection: Connection, table: Table, rows: Rows) -> None:
    """Inserts rows in parts."""
    for begin in range(0, len(rows), AT_ONCE):
        connection.execute(insert(table), rows[begin : begin + AT_ONCE])


def measure(place: Workplace, times: dict[str, list[tuple[float, float]]]) -> None:
    """Opens the screen anew and asks for everything."""
    model = assess_screen(place.project, 1)

    def ask(name: str, content: dict[str, Any]) -> dict[str, Any]:
        wall, processor = time.perf_counter(), time.process_time()
        answer = model.answer(content)
        times[name].append((time.perf_counter() - wall, time.process_time() - processor))
        return answer

    agreement = {"kind": "agreement", "question": 0}
    ask("opened at Agreement", agreement)
    ask("Agreement again", agreement)
    ask("another question", {"kind": "agreement", "question": 1})
    ask("Labelers", {"kind": "labelers"})
    ask("Batches", {"kind": "batches"})
    cases = ask("To decide", {"kind": "cases", "which": "disputed", "begin": 0})
    study = cases["cases"]["rows"][0]["study"]
    ask("a study", {"kind": "case", "study": study})
    ask("a final word", {"kind": "decide", "study": study, "labels": ["effusion"], "seen": None})
    ask("its undo", {"kind": "undo"})


def main() -> None:
    """Fills a project and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--studies", type=int, default=12_500, help=f"each has {len(LABELERS)} answers (default: 12500)"
    )
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_with(Path(folder) / "site")
        place = Workplace({person: opened(settings, person) for person in LABELERS})
        place.prepare(options.studies)
        with_phrases(place)
        fill(place)
        for _ in range(options.runs):
            measure(place, times)
        for project in place.projects.values():
            project.close()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, SQLite")
    print(f"{options.studies * len(LABELERS):,} answers, {options.runs} runs: wall clock, processor time (s)")
    for name, measured in times.items():
        wall, processor = (statistics.median(column) for column in zip(*measured, strict=True))
        print(f"{name:22} {wall:8.3f} {processor:8.3f}")


if __name__ == "__main__":
    main()
