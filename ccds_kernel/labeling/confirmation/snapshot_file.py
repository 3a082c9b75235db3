"""Label snapshots as Parquet files of a project, and copies of them that leave it as Parquet or CSV.

A snapshot's file is named by the digest of what it says, written beside and then linked to its name, so that nobody sees half
of one and none is ever replaced; its permissions say that nobody writes it, and where a site has Unix groups those of its folder
that nobody removes or replaces another one's (`irb.layout`). What is read is hashed again: a file that says something else than
its name is refused, and set aside where the same labels are written again by whoever may move it. The digest is of the rows and
of what they are about, which stands in the file's metadata; the bytes are the affair of Parquet and its versions.
"""

from __future__ import annotations

import json
import os
import tempfile
from itertools import count
from pathlib import Path
from typing import BinaryIO

import polars as pl

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed
from ccds_kernel.labeling.confirmation.snapshot import COLUMNS, ID_LENGTH, Basis, LabelRow, LabelSnapshot, sealed
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.csv_files import check_out, write_rows
from ccds_kernel.labeling.spreadsheets import plain

_SCHEMA = pl.Schema(
    {
        "study_key": pl.String(),
        "question": pl.String(),
        "value": pl.String(),
        "source": pl.String(),
        "people": pl.List(pl.String()),
        "soft_value": pl.String(),
        "phrase_id": pl.Int64(),
        "phrase": pl.String(),
        "tests": pl.Boolean(),
        "error": pl.Float64(),
        "error_low": pl.Float64(),
        "error_high": pl.Float64(),
        "error_studies": pl.Int64(),
    }
)
_TASK_ID, _ASKED = "ccds.task_id", "ccds.task"
"""Where a file's metadata say what it is about."""

_READ_ONLY = 0o440


def path_of(folder: Path, snapshot_id: str) -> Path:
    """Where the snapshot of that name lies, in a project's folder of snapshots.

    Raises:
        CcdsError: it is no name of a snapshot.
    """
    if len(snapshot_id) != ID_LENGTH or not set(snapshot_id) <= set("0123456789abcdef"):
        raise CcdsError(
            expected=f"a label snapshot's name of {ID_LENGTH} hexadecimal digits",
            found="something else",
            do="take it from the output of 'ccds labeling snapshot'",
        )
    return folder / f"labels-{snapshot_id}.parquet"


class ChangedFileError(CcdsError):
    """A snapshot's file isn't what was written."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            expected=f"{path} as it was written",
            found="something else",
            do="restore it from the backup; while the labels are still the same 'ccds labeling snapshot' writes it anew",
        )


def keep(folder: Path, snapshot: LabelSnapshot) -> Path | None:
    """Puts `snapshot` into a project's folder of snapshots, made where there is none; one that is there already stays as it is.

    Returns:
        Where a file was moved that had its name and said something else; None where there was none.

    Raises:
        CcdsError: the folder can't be written, or what is there under that name can't be read.
    """
    aside = None
    path = path_of(folder, snapshot.id)
    try:
        make_closed(folder)
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                _write_parquet(snapshot, out)
                out.flush()
                os.fsync(out.fileno())
            temporary.chmod(_READ_ONLY)
            try:
                path.hardlink_to(temporary)
            except FileExistsError:
                aside = _set_aside(folder, snapshot)
                if aside is not None:
                    path.hardlink_to(temporary)
        finally:
            temporary.unlink()
    except OSError as error:
        raise CcdsError(
            expected=f"to write the folder {folder}",
            found=error.strerror or "an error",
            do="let whoever runs this site mend its permissions",
        ) from None
    return aside


def _set_aside(folder: Path, snapshot: LabelSnapshot) -> Path | None:
    """Moves what lies under the snapshot's name out of the way where it says something else; None where it says the same."""
    try:
        read(folder, snapshot.id)
    except ChangedFileError:
        path = path_of(folder, snapshot.id)
        names = (path.with_name(f"{path.name}.damaged{number or ''}") for number in count())
        aside = next(name for name in names if not name.exists())
        try:
            path.rename(aside)
        except PermissionError:
            raise CcdsError(
                expected=f"{path} as it was written",
                found="something else, which is another person's, so that only they can move it",
                do="let them take the snapshot again, or whoever runs this site restore it from the backup",
            ) from None
        return aside
    return None


def read(folder: Path, snapshot_id: str) -> LabelSnapshot:
    """The snapshot of that name.

    Raises:
        CcdsError: there is none, or the file isn't what was written.
    """
    path = path_of(folder, snapshot_id)
    try:
        frame = pl.read_parquet(path)
        rows = frame.rows(named=True) if frame.columns == list(COLUMNS) else []
        about = pl.read_parquet_metadata(path)
        snapshot = sealed(
            Basis(int(about[_TASK_ID]), about[_ASKED]),
            (LabelRow(**{**row, "source": Source(row["source"]), "people": tuple(row["people"])}) for row in rows),
        )
    except OSError as error:
        raise CcdsError(
            expected=f"the label snapshot {path}",
            found=error.strerror or "none",
            do="name one that 'ccds labeling snapshot' made and that you may read",
        ) from None
    except (pl.exceptions.PolarsError, KeyError, ValueError, TypeError):
        raise ChangedFileError(path) from None
    if snapshot.id != snapshot_id:
        raise ChangedFileError(path)
    return snapshot


def export(out: Path, snapshot: LabelSnapshot, *, parquet: bool) -> None:
    """Writes a copy of `snapshot` to `out`, which is replaced if it is there: Parquet, or CSV, empty where nothing is known, and
    with an apostrophe before what a spreadsheet program would take for a formula.

    Raises:
        CcdsError: it can't be written.
    """
    check_out(out, [])
    if not parquet:
        write_rows(out, COLUMNS, (_cells(row) for row in snapshot.rows))
        return
    out = Path(os.path.realpath(out))  # what a link points to is replaced, not the link
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            _write_parquet(snapshot, file)
        temporary.replace(out)
    except OSError as error:
        raise CcdsError(
            expected=f"to write {out}", found=error.strerror or "an error", do="make room, or name another folder"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def _write_parquet(snapshot: LabelSnapshot, out: BinaryIO) -> None:
    about = {_TASK_ID: str(snapshot.basis.task_id), _ASKED: snapshot.basis.asked}
    _frame(snapshot).write_parquet(out, metadata=about)


def _frame(snapshot: LabelSnapshot) -> pl.DataFrame:
    columns = {name: [getattr(row, name) for row in snapshot.rows] for name in COLUMNS}
    columns["source"] = [row.source.value for row in snapshot.rows]
    columns["people"] = [list(row.people) for row in snapshot.rows]
    return pl.DataFrame(columns, schema=_SCHEMA)


def _cells(row: LabelRow) -> list[str]:
    cells = []
    for name in COLUMNS:
        value = getattr(row, name)
        if isinstance(value, tuple | bool):
            cells.append(json.dumps(value, ensure_ascii=False))
        else:
            cells.append("" if value is None else plain(str(value)))
    return cells
