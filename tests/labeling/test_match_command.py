"""`ccds labeling match` from end to end: files in, file out, and one clear line for whatever is wrong."""

import csv
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.cli import main
from ccds_kernel.labeling.csv_files import read_rows, write_rows

REPORTS = (
    "\ufeffaccession,findings,impression\r\n"
    'A1,"No pleural\r\n effusion, ""clear"".",Normal chest.\r\n'
    "\r\n"
    "A2,Small PLEURAL EFFUSION,\r\n"
    "A2,No pleural,effusion\r\n"
    'A3,"","Effusions, pleural-effusion-like"\r\n'
)
PHRASES = "phrase,label\nno pleural effusion,negative\npleural effusion,positive\n  clear , normal\n"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with `r.csv` and `p.csv`, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.csv").write_text(REPORTS, encoding="utf-8", newline="")
    (tmp_path / "p.csv").write_text(PHRASES, encoding="utf-8")
    return tmp_path


def match(*more: str, reports="r.csv", phrases="p.csv", out="out.csv", columns=("findings", "impression")) -> int:
    """Runs the command; returns its exit status."""
    named = [word for column in columns for word in ("--text-column", column)]
    return main(["labeling", "match", "--reports", reports, *named, "--phrases", phrases, "--out", out, *more])


def rows(path: Path) -> list[list[str]]:
    """The cells of a CSV file."""
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.reader(source))


def test_every_report_gets_its_first_phrase(folder):
    """One row per report in their order; whole words, any case, any white space, never across two columns."""
    status = match()

    assert status == 0
    assert rows(folder / "out.csv") == [
        ["accession", "phrase", "label", "all_phrases"],
        ["A1", "no pleural effusion", "negative", '["no pleural effusion", "pleural effusion", "clear"]'],
        ["A2", "pleural effusion", "positive", '["pleural effusion"]'],
        ["A2", "", "", "[]"],
        ["A3", "", "", "[]"],
    ]


def test_what_came_of_a_match_has_no_formulas(folder):
    """A spreadsheet program carries out nothing of a phrases file; the first column stays word for word."""
    (folder / "r.csv").write_text("accession,findings,impression\n=A1,+x=y,\n", encoding="utf-8")
    (folder / "p.csv").write_text("phrase,label\n'+x=y,@z\n", encoding="utf-8")

    status = match()

    assert status == 0
    assert rows(folder / "out.csv")[1] == ["=A1", "'+x=y", "'@z", '["+x=y"]']


@pytest.mark.usefixtures("folder")
def test_the_counts_are_one_json_document(capsys):
    """`--json` prints what was found, per label and per phrase."""
    match("--json")

    assert json.loads(capsys.readouterr().out) == {
        "reports": 4,
        "labelled": 2,
        "repeated": 1,
        "labels": {"negative": 1, "positive": 1, "normal": 0},
        "phrases": [
            {"phrase": "no pleural effusion", "label": "negative", "captured": 1, "raw": 1, "shadowed": 0},
            {"phrase": "pleural effusion", "label": "positive", "captured": 1, "raw": 2, "shadowed": 1},
            {"phrase": "clear", "label": "normal", "captured": 0, "raw": 1, "shadowed": 1},
        ],
    }


@pytest.mark.usefixtures("folder")
def test_the_counts_are_told(capsys):
    """Without `--json` a person reads how many reports got which label."""
    match()

    assert capsys.readouterr().out.splitlines() == [
        "4 reports, 2 labelled, 2 without a match",
        "        1  of them with the first cell of an earlier row; each is labelled by its own text",
        "        1  negative",
        "        1  positive",
        "        0  normal",
        "1 of 3 phrases capture nothing",
    ]


def test_a_phrase_that_matches_every_report_is_told(folder, capsys):
    """It labels all of them, which is mostly a slip: the output is written as asked, and a line says so."""
    (folder / "r.csv").write_text("accession,findings,impression\nA1,Film. Mass.,\nA2,Clear.,film\n", encoding="utf-8")
    (folder / "p.csv").write_text("phrase,label\nmass,positive\nfilm,any\n", encoding="utf-8")

    status = match()

    assert status == 0
    assert "1 of 2 phrases match every report: look whether that is meant" in capsys.readouterr().out.splitlines()
    assert [row[2] for row in rows(folder / "out.csv")[1:]] == ["positive", "any"]


OPTIONS = (
    "label,uncertain,negatable,phrase\n"
    "positive,unsure,Yes,effusion\n"
    "normal,,no,clear\n"
    "normal,, ,chest\n"
    "negative,,no,no mass\n"
)
OPTED = (
    "accession,findings\n"
    "A1,No mass or effusion.\n"
    "A2,No mass. Effusion.\n"
    "A3,Possible effusion.\n"
    "A4,Clear. Effusion is excluded.\n"
    "A5,Possible effusion. Effusion on the left.\n"
)


