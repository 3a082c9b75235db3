"""Reports in HL7 v2 messages ORU (HL7 v2.3.1 and v2.5.1, chapter 7): each OBR with the OBX segments behind it is one version of
one report.

Text is what is in OBX-5 of type TX, FT or ST, and the words of a coded value that has no code (CE, CWE: how 7.1.3 has a
dictated impression sent). Lines of one section come as repetitions of OBX-5, or as one OBX each: put together, they are lines
again. A section's name is that of OBX-3: the suffix IMP or REC, a LOINC code, or the words of a heading; else the text is split
at its headings. OBX of which OBX-11 says that it is deleted, wrong or unobtainable (D, W, X) are no part of it.

The status is that of OBR-25, or of the OBX where there is none: F is final, C corrected, X withdrawn, every other preliminary. A
corrected OBX makes a final report a corrected one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.incoming.headings import Part, name_of, name_of_loinc, sections
from ccds_kernel.labeling.incoming.hl7_framing import read_messages
from ccds_kernel.labeling.incoming.hl7_message import Message, Segment, parse
from ccds_kernel.labeling.incoming.version import Entry, Odd, Standing, Unreadable, Version
from ccds_kernel.labeling.report import Report

_STANDING = {"F": Standing.FINAL, "C": Standing.CORRECTED, "X": Standing.WITHDRAWN}
_NOT_FINAL = set("OISAPRNMYZ")
"""The other codes of table 0123."""

_OBX_STATUS = set("ABCDFINOPRSUVWX")
"""Table 0085."""
_GONE = {"D", "W", "X"}
_TEXT = {"TX", "FT", "ST"}
_CODED = {"CE", "CWE", "CNE"}
_ATTACHED = {"ED", "RP"}
_SUFFIXES = {"IMP": "impression", "REC": "recommendation", "ADT": "addendum"}
"""Of OBX-3.1 (HL7 v2.3.1, 7.1.3); ADT is what dictation systems send."""

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(?:\d\d){1,3}(?:\.\d+)?)?(?:[+-]\d{4})?")
"""Of HL7's DTM those that name a day."""
_FIELD = re.compile(r"OBR-([1-9]\d?)(?:\.([1-9]))?")


@dataclass(frozen=True)
class Hl7Reading:
    """What a site's messages leave open.

    Args:
        accession_field: where the accession number is, as `OBR-18` or `OBR-3.1`. IHE's is OBR-18; there is no other to fall
            back on: two systems number their orders alike, and one's order would be taken for the other's study.
        charset: Python's name of the encoding of messages that name none, or ASCII, in MSH-18.

    Raises:
        CcdsError: the field isn't named that way, or there is no such encoding.
    """

    accession_field: str = "OBR-18"
    charset: str = "utf-8"

    def __post_init__(self) -> None:
        if not _FIELD.fullmatch(self.accession_field):
            raise CcdsError(
                expected="a field of OBR as OBR-18 or OBR-3.1",
                found="something else",
                do="name the accession number's field",
            )
        try:
            known = "a".encode(self.charset) == b"a"
        except (LookupError, UnicodeError, ValueError):
            known = False
        if not known:
            raise CcdsError(
                expected="an encoding as utf-8, cp1252 or iso8859-1",
                found="another word",
                do="name the messages' encoding",
            )


def read_hl7(path: Path, reading: Hl7Reading) -> Iterator[Entry]:
    """Every version of a report in the file, and every message that makes none.

    Raises:
        CcdsError: the file can't be read, or is none of HL7 v2 (see `read_messages`).
    """
    for raw in read_messages(path):
        if isinstance(raw, Unreadable):
            yield raw
            continue
        try:
            message = parse(raw.segments, reading.charset)
            groups = _groups(message)
        except Odd as odd:
            yield Unreadable(raw.number, str(odd))
            continue
        for group in groups:
            try:
                yield _version(raw.number, message, group, reading.accession_field)
            except Odd as odd:
                yield Unreadable(raw.number, str(odd))
            except CcdsError as error:  # what makes no report, in its own words
                yield Unreadable(raw.number, f"expected {error.expected}; found {error.found}")


