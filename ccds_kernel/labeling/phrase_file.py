"""The phrases file: `phrase,label[,negatable[,uncertain[,excludes]]]`, the highest priority first.

A cell that a spreadsheet program would take for a formula has an apostrophe before it, which isn't part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.csv_files import described, positions, read_rows, write_rows
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.spreadsheets import meant, plain

COLUMNS = ("phrase", "label", "negatable", "uncertain", "excludes")
_NEEDED = COLUMNS[:2]
_OF_OLD = COLUMNS[:3]

_YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


def read_phrases(path: Path, *, each_label_by_itself: bool = False) -> tuple[Phrase, ...]:
    """The phrases of the file `path`, in its order. As `read_lines`."""
    return tuple(phrase for _, phrase in read_lines(path, each_label_by_itself=each_label_by_itself))


def read_lines(path: Path, *, each_label_by_itself: bool = False) -> tuple[tuple[int, Phrase], ...]:
    """The phrases of the file `path`, in its order, each with its line; white space around a cell doesn't count.

    Args:
        path: the file.
        each_label_by_itself: whether it is of a task of kind `several`: a phrase may exclude its label then, and stand once for
            each label instead of once.

    Raises:
        CcdsError: it is no CSV file of these columns, or a phrase is blank, there twice, or otherwise invalid; names the line.
    """
    rows = read_rows(path)
    _, header = next(rows)
    names = [name.strip() for name in header]
    if unknown := set(names) - set(COLUMNS):
        raise CcdsError(
            expected=f"the columns phrase, label and, if you like, negatable, uncertain and excludes in {path}",
            found=described(names),
            do=f"give it a first line 'phrase,label' and no other column ({len(unknown)} aren't known)",
        )
    wanted = [name for name in COLUMNS if name in _NEEDED or name in names]
    places = positions(path, header, wanted)
    lines: dict[tuple[str, str], int] = {}
    phrases: list[tuple[int, Phrase]] = []
    for line, cells in rows:
        phrase = _phrase(path, line, dict(zip(wanted, (meant(cells[place].strip()) for place in places), strict=True)))
        if phrase.excludes and not each_label_by_itself:
            raise CcdsError(
                expected=f"phrases that stand for a label in {path}, because labels exclude each other here",
                found=f"one that excludes its label in line {line}",
                do="give it the label that it stands for",
            )
        key = phrase.normalised, phrase.label if each_label_by_itself else ""
        if key in lines:
            raise CcdsError(
                expected=f"each phrase once in {path}",
                found=f"that of line {lines[key]} again in line {line} (case and white space don't count)",
                do="remove one of the two lines",
            )
        lines[key] = line
        phrases.append((line, phrase))
    return tuple(phrases)


def write_phrases(out: Path, phrases: Iterable[Phrase]) -> None:
    """Writes `phrases` as a phrases file that `read_phrases` reads back as the same.

    Raises:
        CcdsError: it can't be written.
    """
    listed = list(phrases)
    names = list(
        _OF_OLD
    )  # the later columns only where a phrase needs them, so that other lists stay as they always were
    if any(phrase.uncertain_label is not None for phrase in listed):
        names.append("uncertain")
    if any(phrase.excludes for phrase in listed):
        names.append("excludes")
    write_rows(out, names, ([plain(_cells(phrase)[name]) for name in names] for phrase in listed))


def _cells(phrase: Phrase) -> dict[str, str]:
    return {
        "phrase": phrase.text,
        "label": phrase.label,
        "negatable": "yes" if phrase.negatable else "no",
        "uncertain": phrase.uncertain_label or "",
        "excludes": "yes" if phrase.excludes else "no",
    }


def _phrase(path: Path, line: int, cells: Mapping[str, str]) -> Phrase:
    options = {}
    for name in ("negatable", "excludes"):
        if (cell := cells.get(name, "").lower()) not in _YES_OR_NO:
            raise CcdsError(
                expected=f"yes or no as {name} in {path}", found=f"something else in line {line}", do="mend that line"
            )
        options[name] = _YES_OR_NO[cell]
    try:
        return Phrase(cells["phrase"], cells["label"], uncertain_label=cells.get("uncertain") or None, **options)
    except CcdsError as error:
        raise CcdsError(expected=error.expected, found=f"{error.found} in line {line} of {path}", do=error.do) from None
