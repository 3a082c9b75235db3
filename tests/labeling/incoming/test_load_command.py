"""`ccds labeling load` from end to end, with files of every format, on a site's project."""

import csv
import gzip
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

from ccds_kernel.cli import main
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.incoming.source import Format, ReportSource, format_of, load
from ccds_kernel.labeling.incoming.version import Entry
from ccds_kernel.labeling.report_file import ReportColumns
from ccds_kernel.labeling.repository import LabelingRepository
from support.messages import attachment, diagnostic_report, mllp, ndjson, obr, obx, oru
from support.site import act_as

ADDED = {"A1": "No effusion.", "A2": "Corrected."}
"""What is loaded of the samples: accession number → text."""

COUNTS = {
    "added": 2,
    "known": 1,
    "empty": 1,
    "conflicting": 0,
    "contradicting": 1,
    "beyond": 1,
    "preliminary": 1,
    "withdrawn": 1,
    "superseded": 2,
    "rejected": 2,
    "repeated": 1,
    "commented": 0,
}
SENT = [
    ("A1", "F", "CXR1", "No effusion."),
    ("A2", "P", "CXR1", "Draft."),
    ("A2", "F", "CXR1", "Final."),
    ("A1", "F", "CXR1", "No effusion."),
    ("A3", "F", "CXR2", ""),
    ("A4", "F", "CT1", "Head."),
    ("A1", "F", "CXR1", "Another text."),
    ("A2", "C", "CXR1", "Corrected."),
    ("A5", "F", "CXR1", "Wrong patient."),
    ("A5", "X", "CXR1", ""),
    ("", "F", "CXR1", "Nobody's."),
]
STATUS = {"F": "final", "P": "preliminary", "C": "corrected", "X": "entered-in-error"}
HL7 = b"".join(
    oru(obr(accession, status, code), *([obx(text, status=status)] if text else []), number=number)
    for number, (accession, status, code, text) in enumerate(SENT, 1)
)
FHIR = ndjson(
    *(
        diagnostic_report(
            accession or None,
            STATUS[status],
            code={"coding": [{"code": code}]},
            presentedForm=[attachment(text)] if text else None,
        )
        for accession, status, code, text in SENT
    )
)


@pytest.fixture
def folder(tmp_path, monkeypatch, settings) -> Path:
    """A folder with samples and the site's `ccds.toml`, in which fay runs the command."""
    lines = [f'{name} = "{path}"' for name, path in settings.paths.model_dump().items()]
    (tmp_path / "ccds.toml").write_text("\n".join(["[paths]", *lines]), encoding="utf-8")
    (tmp_path / "r.hl7").write_bytes(HL7 + HL7[:150])
    (tmp_path / "r.ndjson").write_bytes(FHIR + FHIR[:300])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
    act_as(monkeypatch, "fay", "CHEST-1")
    return tmp_path


@pytest.fixture
def repository(open_as) -> LabelingRepository:
    """What the commands leave in the database."""
    return LabelingRepository(open_as("fay", Action.OPEN_LABELING))


def run(reports: str, *more: str) -> int:
    """Runs `ccds labeling load`."""
    return main(["labeling", "load", "--project", "CHEST-1", "--reports", reports, *more])


def rejected(path: str) -> list[list[str]]:
    """The rows of a file of rejected messages."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("file", ["r.hl7", "r.ndjson"])
def test_what_counts_is_taken_in(capsys, repository, file):
    """Final and corrected reports that are covered, none that a later one corrects or withdraws; every count is told."""
    status = run(file, "--json")

    assert (status, json.loads(capsys.readouterr().out)) == (0, COUNTS)
    assert {one.report.accession: one.report.texts[0] for one in repository.reports()} == ADDED


@pytest.mark.usefixtures("folder")
def test_a_person_reads_what_became_of_them(capsys):
    """How many and why, and where to look for what can't be read; the counts add up to all of them."""
    run("r.hl7")

    assert capsys.readouterr().out.splitlines() == [
        "12 reports: 2 added, 1 known already",
        "        1  left out: without any text (number 5)",
        "        1  left out: that say something else than an earlier one of their accession number in the file (number 7)",
        "        1  left out: beyond the exam codes or dates of the IRB application",
        "        1  left out: not final yet",
        "        1  left out: cancelled, or entered in error",
        "        2  left out: that a newer one in the file corrects or withdraws",
        "        2  left out: that can't be read; which and why is in r.hl7.rejected.csv",
        "        1  of all these: the same, word for word, as an earlier one in the file",
    ]


