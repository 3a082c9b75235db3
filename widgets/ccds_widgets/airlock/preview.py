"""A submitted file as the page shows it: the first rows of a table, a picture, a notebook's source. Pure.

The page makes text nodes of all words and gives pictures to `<img>`, which runs nothing: an SVG's script is dead there.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from ccds_kernel.airlock.scan.notebook import sources
from ccds_kernel.airlock.submission import suffix_of
from ccds_kernel.errors import CcdsError

MOST_BYTES = 20 * 2**20
"""Larger files aren't shown: they are weights."""

MOST_ROWS = 200
MOST_COLUMNS = 40
MOST_LINES = 400
LONGEST_CELL = 200
LONGEST_LINE = 500

Answer = dict[str, Any]

_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def preview(name: str, content: bytes) -> Answer:
    """What the page shows of `content`; a picture's bytes are in `buffers`."""
    suffix = suffix_of(name)
    if suffix in _PICTURES:
        return {"as": "picture", "type": _PICTURES[suffix], "buffers": [content]}
    if suffix == ".ipynb":
        return _notebook(name, content)
    text = content.decode("utf-8-sig", "replace")
    if suffix in _DELIMITERS:
        return _table(text, _DELIMITERS[suffix])
    return {"as": "text", **_lines(text)}


def too_large(size: int) -> Answer:
    """What the page shows of a file that isn't read."""
    return {"as": "nothing", "note": f"{size:,} bytes aren’t shown. What the scan found in them stands above."}


def _table(text: str, delimiter: str) -> Answer:
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        return {"as": "text", **_lines(text)}
    header, *body = rows or [[]]
    shown = [[_cut(cell, LONGEST_CELL) for cell in row[:MOST_COLUMNS]] for row in [header, *body[:MOST_ROWS]]]
    notes = []
    if len(body) > MOST_ROWS:
        notes.append(f"the first {MOST_ROWS} of {len(body):,} rows")
    if len(header) > MOST_COLUMNS:
        notes.append(f"the first {MOST_COLUMNS} of {len(header):,} columns")
    return {"as": "table", "header": shown[0], "rows": shown[1:], "note": " and ".join(notes)}


def _notebook(name: str, content: bytes) -> Answer:
    try:
        cells = sources(content, name)
    except CcdsError:
        return {"as": "nothing", "note": "This is no notebook."}
    shown, left = [], MOST_LINES
    for kind, source in cells:
        if left <= 0:
            break
        lines = source.splitlines()
        shown.append({"kind": kind, "source": "\n".join(_cut(line, LONGEST_LINE) for line in lines[:left])})
        left -= max(len(lines), 1)
    return {"as": "notebook", "cells": shown, "note": "" if left > 0 else f"the first {MOST_LINES} lines"}


def _lines(text: str) -> Answer:
    lines = text.splitlines()
    note = f"the first {MOST_LINES} of {len(lines):,} lines" if len(lines) > MOST_LINES else ""
    return {"text": "\n".join(_cut(line, LONGEST_LINE) for line in lines[:MOST_LINES]), "note": note}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
