"""What of a series' DICOM headers can be told to whoever may see its images: how it was made, never of whom or when.

By kind, not by a list of what identifies, which would be out of date with the next scanner: numbers, codes and the UIDs that
the standard itself defines are told, and a few texts that scanners write, as in a volume's sidecar. Everything else is there by
its name only: names, ids, dates, times, UIDs, private elements, and all text that people type. Nothing about the patient is told
(group 0010). A number is told where it is one: files hold text in elements for numbers, too. A code is any word that fits into an
element for codes: which ones the standard defines is known for few elements, and scanners write others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.output import hashed_name
from ccds_kernel.quiet_pydicom import quiet_pydicom

MOST_ROWS = 2000
LONGEST_VALUE = 120
_DEEPEST = 4
_PATIENT = 0x0010
_NUMBERS = frozenset({"FD", "FL", "SL", "SS", "SV", "UL", "US", "UV", "AT"})
_NUMBERS_AS_TEXT = frozenset({"DS", "IS"})
_WRITTEN_BY_SCANNERS = frozenset(
    {
        "ConvolutionKernel", "ImplementationVersionName", "Manufacturer", "ManufacturerModelName", "ReceiveCoilName",
        "SequenceName", "SoftwareVersions", "SpecificCharacterSet", "TransmitCoilName",
    }
)  # fmt: skip
_CODE = re.compile(r"[A-Z0-9_ ]{1,16}")
_NUMBER = re.compile(r" *[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)? *", re.ASCII)


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """One element of the headers.

    Args:
        tag: "0018,0050"; of an element within a sequence those of the sequences around it before it, joined by " > ".
        keyword: DICOM's, "private" where the element is a maker's own; of one within a sequence joined in the same way.
        vr: its value representation; "" where the element can't be read.
        value: what it holds in the first file; None where it isn't told.
        values: how many different ones the files hold; 0 where it isn't told.
    """

    tag: str
    keyword: str
    vr: str
    value: str | None
    values: int


@dataclass(frozen=True, slots=True)
class ToldHeader:
    """The headers of one series.

    Args:
        files: how many files they were read from.
        rows: by tag.
    """

    files: int
    rows: tuple[HeaderRow, ...]


def told_header(folder: Path, series: str) -> ToldHeader:
    """The headers of the files of `series`, a hashed name: in its own folder in `folder`, else anywhere below that.

    Raises:
        CcdsError: there are none.
    """
    found: dict[str, tuple[HeaderRow, set[str | None]]] = {}
    files = 0
    own = folder / series
    with quiet_pydicom():
        for path in sorted(path for path in (own if own.is_dir() else folder).rglob("*") if path.is_file()):
            data = _read(path)
            if data is None or hashed_name("series", str(data.get("SeriesInstanceUID", ""))) != series:
                continue
            files += 1
            for row in _rows(data.file_meta, "", "", 0):
                found.setdefault(row.tag, (row, set()))[1].add(row.value)
            for row in _rows(data, "", "", 0):
                if row.tag in found or len(found) < MOST_ROWS:
                    found.setdefault(row.tag, (row, set()))[1].add(row.value)
    if not files:
        raise CcdsError(
            expected="DICOM files of this series",
            found="none",
            do="look at a volume whose study is still in the project",
        )
    rows = (
        HeaderRow(row.tag, row.keyword, row.vr, row.value, 0 if row.value is None else len(values))
        for row, values in found.values()
    )
    return ToldHeader(files, tuple(sorted(rows, key=lambda row: row.tag)))


def _read(path: Path) -> pydicom.FileDataset | None:
    try:
        return pydicom.dcmread(path, stop_before_pixels=True, defer_size="64 KB")
    except Exception:  # noqa: BLE001 - broken input makes pydicom raise nearly anything; that a file is broken the verdict says
        return None


def _rows(data: Dataset, tags: str, keywords: str, depth: int) -> Iterator[HeaderRow]:
    for place in sorted(data.keys()):
        tag = f"{tags}{place.group:04X},{place.element:04X}"
        keyword = f"{keywords}{keyword_for_tag(place) or ('private' if place.is_private else '')}"
        hidden = place.is_private or place.group == _PATIENT
        try:
            element = data[place]
            told = None if hidden or element.VR == "SQ" else _told(element)
        except Exception:  # noqa: BLE001 - as in `_read`; the others are told nevertheless
            yield HeaderRow(tag, keyword, "", None, 0)
            continue
        if element.VR != "SQ":
            yield HeaderRow(tag, keyword, element.VR, told, 0)
            continue
        count = len(element.value or ())
        yield HeaderRow(tag, keyword, element.VR, None if hidden else f"{count} item{'' if count == 1 else 's'}", 0)
        if count and not hidden and depth < _DEEPEST:
            yield from _rows(element.value[0], f"{tag} > ", f"{keyword} > ", depth + 1)


def _told(element: DataElement) -> str | None:
    """The value of a public element as text; None where it may say of whom or when the image is."""
    values = list(element.value) if isinstance(element.value, MultiValue | list) else [element.value]
    if element.is_empty:
        return ""
    if element.VR == "UI":
        names = [UID(str(value)).name for value in values]
        told = [] if set(names) & {str(value) for value in values} else names  # one that the standard doesn't define
    elif (
        _are_numbers(element.VR, values)
        or element.keyword in _WRITTEN_BY_SCANNERS
        or (element.VR == "CS" and _fit(_CODE, values))
    ):
        told = [str(value) for value in values]
    else:
        told = []
    if not told:
        return None
    text = "\\".join(told)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]} …"


def _are_numbers(vr: str, values: list[object]) -> bool:
    if vr in _NUMBERS_AS_TEXT:
        return _fit(_NUMBER, values)
    return vr in _NUMBERS and all(isinstance(value, int | float) for value in values)


def _fit(kind: re.Pattern[str], values: list[object]) -> bool:
    return all(kind.fullmatch(str(value)) for value in values if str(value))
