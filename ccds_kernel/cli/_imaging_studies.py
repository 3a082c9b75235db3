"""The verbs of `ccds imaging` about a project's studies: rules, select, volumes, quarantine, pass, mask."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccds_kernel.cli._imaging_engine import add_engine_options, check_engine_options, check_whole, convert_by_workers
from ccds_kernel.cli._imaging_jobs import convert_on_cluster
from ccds_kernel.cli._imaging_select import add_select_options, run_select
from ccds_kernel.cli._wording import counted

if TYPE_CHECKING:
    from ccds_kernel.imaging.studies.repository import ImageStudies
    from ccds_kernel.imaging.studies.rows import Judgement
    from ccds_kernel.irb.project import Project


def register(verbs: Any) -> None:  # noqa: ANN401 - argparse gives what adds verbs no public name
    """Adds the verbs."""
    summary = "keep rules for which series becomes a study's volume, or print those that hold"
    rules = _verb(verbs, "rules", summary, _rules)
    rules.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        type=Path,
        help="rules as YAML: see docs/imaging.md; without it they are printed",
    )

    summary = "print which series of a study is chosen, and why the others are not, or choose another one; or list the studies"
    select = _verb(verbs, "select", summary, run_select)
    add_select_options(select)

    summary = "convert the chosen series of the studies that wait into volumes"
    volumes = _verb(verbs, "volumes", summary, _volumes)
    which = volumes.add_mutually_exclusive_group()
    which.add_argument("--study", nargs="+", metavar="KEY", help="these studies, by key, whether they wait or not")
    which.add_argument("--again", action="store_true", help="all studies, also those whose volume is as it should be")
    add_engine_options(volumes)
    volumes.add_argument("--json", action="store_true", help="print one JSON list: a verdict for each series")

    summary = "print the series in quarantine, and how many by reason and scanner"
    quarantine = _verb(verbs, "quarantine", summary, _quarantine)
    quarantine.add_argument("--json", action="store_true", help="print one JSON document")

    summary = "let the reason pass for which a series is in quarantine, and convert it"
    pass_ = _verb(verbs, "pass", summary, _pass)
    pass_.add_argument("--study", metavar="KEY", required=True, help="the study key")
    pass_.add_argument("--series", metavar="NAME", required=True, help="the series, as 'quarantine' prints it")
    pass_.add_argument("--note", required=True, help="why")

    summary = "lay a mask (DICOM SEG, RTSTRUCT, NIfTI) onto a volume and keep it"
    mask = _verb(verbs, "mask", summary, _mask)
    mask.add_argument("file", metavar="FILE", type=Path, help=".dcm, .nii or .nii.gz")
    mask.add_argument("--study", metavar="KEY", required=True, help="the study key")
    mask.add_argument("--series", metavar="NAME", required=True, help="the volume's series")


def _verb(verbs: Any, name: str, summary: str, run: Any) -> argparse.ArgumentParser:  # noqa: ANN401 - as above
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=f"{summary}.")
    parser.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")
    parser.set_defaults(run=run)
    return parser


def _rules(options: argparse.Namespace) -> None:
    from ccds_kernel.errors import CcdsError

    if options.file is None:
        _print_rules(options.project)
        return
    try:
        text = options.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        found = error.strerror if isinstance(error, OSError) and error.strerror else "other bytes"
        raise CcdsError(expected="a YAML file in UTF-8", found=found, do="check FILE") from error
    with _studies(options.project, write=True) as studies:
        new = studies.keep_rules(text)
    print("kept: they hold from now on" if new else "these rules hold already")


def _print_rules(project_id: str) -> None:
    """The rules in force, letter by letter: kept again they are the same."""
    from ccds_kernel.imaging.studies.overview import StudiesOverview

    with _opened(project_id, write=False) as project:
        newest = next(iter(StudiesOverview(project).kept_rules()), None)
    if newest is None:
        print("ccds: no rules were kept yet: 'ccds imaging rules FILE' keeps some", file=sys.stderr)
        return
    print(f"ccds: kept by {newest.person}, {newest.at:%Y-%m-%d %H:%M} UTC", file=sys.stderr)
    sys.stdout.write(newest.text)


def _volumes(options: argparse.Namespace) -> None:
    from ccds_kernel.imaging.studies.repository import ImageStudies

    check_engine_options(options)
    with _opened(options.project, write=True) as project:
        there = ImageStudies(project).study_keys()
        keys = options.study or (there if options.again else _waiting(project))
        if options.engine is None or not keys:
            converted, done, found = None, len(keys), _converted_here(project, keys)
        else:
            convert = convert_on_cluster if options.engine == "cluster" else convert_by_workers
            converted = convert(project, keys, options)
            if converted is None:
                return
            done, found = converted.progress.done, list(converted.judged)
    _print_judgements(found, as_json=options.json)
    if not options.json:
        if keys:
            unasked = None if options.study or options.again else len(there) - len(keys)
            print(_counted(found, done, unasked))
        else:
            print(
                f"none of {counted(len(there), 'study', 'studies')} waits for a volume ('--again' converts all of them again)"
            )
    if converted is not None:
        check_whole(converted)


def _converted_here(project: Project, keys: Sequence[str]) -> list[Judgement]:
    """What becomes of the studies, one after the other."""
    from tqdm import tqdm

    from ccds_kernel.imaging.studies.repository import ImageStudies

    studies = ImageStudies(project)
    bar = tqdm(keys, desc="converting", unit=" studies", disable=not sys.stderr.isatty(), leave=False)
    return [judged for key in bar for judged in studies.make_volumes(key)]


def _counted(found: Sequence[Judgement], done: int, unasked: int | None) -> str:
    """What became of `done` studies; `unasked` of those that are there didn't wait."""
    without = done - len({one.study_key for one in found})
    quarantined = sum(one.reason is not None for one in found)
    others = "" if unasked is None else f"; {counted(unasked, 'study', 'studies')} didn't wait"
    return (
        f"{counted(done, 'study', 'studies')}: {len(found)} series converted, {quarantined} of them in quarantine, "
        f"{without} without a chosen series{others}"
    )


