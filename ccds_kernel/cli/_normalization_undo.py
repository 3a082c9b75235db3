"""`ccds normalization undo --provenance OUT.json LABELS BACK [--json]`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def register(verbs: Any) -> None:  # noqa: ANN401 - argparse gives what adds verbs no public name
    """Adds the verb."""
    summary = "labels that were made on a normalized volume, on the grid that it came with"
    undo = verbs.add_parser("undo", help=summary, description=f"{summary}: nearest voxel, 0 where it was cut off.")
    undo.add_argument(
        "--provenance", metavar="OUT.json", type=Path, required=True, help="the .json that 'apply' wrote beside OUT"
    )
    undo.add_argument(
        "source", metavar="LABELS", type=Path, help="whole numbers on the normalized grid: .nii or .nii.gz"
    )
    undo.add_argument("out", metavar="BACK", type=Path, help="the .nii.gz that is made")
    undo.add_argument("--json", action="store_true", help="print one JSON document: hashes, shape, spacing")
    undo.set_defaults(run=_undo)


def _undo(options: argparse.Namespace) -> None:
    from ccds_kernel.normalization.undo_file import undo_to_file

    undone = undo_to_file(options.provenance, options.source, options.out)
    if options.json:
        print(json.dumps({"path": str(options.out), **undone.as_json()}, indent=2))
        return
    shape = " x ".join(str(length) for length in undone.shape)
    spacing = " x ".join(f"{length:g}" for length in undone.spacing_mm)
    print(f"{options.out}: {shape} voxels of {spacing} mm")
    print(f"input  {undone.input_sha256}\noutput {undone.output_sha256}")
