"""Counts as an administrator exports them."""

import json
import re

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.usecase.counts_file import read_counts
from support.checkout import ROOT


def written(tmp_path, content: str | bytes, name: str = "counts.csv"):
    """A file with that content."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def as_rows(path) -> list[tuple[str, str, int]]:
    """What was read."""
    return [(one.code, one.month, one.count) for one in read_counts(path)]


def test_the_counts_of_the_document_are_counts(tmp_path):
    """They are read in their order."""
    (example,) = re.findall(r"```csv\n(.*?)```", (ROOT / "docs/use-cases.md").read_text(encoding="utf-8"), re.DOTALL)

    assert as_rows(written(tmp_path, example))[::3] == [("CXR1", "2025-01", 412), ("CXR2", "2025-02", 5)]


def test_csv_and_json_say_the_same(tmp_path):
    """Other columns don't count, nor their order, nor a byte order mark, nor white space around a cell."""
    csv = written(tmp_path, "\ufeffmonth, count ,site,code\r\n2025-01, 7 ,x,CXR1\r\n")
    rows = [{"code": "CXR1", "month": "2025-01", "count": 7, "site": "x"}]

    assert as_rows(csv) == as_rows(written(tmp_path, json.dumps(rows), "counts.JSON")) == [("CXR1", "2025-01", 7)]


SECRET = "Doe^John"
"""What must be quoted nowhere."""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "'code' 0 times among 0"),
        ("code,month,count\n", "found none"),
        ("code,month,number\nA,2025-01,1\n", "'count' 0 times among 3"),
        ("code,month,count,count\nA,2025-01,1,1\n", "'count' 2 times among 4"),
        ("code,month,count\nA,2025-01,11\nA,2025-02,12\nA,2025-01,13\n", "a second number for those of line 4"),
        (f"code,month,count\n{SECRET},2025-01,1\n", "expected code in "),
        (f"code,month,count\nA,{SECRET},1\n", "expected month in "),
        ("code,month,count\nA,2025-13,1\n", "something else at line 2"),
        (f"code,month,count\nA,2025-01,{SECRET}\n", "expected count in "),
        ("code,month,count\nA,2025-01,-1\n", "expected count in "),
        ("code,month,count\nA,2025-01,1.5\n", "expected count in "),
        (f"code,month,count\nA,2025-01,{'9' * 5000}\n", "expected count in "),
        ("code,month,count\nA,2025-01\n", "expected count in "),
        (f'code,month,count\nA,2025-01,"{SECRET}\n', "expected rows of well-formed CSV"),
        (b"code,month,count\nA\xff,2025-01,1\n", "expected text in UTF-8"),
    ],
)
def test_csv_that_is_wrong_is_told_without_what_stands_there(tmp_path, content, told):
    """A wrong export may hold patients' names."""
    path = written(tmp_path, content)

    with pytest.raises(CcdsError) as raised:
        read_counts(path)

    assert told in str(raised.value)
    assert str(path) in str(raised.value)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "expected JSON in "),
        ("[" * 100_000, "expected JSON in "),
        (f"[{'9' * 5000}]", "expected JSON in "),
        ("{}", "expected a list of objects"),
        ("[1]", "expected a list of objects"),
        ("[]", "found none"),
        ('[{"code": "A", "month": "2025-01"}]', "'count' 0 times among 2"),
        ('[{"code": "A", "month": "2025-01", "count": "7"}]', "something else at object 1"),
        ('[{"code": "A", "month": "2025-01", "count": true}]', "something else at object 1"),
    ],
)
def test_json_that_is_wrong_is_told(tmp_path, content, told):
    """One line each."""
    with pytest.raises(CcdsError, match=re.escape(told)):
        read_counts(written(tmp_path, content, "counts.json"))


def test_a_file_that_is_not_there_is_told(tmp_path):
    """Also where it is a folder."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(CcdsError, match="name a file that you may read"):
            read_counts(path)
