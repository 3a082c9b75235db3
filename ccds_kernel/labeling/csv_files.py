"""CSV files of people: read strictly, with the line named where something is wrong; written whole or not at all.

Python's `csv` in strict mode, because report texts have line feeds, quotation marks and commas in them, and a reader that
guesses would shift a text into the wrong row. No value of a row is ever quoted in a message.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from ccds_kernel.errors import CcdsError

LARGEST_CELL = 16 * 1024 * 1024
"""Characters: a longer cell is a quotation mark that was never closed."""

_NAME = re.compile(r"(?!.*\d{3})[^\W\d][\w .:;/()#%&-]{0,59}(?<!\.)|")
"""What may be shown as a column's name: a first row of data, with its accession numbers and texts, hardly ever passes."""

Row = tuple[int, list[str]]
"""The line on which a row begins, counted from 1, and its cells."""


def read_rows(path: Path) -> Iterator[Row]:
    """The header, then every row of the CSV file `path` (UTF-8, with or without byte order mark, comma-separated).

    Blank lines are no rows. Every row has as many cells as the header, and there is at least one.

    Raises:
        CcdsError: the file is missing, unreadable, empty, not UTF-8, has no rows, or a row is malformed; says where.
    """
    csv.field_size_limit(LARGEST_CELL)  # the process's limit of 128 KiB is less than a long report
    begin, width, count = 1, 0, 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            rows = csv.reader(source, strict=True)
            for cells in rows:
                if cells:
                    width = width or len(cells)
                    _check_row(path, begin, cells, width)
                    yield begin, cells
                    count += 1
                begin = rows.line_num + 1
    except OSError as error:
        raise CcdsError(
            expected=f"the CSV file {path}", found=error.strerror or "an error", do="name a file that you may read"
        ) from None
    except UnicodeDecodeError:
        raise CcdsError(
            expected=f"{path} in UTF-8", found=_where_not_utf8(path), do="save the file as CSV in UTF-8"
        ) from None
    except csv.Error as error:
        raise CcdsError(
            expected=f"rows of well-formed CSV in {path}",
            found=f"'{error}' in the row that begins at line {begin}",
            do="mend the quotation marks: a text with commas or line feeds stands between two, those in it are doubled",
        ) from None
    if count < 2:  # noqa: PLR2004 - the header and one row
        raise CcdsError(
            expected=f"a line of column names and at least one row in {path}",
            found="column names only" if count else "an empty file",
            do="export it again",
        )


def positions(path: Path, header: Sequence[str], names: Sequence[str]) -> list[int]:
    """Where the columns `names` stand in the header of `path`; white space around a name doesn't count.

    Raises:
        CcdsError: one isn't there, or is there twice.
    """
    known = [name.strip() for name in header]
    for name in names:
        if known.count(name) != 1:
            raise CcdsError(
                expected=f"one column '{name}' in {path}",
                found=f"{known.count(name)} among {described(known)}",
                do="name one of these columns, or separate the columns by commas"
                if name not in known
                else "rename one",
            )
    return [known.index(name) for name in names]


def described(header: Sequence[str]) -> str:
    """The names of the columns, or only their number where they may be a first row of data instead of names."""
    if not all(map(_NAME.fullmatch, header)):
        return f"{len(header)} columns whose first line doesn't look like names"
    return ", ".join(f"'{name}'" for name in header)


def check_out(out: Path, sources: Iterable[Path]) -> None:
    """Looks whether `out` can be written, before the work is done.

    Raises:
        CcdsError: its folder is missing or may not be written, or it is no regular file, or one of `sources`.
    """
    if against := _against(out):
        raise CcdsError(expected=f"to write {out}", found=against, do="name a file in a folder that you may write to")
    if any(_is_same(out, source) for source in sources):
        raise CcdsError(
            expected="an output file of its own",
            found=f"{out}, which is an input",
            do="name another file for the output",
        )


def _against(out: Path) -> str | None:
    """Why nothing can be written to `out`; None when nothing is known against it."""
    try:
        target = _target(out)
        if target.exists() and not target.is_file():
            return "something there that is no file"
        if not target.parent.is_dir():
            return "no such folder"
    except OSError as error:
        return error.strerror or "an error"
    return None if os.access(target.parent, os.W_OK) else "a folder that is read-only"


def _target(out: Path) -> Path:
    """What a link points to is replaced, not the link; `Path.resolve` raises where links lead to each other."""
    return Path(os.path.realpath(out))


def _is_same(out: Path, source: Path) -> bool:
    try:
        return out.samefile(source)
    except OSError:  # one of them isn't there: reading or writing it tells
        return False


def write_rows(out: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Writes a CSV file beside `out`, then puts it in its place: a reader, or a crash, never sees half of it. Who may read
    a file that was there may read the new one.

    Raises:
        CcdsError: it can't be written.
    """
    out = _target(out)
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            if out.exists():
                shutil.copymode(out, temporary)  # what was closed to others stays so
            plain = csv.writer(file, lineterminator="\n")
            quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            for cells in chain([header], rows):
                # Python's writer forgets that a lone carriage return ends a line, too
                (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(out)
    except OSError as error:
        raise CcdsError(
            expected=f"to write {out}", found=error.strerror or "an error", do="make room, or name another folder"
        ) from None
    finally:
        if temporary.is_file():
            temporary.unlink()


def _check_row(path: Path, line: int, cells: Sequence[str], width: int) -> None:
    if len(cells) != width:
        raise CcdsError(
            expected=f"{width} cells in each row of {path}, as in its first line",
            found=f"{len(cells)} in the row that begins at line {line}",
            do="mend the row: a text with a comma stands between quotation marks",
        )
    if any("\0" in cell for cell in cells):
        raise CcdsError(
            expected=f"text in {path}",
            found=f"a zero byte in the row that begins at line {line}",
            do="save the file as CSV in UTF-8 (not UTF-16)",
        )


def _where_not_utf8(path: Path) -> str:
    offset = 0
    with path.open("rb") as source:
        for number, line in enumerate(source, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return f"a byte that isn't at line {number}, byte {offset + error.start} of the file"
            offset += len(line)
    return "a byte that isn't"
