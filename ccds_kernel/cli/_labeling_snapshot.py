"""`ccds labeling snapshot`, and `export --labels`: the labels of every study, as they are now and as they were."""

from __future__ import annotations

import argparse
import json
from contextlib import closing

from ccds_kernel.cli import _labeling_task


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    summary = "put the label of every study, with where it comes from, into a file of the project that never changes"
    snapshot = verbs.add_parser("snapshot", help=summary, description=summary)
    snapshot.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")
    _labeling_task.add_task(snapshot)
    snapshot.add_argument(
        "--cohort",
        metavar="NAME",
        help="the studies of this cohort, which 'ccds cohort keep' named; all where it isn't given",
    )
    snapshot.add_argument(
        "--json", action="store_true", help="print the snapshot's name and counts as one JSON document"
    )
    snapshot.set_defaults(run=_snapshot)


def add_export(parser: argparse.ArgumentParser) -> None:
    """Adds what `export` needs for labels instead of phrases."""
    parser.add_argument(
        "--labels",
        metavar="SNAPSHOT",
        help="write the labels of this snapshot, as 'snapshot' named it, instead of the phrase list",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--csv", action="store_true", help="as CSV, which is so where nothing is said")
    kind.add_argument("--parquet", action="store_true", help="labels only: as Parquet")


def export_labels(options: argparse.Namespace) -> None:
    """Carries out `export --labels`."""
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots

    project = open_project(options.project, Action.READ_PHRASES)
    with closing(project.store):
        snapshot = LabelSnapshots(project).export(options.labels, options.out, parquet=options.parquet)
    print(f"labels of {snapshot.studies} studies written to {options.out}")


def _snapshot(options: argparse.Namespace) -> None:
    from ccds_kernel.cohort.repository import CohortRepository
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots

    project = open_project(options.project, Action.CURATE_LABELS)
    with closing(project.store):
        task = _labeling_task.chosen(project, options.task)
        cohort = None if options.cohort is None else CohortRepository(project).get(options.cohort).criteria
        taken, by_source = LabelSnapshots(project).take(task.id, cohort)
    if options.json:
        counts = {source.value: count for source, count in by_source.items()}
        told = {"snapshot": taken.id, "digest": taken.digest, "task": task.task.name, "studies": taken.studies}
        print(json.dumps({**told, "sources": counts}))
        return
    print(f"snapshot {taken.id}: labels of {taken.studies} studies")
    for source, count in by_source.items():
        if count:
            print(f"{count:>9}  {source.value}")
