"""Tables: aggregates may leave, one row for each study may not.

A count below the smallest group of which monitoring publishes anything is a warning: it may be how a group came out, which is
fine, or the size of a group, which isn't. Only a reviewer knows which.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from ccds_kernel.airlock.finding import Finding, places, refuse, warn
from ccds_kernel.airlock.scan.text import WARNED
from ccds_kernel.small_groups import SMALLEST

MOST_ROWS = 2000
"""More rows are no aggregate that anybody reads."""

MOST_COLUMNS = 100
"""More columns are a picture in numbers, or what a model computed of each study."""

MOST_VALUES = 20_000
"""Of a JSON document."""

_FEWEST_ROWS = 5
_MOSTLY = 0.9
_LARGEST_CELL = 2**20
_OF_ONE_STUDY = re.compile(
    r"(?:^|[\W_])(?:accession|study_?(?:key|(?:instance_?)?uid|id|date)|series_?(?:(?:instance_?)?uid|id)|patients?_?(?:id|name|key)|mrn|birth(?:_?date)?"
    r"|dob|sop_?(?:instance)?_?uid|report_?text|findings|impression|file_?name|path)(?:$|[\W_])",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"(?:^|[\W_])(?:n|no|num|count|counts|total|studies|patients|cases|reports|exams|images|positives?|negatives?|support"
    r"|tp|fp|tn|fn)(?:$|[\W_])",
    re.IGNORECASE,
)
_DAY = WARNED["a day, as birth dates and study dates are"]
_KEY = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.:/-]{6,}|\d{5,}|\d+(?:\.\d+){3,}")
_WHOLE = re.compile(r"\d{1,9}")


def scan_csv(text: str, file: str) -> list[Finding]:
    """What is found in a comma- or tab-separated table whose first line names the columns."""
    csv.field_size_limit(_LARGEST_CELL)
    delimiter = "\t" if file.lower().endswith(".tsv") else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter) if row]
    except csv.Error:
        return [refuse("a table that isn't well-formed", file)]
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        return [refuse("a table whose rows aren't all as long as its first line", file)]
    header, *body = rows
    found = [refuse(f"more than {MOST_ROWS:,} rows, which is no aggregate", file)] if len(body) > MOST_ROWS else []
    if len(header) > MOST_COLUMNS:
        return [*found, refuse(f"more than {MOST_COLUMNS:,} columns, which is no aggregate", file)]
    small: list[str] = []
    for number, name in enumerate(header):
        column = [row[number].strip() for row in body]
        if why := _of_one_study(name, column):
            found.append(refuse(f"one row for each study: {why}", file, f"column {number + 1}"))
        if _COUNT.search(_spaced(name)):
            small += [f"line {line + 2}, column {number + 1}" for line, cell in enumerate(column) if _is_small(cell)]
    return found + _told(small, file)


def scan_json(text: str, file: str) -> list[Finding]:
    """What is found in a JSON document."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return [refuse("JSON that isn't well-formed", file)]
    values = list(islice(_walk(value), MOST_VALUES + 1))
    found = (
        [refuse(f"more than {MOST_VALUES:,} values, which is no aggregate", file)] if len(values) > MOST_VALUES else []
    )
    small: list[str] = []
    for place, name, inner in values:
        if isinstance(inner, list) and len(inner) > MOST_ROWS:
            found.append(refuse(f"a list of more than {MOST_ROWS:,} values, which is no aggregate", file, place))
        if _OF_ONE_STUDY.search(_spaced(name)):
            found.append(refuse("something told of each study", file, place))
        if _COUNT.search(_spaced(name)) and isinstance(inner, int) and not isinstance(inner, bool):
            small += [place] if _is_small(str(inner)) else []
    return list(dict.fromkeys(found)) + _told(small, file)


def _walk(value: object) -> Iterator[tuple[str, str, object]]:
    """Every value with its place, as numbers of entries from 1 (names may be anybody's), and the name that it stands under."""
    pending: list[tuple[str, str, object]] = [("the whole", "", value)]
    while pending:
        place, name, inner = pending.pop()
        yield place, name, inner
        above = "" if place == "the whole" else f"{place}."
        if isinstance(inner, dict):
            pending += [
                (f"{above}{at}" if above else f"entry {at}", key, one) for at, (key, one) in enumerate(inner.items(), 1)
            ]
        elif isinstance(inner, list):
            pending += [
                (f"{above}{at}" if above else f"entry {at}", "", one) for at, one in enumerate(inner[:MOST_ROWS], 1)
            ]


def _of_one_study(name: str, column: Sequence[str]) -> str:
    """Why a column says something of each single study; empty where it doesn't seem to."""
    if _OF_ONE_STUDY.search(_spaced(name)):
        return "the column is named so"
    filled = [cell for cell in column if cell]
    if len(filled) < _FEWEST_ROWS:
        return ""
    if sum(bool(_DAY.fullmatch(cell)) for cell in filled) >= _MOSTLY * len(filled):
        return "a day in each row"
    keys = [cell for cell in filled if _KEY.fullmatch(cell) and not _is_number(cell)]
    if len(keys) >= _MOSTLY * len(filled) and len(set(keys)) >= _MOSTLY * len(keys):
        return "another key in each row"
    return ""


def _is_number(cell: str) -> bool:
    """Whether it is a measured one; whole numbers of many digits are keys."""
    try:
        float(cell)
    except ValueError:
        return False
    return not cell.isdigit()


def _is_small(cell: str) -> bool:
    return bool(_WHOLE.fullmatch(cell)) and 0 < int(cell) < SMALLEST


def _told(small: Sequence[str], file: str) -> list[Finding]:
    return [warn(f"a count below {SMALLEST}: is it the size of a group?", file, places(small))] if small else []


def _spaced(name: str) -> str:
    """`nStudies`, `n_studies` as `n studies`, so that each word is one."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").replace(" ", "_")
