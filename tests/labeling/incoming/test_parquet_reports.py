"""Reports in a Parquet file."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.incoming.parquet_reports import read_parquet_reports
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.report_file import ReportColumns

COLUMNS = ReportColumns("accession", ("findings", "impression"), "code", "date")
TABLE = {"accession": ["A1"], "findings": ["x"], "impression": ["y"], "code": ["CXR1"], "date": [date(2020, 5, 1)]}


@pytest.fixture
def read(tmp_path):
    """The reports of a table, or of some bytes."""

    def read_it(content: dict[str, list[object]] | bytes, columns: ReportColumns = COLUMNS) -> list[Report]:
        path = tmp_path / "r.parquet"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            pl.DataFrame(content).write_parquet(path)
        return list(read_parquet_reports(path, columns))

    return read_it


def test_a_row_is_a_report(read):
    """White space around the accession number and the code goes, null is the empty text, other columns don't count."""
    reports = read(
        {
            "mrn": [1, 2],
            "accession": [" A1 ", "A2"],
            " findings ": [" No\r\n effusion. ", None],
            "impression": ["Normal.", "x"],
            "code": ["CXR1 ", None],
            "date": [date(2020, 5, 1), None],
        }
    )

    assert reports == [
        Report(
            "A1",
            (Section("findings", " No\r\n effusion. "), Section("impression", "Normal.")),
            "CXR1",
            date(2020, 5, 1),
        ),
        Report("A2", (Section("findings", ""), Section("impression", "x"))),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"date": [datetime.fromisoformat("2020-05-01 23:59")]},
        {"date": ["2020-05-01"]},
        {"date": [" 2020-05-01 10:11:12"]},
        {"impression": ["y"], "findings": pl.Series(["x"], dtype=pl.Categorical)},
        {"findings": pl.Series(["x"], dtype=pl.Enum(["x", "z"]))},
    ],
)
def test_the_same_in_another_type_is_the_same(read, changed):
    """Dates as times or strings, texts as categories."""
    assert read(TABLE | changed) == read(TABLE)


def test_numbers_may_be_integers(read):
    """An export may have taken accession numbers and codes for numbers."""
    (report,) = read(TABLE | {"accession": [4711], "code": [70]})

    assert (report.accession, report.exam_code) == ("4711", "70")


def test_more_rows_than_are_read_at_once_keep_their_order(read):
    """The slices join without a gap."""
    table = {"accession": [f"A{number}" for number in range(12_001)], "findings": ["x"] * 12_001}

    reports = read(table, ReportColumns("accession", ("findings",)))

    assert [report.accession for report in reports] == table["accession"]


@pytest.mark.parametrize(
    ("content", "expected", "found"),
    [
        ({name: [] for name in TABLE}, "at least one row", "none"),
        (
            {name: pl.Series([], dtype=pl.String) for name in TABLE},
            "at least one row",
            "none",
        ),
        (
            {name: TABLE[name] for name in ("accession", "findings")},
            "one column 'impression'",
            "0 among 'accession', 'findings'",
        ),
        (TABLE | {"findings": [1]}, "strings in the column 'findings'", "Int64"),
        (TABLE | {"accession": [1.5]}, "strings in the column 'accession'", "Float64"),
        (TABLE | {"date": [20200501]}, "strings in the column 'date'", "Int64"),
        (TABLE | {"findings": [["secret"]]}, "strings in the column 'findings'", "List"),
        (TABLE | {"accession": [None]}, "an accession number", "one of 0 characters in row 1 of "),
        (
            TABLE | {"accession": pl.Series([None], dtype=pl.String)},
            "an accession number",
            "one of 0 characters in row 1 of ",
        ),
        (TABLE | {"date": ["May 1st"]}, "a date as 2026-01-31", "something else in row 1 of "),
        (TABLE | {"findings": ["a\0b"]}, "texts in whole characters", "a zero byte or half a character in row 1 of "),
        (b"", "a Parquet file", "one that can't be read"),
        (b"accession,findings\nA1,x\n", "a Parquet file", "one that can't be read"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "a Parquet file", "one that can't be read"),
    ],
)
def test_what_is_wrong_is_one_line(read, content, expected, found):
    """Another type, a missing column, a row that makes no report, no Parquet: what was expected and found, no text."""
    with pytest.raises(CcdsError) as refused:
        read(content)

    assert refused.value.expected.startswith(expected)
    assert refused.value.found.startswith(found)


def test_a_file_that_is_cut_short_is_one_line(read, tmp_path):
    """Parquet says at its end what it has."""
    read(TABLE)

    with pytest.raises(CcdsError, match="a Parquet file"):
        read((tmp_path / "r.parquet").read_bytes()[:-20])


def test_a_file_whose_rows_are_damaged_is_one_line(read, tmp_path):
    """Its end is whole, its pages aren't."""
    read(TABLE)
    raw = bytearray((tmp_path / "r.parquet").read_bytes())
    raw[4:60] = b"\xff" * 56

    with pytest.raises(CcdsError, match="a Parquet file"):
        read(bytes(raw))


@pytest.mark.parametrize("name", ["none.parquet", "."])
def test_a_file_that_is_not_there_is_one_line(tmp_path, name):
    """Nor is a folder one."""
    with pytest.raises(CcdsError, match="a Parquet file"):
        list(read_parquet_reports(tmp_path / name, COLUMNS))


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=4))
def test_what_is_written_is_read_back(tmp_path_factory, rows):
    """Texts of every kind, word for word."""
    path = tmp_path_factory.mktemp("parquet") / "r.parquet"
    findings, impressions = map(list, zip(*rows, strict=True))
    names = [f"A{number}" for number in range(len(rows))]
    pl.DataFrame({"accession": names, "findings": findings, "impression": impressions}).write_parquet(path)

    reports = read_parquet_reports(path, ReportColumns("accession", ("findings", "impression")))

    assert [report.texts for report in reports] == rows