@pytest.mark.parametrize(
    ("file", "reasons"),
    [
        ("r.hl7", ["there is no accession number in OBR-18", "it is cut short"]),
        ("r.ndjson", ["it has no identifier of type ACSN", "the JSON is malformed or cut short"]),
    ],
)
def test_what_cannot_be_read_is_listed_by_number(folder, file, reasons):
    """Beside the file, or where one says; neither text nor accession number; the next load of a mended file empties it."""
    run(file)
    beside = rejected(f"{file}.rejected.csv")
    run(file, "--rejected", "elsewhere.csv")
    (folder / file).write_bytes(
        {"r.hl7": oru(obr(), obx("x")), "r.ndjson": ndjson(diagnostic_report(conclusion="x"))}[file]
    )
    run(file)

    assert beside == rejected("elsewhere.csv") == [["number", "reason"], ["11", reasons[0]], ["12", reasons[1]]]
    assert rejected(f"{file}.rejected.csv") == [["number", "reason"]]


def test_comments_that_are_not_read_are_told(folder, capsys):
    """Of the reports that count, once each."""
    (folder / "c.hl7").write_bytes(oru(obr(), obx("x"), "NTE|1||y", "NTE|2||z"))

    run("c.hl7")

    told = capsys.readouterr().out.splitlines()
    assert told == [
        "1 report: 1 added, 0 known already",
        "        1  of all these: with comments (NTE) beside the text, which aren't read",
    ]


@pytest.mark.usefixtures("folder")
def test_nothing_is_written_where_everything_can_be_read(folder):
    """No file that says nothing."""
    (folder / "good.hl7").write_bytes(mllp(oru(obr(), obx("x"))))

    status = run("good.hl7")

    assert status == 0
    assert not (folder / "good.hl7.rejected.csv").exists()


def test_a_table_in_parquet_is_loaded_as_one_in_csv(folder, capsys, repository):
    """The same columns, the same counts; one odd row keeps the whole file out."""
    table = {
        "accession": ["A1", "A1", "A2", "A3"],
        "findings": ["x", "x", "", "y"],
        "code": ["CXR1", "CXR1", "CXR1", "CT1"],
        "date": ["2020-05-01"] * 4,
    }
    columns = [
        "--id-column",
        "accession",
        "--text-column",
        "findings",
        "--exam-code-column",
        "code",
        "--date-column",
        "date",
    ]
    pl.DataFrame(table).write_parquet(folder / "r.parquet")
    pl.DataFrame(table | {"date": ["2020-05-01"] * 3 + ["May"]}).write_parquet(folder / "odd.parquet")
    refused = run("odd.parquet", *columns)
    told = capsys.readouterr().err

    status = run("r.parquet", *columns, "--json")

    zeros = dict.fromkeys(
        ["conflicting", "contradicting", "preliminary", "withdrawn", "superseded", "rejected", "commented"], 0
    )
    assert (refused, told.count("\n"), "in row 4 of odd.parquet" in told) == (1, 1, True)
    assert (status, json.loads(capsys.readouterr().out)) == (
        0,
        {"added": 1, "known": 1, "empty": 1, "beyond": 1, "repeated": 1, **zeros},
    )
    assert [one.report.accession for one in repository.reports()] == ["A1"]


@pytest.mark.parametrize("held_against", [True, False])
def test_messages_are_held_against_the_application(folder, capsys, repository, held_against):
    """One without exam code or date is beyond it, unless the person says that they know."""
    (folder / "bare.hl7").write_bytes(oru(obr("A8", code="", time=""), obx("x")))

    status = run("bare.hl7", *([] if held_against else ["--unchecked"]))

    told = capsys.readouterr().out
    assert status == 0
    assert len(repository.reports()) == (0 if held_against else 1)
    assert ("not checked against the IRB application: " in told) is not held_against


