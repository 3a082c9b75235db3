"""FHIR resources in a file: one per line (NDJSON, as bulk exports are), or one JSON document.

Which of the two it is, its first line says: a resource that ends with it, or another resource that begins on the next line,
makes lines. So one broken line, the first one among them, is left out, and the others are read.

Decided against reading a document bit by bit: a Bundle's report may refer to any other of its resources. Lines are read one by
one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.incoming.fhir_resources import Resource
from ccds_kernel.labeling.incoming.version import Odd, Unreadable

LARGEST_DOCUMENT = 256 * 1024 * 1024
"""Bytes of a line, or of a document: it takes a few times as much memory."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Framed:
    """A resource, and the line on which it is, counted from 1; None where it is the file's document."""

    resource: Resource
    line: int | None


def read_resources(path: Path, *, largest: int = LARGEST_DOCUMENT) -> Iterator[Framed | Unreadable]:
    """Every resource of the file, and every line that is none.

    Args:
        path: the file.
        largest: how many bytes a line, or a document, may have.

    Raises:
        CcdsError: the file can't be read, is empty, or is one document that is no JSON in UTF-8.
    """
    try:
        with path.open("rb") as source:
            yield from _framed(source, path, largest)
    except OSError as error:
        raise CcdsError(
            expected=f"the FHIR file {path}", found=error.strerror or "an error", do="name a file that you may read"
        ) from None


def _framed(source: BinaryIO, path: Path, largest: int) -> Iterator[Framed | Unreadable]:
    lines = _lines(source, largest)
    first = next(lines, None)
    if first is None:
        raise CcdsError(expected=f"FHIR resources in {path}", found="an empty file", do="export it again")
    if first[1].rstrip().endswith(b"}"):
        ahead = [first]
    else:
        second = next(lines, None)
        ahead = [first, second] if second else [first]
        if first[1].startswith(b"[") or second is None or not second[1].startswith(b"{"):
            begin = b"".join(line for _, line in ahead)
            yield Framed(_document(begin + source.read(max(0, largest + 1 - len(begin))), path, largest), None)
            return
    for number, line in chain(ahead, lines):
        try:
            yield Framed(_parse(line, largest), number)
        except Odd as odd:
            yield Unreadable(number, str(odd))


def _lines(source: BinaryIO, largest: int) -> Iterator[tuple[int, bytes]]:
    """Each line that isn't blank and its number from 1; of one that is too long, so much that this shows."""
    number = 0
    while line := source.readline(largest + 1):
        number += 1
        if (text := line.removeprefix(_BYTE_ORDER_MARK)).strip():  # files may have been put together
            yield number, text
        while len(line) > largest and not line.endswith(b"\n"):
            line = source.readline(largest + 1)


def _document(raw: bytes, path: Path, largest: int) -> Resource:
    if len(raw) > largest:
        raise CcdsError(
            expected=f"a FHIR document of at most {largest} bytes in {path}",
            found="a longer one",
            do="export the reports as NDJSON, one resource per line",
        )
    try:
        return _parse(raw, largest)
    except Odd as odd:
        raise CcdsError(
            expected=f"one FHIR resource, or one per line, in {path}",
            found=f"a document of which {odd}",
            do="name the file's --format, or export it again",
        ) from None


def _parse(raw: bytes, largest: int) -> Resource:
    if len(raw) > largest:
        raise Odd("it is longer than a line may be")
    try:
        resource = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise Odd("the bytes aren't UTF-8") from None
    except (ValueError, RecursionError):
        raise Odd("the JSON is malformed or cut short") from None
    if not isinstance(resource, dict):
        raise Odd("the JSON is no resource")
    return resource