def test_a_phrase_matches_as_its_options_say(folder):
    """Negated places of a negatable phrase don't count; where every other one is left open, the uncertain label is given."""
    (folder / "p.csv").write_text(OPTIONS, encoding="utf-8")
    (folder / "r.csv").write_text(OPTED, encoding="utf-8")

    status = match(columns=["findings"])

    assert status == 0
    assert rows(folder / "out.csv")[1:] == [
        ["A1", "no mass", "negative", '["no mass"]'],
        ["A2", "effusion", "positive", '["effusion", "no mass"]'],
        ["A3", "effusion", "unsure", '["effusion"]'],
        ["A4", "clear", "normal", '["clear"]'],
        ["A5", "effusion", "positive", '["effusion"]'],
    ]


def test_the_counts_of_options_are_told_where_a_phrase_has_them(folder, capsys):
    """Each label counts the reports that got it; a phrase without options is told of as ever."""
    (folder / "p.csv").write_text(OPTIONS, encoding="utf-8")
    (folder / "r.csv").write_text(OPTED, encoding="utf-8")

    match("--json", columns=["findings"])
    told = json.loads(capsys.readouterr().out)
    match(columns=["findings"])

    assert told["labels"] == {"positive": 2, "unsure": 1, "normal": 1, "negative": 1}
    assert told["phrases"][:2] == [
        {
            "phrase": "effusion", "label": "positive", "captured": 3, "raw": 3, "shadowed": 0, "uncertain": 1, "negated": 2,
        },
        {"phrase": "clear", "label": "normal", "captured": 1, "raw": 1, "shadowed": 0},
    ]  # fmt: skip
    assert capsys.readouterr().out.splitlines() == [
        "5 reports, 5 labelled, 0 without a match",
        "        2  positive",
        "        1  unsure",
        "        1  normal",
        "        1  negative",
        "2 times a report holds a phrase that doesn't count, because it is negated at each place",
        "1 of 4 phrases capture nothing",
    ]


def test_an_earlier_output_is_replaced_and_nothing_else_is_left(folder):
    """The output is written beside its place and put there whole."""
    (folder / "out.csv").write_text("old", encoding="utf-8")

    match()

    assert rows(folder / "out.csv")[0] == ["accession", "phrase", "label", "all_phrases"]
    assert sorted(path.name for path in folder.iterdir()) == ["out.csv", "p.csv", "r.csv"]


@pytest.mark.parametrize("goal", ["kept/out.csv", "out.csv"])
def test_a_link_is_followed_unless_it_leads_nowhere(folder, goal):
    """The file behind a link is replaced; a link to itself is, too, instead of being a defect."""
    (folder / "kept").mkdir()
    (folder / "out.csv").symlink_to(goal)

    status = match()

    assert status == 0
    assert rows(folder / goal)[0] == ["accession", "phrase", "label", "all_phrases"]
    assert (folder / "out.csv").is_symlink() == (goal != "out.csv")


def test_an_output_that_was_closed_to_others_stays_so(folder):
    """It names reports by accession number: replacing the file opens it to nobody."""
    (folder / "out.csv").touch(mode=0o600)

    match()

    assert oct((folder / "out.csv").stat().st_mode & 0o777) == oct(0o600)


def _write(name: str, content: str | bytes):
    def change(folder: Path) -> dict[str, str]:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return {}

    return change


