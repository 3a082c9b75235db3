"""`ccds normalization apply --recipe r.yaml IN.nii.gz OUT.nii.gz [--labels LABELS --labels-out OUT] [--json]`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ccds_kernel.cli import _normalization_fit, _normalization_jobs, _normalization_run, _normalization_undo
from ccds_kernel.errors import CcdsError

if TYPE_CHECKING:
    from ccds_kernel.normalization.recipe import Recipe

TOLD_DEGREES = 0.5
"""From here on it is said that a volume's axes are tilted."""


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
    apply.add_argument(
        "--labels",
        metavar="LABELS",
        type=Path,
        action="append",
        default=[],
        help="a label map or mask on the grid of IN, which goes along (nearest voxel); may be repeated",
    )
    apply.add_argument(
        "--labels-out", metavar="OUT", type=Path, action="append", default=[], help="the .nii.gz that LABELS becomes"
    )
    apply.add_argument("--json", action="store_true", help="print one JSON document: hashes, shape, spacing")
    apply.set_defaults(run=_apply)
    _normalization_fit.register(verbs)
    _normalization_run.register(verbs)
    _normalization_jobs.register(verbs)
    _normalization_undo.register(verbs)


def _apply(options: argparse.Namespace) -> None:
    from ccds_kernel.normalization.apply_file import apply_to_file, read_recipe

    labels, labels_out = options.labels, options.labels_out
    if len(labels) != len(labels_out):
        raise CcdsError(
            expected="a --labels-out for each --labels",
            found=f"{len(labels_out)} for {len(labels)}",
            do="give both as often",
        )
    pairs = list(zip(labels, labels_out, strict=True))
    recipe = read_recipe(options.recipe)
    recipe.check_ready()
    advised = _advise(recipe, options.source)
    applied = apply_to_file(recipe, options.source, options.out, labels=pairs)
    if not advised:
        _warn("modality not known (the .json beside IN names none): advice on steps is left out")
    if applied.unit_assumed:
        _warn("the header of IN says no unit of length: it was taken for mm")
    if options.json:
        told = applied.as_json()
        for one, path in zip(told["labels"], labels_out, strict=True):
            one["path"] = str(path)
        print(json.dumps({"path": str(options.out), **told}, indent=2))
        return
    shape = " x ".join(str(length) for length in applied.shape)
    spacing = " x ".join(f"{length:g}" for length in applied.spacing_mm)
    print(f"{options.out}: {shape} voxels of {spacing} mm")
    print(f"recipe {applied.recipe_sha256}\ninput  {applied.input_sha256}\noutput {applied.output_sha256}")
    for one, path in zip(applied.labels, labels_out, strict=True):
        print(f"labels {one.output_sha256} {path}")
    if applied.skipped:
        print(f"nothing to do for {_places(applied.skipped)}: the image was already so")
    if max(applied.oblique_degrees, applied.sheared_degrees) >= TOLD_DEGREES:
        oblique, sheared = applied.oblique_degrees, applied.sheared_degrees
        print(
            f"the axes stay oblique by {oblique:g}° and sheared by {sheared:g}°: no step turns by less than whole axes"
        )


def _places(skipped: tuple[int, ...]) -> str:
    return f"step{'s' * (len(skipped) > 1)} {', '.join(str(place) for place in skipped)}"


def _advise(recipe: Recipe, source: Path) -> bool:
    """Says which steps are not sensible, for the modality that the sidecar beside `source` names where it names one.

    Returns:
        Whether that is all that there is to say; not so where it names none and that makes a difference.
    """
    from ccds_kernel.normalization.advice import advice, depends_on_modality
    from ccds_kernel.normalization.volume_folder import modality_beside

    modality = modality_beside(source)
    for place, line in advice(recipe, modality):
        _warn(f"step {place} for {modality}: {line}" if modality else f"step {place}: {line}")
    return bool(modality) or not depends_on_modality(recipe)


def _warn(line: str) -> None:
    print(f"ccds: warning: {line}", file=sys.stderr)
