"""`ccds labeling snapshot`, and `export --labels`: the labels of every study, as they are now and as they were."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccds_kernel.labeling.tasks.rows import StoredTask


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    summary = "put the label of every study, with where it comes from, into a file of the project that never changes"
    snapshot = verbs.add_parser("snapshot", help=summary, description=summary)
    snapshot.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")
    snapshot.add_argument("--task", metavar="NAME", help="the task; may be left out where there is one")
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
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
    from ccds_kernel.labeling.tasks.repository import TaskRepository

    project = open_project(options.project, Action.EDIT_PHRASES)
    with closing(project.store):
        task = _named(options.task, TaskRepository(project).tasks())
        taken, by_source = LabelSnapshots(project).take(task.id)
    if options.json:
        counts = {source.value: count for source, count in by_source.items()}
        told = {"snapshot": taken.id, "digest": taken.digest, "task": task.task.name, "studies": taken.studies}
        print(json.dumps({**told, "sources": counts}))
        return
    print(f"snapshot {taken.id}: labels of {taken.studies} studies")
    for source, count in by_source.items():
        if count:
            print(f"{count:>9}  {source.value}")


def _named(name: str | None, tasks: tuple[StoredTask, ...]) -> StoredTask:
    from ccds_kernel.errors import CcdsError

    if name is None and len(tasks) == 1:
        return tasks[0]
    for stored in tasks:
        if stored.task.name == name:
            return stored
    known = ", ".join(f"'{stored.task.name}'" for stored in tasks)
    raise CcdsError(
        expected="a task of this project",
        found="none named" if name is None else "none of that name",
        do=f"name one with --task: {known}",
    )
