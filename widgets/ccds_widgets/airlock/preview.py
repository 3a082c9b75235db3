"""A submitted file as the page shows it, page by page and whole: a table, a picture, a notebook's source, text. Pure.

Nothing is cut: what is too long for a line goes on below, marked with ↪, and what is too long for a page on the next one. JSON is
laid out anew, word for word, for on one line nobody reads it; behind an SVG come its words, for not all of them are drawn. The
page makes text nodes of all words and gives pictures to `<img>`, which runs nothing: an SVG's script is dead there.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from ccds_kernel.airlock.allowed import WEIGHTS
from ccds_kernel.airlock.scan.notebook import sources
from ccds_kernel.airlock.scan.table_file import MOST_COLUMNS
from ccds_kernel.airlock.submission import suffix_of
from ccds_kernel.errors import CcdsError

MOST_BYTES = 20 * 2**20
"""Larger files aren't shown: they are weights."""

MOST_ROWS = 200
MOST_LINES = 400
"""Of one page."""

LONGEST_CELL = 500
"""Tables with longer ones are shown as text."""

LONGEST_LINE = 500
GOES_ON = "↪ "

Answer = dict[str, Any]

_TOKEN = re.compile(r"""\"(?:[^"\\]|\\.)*\"|[\[\]{},:]|[^\s"\[\]{},:]+""")
"""A word, a sign, a number or the like."""

_BETWEEN = re.compile(r">([^<]+)")
_INDENT = "  "
_DEEPEST = 20

_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def can_be_shown(name: str, size: int) -> bool:
    """Whether a file of `size` bytes has anything that people read."""
    return size <= MOST_BYTES and suffix_of(name) not in WEIGHTS


def preview(name: str, content: bytes, page: int = 0) -> Answer:
    """Page `page` of what is in `content`, and how many `pages` there are; a picture's bytes are in `buffers`.

    Raises:
        CcdsError: there is no such page.
    """
    suffix = suffix_of(name)
    if suffix in _PICTURES:
        pages: list[Answer] = [{"as": "picture", "type": _PICTURES[suffix], "buffers": [content]}]
        if suffix == ".svg" and (words := _words(content.decode("utf-8-sig", "replace"))):
            pages += _text(words)
    elif suffix == ".ipynb":
        pages = _notebook(name, content)
    else:
        text = content.decode("utf-8-sig", "replace")
        table = _table(text, _DELIMITERS[suffix]) if suffix in _DELIMITERS else None
        pages = table or _text(_laid_out(text) if suffix == ".json" else text)
    if not 0 <= page < len(pages):
        raise CcdsError(expected=f"a page from 1 to {len(pages)}", found=str(page + 1), do="reload the page")
    return {"note": "", **pages[page], "page": page, "pages": len(pages)}


def not_shown(size: int) -> Answer:
    """What the page shows of a file that isn't read."""
    note = f"{size:,} bytes aren’t shown. What the scan found in them stands above."
    return {"as": "nothing", "note": note, "page": 0, "pages": 1}


def _table(text: str, delimiter: str) -> list[Answer] | None:
    """A table's pages; None where it isn't one that fits a screen."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter) if row]
    except csv.Error:
        return None
    widest = max(map(len, rows), default=0)
    if not rows or widest > MOST_COLUMNS or any(len(cell) > LONGEST_CELL for row in rows for cell in row):
        return None
    header, *body = rows
    return [
        {
            "as": "table",
            "header": header,
            "rows": body[begin : begin + MOST_ROWS],
            "first": begin + 2,  # the line in the file, as the scan counts them: the first has the columns' names
            "note": _part(begin, MOST_ROWS, len(body), "row"),
        }
        for begin in range(0, max(len(body), 1), MOST_ROWS)
    ]


def _notebook(name: str, content: bytes) -> list[Answer]:
    try:
        cells = sources(content, name)
    except CcdsError:
        return _text(content.decode("utf-8", "replace"))
    pages: list[list[Answer]] = [[]]
    left = MOST_LINES
    for number, (kind, source) in enumerate(cells, 1):
        lines = list(_lines(source)) or [""]
        while lines:
            if not left:
                pages.append([])
                left = MOST_LINES
            here, lines = lines[:left], lines[left:]
            pages[-1].append({"number": number, "kind": kind, "source": "\n".join(here)})
            left -= len(here)
    return [{"as": "notebook", "cells": shown} for shown in pages]


def _text(text: str) -> list[Answer]:
    lines = list(_lines(text))
    return [
        {
            "as": "text",
            "text": "\n".join(lines[begin : begin + MOST_LINES]),
            "note": _part(begin, MOST_LINES, len(lines), "line"),
        }
        for begin in range(0, max(len(lines), 1), MOST_LINES)
    ]


def _lines(text: str) -> Iterator[str]:
    """The lines of `text`, long ones in several."""
    for line in text.splitlines():
        yield line[:LONGEST_LINE]
        step = LONGEST_LINE - len(GOES_ON)
        yield from (GOES_ON + line[at : at + step] for at in range(LONGEST_LINE, len(line), step))


def _words(svg: str) -> str:
    """What stands between the elements of an SVG, one on a line."""
    return "\n".join(word.strip() for word in map(html.unescape, _BETWEEN.findall(svg)) if word.strip())


def _laid_out(text: str) -> str:
    """JSON with each value on a line of its own: every number as it stands, each word decoded. Other text as it is."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    out, depth = [], 0
    for part in _TOKEN.findall(text):
        if part in "]}":
            depth -= 1
        here = "\n" + _INDENT * min(max(depth, 0), _DEEPEST)
        if part in "[{":
            depth += 1
        after = "\n" + _INDENT * min(max(depth, 0), _DEEPEST)
        match part:
            case "[" | "{" | ",":
                out.append(part + after)
            case "]" | "}":
                out.append(here + part)
            case ":":
                out.append(": ")
            case _:
                out.append(_decoded(part))
    return "".join(out)


def _decoded(part: str) -> str:
    return json.dumps(json.loads(part), ensure_ascii=False) if part.startswith('"') else part


def _part(begin: int, most: int, count: int, noun: str) -> str:
    """Which part of all is shown; empty where it is all."""
    return f"{noun}s {begin + 1:,} to {min(begin + most, count):,} of {count:,}" if count > most else ""
