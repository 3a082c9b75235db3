"""`ccds normalization fit --recipe r.yaml --out fitted.yaml VOLUME … | --project ID`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccds_kernel.cli._normalization_left_out import tell_left_out
from ccds_kernel.errors import CcdsError

if TYPE_CHECKING:
    from ccds_kernel.normalization.fit_files import Fitted


def register(verbs: Any) -> None:  # noqa: ANN401 - argparse gives what adds verbs no public name
    """Adds the verb."""
    summary = "find the landmarks of a recipe's step nyul, over the volumes of a cohort"
    fit = verbs.add_parser(
        "fit",
        help=summary,
        description=f"{summary}. The fitted recipe says on how many volumes, and by a hash on which. A volume that can't be used "
        "is named and left out; exit status 1 when none is left.",
    )
    fit.add_argument("--recipe", metavar="RECIPE", type=Path, required=True, help="YAML file with one step nyul")
    fit.add_argument("--out", metavar="OUT", type=Path, required=True, help="the fitted recipe's file, new")
    fit.add_argument("volumes", metavar="VOLUME", type=Path, nargs="*", help=".nii or .nii.gz, in any order")
    fit.add_argument("--project", metavar="ID", help="every volume of this project instead")
    fit.add_argument("--study", nargs="+", metavar="KEY", help="only volumes of these studies of the project")
    fit.add_argument("--modality", metavar="CODE", help="only volumes of this modality of the project: MR")
    fit.add_argument("--json", action="store_true", help="print one JSON document: the recipe, and what was left out")
    fit.set_defaults(run=_fit)


def _fit(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from ccds_kernel.normalization.apply_file import read_recipe
    from ccds_kernel.normalization.fit_files import LeftOut, check_free, fit_files, write_recipe

    recipe = read_recipe(options.recipe)
    check_free(options.out)
    with (
        _paths(options) as paths,
        tqdm(desc="fitting", unit=" volumes", total=len(paths), disable=not sys.stderr.isatty(), leave=False) as bar,
    ):

        def tell(left_out: LeftOut | None) -> None:
            if left_out:
                bar.write(f"ccds: warning: left out: {left_out.volume}: {left_out.why}", file=sys.stderr)
            bar.update()

        fitted = fit_files(recipe, paths, tell=tell)
    write_recipe(fitted.recipe, options.out)
    print(
        json.dumps(_document(fitted, options.out), indent=2, ensure_ascii=False)
        if options.json
        else _line(fitted, options.out)
    )


@contextmanager
def _paths(options: argparse.Namespace) -> Iterator[list[Path]]:
    """The files, readable meanwhile."""
    of_project = options.study or options.modality
    if bool(options.volumes) == bool(options.project) or (of_project and not options.project):
        raise CcdsError(
            expected="either volumes, or --project (with --study or --modality to choose)",
            found="both" if options.volumes else "neither",
            do="name one of them",
        )
    if not options.project:
        yield options.volumes
        return
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.normalization.volume_folder_judged import judged_volumes

    with closing(open_project(options.project, Action.READ_IMAGES)) as project:
        folder = judged_volumes(project)
        entries = folder.entries()
        tell_left_out(project, options)
        chosen = [
            entry
            for entry in entries
            if options.study is None or entry.study in options.study
            if options.modality is None or entry.modality == options.modality
        ]
        if entries and not chosen:
            there = sorted({entry.modality or "unnamed" for entry in entries})
            raise CcdsError(
                expected=f"volumes of {options.project} of those studies and that modality",
                found=f"none of them among {len(entries)} (modality {', '.join(there)})",
                do="choose others by --study and --modality",
            )
        yield [folder.path(entry) for entry in chosen]


def _line(fitted: Fitted, out: Path) -> str:
    left = f", {len(fitted.left_out)} left out" if fitted.left_out else ""
    return (
        f"{out}: fitted on {fitted.volumes} volume{'s' * (fitted.volumes > 1)}{left}\nrecipe {fitted.recipe.digest()}"
    )


def _document(fitted: Fitted, out: Path) -> dict[str, object]:
    return {
        "path": str(out),
        "recipe": {"sha256": fitted.recipe.digest(), **fitted.recipe.as_json()},
        "volumes": fitted.volumes,
        "left_out": [
            {"volume": one.volume, "expected": one.why.expected, "found": one.why.found, "do": one.why.do}
            for one in fitted.left_out
        ],
    }
