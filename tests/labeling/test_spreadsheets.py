"""What somebody typed, and a spreadsheet program would carry out."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.confirmation.snapshot import Basis, LabelRow, sealed
from ccds_kernel.labeling.confirmation.snapshot_file import export
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.spreadsheets import meant, plain
from ccds_kernel.labeling.tasks.task import Task


@pytest.mark.parametrize(
    "cell", ["=1+1", "+x", "-x", "@SUM(A1)", "-1+cmd|'/C calc'!A0", "\t=x", " =x", "'=x", "''-x", "\uff1dx"]
)
def test_a_formula_gets_an_apostrophe(cell):
    """What begins with a sign, white space and apostrophes before it or not."""
    assert plain(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "effusion", "-", "+", "-1", "+2.5", "-1,5", "'", "'til", "a=b", '["=x"]'])
def test_everything_else_stays_as_it_is(cell):
    """Words, numbers, a sign alone, an apostrophe."""
    assert (plain(cell), meant(cell)) == (cell, cell)


@given(st.text(st.sampled_from("'=-+@ \t1.x"), max_size=6))
def test_what_goes_out_comes_back(cell):
    """Whatever it is, with apostrophes of its own or without; and nothing that goes out is a formula."""
    out = plain(cell)

    assert meant(out) == cell
    assert out == cell or out.startswith("'")


def test_labels_leave_without_formulas(tmp_path):
    """In CSV; numbers of a snapshot, and a sign alone, stay as they are."""
    row = LabelRow("k", "=q", "-", Source.SOFT, (), "@v", 1, "+p", False, 0.5, 1e-05, 0.9, 4)

    export(tmp_path / "l.csv", sealed(Basis.of(1, Task("q")), [row]), parquet=False)

    with (tmp_path / "l.csv").open(encoding="utf-8", newline="") as source:
        (cells,) = csv.DictReader(source)
    assert {name: cells[name] for name in ("question", "value", "soft_value", "phrase", "error_low")} == {
        "question": "'=q",
        "value": "-",
        "soft_value": "'@v",
        "phrase": "'+p",
        "error_low": "1e-05",
    }