@pytest.mark.parametrize(
    ("change", "expected", "found"),
    [
        (lambda _: {"reports": "none.csv"}, "the CSV file none.csv", "No such file or directory"),
        (lambda _: {"reports": "."}, "the CSV file .", "Is a directory"),
        (lambda _: {"phrases": "none.csv"}, "the CSV file none.csv", "No such file or directory"),
        (lambda _: {"out": "no/out.csv"}, "to write no/out.csv", "no such folder"),
        (lambda _: {"out": "."}, "to write .", "something there that is no file"),
        (lambda _: {"out": os.devnull}, f"to write {os.devnull}", "something there that is no file"),
        (lambda _: {"out": "o" * 300}, f"to write {'o' * 300}", "File name too long"),
        (lambda _: {"out": "./r.csv"}, "an output file of its own", "r.csv, which is an input"),
        (lambda _: {"out": "p.csv"}, "an output file of its own", "p.csv, which is an input"),
        (
            lambda _: {"columns": ["finding"]},
            "one column 'finding' in r.csv",
            "0 among 'accession', 'findings', 'impression'",
        ),
        (lambda _: {"columns": ["findings", "findings"]}, "text columns, each named once", "one named twice"),
        (_write("r.csv", ""), "a line of column names and at least one row in r.csv", "an empty file"),
        (_write("r.csv", b"\xef\xbb\xbf\n\n"), "a line of column names and at least one row in r.csv", "an empty file"),
        (
            _write("r.csv", "accession,findings,impression\n"),
            "a line of column names and at least one row in r.csv",
            "column names only",
        ),
        (
            _write("r.csv", b"accession,findings,impression\nA1,x,y\nA2,na\xefve,y\n"),
            "r.csv in UTF-8",
            "a byte that isn't at line 3, byte 42 of the file",
        ),
        (
            _write("r.csv", REPORTS.encode("utf-16")),
            "r.csv in UTF-8",
            "a byte that isn't at line 1, byte 0 of the file",
        ),
        (
            _write("r.csv", "accession,findings,impression\nA1,x,y\n".encode("utf-16-le")),
            "text in r.csv",
            "a zero byte in the row that begins at line 1",
        ),
        (
            _write("r.csv", 'accession,findings,impression\nA1,"x\n\n",y\nA2,x, and more,y\n'),
            "3 cells in each row of r.csv, as in its first line",
            "4 in the row that begins at line 5",
        ),
        (
            _write("r.csv", "accession,findings,impression\nA1,x\n"),
            "3 cells in each row of r.csv, as in its first line",
            "2 in the row that begins at line 2",
        ),
        (
            _write("r.csv", 'accession,findings,impression\nA1,"x,y\nA2,x,y\n'),
            "rows of well-formed CSV in r.csv",
            "'unexpected end of data' in the row that begins at line 2",
        ),
        (
            _write("r.csv", 'accession,findings,impression\nA1,"x" y,z\n'),
            "rows of well-formed CSV in r.csv",
            """'',' expected after '"'' in the row that begins at line 2""",
        ),
        (
            _write("r.csv", "findings,findings,impression\nA1,x,y\n"),
            "one column 'findings' in r.csv",
            "2 among 'findings', 'findings', 'impression'",
        ),
        (
            _write(
                "r.csv",
                "A1,There is a moderate pleural effusion on the left and none on the right;\nA2,x\n".replace(
                    ", s", " s"
                ),
            ),
            "one column 'findings' in r.csv",
            "0 among 2 columns whose first line doesn't look like names",
        ),
        (
            _write("r.csv", "A4711,Roe,chest\nA2,x,y\n"),
            "one column 'findings' in r.csv",
            "0 among 3 columns whose first line doesn't look like names",
        ),
        (
            _write("r.csv", "Roe,Normal chest.,x\nA2,x,y\n"),
            "one column 'findings' in r.csv",
            "0 among 3 columns whose first line doesn't look like names",
        ),
        (
            _write("r.csv", "Label,findings,impression\n1,x,y\n"),
            "a first column of r.csv that names the reports",
            "'Label', which the output has, too",
        ),
        (
            _write("p.csv", "no effusion,negative\neffusion,positive\n"),
            "the columns phrase, label and, if you like, negatable, uncertain and excludes in p.csv",
            "'no effusion', 'negative'",
        ),
        (_write("p.csv", "phrase,negatable\nx,no\n"), "one column 'label' in p.csv", "0 among 'phrase', 'negatable'"),
        (
            _write("p.csv", "phrase,label\n"),
            "a line of column names and at least one row in p.csv",
            "column names only",
        ),
        (
            _write("p.csv", "phrase,label\nno effusion,x\ny,x\n No   EFFUSION,y\n"),
            "each phrase once in p.csv",
            "that of line 2 again in line 4 (case and white space don't count)",
        ),
        (_write("p.csv", "phrase,label\nx,y\n ,x\n"), "a phrase", "a blank one in line 3 of p.csv"),
        (_write("p.csv", "phrase,label\nx,\n"), "a label", "a blank one in line 2 of p.csv"),
        (
            _write("p.csv", "phrase,label,negatable\nx,y,perhaps\n"),
            "yes or no as negatable in p.csv",
            "something else in line 2",
        ),
        (
            _write("p.csv", "phrase,label,excludes\nx,y,maybe\n"),
            "yes or no as excludes in p.csv",
            "something else in line 2",
        ),
        (
            _write("p.csv", "phrase,label,excludes\nx,y,no\nz,y,yes\n"),
            "phrases that stand for a label in p.csv, because labels exclude each other here",
            "one that excludes its label in line 3",
        ),
        (
            _write("p.csv", "phrase,label,uncertain\nx,y,y\n"),
            "another label where the phrase is uncertain",
            "the same one in line 2 of p.csv",
        ),
    ],
)
def test_what_is_wrong_is_one_line(folder, capsys, change, expected, found):
    """Exit status 1, what was expected and found, no word of a report; an output that was there stays as it was."""
    (folder / "out.csv").write_text("old", encoding="utf-8")

    status = match(**change(folder))

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err.startswith(f"ccds: expected {expected}; found {found}; ")
    assert told.err.count("\n") == 1
    assert (folder / "out.csv").read_text(encoding="utf-8") == "old"


def test_a_failed_write_leaves_the_earlier_output(folder, capsys):
    """Where the disk refuses, the output is as before, nothing half-written is left, and one line says so."""
    (folder / "out.csv").write_text("old", encoding="utf-8")
    (folder / f".out.csv.{os.getpid()}.tmp").mkdir()

    status = match()

    assert status == 1
    assert capsys.readouterr().err.startswith("ccds: expected to write ")
    assert (folder / "out.csv").read_text(encoding="utf-8") == "old"


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=2, max_size=5)
)


@given(table=tables)
def test_what_is_written_is_read_back(tmp_path_factory, table):
    """Quotation marks, commas, line feeds of every kind: the cells come back as they were."""
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    table[0][0] = "x" + table[0][0]  # a file that begins with U+FEFF has a byte order mark instead

    write_rows(path, table[0], table[1:])

    assert [cells for _, cells in read_rows(path)] == table
