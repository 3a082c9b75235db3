"""`ccds labeling snapshot`, `snapshots`, and `export --labels`: the labels of every study, as they are now and as they were."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import closing
from pathlib import Path

from ccds_kernel.cli import _labeling_task
from ccds_kernel.cli._wording import counted

_KINDS = {".csv": False, ".parquet": True, ".pq": True}
"""The ending of a file's name → whether it is Parquet."""


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verbs."""
    summary = "put the label of every study, with where it comes from, into a file of the project that never changes"
    snapshot = verbs.add_parser("snapshot", help=summary, description=summary)
    snapshot.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")
    _labeling_task.add_task(snapshot)
    snapshot.add_argument(
        "--cohort",
        metavar="NAME",
        help="the studies of this cohort, which 'ccds cohort keep' named, as far as the task reads them; all that it reads "
        "where it isn't given",
    )
    snapshot.add_argument(
        "--json", action="store_true", help="print the snapshot's name and counts as one JSON document"
    )
    snapshot.set_defaults(run=_snapshot)

    summary = "list the label snapshots of a project, the oldest first"
    listing = verbs.add_parser("snapshots", help=summary, description=summary)
    listing.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")
    listing.add_argument("--json", action="store_true", help="print one JSON document")
    listing.set_defaults(run=_snapshots)


def add_export(parser: argparse.ArgumentParser) -> None:
    """Adds what `export` needs for labels instead of phrases."""
    parser.add_argument(
        "--labels",
        metavar="SNAPSHOT",
        help="write the labels of this snapshot, as 'snapshot' named it, instead of the phrase list",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--csv", action="store_true", help="as CSV; as the file's name ends where nothing is said")
    kind.add_argument("--parquet", action="store_true", help="labels only: as Parquet")


def export_labels(options: argparse.Namespace) -> None:
    """Carries out `export --labels`."""
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots

    parquet = is_parquet(options)
    project = open_project(options.project, Action.READ_PHRASES)
    written = written_to(options.out)
    with closing(project.store):
        snapshot = LabelSnapshots(project).export(options.labels, options.out, parquet=parquet)
    print(f"labels of {counted(snapshot.studies, 'study', 'studies')} {written}")


def written_to(out: Path) -> str:
    """How `export` tells where it wrote, asked before it does: a file that is there is replaced, and a word says so."""
    return f"written to {out}{', in place of the file that was there' if os.access(out, os.F_OK) else ''}"


def is_parquet(options: argparse.Namespace) -> bool:
    """Whether `export` is to write Parquet: as the options say, else as the file's name ends.

    Raises:
        CcdsError: neither says it, or they contradict each other.
    """
    from ccds_kernel.errors import CcdsError

    said = options.parquet if options.parquet or options.csv else None
    named = _KINDS.get(options.out.suffix.lower())
    if said is None and named is None:
        raise CcdsError(
            expected="a file whose name ends in .csv, .parquet or .pq",
            found=f"{options.out}",
            do="name it so, or say --csv or --parquet",
        )
    if said is not None and named is not None and said != named:
        raise CcdsError(
            expected=f"{options.out} to be what its name says",
            found="--parquet" if said else "--csv",
            do="leave that out, or name the file otherwise",
        )
    return bool(named if said is None else said)


def _snapshot(options: argparse.Namespace) -> None:
    from ccds_kernel.cohort.repository import CohortRepository
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots

    project = open_project(options.project, Action.CURATE_LABELS)
    with closing(project.store):
        task = _labeling_task.chosen(project, options.task)
        cohort = None if options.cohort is None else CohortRepository(project).get(options.cohort).criteria
        taken, by_source = LabelSnapshots(project).take(task.id, cohort, tell=_tell_damaged)
    if options.json:
        counts = {source.value: count for source, count in by_source.items()}
        told = {"snapshot": taken.id, "digest": taken.digest, "task": task.task.name, "studies": taken.studies}
        print(json.dumps({**told, "sources": counts}))
        return
    labels = sum(by_source.values())
    each = "" if labels == taken.studies else f", {counted(labels, 'row')} (one for each study and label)"
    print(f"snapshot {taken.id}: labels of {counted(taken.studies, 'study', 'studies')}{each}")
    for source, count in by_source.items():
        if count:
            print(f"{count:>9}  {source.value}")


def _tell_damaged(aside: Path) -> None:
    print(
        f"the snapshot's file was changed since it was written: it is written anew, the other lies in {aside}",
        file=sys.stderr,
    )


def _snapshots(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots

    project = open_project(options.project, Action.READ_PHRASES)
    with closing(project.store):
        listed = LabelSnapshots(project).listed()
    if options.json:
        told = [
            {
                "snapshot": one.id,
                "task": name,
                "digest": one.digest,
                "studies": one.studies,
                "taken_by": one.created_by,
                "taken_at": one.created_at.isoformat(),
            }
            for one, name in listed
        ]
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    print(counted(len(listed), "label snapshot"))
    for one, name in listed:
        at, studies = f"{one.created_at:%Y-%m-%d %H:%M} UTC", counted(one.studies, "study", "studies")
        print(f"{one.id}  {at}  {studies:>16}  task '{name}', by {one.created_by}")
