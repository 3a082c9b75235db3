"""Tables and JSON: aggregates leave, rows of studies don't."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.finding import Severity, refusals
from ccds_kernel.airlock.scan.table_file import MOST_ROWS, scan_csv, scan_json
from support.airlock import TABLE


def places(text: str, severity: Severity = Severity.REFUSE) -> list[str]:
    """Where the findings of that severity are."""
    return [finding.place for finding in scan_csv(text, "a.csv") if finding.severity is severity]


def column(name: str, cells) -> str:
    """A table with an innocent column and this one."""
    return f"scanner,{name}\n" + "".join(f"S,{cell}\n" for cell in cells)


@pytest.mark.parametrize(
    "text",
    [
        TABLE, "month,sensitivity\n2024-01,0.9\n2024-02,0.8\n2024-03,0.8\n2024-04,0.8\n2024-05,0.8\n",
        column("auc", [f"0.9{n}" for n in range(20)]), column("epoch", range(30)), column("site", ["MGH", "BWH"] * 10),
        column("threshold", [f"1e-{n}" for n in range(1, 20)]), column("software", ["VB10A", "VB20A"] * 10),
    ],
)  # fmt: skip
def test_an_aggregate_leaves(text):
    """Rates by scanner, months, curves."""
    assert scan_csv(text, "a.csv") == []


@pytest.mark.parametrize(
    "name",
    ["accession", "AccessionNumber", "accession_number", "study_key", "StudyInstanceUID", "study uid", "patient_id", "PatientID",
     "patient name", "MRN", "birth_date", "dob", "impression", "Findings", "report_text", "file_path", "study_date"],
)  # fmt: skip
def test_a_column_of_studies_is_known_by_its_name(name):
    """However it is spelt; even of a table with one row."""
    assert places(column(name, ["x"])) == ["column 2"]


@pytest.mark.parametrize(
    "cells",
    [
        [f"K{n:05d}x" for n in range(8)], [f"{n:07d}" for n in range(40, 60)], [f"2024-03-{n:02d}" for n in range(1, 12)],
        [f"abcdefghijklmn{a}{b}".replace("n", "2") for a in "abc" for b in "xyz"], [f"1.2.840.{n}.5" for n in range(9)],
    ],
)  # fmt: skip
def test_a_column_of_keys_or_days_is_one_row_for_each_study(cells):
    """Whatever it is called."""
    assert places(column("x", cells)) == ["column 2"]


def test_small_counts_are_pointed_out_by_line_and_column():
    """From one to nine; none at all, ten and rates aren't."""
    text = "scanner,n_studies,auc\nA,9,0.1\nB,10,5\nC,0,3\nD,1,2\n"

    assert places(text, Severity.WARN) == ["line 2, column 2, line 5, column 2"]


@pytest.mark.parametrize(
    "text", ["", "a,b\n1\n", 'a,b\n"1,2\n', "a\n" + "1\n" * (MOST_ROWS + 1), "a,b\n1,2,3\n", ",".join("a" * 101) + "\n"]
)
def test_a_table_that_nobody_can_read_is_refused(text):
    """Empty, ragged, with a quotation mark that never ends, or longer than anybody reads."""
    assert refusals(scan_csv(text, "a.csv"))


def test_tabs_separate_the_cells_of_a_tsv():
    """And commas don't."""
    assert scan_csv("a\tn\nx,y\t50\n", "a.tsv") == []
    assert refusals(scan_csv("a\taccession\nx\ty\n", "a.tsv"))


@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=12))
def test_any_table_is_scanned_and_none_is_quoted(rows):
    """Whatever stands in its cells: findings are our own words and places."""
    out = io.StringIO()
    csv.writer(out).writerows([["alpha", "n"], *rows])

    for finding in scan_csv(out.getvalue(), "a.csv"):
        assert set(finding.place) <= set("linecolumandor 0123456789,")


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"auc": 0.9, "accession": "x"}, "entry 2"), ([{"auc": 1}, {"patient_id": 3}], "entry 2.1"),
        ({"curve": list(range(MOST_ROWS + 1))}, "entry 1"), ([[0] * 1000] * 25, ""),
        ({"a": {"b": {"StudyInstanceUID": 1}}}, "entry 1.1.1"),
    ],
)  # fmt: skip
def test_rows_of_studies_are_found_in_json(value, place):
    """At any depth; the place is in numbers, for a name could be anybody's."""
    assert [finding.place for finding in refusals(scan_json(json.dumps(value), "a.json"))] == [place]


def test_counts_in_json_are_pointed_out():
    """As in tables; true is no one."""
    (finding,) = scan_json('{"auc": 0.9, "groups": [{"n": 120}, {"n": 3}], "total": true}', "a.json")

    assert (finding.severity, finding.place) == (Severity.WARN, "entry 2.2.1")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "{'a': 1}"])
def test_what_is_no_json_is_refused(text):
    """Also when it is nested so deep that a parser gives up."""
    assert refusals(scan_json(text, "a.json"))
