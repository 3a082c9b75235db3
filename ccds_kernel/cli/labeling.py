"""`ccds labeling match | load | import | export`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccds_kernel.labeling.match_file import Matched
    from ccds_kernel.labeling.matches import Counts
    from ccds_kernel.labeling.phrase import Phrase

_PHRASES = (
    "CSV file 'phrase,label[,negatable[,uncertain]]', the highest priority first; negatable (yes, no): a place that its sentence "
    "negates doesn't count; uncertain: the label instead where every place that counts is left open"
)
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

    summary = "take the reports of a CSV file into a project; overwrites nothing"
    load = verbs.add_parser("load", help=summary, description=summary)
    _add_project(load)
    load.add_argument("--reports", type=Path, required=True, metavar="R.csv", help="the reports; UTF-8")
    load.add_argument("--id-column", required=True, metavar="C", help="column of the accession number")
    _add_text_column(load)
    load.add_argument(
        "--exam-code-column", metavar="C", help="column of the exam code: others than the application's are left out"
    )
    load.add_argument(
        "--date-column", metavar="C", help="column of the study date (ISO): others than the application's are left out"
    )
    load.add_argument(
        "--unchecked",
        action="store_true",
        help="load without one of these two columns; nothing then keeps out what the IRB application doesn't cover",
    )
    load.add_argument("--json", action="store_true", help="print the counts as one JSON document")
    load.set_defaults(run=_load)

    summary = "put the phrases of a file below a project's phrase list; changes none that is there"
    import_ = verbs.add_parser("import", help=summary, description=summary)
    _add_project(import_)
    import_.add_argument("--phrases", type=Path, required=True, metavar="P.csv", help=_PHRASES)
    import_.add_argument("--json", action="store_true", help="print the counts as one JSON document")
    import_.set_defaults(run=_import)

    summary = "write a project's phrase list to a file that match and import read"
    export = verbs.add_parser("export", help=summary, description=summary)
    _add_project(export)
    export.add_argument("--out", type=Path, required=True, metavar="P.csv", help="replaced if it is there")
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
    print(
        f"{matched.reports} reports, {matched.labelled} labelled, {matched.reports - matched.labelled} without a match"
    )
    for label, count in matched.by_label.items():
        print(f"{count:>9}  {label}")
    if negated := sum(counts.negated for counts in matched.counts):
        print(f"{negated} times a report holds a phrase that doesn't count, because it is negated at each place")
    if unused := sum(not counts.captured for counts in matched.counts):
        print(f"{unused} of {len(matched.phrases)} phrases capture nothing")


def _as_json(matched: Matched) -> dict[str, object]:
    return {
        "reports": matched.reports,
        "labelled": matched.labelled,
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


def _load(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from ccds_kernel.errors import CcdsError
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.report_file import ReportColumns, read_reports
    from ccds_kernel.labeling.repository import LabelingRepository

    columns = ReportColumns(
        options.id_column, tuple(options.text_column), options.exam_code_column, options.date_column
    )
    unchecked = [
        name
        for name, column in (("exam code", columns.exam_code), ("study date", columns.study_date))
        if column is None
    ]
    if unchecked and not options.unchecked:
        raise CcdsError(
            expected="columns of exam code and study date, to hold the reports against the IRB application",
            found=f"none of {' and '.join(unchecked)}",
            do="name them (--exam-code-column, --date-column), or load what you know to be covered with --unchecked",
        )
    project = open_project(options.project, Action.LOAD_REPORTS)
    reports = list(read_reports(options.reports, columns))  # whole, before anybody else has to wait for the write lock
    with closing(project.store):
        loaded = LabelingRepository(project).load_reports(
            reports, code_needed=columns.exam_code is not None, date_needed=columns.study_date is not None
        )
    if options.json:
        print(json.dumps(asdict(loaded)))
        return
    print(f"{len(reports)} reports: {loaded.added} added, {loaded.known} known already")
    for count, why in (
        (loaded.empty, "without any text"),
        (loaded.conflicting, "that say something else than the project's report of that accession number"),
        (loaded.beyond, "beyond the exam codes or dates of the IRB application"),
    ):
        if count:
            print(f"{count:>9}  left out: {why}")
    if unchecked:
        print(f"not checked against the IRB application: {' and '.join(unchecked)}")


def _import(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.phrase_file import read_phrases
    from ccds_kernel.labeling.repository import LabelingRepository

    project = open_project(options.project, Action.EDIT_PHRASES)
    phrases = read_phrases(options.phrases)
    with closing(project.store):
        appended = LabelingRepository(project).append_phrases(phrases)
    if options.json:
        print(json.dumps(asdict(appended)))
        return
    print(f"{len(phrases)} phrases: {appended.added} added, {appended.known} known already")
    if appended.conflicting:
        print(f"{appended.conflicting:>9}  left out: on the list with another label")


def _export(options: argparse.Namespace) -> None:
    from ccds_kernel.audit.events import PhrasesExported
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.csv_files import check_out
    from ccds_kernel.labeling.phrase_file import write_phrases
    from ccds_kernel.labeling.repository import LabelingRepository

    project = open_project(options.project, Action.READ_PHRASES)
    check_out(options.out, [])
    with closing(project.store):
        phrases = [stored.phrase for stored in LabelingRepository(project).phrases()]
    project.audit.write(PhrasesExported(person=project.person, project=project.id, count=len(phrases)))
    write_phrases(options.out, phrases)
    print(f"{len(phrases)} phrases written to {options.out}")
