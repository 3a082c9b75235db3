"""`ccds labeling match | load | task | import | snapshot | snapshots | export`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ccds_kernel.cli import _labeling_load, _labeling_snapshot, _labeling_task
from ccds_kernel.cli._wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ccds_kernel.labeling.match_file import Matched
    from ccds_kernel.labeling.matches import Counts
    from ccds_kernel.labeling.phrase import Phrase
    from ccds_kernel.labeling.repository import LabelingRepository
    from ccds_kernel.labeling.tasks.task import Task

_PHRASES = (
    "CSV file 'phrase,label[,negatable[,uncertain[,excludes]]]', the highest priority first; negatable (yes, no): a place that "
    "its sentence negates doesn't count; uncertain: the label instead where every place that counts is left open"
)
_EXCLUDES = "excludes (yes): it stands for the absence of its label, in a task whose labels are decided one by one"
_MOST_LINES = 10
"""How many lines of a file a message names."""
_RULE = "A phrase matches whole words, whatever their case and the white space between them, within one text column."


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "label every report of a CSV file by the first phrase that matches it"
    match = verbs.add_parser(
        "match",
        help=summary,
        description=f"{summary}. {_RULE}",
    )
    match.add_argument("--reports", type=Path, required=True, metavar="R.csv", help="the reports; UTF-8")
    _add_text_column(match)
    match.add_argument("--phrases", type=Path, required=True, metavar="P.csv", help=_PHRASES)
    match.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="OUT.csv",
        help="receives R's first column, phrase, label (empty where nothing matched) and all_phrases; replaced if it is there",
    )
    match.add_argument("--json", action="store_true", help="print the counts as one JSON document")
    match.set_defaults(run=_match)

    _labeling_load.register(verbs)
    _labeling_task.register(verbs)

    summary = "put the phrases of a file below a task's phrase list; changes none that is there"
    import_ = verbs.add_parser("import", help=summary, description=summary)
    _add_project(import_)
    _labeling_task.add_task(import_)
    import_.add_argument("--phrases", type=Path, required=True, metavar="P.csv", help=f"{_PHRASES}. {_EXCLUDES}")
    import_.add_argument(
        "--everywhere", action="store_true", help="also phrases that match every report of the project"
    )
    import_.add_argument(
        "--new-labels", action="store_true", help="also labels that the task doesn't have, which are then added to it"
    )
    import_.add_argument("--json", action="store_true", help="print the counts as one JSON document")
    import_.set_defaults(run=_import)

    _labeling_snapshot.register(verbs)

    summary = "write a task's phrase list to a file that match and import read, or the labels of a snapshot"
    export = verbs.add_parser("export", help=summary, description=summary)
    _add_project(export)
    _labeling_task.add_task(export)
    export.add_argument("--out", type=Path, required=True, metavar="OUT", help="replaced if it is there, which is told")
    _labeling_snapshot.add_export(export)
    export.set_defaults(run=_export)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")


def _add_text_column(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--text-column", action="append", required=True, metavar="C", help="column of text; again for each further one"
    )


def _match(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from ccds_kernel.labeling.match_file import match_file

    matched = match_file(
        options.reports,
        options.text_column,
        options.phrases,
        options.out,
        progress=lambda phrases: tqdm(
            phrases, desc="matching", unit=" phrases", disable=not sys.stderr.isatty(), leave=False
        ),
    )
    if options.json:
        print(json.dumps(_as_json(matched), indent=2, ensure_ascii=False))
        return
    unmatched = matched.reports - matched.labelled
    print(f"{counted(matched.reports, 'report')}, {matched.labelled} labelled, {unmatched} without a match")
    if matched.repeated:
        print(f"{matched.repeated:>9}  of them with the first cell of an earlier row; each is labelled by its own text")
    for label, count in matched.by_label.items():
        print(f"{count:>9}  {label}")
    if negated := sum(counts.negated for counts in matched.counts):
        print(f"{negated} times a report holds a phrase that doesn't count, because it is negated at each place")
    if everywhere := sum(counts.raw == matched.reports > 1 for counts in matched.counts):
        print(f"{everywhere} of {len(matched.phrases)} phrases match every report: look whether that is meant")
    if unused := sum(not counts.captured for counts in matched.counts):
        print(f"{unused} of {len(matched.phrases)} phrases capture nothing")


def _as_json(matched: Matched) -> dict[str, object]:
    return {
        "reports": matched.reports,
        "labelled": matched.labelled,
        "repeated": matched.repeated,
        "labels": dict(matched.by_label),
        "phrases": [
            {"phrase": phrase.text, "label": phrase.label, **_counts_of(phrase, counts)}
            for phrase, counts in zip(matched.phrases, matched.counts, strict=True)
        ],
    }


def _counts_of(phrase: Phrase, counts: Counts) -> dict[str, int]:
    """The counts of `phrase`; those of its options only where it has them."""
    shown = counts._asdict()
    if phrase.uncertain_label is None:
        del shown["uncertain"]
    if not phrase.negatable:
        del shown["negated"]
    return shown


def _import(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.phrase_file import read_lines
    from ccds_kernel.labeling.repository import LabelingRepository
    from ccds_kernel.labeling.tasks.task import TaskKind

    project = open_project(options.project, Action.EDIT_PHRASES)
    with closing(project.store):
        stored = _labeling_task.chosen(project, options.task)
        read = read_lines(options.phrases, each_label_by_itself=stored.task.kind is TaskKind.SEVERAL)
        if not options.new_labels:
            _refuse_other_labels(stored.task, read, options.phrases)
        lines, phrases = [line for line, _ in read], [phrase for _, phrase in read]
        repository = LabelingRepository(project, stored.id)
        if not options.everywhere:
            _refuse_everywhere(repository, stored.task, phrases, options.phrases)
        appended = repository.append_phrases(phrases)
    if options.json:
        counts = {name: getattr(appended, name) for name in ("added", "known", "conflicting", "differing")}
        print(json.dumps(counts))
        return
    print(f"{counted(len(phrases), 'phrase')}: {appended.added} added, {appended.known} known already")
    for places, why in (
        (appended.conflicting_at, "meaning something else"),
        (appended.differing_at, "with other options; change these in the labelling app"),
    ):
        if places:
            print(
                f"{len(places):>9}  left out: on the list already, {why} ({_told_lines([lines[at] for at in places])})"
            )


def _told_lines(lines: Sequence[int]) -> str:
    """As "line 3" or "lines 3, 4, 7 and 2 more"."""
    shown = ", ".join(str(line) for line in lines[:_MOST_LINES])
    more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
    return f"{'line' if len(lines) == 1 else 'lines'} {shown}{more}"


def _refuse_other_labels(task: Task, read: Sequence[tuple[int, Phrase]], path: Path) -> None:
    """Asks, as a command can, before a slip of the pen becomes a label. A task without any label takes those of its phrases."""
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.labeling.tasks.task import TaskKind

    if not task.labels:
        return
    for line, phrase in read:
        # in a task whose labels are decided one by one, the word for the uncertain is no label of its own
        words = [phrase.label] if task.kind is TaskKind.SEVERAL else [phrase.label, phrase.uncertain_label]
        if any(word is not None and word not in task.words for word in words):
            raise CcdsError(
                expected=f"labels of the task '{task.name}' in {path}: {', '.join(repr(word) for word in task.words)}",
                found=f"another one in line {line}",
                do="mend that line, or say with --new-labels that the task is to have it",
            )


def _refuse_everywhere(repository: LabelingRepository, task: Task, phrases: Sequence[Phrase], path: Path) -> None:
    """Asks, as a command can, before phrases are taken in that tell no report from another."""
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.labeling.everywhere import everywhere

    known = {stored.phrase.normalised for stored in repository.phrases()}
    new = [phrase for phrase in phrases if phrase.normalised not in known]
    if not new:
        return
    reports = repository.task_reports()
    if found := everywhere(task, (stored.report for stored in reports), new):
        raise CcdsError(
            expected=f"phrases that tell reports apart in {path}",
            found=f"{len(found)} that match all {len(reports)}, the first of them as phrase {phrases.index(found[0]) + 1}",
            do="choose other words, or say with --everywhere that this is meant",
        )


def _export(options: argparse.Namespace) -> None:
    from ccds_kernel.audit.events.labeling import PhrasesExported
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.csv_files import check_out
    from ccds_kernel.labeling.phrase_file import write_phrases
    from ccds_kernel.labeling.repository import LabelingRepository

    if options.labels is not None:
        if options.task is not None:
            raise CcdsError(
                expected="a label snapshot, which is of one task",
                found="--task beside --labels",
                do="leave --task out",
            )
        _labeling_snapshot.export_labels(options)
        return
    if options.parquet or _labeling_snapshot.is_parquet(options):
        raise CcdsError(
            expected="a phrase list as CSV",
            found="--parquet" if options.parquet else f"{options.out}",
            do="name a file that ends in .csv, or a label snapshot with --labels",
        )
    project = open_project(options.project, Action.READ_PHRASES)
    check_out(options.out, [])
    written = _labeling_snapshot.written_to(options.out)
    with closing(project.store):
        task = _labeling_task.chosen(project, options.task)
        phrases = [stored.phrase for stored in LabelingRepository(project, task.id).phrases()]
    project.audit.write(PhrasesExported(person=project.person, project=project.id, count=len(phrases)))
    write_phrases(options.out, phrases)
    print(f"{counted(len(phrases), 'phrase')} {written}")
