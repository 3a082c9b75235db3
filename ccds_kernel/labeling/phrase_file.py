"""The phrases file: `phrase,label[,negatable]`, the highest priority first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.csv_files import described, positions, read_rows, write_rows
from ccds_kernel.labeling.phrase import Phrase

COLUMNS = ("phrase", "label", "negatable")

_YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


def read_phrases(path: Path) -> tuple[Phrase, ...]:
    """The phrases of the file `path`, in its order; white space around a cell doesn't count.

    Raises:
        CcdsError: it is no CSV file of these columns, or a phrase is blank, there twice, or otherwise invalid; names the line.
    """
    rows = read_rows(path)
    _, header = next(rows)
    names = [name.strip() for name in header]
    if unknown := set(names) - set(COLUMNS):
        raise CcdsError(
            expected=f"the columns phrase, label and, if you like, negatable in {path}",
            found=described(names),
            do=f"give it a first line 'phrase,label' and no other column ({len(unknown)} aren't known)",
        )
    wanted = COLUMNS if "negatable" in names else COLUMNS[:2]
    places = positions(path, header, wanted)
    lines: dict[str, int] = {}
    phrases = []
    for line, cells in rows:
        text, label, negatable = (*(cells[place].strip() for place in places), "")[:3]
        phrase = _phrase(path, line, text, label, negatable)
        if phrase.normalised in lines:
            raise CcdsError(
                expected=f"each phrase once in {path}",
                found=f"that of line {lines[phrase.normalised]} again in line {line} (case and white space don't count)",
                do="remove one of the two lines",
            )
        lines[phrase.normalised] = line
        phrases.append(phrase)
    return tuple(phrases)


def write_phrases(out: Path, phrases: Iterable[Phrase]) -> None:
    """Writes `phrases` as a phrases file that `read_phrases` reads back as the same.

    Raises:
        CcdsError: it can't be written.
    """
    write_rows(out, COLUMNS, ((phrase.text, phrase.label, "yes" if phrase.negatable else "no") for phrase in phrases))


def _phrase(path: Path, line: int, text: str, label: str, negatable: str) -> Phrase:
    if negatable.lower() not in _YES_OR_NO:
        raise CcdsError(
            expected=f"yes or no as negatable in {path}", found=f"something else in line {line}", do="mend that line"
        )
    try:
        return Phrase(text, label, _YES_OR_NO[negatable.lower()])
    except CcdsError as error:
        raise CcdsError(expected=error.expected, found=f"{error.found} in line {line} of {path}", do=error.do) from None
