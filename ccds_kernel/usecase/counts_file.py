"""Counts of exams as an administrator exports them: CSV with the columns `code`, `month` and `count`, or JSON with these keys.

Other columns are ignored, and never quoted. An export that has a row per exam isn't one of counts: it is refused at its second
row of the same code and month.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.usecase.frequency import ExamCount

COLUMNS = ("code", "month", "count")

_LONGEST_NUMBER = 9
_FORM = "one row 'code,month,count' for each exam code and month, such as CXR1,2025-03,412"


def read_counts(path: Path) -> tuple[ExamCount, ...]:
    """Reads the counts in `path`: JSON where its name ends so, else CSV; UTF-8.

    Raises:
        CcdsError: it can't be read, has no rows or not these columns, a row is wrong, or a code has a month twice; names the row.
    """
    found: list[ExamCount] = []
    seen: set[tuple[str, str]] = set()
    try:
        for where, values in _json(path) if path.suffix.lower() == ".json" else _csv(path):
            one = _count(path, where, values)
            if (one.code, one.month) in seen:
                raise CcdsError(
                    expected=f"each exam code and month once in {path}",
                    found=f"a second number for those of {where}",
                    do="export sums, not single exams",
                )
            seen.add((one.code, one.month))
            found.append(one)
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path}", found=error.strerror or "an error", do="name a file that you may read"
        ) from None
    except UnicodeDecodeError:
        raise CcdsError(
            expected=f"text in UTF-8 in {path}", found="bytes that are none", do="save the file as UTF-8"
        ) from None
    if not found:
        raise CcdsError(expected=f"counts of exams in {path}", found="none", do=f"export {_FORM}")
    return tuple(found)


def _csv(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = csv.DictReader(source, strict=True)
        try:
            header = [name.strip() for name in rows.fieldnames or ()]
            rows.fieldnames = header
            _check_columns(path, header)
            for row in rows:
                values: dict[str, object] = {name: (row[name] or "").strip() for name in COLUMNS}
                number = str(values["count"])
                if number.isdecimal() and len(number) <= _LONGEST_NUMBER:
                    values["count"] = int(number)
                yield f"line {rows.line_num}", values
        except csv.Error as error:
            raise CcdsError(
                expected=f"rows of well-formed CSV in {path}",
                found=f"'{error}' at line {rows.line_num}",
                do="mend the quotation marks",
            ) from None


def _json(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    text = path.read_text(encoding="utf-8-sig")
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CcdsError(expected=f"JSON in {path}", found=f"something else{place}", do="export it again") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CcdsError(
            expected=f"a list of objects with {', '.join(COLUMNS)} in {path}",
            found="something else",
            do=f"export {_FORM}",
        )
    for number, row in enumerate(rows, 1):
        _check_columns(path, list(row))
        yield f"object {number}", {name: row[name] for name in COLUMNS}


def _check_columns(path: Path, names: list[str]) -> None:
    for name in COLUMNS:
        if names.count(name) != 1:
            raise CcdsError(
                expected=f"the columns {', '.join(COLUMNS)} in {path}, each once",
                found=f"'{name}' {names.count(name)} times among {len(names)}",
                do=f"export {_FORM}",
            )


def _count(path: Path, where: str, values: dict[str, object]) -> ExamCount:
    try:
        return ExamCount.model_validate(values)
    except ValidationError as error:
        key = error.errors(include_url=False)[0]["loc"][0]
        forms = {
            "code": "at most 32 letters, digits, '.', '_', '-'",
            "month": "such as 2025-03",
            "count": "a whole number",
        }
        raise CcdsError(
            expected=f"{key} in {path} to be right ({forms[str(key)]})",
            found=f"something else at {where}",  # whatever stands there instead may be a patient's
            do=f"export {_FORM}",
        ) from None
