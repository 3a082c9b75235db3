"""What of a notebook goes to JupyterLab's page: what a person sees, and no room beside it that could carry a file.

Known fields and known metadata pass; the rest, which no page shows, stays in the file (a volume fits into a notebook's metadata
as well as anywhere). What is typed is bounded as source is; outputs, pasted pictures and the widgets' state are, together, as
large as a notebook full of figures. What is over that isn't shown; saved again, the file keeps all that the page wasn't given.

Notebooks are dictionaries as nbformat 4 has them, with text as one string.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ccds_kernel.session.source_text import MOST_BYTES

MOST_SHOWN_BYTES = 8_000_000
LEFT_OUT = (
    "ccds: this output isn't shown: a notebook opens with "
    f"{MOST_SHOWN_BYTES // 1_000_000} MB of outputs, the first ones. It is still in the file; running the cell shows it.\n"
)

Notebook = dict[str, Any]
Cell = dict[str, Any]

_FIELDS = ("nbformat", "nbformat_minor")
_CELL_FIELDS = {
    "code": ("cell_type", "id", "source", "execution_count"),
    "markdown": ("cell_type", "id", "source"),
    "raw": ("cell_type", "id", "source"),
}
_METADATA = ("kernelspec", "language_info", "orig_nbformat", "title", "authors", "toc-autonumbering", "toc-showtags")
_CELL_METADATA = (
    "collapsed", "deletable", "editable", "format", "jupyter", "name", "raw_mimetype", "scrolled", "slideshow", "tags", "trusted",
)  # fmt: skip
_WIDGETS = "widgets"
_SHOWN = ("outputs", "attachments")
_NOTE = {"output_type": "stream", "name": "stderr", "text": LEFT_OUT}


class TooLong(Exception):  # noqa: N818 - an answer about a notebook, no failure
    """What is typed in the notebook, with its metadata, is more than source may be."""


@dataclass(frozen=True)
class Shown:
    """What goes to the page, and of how many cells (the widgets' state counts as one) something was left out."""

    notebook: Notebook
    left_out: int


def shown(notebook: Notebook) -> Shown:
    """`notebook` as the page gets it, made anew.

    Raises:
        TooLong: it doesn't open.
        KeyError, TypeError, AttributeError: it is no notebook.
    """
    plain = _only(notebook, _FIELDS) | {
        "metadata": _only(notebook["metadata"], _METADATA),
        "cells": [_plain(cell) for cell in notebook["cells"]],
    }
    if _size(plain) > MOST_BYTES:
        raise TooLong
    room, left_out = MOST_SHOWN_BYTES, 0
    for cell, whole in zip(plain["cells"], notebook["cells"], strict=True):
        given = _only(whole, _SHOWN[:1] if whole["cell_type"] == "code" else _SHOWN[1:])
        if (size := _size(given)) <= room:
            room -= size
            cell.update(given)
        else:
            left_out += 1
            cell.update({"outputs": [dict(_NOTE)]} if "outputs" in given else {})
    if _WIDGETS in notebook["metadata"]:
        if _size(notebook["metadata"][_WIDGETS]) <= room:
            plain["metadata"][_WIDGETS] = notebook["metadata"][_WIDGETS]
        else:
            left_out += 1
    return Shown(plain, left_out)


def with_what_was_left_out(saved: Notebook, before: Notebook) -> Notebook:
    """`saved`, which the page sends, with what the page wasn't given of `before`, the file.

    A cell is known by its id, or by its source where the notebook is older than ids.

    Raises:
        TooLong, KeyError, TypeError, AttributeError: `before` is nothing that the page could have been given.
    """
    view = shown(before).notebook
    cells = {_key(cell): (cell, seen) for cell, seen in zip(before["cells"], view["cells"], strict=True)}
    kept = {**_kept(before["metadata"], view["metadata"]), **saved["metadata"]}
    return {
        **saved,
        "metadata": kept,
        "cells": [_whole(cell, *cells.get(_key(cell), ({}, {}))) for cell in saved["cells"]],
    }


def _plain(cell: Cell) -> Cell:
    """A cell without what is bounded apart."""
    code = cell["cell_type"] == "code"
    return (
        _only(cell, _CELL_FIELDS[cell["cell_type"]])
        | {"metadata": _only(cell["metadata"], _CELL_METADATA)}
        | ({"outputs": []} if code else {})
    )


def _whole(cell: Cell, before: Cell, seen: Cell) -> Cell:
    """A cell that the page sends, with what was kept of it."""
    if not before:
        return cell
    whole = {**cell, "metadata": {**_kept(before["metadata"], seen["metadata"]), **cell["metadata"]}}
    if "attachments" in before and "attachments" not in seen:
        whole = {"attachments": before["attachments"], **whole}
    if _is_note(cell.get("outputs")):
        whole["outputs"] = before.get("outputs", [])
    return whole


def _is_note(outputs: Any) -> bool:  # noqa: ANN401 - whatever the page sends
    if not (isinstance(outputs, list) and len(outputs) == 1 and isinstance(outputs[0], dict)):
        return False
    text = outputs[0].get("text")
    return ("".join(text) if isinstance(text, list) else text) == LEFT_OUT


def _only(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _kept(before: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in before.items() if name not in seen}


def _key(cell: Cell) -> tuple[str, str]:
    return ("id", str(cell["id"])) if "id" in cell else ("source", "".join(cell["source"]))


def _size(values: Any) -> int:  # noqa: ANN401 - any JSON
    return len(json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass"))
