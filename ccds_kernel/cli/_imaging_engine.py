"""`ccds imaging volumes --engine`: the same conversions, several at once, by workers that may die."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ccds_kernel.cli._run_shown import add_cluster_options, bar, terminated_as_interrupted

if TYPE_CHECKING:
    from ccds_kernel.imaging.studies.convert_run import Converted
    from ccds_kernel.irb.project import Project
    from ccds_kernel.workflow.progress import Progress

_GOES_ON = "the same command goes on with those that wait"


def add_engine_options(volumes: argparse.ArgumentParser) -> None:
    """Adds what `volumes` knows of engines."""
    volumes.add_argument(
        "--engine",
        choices=["local", "cluster"],
        help="convert several studies at once by workers, which are replaced where they die: on this machine (local), or as jobs "
        "of the site's scheduler, which outlive this command (cluster)",
    )
    volumes.add_argument(
        "--workers", type=int, metavar="N", help="with --engine: how many (as processors and memory allow)"
    )
    add_cluster_options(volumes)


def check_engine_options(options: argparse.Namespace) -> None:
    """Refuses workers that nobody would be.

    Raises:
        CcdsError: `--workers` without `--engine`, or what is of the cluster without that.
    """
    from ccds_kernel.errors import CcdsError

    if options.workers is not None and options.engine is None:
        raise CcdsError(expected="--engine with --workers", found="none", do="add '--engine local'")
    if options.engine != "cluster" and (options.follow or options.wall_minutes is not None):
        raise CcdsError(
            expected="--engine cluster with --follow and --wall-minutes",
            found=options.engine or "none",
            do="add '--engine cluster'",
        )


def convert_by_workers(project: Project, study_keys: Sequence[str], options: argparse.Namespace) -> Converted:
    """What became of the studies.

    Raises:
        CcdsError: as `convert_studies`, or there is no such study.
    """
    from ccds_kernel.imaging.studies.convert_run import convert_studies
    from ccds_kernel.normalization.memory import session_memory
    from ccds_kernel.workflow.local_engine import LocalEngine

    engine = LocalEngine(options.workers, memory=session_memory())
    at: list[Progress] = []
    try:
        with terminated_as_interrupted(), bar(at, doing="converting", unit="studies") as tell:
            return convert_studies(project, study_keys, engine, tell)
    except KeyboardInterrupt:
        if at:
            print(f"ccds: {at[-1].done} of {at[-1].total} studies done; {_GOES_ON}", file=sys.stderr)
        raise


def check_whole(converted: Converted) -> None:
    """Exit status 1 where studies have no verdict; each of them is told before.

    Raises:
        CcdsError: the run was stopped, or studies failed.
    """
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.workflow.progress import RunState

    for record in converted.failed:
        if record.failure is not None:
            why = record.failure
            print(f"ccds: {record.key}: expected {why.expected}; found {why.found}; {why.do}", file=sys.stderr)
    if converted.progress.state is RunState.STOPPED:
        raise CcdsError(
            expected="the run to go through",
            found=f"that {converted.progress.why}",
            do=f"wait or begin anew: {_GOES_ON}",
        )
    if converted.failed:
        raise CcdsError(
            expected="a verdict for every study",
            found=f"{len(converted.failed)} that failed without one",
            do=f"mend that; {_GOES_ON}",
        )
