"""`ccds labeling load`: reports of any format into a project."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ccds_kernel.cli._wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ccds_kernel.labeling.incoming.source import Format, ReportSource, Taken
    from ccds_kernel.labeling.incoming.version import Entry

_NAMES = {"csv": "CSV", "parquet": "Parquet"}
_OF_TABLES = ("id_column", "text_column", "exam_code_column", "date_column")
_OF_HL7 = ("accession_field", "encoding", "rejected")
_OF_FHIR = ("accession_system", "exam_code_system", "rejected")


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    summary = "take the reports of a file into a project; overwrites nothing"
    load = verbs.add_parser(
        "load",
        help=summary,
        description=f"{summary}. In HL7 and FHIR, final and corrected reports count, a correction instead of what came before.",
    )
    load.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")
    load.add_argument("--reports", type=Path, required=True, metavar="FILE", help="the reports")
    load.add_argument(
        "--format",
        choices=["csv", "parquet", "hl7", "fhir"],
        help="table, HL7 v2 ORU messages or FHIR DiagnosticReport resources; as the file's name ends where it isn't given",
    )
    table = load.add_argument_group("a table (csv, parquet)")
    table.add_argument("--id-column", metavar="C", help="column of the accession number; required")
    table.add_argument(
        "--text-column", action="append", metavar="C", help="column of text; again for each further one; required"
    )
    table.add_argument(
        "--exam-code-column", metavar="C", help="column of the exam code: others than the application's are left out"
    )
    table.add_argument(
        "--date-column", metavar="C", help="column of the study date (ISO): others than the application's are left out"
    )
    messages = load.add_argument_group("messages (hl7, fhir)")
    messages.add_argument(
        "--accession-field", metavar="OBR-n[.c]", help="hl7: where the accession number is; OBR-18 where it isn't given"
    )
    messages.add_argument(
        "--encoding", metavar="NAME", help="hl7: of messages that name none in MSH-18; utf-8 where it isn't given"
    )
    messages.add_argument(
        "--accession-system", metavar="URI", help="fhir: identifier that is the accession number, instead of type ACSN"
    )
    messages.add_argument(
        "--exam-code-system", metavar="URI", help="fhir: coding that is the exam code, instead of the first"
    )
    messages.add_argument(
        "--rejected",
        type=Path,
        metavar="OUT.csv",
        help="receives the number of each message that makes no report, and why; FILE.rejected.csv where it isn't given",
    )
    load.add_argument(
        "--unchecked",
        action="store_true",
        help="load what has no exam code or no study date, too; nothing then keeps out what the IRB application doesn't cover",
    )
    load.add_argument("--json", action="store_true", help="print the counts as one JSON document")
    load.set_defaults(run=_load)


def _load(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.incoming.source import load
    from ccds_kernel.labeling.repository import LabelingRepository

    source = _source(options)
    columns = source.columns
    unchecked = _unchecked(options, source)
    rejected = options.rejected or options.reports.parent / f"{options.reports.name}.rejected.csv"
    project = open_project(options.project, Action.LOAD_REPORTS)
    with closing(project.store):
        taken = load(
            LabelingRepository(project),
            source,
            rejected=rejected,
            code_needed=not options.unchecked if columns is None else columns.exam_code is not None,
            date_needed=not options.unchecked if columns is None else columns.study_date is not None,
            watch=_watch,
        )
    if options.json:
        print(json.dumps(_taken_as_json(taken)))
        return
    _print_taken(taken, rejected, "number" if columns is None else "row")
    if unchecked:
        print(f"not checked against the IRB application: {' and '.join(unchecked)}")


def _source(options: argparse.Namespace) -> ReportSource:
    """What the options say, of which each belongs to one kind of file."""
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.labeling.incoming.fhir_reports import FhirReading
    from ccds_kernel.labeling.incoming.hl7_reports import Hl7Reading
    from ccds_kernel.labeling.incoming.source import Format, ReportSource, format_of
    from ccds_kernel.labeling.report_file import ReportColumns

    format_ = Format(options.format) if options.format else format_of(options.reports)
    belongs = {Format.HL7: _OF_HL7, Format.FHIR: _OF_FHIR}.get(format_, _OF_TABLES)
    if options.encoding is not None and format_ is Format.CSV:
        raise CcdsError(
            expected="a CSV file in UTF-8, as tables are read",
            found="--encoding",
            do=f"leave it out, and save {options.reports} as CSV UTF-8, or convert it: "
            "iconv -f LATIN1 -t UTF-8 FILE > FILE-utf8.csv",
        )
    for name in (*_OF_TABLES, *_OF_HL7, *_OF_FHIR):
        if getattr(options, name) is not None and name not in belongs:
            raise CcdsError(
                expected=f"options of {format_.value} files, or another --format",
                found=f"--{name.replace('_', '-')}",
                do="leave it out, or name the file's --format",
            )
    columns = None
    if format_ in {Format.CSV, Format.PARQUET}:
        _check_there(options.reports, format_)  # else one would name columns first, and then another file
        if options.id_column is None or not options.text_column:
            raise CcdsError(
                expected=f"--id-column and --text-column for the {format_.value} file {options.reports}",
                found="not both",
                do="name the columns of the accession number and of text, or the file's --format (hl7, fhir)",
            )
        columns = ReportColumns(
            options.id_column, tuple(options.text_column), options.exam_code_column, options.date_column
        )
    hl7 = {"accession_field": options.accession_field, "charset": options.encoding}
    return ReportSource(
        options.reports,
        format_,
        columns,
        Hl7Reading(**{name: value for name, value in hl7.items() if value is not None}),
        FhirReading(options.accession_system, options.exam_code_system),
    )


def _check_there(path: Path, format_: Format) -> None:
    from ccds_kernel.errors import CcdsError

    try:
        path.stat()
    except OSError as error:
        raise CcdsError(
            expected=f"the {_NAMES[format_]} file {path}",
            found=error.strerror or "an error",
            do="name a file that you may read",
        ) from None


def _unchecked(options: argparse.Namespace, source: ReportSource) -> list[str]:
    """What isn't held against the application; only where the person says that they know."""
    from ccds_kernel.errors import CcdsError

    if source.columns is None:
        return ["those without exam code or study date"] if options.unchecked else []
    unchecked = [
        name
        for name, column in (("exam code", source.columns.exam_code), ("study date", source.columns.study_date))
        if column is None
    ]
    if unchecked and not options.unchecked:
        raise CcdsError(
            expected="columns of exam code and study date, to hold the reports against the IRB application",
            found=f"none of {' and '.join(unchecked)}",
            do="name them (--exam-code-column, --date-column), or load what you know to be covered with --unchecked",
        )
    return unchecked