def test_a_site_s_own_fields_are_named(folder, capsys, repository):
    """Where the accession number and the exam code are, and how texts are encoded that don't say it."""
    (folder / "own.txt").write_bytes(oru(obr("").replace("|F1|", "|ACC-3|"), obx("Größe"), encoding="cp1252"))
    report = diagnostic_report(None, identifier=[{"system": "urn:ris", "value": "R1"}], conclusion="x")
    report["code"]["coding"].insert(0, {"system": "http://loinc.org", "code": "36643-5"})
    (folder / "own.json").write_text(json.dumps(report, indent=2), encoding="utf-8")

    statuses = [
        run("own.txt", "--format", "hl7", "--accession-field", "OBR-3", "--encoding", "cp1252"),
        run("own.json", "--accession-system", "urn:ris", "--exam-code-system", "urn:hospital:exams"),
    ]

    assert statuses == [0, 0], capsys.readouterr().err
    assert [(one.report.accession, one.report.texts) for one in repository.reports()] == [
        ("ACC-3", ("Größe",)),
        ("R1", ("x",)),
    ]


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("r.hl7", HL7)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "write", "expected"),
    [
        ("none.hl7", lambda _: None, "the HL7 v2 file none.hl7; found No such file or directory"),
        ("d.hl7", Path.mkdir, "the HL7 v2 file d.hl7; found Is a directory"),
        ("d.json", Path.mkdir, "the FHIR file d.json; found Is a directory"),
        ("d.parquet", Path.mkdir, "a Parquet file at d.parquet; found "),
        ("z.hl7", _zip, "z.hl7 to be hl7; found a zip archive"),
        ("z.csv", _zip, "z.csv to be csv; found a zip archive"),
        ("z.parquet", _zip, "z.parquet to be parquet; found a zip archive"),
        ("z.ndjson", lambda path: path.write_bytes(gzip.compress(FHIR)), "z.ndjson to be fhir; found a gzip file"),
        ("p.csv", lambda path: pl.DataFrame({"a": [1]}).write_parquet(path), "p.csv to be csv; found a Parquet file"),
        ("e.hl7", lambda path: path.write_bytes(b""), "HL7 v2 messages in e.hl7; found an empty file"),
        ("e.json", lambda path: path.write_bytes(b""), "FHIR resources in e.json; found an empty file"),
        ("c.hl7", lambda path: path.write_text("accession,text\nSECRET,x\n"), "c.hl7 to begin as HL7 v2 does"),
        ("h.json", lambda path: path.write_bytes(HL7), "one FHIR resource, or one per line, in h.json; found "),
        ("half.hl7", lambda path: path.write_bytes(HL7[:200]), "reports in half.hl7 (hl7); found 1 that can't be read"),
        (
            "half.json",
            lambda path: path.write_bytes(FHIR[:200]),
            "one FHIR resource, or one per line, in half.json; found ",
        ),
        (
            "odd.hl7",
            lambda path: path.write_bytes(oru(obr(""), obx("x"))),
            "reports in odd.hl7 (hl7); found 1 that can't be read",
        ),
    ],
)
def test_a_file_that_is_something_else_is_one_line(capsys, repository, name, write, expected):
    """Exit status 1, what was expected and found; nothing is loaded, nothing written."""
    write(Path(name))
    options = ["--id-column", "a", "--text-column", "b", "--unchecked"] if name.endswith(("csv", "parquet")) else []

    status = run(name, *options)

    told = capsys.readouterr()
    assert (status, told.out, told.err.count("\n")) == (1, "", 1)
    assert told.err.startswith(f"ccds: expected {expected}")
    assert "SECRET" not in told.err
    assert repository.reports() == ()
    assert not list(Path().glob("*.rejected.csv"))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("file", "options", "found"),
    [
        ("r.hl7", ["--id-column", "a"], "--id-column"),
        ("r.hl7", ["--accession-system", "urn:x"], "--accession-system"),
        ("r.ndjson", ["--accession-field", "OBR-3"], "--accession-field"),
        ("r.csv", ["--id-column", "a", "--text-column", "b", "--rejected", "x.csv"], "--rejected"),
        ("r.csv", ["--unchecked"], "not both"),
        (".", ["--id-column", "a", "--text-column", "b", "--unchecked"], "Is a directory"),
        (".", ["--format", "hl7"], "Is a directory"),
        ("r.parquet", ["--id-column", "a", "--unchecked"], "not both"),
        ("r.hl7", ["--accession-field", "PID-3"], "something else"),
        ("r.hl7", ["--encoding", "klingon"], "another word"),
        ("r.hl7", ["--rejected", "no/x.csv"], "no such folder"),
        ("r.hl7", ["--rejected", "r.hl7"], "r.hl7, which is an input"),
    ],
)
def test_options_that_do_not_fit_are_one_line(capsys, repository, file, options, found):
    """An option of another format, a missing one, one that can't be: nothing is loaded."""
    if not Path(file).exists():
        Path(file).touch()
    status = run(file, *options)

    told = capsys.readouterr().err
    assert (status, told.count("\n")) == (1, 1)
    assert f"; found {found}; " in told
    assert repository.reports() == ()


