"""`ccds normalization apply --recipe r.yaml IN.nii.gz OUT.nii.gz [--json]`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    summary = "the steps of a recipe applied to one volume"
    apply = verbs.add_parser("apply", help=summary, description=summary)
    apply.add_argument("--recipe", metavar="RECIPE", type=Path, required=True, help="YAML file: name, steps, output")
    apply.add_argument("source", metavar="IN", type=Path, help="the volume: .nii or .nii.gz, finite, in mm")
    apply.add_argument(
        "out", metavar="OUT", type=Path, help="the .nii.gz that is made, with its provenance in a .json beside it"
    )
    apply.add_argument("--json", action="store_true", help="print one JSON document: hashes, shape, spacing")
    apply.set_defaults(run=_apply)


def _apply(options: argparse.Namespace) -> None:
    from ccds_kernel.normalization.apply_file import apply_to_file, read_recipe

    applied = apply_to_file(read_recipe(options.recipe), options.source, options.out)
    if options.json:
        print(json.dumps({"path": str(options.out), **applied.as_json()}, indent=2))
        return
    shape = " x ".join(str(length) for length in applied.shape)
    spacing = " x ".join(f"{length:g}" for length in applied.spacing_mm)
    print(f"{options.out}: {shape} voxels of {spacing} mm")
    print(f"recipe {applied.recipe_sha256}\ninput  {applied.input_sha256}\noutput {applied.output_sha256}")