def _waiting(project: Project) -> list[str]:
    """The studies that wait for volumes, after a look whether files came or went."""
    from tqdm import tqdm

    from ccds_kernel.imaging.studies.overview import StudiesOverview
    from ccds_kernel.imaging.studies.runs import VolumeRuns

    overview = StudiesOverview(project)
    runs = VolumeRuns(project, overview)
    runs.check_that_something_chooses()
    with tqdm(desc="looking for what waits", unit=" studies", disable=not sys.stderr.isatty(), leave=False) as bar:
        overview.read_changed(bar.update)
    return runs.waiting()


def _quarantine(options: argparse.Namespace) -> None:
    with _studies(options.project) as studies:
        found, counts = studies.quarantine(), studies.quarantine_counts()
    if options.json:
        counted = [{"code": code, "scanner": scanner, "series": n} for (code, scanner), n in sorted(counts.items())]
        print(json.dumps({"series": [_as_json(one) for one in found], "counts": counted}, indent=2))
        return
    _print_judgements(found, as_json=False)
    if not found:
        print("nothing is in quarantine")
    for (code, scanner), count in sorted(counts.items()):
        print(f"{count:6}  {code:<22}  {scanner or 'unknown scanner'}")


def _pass(options: argparse.Namespace) -> None:
    with _studies(options.project, write=True) as studies:
        _print_judgements(studies.let_pass(options.study, options.series, options.note), as_json=False)


def _mask(options: argparse.Namespace) -> None:
    with _studies(options.project, write=True) as studies:
        kept = studies.import_mask(options.study, options.series, options.file)
    print(f"kept as {kept.file} ({kept.kind}, {len(kept.labels)} label(s))")


def _print_judgements(found: list[Judgement], *, as_json: bool) -> None:
    from ccds_kernel.errors import one_line

    if as_json:
        print(json.dumps([_as_json(one) for one in found], indent=2))
        return
    for one in found:
        print(
            f"{one.study_key}  {one.series or '-':<27}  {one.modality:<3}  {one.status:<11}  {one.reason or ''}".rstrip()
        )
        for warning in one.warnings:
            print(f"{'':<16}  warning: {warning}")
        for passed in one.passed:
            who = f"{passed.code}, by {passed.person}, {passed.at:%Y-%m-%d %H:%M} UTC"
            print(f"{'':<16}  let pass: {who}: {one_line(passed.note)}")


def _as_json(one: Judgement) -> dict[str, object]:
    return {
        "study_key": one.study_key,
        "series": one.series,
        "modality": one.modality,
        "scanner": one.scanner,
        "status": one.status.value,
        "reason": None if one.reason is None else str(one.reason),
        "by": one.person,
        "at": one.at.isoformat(),
        "warnings": list(one.warnings),
        "passed": [
            {"code": passed.code, "note": passed.note, "by": passed.person, "at": passed.at.isoformat()}
            for passed in one.passed
        ],
    }


@contextmanager
def _studies(project_id: str, *, write: bool = False) -> Iterator[ImageStudies]:
    from ccds_kernel.imaging.studies.repository import ImageStudies

    with _opened(project_id, write=write) as project:
        yield ImageStudies(project)


@contextmanager
def _opened(project_id: str, *, write: bool) -> Iterator[Project]:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    with closing(open_project(project_id, Action.WRITE_IMAGES if write else Action.READ_IMAGES)) as project:
        yield project