def _watch(entries: Iterable[Entry], what: str) -> Iterable[Entry]:
    from tqdm import tqdm

    bar: Iterable[Entry] = tqdm(entries, desc=what, unit=" reports", disable=not sys.stderr.isatty(), leave=False)
    return bar


def _taken_as_json(taken: Taken) -> dict[str, int]:
    from dataclasses import asdict

    of_file = asdict(taken)
    del of_file["loaded"], of_file["numbers"]
    return asdict(taken.loaded) | of_file


def _print_taken(taken: Taken, rejected: Path, one: str) -> None:
    """Tells what became of the reports; `one` is what they are counted as in the file."""
    loaded = taken.loaded

    def where(what: str) -> str:
        count, numbers = getattr(loaded, what), taken.numbers.get(what, ())
        more = f" and {count - len(numbers)} more" if count > len(numbers) else ""
        return f" ({one if count == 1 else f'{one}s'} {', '.join(map(str, numbers))}{more})"

    earlier = "that say something else than an earlier one of their accession number in the file"
    before = "that say something else than the project's report of that accession number"
    print(f"{counted(taken.read, 'report')}: {loaded.added} added, {loaded.known} known already")
    for count, why in (
        (loaded.empty, f"without any text{where('empty')}"),
        (loaded.contradicting, f"{earlier}{where('contradicting')}"),
        (loaded.conflicting, f"{before}{where('conflicting')}"),
        (loaded.beyond, "beyond the exam codes or dates of the IRB application"),
        (taken.preliminary, "not final yet"),
        (taken.withdrawn, "cancelled, or entered in error"),
        (taken.superseded, "that a newer one in the file corrects or withdraws"),
        (taken.rejected, f"that can't be read; which and why is in {rejected}"),
    ):
        if count:
            print(f"{count:>9}  left out: {why}")
    for count, what in (
        (taken.repeated, "the same, word for word, as an earlier one in the file"),
        (taken.commented, "with comments (NTE) beside the text, which aren't read"),
    ):
        if count:
            print(f"{count:>9}  of all these: {what}")