def _groups(message: Message) -> list[list[Segment]]:
    """Each OBR with the OBX behind it."""
    header, *others = message.segments
    if message.component(header.field(9)) != "ORU":
        raise Odd("it is no ORU message (MSH-9)")
    groups: list[list[Segment]] = []
    for segment in others:
        if segment.name == "OBR":
            groups.append([segment])
        elif not groups:
            raise Odd("an OBX comes before the first OBR")
        else:
            groups[-1].append(segment)
    if not groups:
        raise Odd("it has no OBR")
    return groups


def _version(number: int, message: Message, group: Sequence[Segment], accession_field: str) -> Version:
    request, *results = group
    found = _FIELD.fullmatch(accession_field)
    assert found  # noqa: S101 - Hl7Reading has looked
    accession = message.component(request.field(int(found[1])), int(found[2] or 1))
    if not accession:
        raise Odd(f"there is no accession number in {accession_field}")
    if any(_is_shifted(result) for result in results):
        raise Odd("an OBX has no status where it should, or units behind a text: a field separator isn't escaped")
    standing = _standing(message.component(request.field(25)), [result.field(11).strip() for result in results])
    parts = list(_parts(message, results))
    if (
        standing in {Standing.FINAL, Standing.CORRECTED}
        and not parts
        and any(_kind(one) in _ATTACHED for one in results)
    ):
        raise Odd("its text is in an attachment (OBX-2 is ED or RP)")
    return Version(
        number,
        standing,
        Report(
            accession,
            sections(parts),
            message.component(request.field(4)) or None,
            _day(message.component(request.field(7))),
        ),
    )


def _is_shifted(result: Segment) -> bool:
    """Whether a text has a field separator in it: what is behind it would be lost."""
    status, behind = result.field(11).strip(), result.field(12).strip()
    return (
        status not in {"", *_OBX_STATUS}
        or (not status and behind in _OBX_STATUS)
        or (_kind(result) in {"TX", "FT"} and result.field(6) != "")
    )


def _standing(requested: str, results: Sequence[str]) -> Standing:
    told = [status for status in results if status and status not in _GONE]
    if requested == "F" and "C" in told:
        return Standing.CORRECTED
    if requested:
        if requested not in _STANDING.keys() | _NOT_FINAL:
            raise Odd("its status (OBR-25) is none that HL7 has")
        return _STANDING.get(requested, Standing.PRELIMINARY)
    if not told:
        raise Odd("it has no status (OBR-25, OBX-11)")
    if set(told) <= {"F", "C"}:
        return Standing.CORRECTED if "C" in told else Standing.FINAL
    return Standing.PRELIMINARY


def _parts(message: Message, results: Sequence[Segment]) -> Iterator[Part]:
    """The texts in their order, those of one OBX-3 that follow each other put together as lines."""
    lines: list[str] = []
    before: str | None = None
    names: dict[str, str | None] = {}  # as a rule all OBX have the same OBX-3
    for result in results:
        text = _text(message, result)
        if text is None or result.field(11).strip() in _GONE:
            continue
        identifier = result.field(3)
        if identifier not in names:
            names[identifier] = _section(message, identifier)
        name = names[identifier]
        if lines and name != before:
            yield before, "\n".join(lines)
            lines = []
        before = name
        lines.append(text)
    if lines:
        yield before, "\n".join(lines)


def _text(message: Message, result: Segment) -> str | None:
    """The text of an OBX, an empty line included; None where it is of another type."""
    kind, value = _kind(result), result.field(5)
    if kind in _TEXT:
        return "\n".join(message.text(one) for one in value.split(message.delimiters.repetition))
    if kind in _CODED and not message.component(value):
        return message.component(value, 2) or None
    if not kind and value:
        raise Odd("an OBX has a value and no type (OBX-2)")
    return None


def _kind(result: Segment) -> str:
    return result.field(2).strip()


def _section(message: Message, field: str) -> str | None:
    code, _, suffix = field.split(message.delimiters.component, 1)[0].partition(message.delimiters.subcomponent)
    return (
        _SUFFIXES.get(suffix.strip())
        or name_of_loinc(code.strip())
        or name_of(message.component(field, 2))
        or name_of(message.component(field, 5))
        or name_of(code)
    )


def _day(time: str) -> date | None:
    if not time:
        return None
    try:
        return date(*map(int, found.groups())) if (found := _TIME.fullmatch(time)) else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> NoReturn:
    raise Odd("its time (OBR-7) names no day")
