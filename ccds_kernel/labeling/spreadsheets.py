"""Cells of CSV files that spreadsheet programs would take for formulas, and carry out.

A phrase or a label is what somebody typed, and `=HYPERLINK(…)` typed by one person runs on the machine of the next who opens the
file (OWASP, "CSV injection"). Such a cell is written with an apostrophe before it, which a phrases file loses again when it is
read: what goes out comes back, whatever it is. A number, or a sign alone ("-" for a label), is no formula and stays as it is.

Texts of reports and accession numbers are never written so: they are compared, and have to stay word for word.
"""

from __future__ import annotations

import re

_BEGIN = re.compile("[\\s']*[=+\\-@\uff1d\uff0b\uff0d\uff20]")  # the wide signs count in East Asian editions
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?)?")


def plain(cell: str) -> str:
    """`cell` as no program takes it for a formula."""
    return f"'{cell}" if _is_formula(cell) else cell


def meant(cell: str) -> str:
    """What was `plain`'s cell, and every other cell as it is."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell


def _is_formula(cell: str) -> bool:
    return _BEGIN.match(cell) is not None and _NUMBER.fullmatch(cell) is None
