"""`ccds imaging select`: which series of a study is chosen and why, of one study or of all; or another one."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccds_kernel.imaging.selection.rules import Choice
    from ccds_kernel.irb.project import Project


def add_select_options(select: argparse.ArgumentParser) -> None:
    """Adds what the verb can be told."""
    select.add_argument(
        "--study", metavar="KEY", help="the study key; without it, a line for each study of the project"
    )
    select.add_argument("--series", metavar="NAME", help="choose this series above the rules; 'none' for none of them")
    select.add_argument("--note", default="", help="why")
    select.add_argument("--json", action="store_true", help="print one JSON document")


def run_select(options: argparse.Namespace) -> None:
    """Prints what is chosen of a study, or of all; or chooses."""
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.imaging.studies.repository import NONE, ImageStudies
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    if options.study is None and (options.series is not None or options.note):
        raise CcdsError(expected="the study of which a series is chosen", found="none", do="name it with --study")
    action = Action.READ_IMAGES if options.series is None else Action.WRITE_IMAGES
    with closing(open_project(options.project, action)) as project:
        if options.study is None:
            _list_studies(project, as_json=options.json)
            return
        studies = ImageStudies(project)
        if options.series is None:
            choice = studies.choice(options.study)
        else:
            series = None if options.series == NONE else options.series
            choice = studies.overrule(options.study, series, options.note)
    if options.json:
        print(json.dumps(_choice_json(choice), indent=2))
        return
    for one in choice.series:
        facts = one.series
        thickness = "" if facts.thickness_mm is None else f"{facts.thickness_mm:g} mm"
        said = f"{facts.number if facts.number is not None else '-':>5}  {facts.name}  {facts.modality:<3}"
        print(
            f"{said}  {facts.orientation:<8}  {thickness:>8}  {facts.images:>5}  {'; '.join(one.why_not) or 'CHOSEN'}"
        )
    print(f"{choice.by}: {choice.line}")


def _choice_json(choice: Choice) -> dict[str, object]:
    return {
        "chosen": choice.chosen,
        "by": choice.by,
        "line": choice.line,
        "series": [
            {
                "series": one.series.name,
                "number": one.series.number,
                "modality": one.series.modality,
                "orientation": one.series.orientation,
                "thickness_mm": one.series.thickness_mm,
                "kernel": one.series.kernel,
                "contrast": one.series.contrast,
                "images": one.series.images,
                "why_not": list(one.why_not),
            }
            for one in choice.series
        ],
    }


def _list_studies(project: Project, *, as_json: bool) -> None:
    from tqdm import tqdm

    from ccds_kernel.imaging.studies.overview import StudiesOverview

    overview = StudiesOverview(project)
    with tqdm(desc="reading headers", unit=" studies", disable=not sys.stderr.isatty(), leave=False) as bar:
        overview.read_all(bar.update)
    found = overview.outlines()
    if as_json:
        told = [
            {
                "study_key": one.study_key,
                "exam_codes": list(one.exam_codes),
                "chosen": one.choice and one.choice.chosen,
                "by": one.choice and one.choice.by,
                "line": one.choice and one.choice.line,
            }
            for one in found
        ]
        print(json.dumps(told, indent=2))
        return
    for one in found:
        chosen = (one.choice and one.choice.chosen) or "-"
        why = f"{one.choice.by}: {one.choice.line}" if one.choice else "its files can't be read now"
        print(f"{one.study_key}  {','.join(one.exam_codes) or '-':<12}  {chosen:<27}  {why}")
    if not found:
        print("no study has arrived yet: 'ccds imaging retrieve' fetches those that criteria name")
