"""`ccds imaging convert`, and the verbs of retrieval and of a project's studies."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ccds_kernel.cli import _imaging_jobs, _imaging_retrieval, _imaging_studies

if TYPE_CHECKING:
    from ccds_kernel.imaging.series import Series
    from ccds_kernel.imaging.verdict import SeriesVerdict

_MOST_WORKERS = 64


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    summary = "DICOM series to NIfTI, the geometry and voxels checked against pydicom"
    convert = verbs.add_parser(
        "convert",
        help=summary,
        description=f"{summary}. Exit status 0 when every series got a verdict: accepted, quarantined or excluded.",
    )
    convert.add_argument(
        "source", metavar="SRC", type=Path, help="folder of DICOM files (searched with all below it), or one file"
    )
    convert.add_argument("out", metavar="OUT", type=Path, help="folder that receives <study>/<series>.nii.gz and .json")
    convert.add_argument("--json", action="store_true", help="print one JSON list: a verdict for each series")
    convert.add_argument(
        "--correct",
        action="append",
        default=[],
        choices=["gantry-tilt", "variable-spacing"],
        help="interpolate what is refused without it; the sidecar says so; may be given twice",
    )
    convert.add_argument(
        "--workers", type=int, metavar="N", default=1, help=f"series at once, 1 to {_MOST_WORKERS} (1)"
    )
    convert.set_defaults(run=_convert)
    _imaging_retrieval.register(verbs)
    _imaging_studies.register(verbs)
    _imaging_jobs.register(verbs)


def _convert(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from ccds_kernel.errors import CcdsError
    from ccds_kernel.imaging.correction import Correction
    from ccds_kernel.imaging.many import convert_many
    from ccds_kernel.imaging.series import find_series

    if not 1 <= options.workers <= _MOST_WORKERS:
        raise CcdsError(
            expected=f"--workers from 1 to {_MOST_WORKERS}", found=str(options.workers), do="take a number of these"
        )
    _check_out(options.out)
    silent = not sys.stderr.isatty()
    with tqdm(desc="reading headers", unit=" files", disable=silent, leave=False) as bar:
        inventory = find_series(options.source, seen=bar.update)
    for path in inventory.unreadable:
        name = path.relative_to(options.source) if path != options.source else path.name
        print(f"ccds: warning: left out, DICOM but unreadable: {str(name)!r}", file=sys.stderr)
    correct = frozenset(map(Correction, options.correct))
    converted = convert_many(inventory.series, options.out, workers=options.workers, correct=correct)
    total = len(inventory.series)
    verdicts = list(tqdm(converted, desc="converting", unit=" series", total=total, disable=silent, leave=False))
    sources = [_source_of(series, options.source) for series in inventory.series]
    if options.json:
        told = [{**verdict.as_json(), "source": source} for verdict, source in zip(verdicts, sources, strict=True)]
        print(json.dumps(told, indent=2))
    else:
        _print_table(verdicts, sources, len(inventory.unreadable))


def _check_out(out: Path) -> None:
    """Before headers are read for an hour: whether OUT is a folder, or one can be made there."""
    from ccds_kernel.errors import CcdsError

    there = next(folder for folder in (out, *out.absolute().parents) if os.path.lexists(folder))
    found = None
    if not there.is_dir():
        found = "something else there"
    elif not os.access(there, os.W_OK | os.X_OK, effective_ids=True):
        found = "one that this program may not write to"
    if found:
        raise CcdsError(expected="an output folder that can be written", found=found, do="choose another OUT")


def _source_of(series: Series, source: Path) -> str:
    """Where the files of a series lie, below SRC; empty where that is SRC itself."""
    folders = {str(one.path.parent) for one in series.slices}
    folder = Path(os.path.commonpath(folders)) if folders else source
    return "" if folder in (source, source.parent) else folder.relative_to(source).as_posix()


def _print_table(verdicts: Sequence[SeriesVerdict], sources: Sequence[str], unreadable: int) -> None:
    for verdict, source in zip(verdicts, sources, strict=True):
        where = f"  (in {source!r})" if source and not verdict.path else ""
        print(f"{verdict.status:<11}  {verdict.modality:<4}  {verdict.path or verdict.reason}{where}")
        for warning in verdict.warnings:
            print(f"{'':<11}  {'':<4}  warning: {warning}")
    counts = Counter(verdict.status.value for verdict in verdicts)
    tail = f"; {unreadable} unreadable file(s)" if unreadable else ""
    print(
        f"{len(verdicts)} series: " + ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) + tail
    )