@pytest.mark.usefixtures("folder")
def test_an_encoding_of_a_table_is_refused_with_what_works(capsys):
    """A table in another encoding is converted: the line says how."""
    status = run("r.csv", "--id-column", "a", "--text-column", "b", "--encoding", "latin-1")

    told = capsys.readouterr().err
    assert (status, told.count("\n")) == (1, 1)
    assert "save r.csv as CSV UTF-8, or convert it: iconv -f LATIN1 -t UTF-8" in told


@pytest.mark.parametrize(("format_", "columns"), [(Format.CSV, None), (Format.HL7, ReportColumns("a", ("b",)))])
def test_columns_are_a_table_s(format_, columns):
    """A table without, and messages with some, can't be read."""
    with pytest.raises(CcdsError, match="columns for a table"):
        ReportSource(Path("r"), format_, columns)


def test_who_may_not_load_reads_no_file(folder, monkeypatch, capsys):
    """A scientist is turned away before anything is looked at or written."""
    act_as(monkeypatch, "sam", "CHEST-1")

    status = run("r.hl7")

    assert (status, "found sam as scientist" in capsys.readouterr().err) == (1, True)
    assert not (folder / "r.hl7.rejected.csv").exists()


def test_a_pipe_is_read_once(folder, repository):
    """What comes only once is kept until it is known what counts."""
    os.mkfifo(folder / "pipe.hl7")
    writer = Thread(target=(folder / "pipe.hl7").write_bytes, args=(HL7,))
    writer.start()

    status = run("pipe.hl7")

    writer.join()
    assert status == 0
    assert {one.report.accession: one.report.texts[0] for one in repository.reports()} == ADDED


def meanwhile(what: Callable[[], object]):
    """Shows no progress; does `what` when the loading begins."""

    def watch(entries: list[Entry], word: str) -> list[Entry]:
        if word == "loading":
            what()
        return entries

    return watch


@pytest.mark.parametrize("file", ["r.hl7", "r.ndjson"])
def test_a_long_file_is_read_twice_with_the_same_result(folder, repository, file):
    """One that isn't held in memory: the same counts, the same reports."""
    source = ReportSource(folder / file, format_of(folder / file))

    taken = load(
        repository,
        source,
        rejected=folder / "x.csv",
        code_needed=True,
        date_needed=True,
        held_up_to=source.path.stat().st_size - 1,
    )

    assert {
        **asdict(taken.loaded),
        **{name: count for name, count in asdict(taken).items() if name not in {"loaded", "numbers"}},
    } == COUNTS
    assert {one.report.accession: one.report.texts[0] for one in repository.reports()} == ADDED


@pytest.mark.parametrize("held_up_to", [0, 1 << 20])
def test_a_file_that_changes_meanwhile_is_not_loaded(folder, repository, held_up_to):
    """What counts was found out in the old one: nothing is kept of the new one."""
    path = folder / "r.hl7"
    change = meanwhile(lambda: path.write_bytes(HL7 + oru(obr("A2", "X"))))

    with pytest.raises(CcdsError, match="that somebody changed it"):
        load(
            repository,
            ReportSource(path, Format.HL7),
            rejected=folder / "x.csv",
            code_needed=True,
            date_needed=True,
            watch=change,
            held_up_to=held_up_to,
        )

    assert repository.reports() == ()
