"""`ccds imaging convert | find | retrieve | retry | status | work`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ccds_kernel.cli import _imaging_retrieval

if TYPE_CHECKING:
    from ccds_kernel.imaging.verdict import SeriesVerdict


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
    convert.set_defaults(run=_convert)
    _imaging_retrieval.register(verbs)


def _convert(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from ccds_kernel.imaging.convert import convert_series
    from ccds_kernel.imaging.series import find_series

    silent = not sys.stderr.isatty()
    with tqdm(desc="reading headers", unit=" files", disable=silent, leave=False) as bar:
        inventory = find_series(options.source, seen=bar.update)
    for path in inventory.unreadable:
        name = path.relative_to(options.source) if path != options.source else path.name
        print(f"ccds: warning: left out, DICOM but unreadable: {str(name)!r}", file=sys.stderr)
    bar_over_series = tqdm(inventory.series, desc="converting", unit=" series", disable=silent, leave=False)
    verdicts = [convert_series(series, options.out) for series in bar_over_series]
    if options.json:
        print(json.dumps([verdict.as_json() for verdict in verdicts], indent=2))
    else:
        _print_table(verdicts, len(inventory.unreadable))


def _print_table(verdicts: Sequence[SeriesVerdict], unreadable: int) -> None:
    for verdict in verdicts:
        print(f"{verdict.status:<11}  {verdict.modality:<4}  {verdict.path or verdict.reason}")
        for warning in verdict.warnings:
            print(f"{'':<11}  {'':<4}  warning: {warning}")
    counts = Counter(verdict.status.value for verdict in verdicts)
    tail = f"; {unreadable} unreadable file(s)" if unreadable else ""
    print(
        f"{len(verdicts)} series: " + ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) + tail
    )
