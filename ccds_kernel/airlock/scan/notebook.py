"""Notebooks: what leaves is the source alone. Outputs, attachments and what a run left in the metadata are taken away."""

from __future__ import annotations

import json
from typing import Any

from ccds_kernel.airlock.finding import Finding, refuse
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.text import scan_text, scan_words
from ccds_kernel.errors import CcdsError

MOST_BYTES = 2**20
"""Of source: more is data written as code."""

_FORMAT = 4
_KINDS = ("code", "markdown", "raw")
_KERNEL = ("name", "display_name", "language")


def stripped(content: bytes, name: str) -> bytes:
    """A notebook without all that its runs made; the same however often it is stripped.

    Raises:
        CcdsError: it is no notebook.
    """
    try:
        found = json.loads(content)
        if not isinstance(found, dict) or found.get("nbformat") != _FORMAT:
            raise _none(name)
        cells = [_stripped_cell(cell, name) for cell in found["cells"]]
        minor = found.get("nbformat_minor", 5)
        spec = (found.get("metadata") or {}).get("kernelspec") or {}
        kernel = {key: str(spec[key])[:100] for key in _KERNEL if key in spec}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _none(name) from None
    whole = {
        "cells": cells,
        "metadata": {"kernelspec": kernel} if kernel else {},
        "nbformat": _FORMAT,
        "nbformat_minor": minor if isinstance(minor, int) else 5,
    }
    return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def sources(content: bytes, name: str) -> list[tuple[str, str]]:
    """Kind and source of each cell of a stripped notebook.

    Raises:
        CcdsError: it is no notebook.
    """
    try:
        return [(str(cell["cell_type"]), str(cell["source"])) for cell in json.loads(content)["cells"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _none(name) from None


def scan_notebook(content: bytes, name: str, known: KnownTexts) -> list[Finding]:
    """What is found in a stripped notebook."""
    try:
        if stripped(content, name) != content:
            return [refuse("a notebook with outputs", name)]
        if len(content) > MOST_BYTES:
            return [refuse(f"a notebook of more than {MOST_BYTES:,} bytes of source, which is data", name)]
        cells = sources(content, name)
    except CcdsError:
        return [refuse("no notebook", name)]
    places = [
        f"cell {number}, line {line}"
        for number, (_, source) in enumerate(cells, 1)
        for line, _ in enumerate(source.splitlines(), 1)
    ]
    lines = [line for _, source in cells for line in source.splitlines()]
    found = scan_text("\n".join(lines), name, known, place=places.__getitem__)
    # What a machine reads and a page doesn't show: the kernel's name, and whatever stands between the cells.
    return found + scan_words(content.decode("utf-8", "replace").splitlines(), name, known, found)


def _stripped_cell(cell: dict[str, Any], name: str) -> dict[str, Any]:
    kind, source = cell["cell_type"], cell["source"]
    source = "".join(source) if isinstance(source, list) else source
    if kind not in _KINDS or not isinstance(source, str):
        raise _none(name)
    # One line feed for all of Unicode's, so that every reader counts the same lines
    kept: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": "\n".join(source.splitlines())}
    if isinstance(cell.get("id"), str):
        kept["id"] = cell["id"][:64]
    return kept | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _none(name: str) -> CcdsError:
    return CcdsError(
        expected=f"{name} to be a notebook of format {_FORMAT}",
        found="something else",
        do="save it in JupyterLab, and submit it again",
    )
