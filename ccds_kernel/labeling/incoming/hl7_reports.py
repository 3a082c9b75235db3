"""Reports in HL7 v2 messages ORU (HL7 v2.3.1 and v2.5.1, chapter 7): each OBR with the OBX segments behind it is one version of
one report.

Text is what is in OBX-5 of type TX, FT or ST, and the words of a coded value that has no code (CE, CWE: how 7.1.3 has a
dictated impression sent). Lines of one section come as repetitions of OBX-5, or as one OBX each: put together, they are lines
again. A section's name is that of OBX-3: the suffix IMP or REC, a LOINC code, or the words of a heading; else the text is split
at its headings. OBX of which OBX-11 says that it is deleted, wrong or unobtainable (D, W, X) are no part of it. Comments (NTE)
aren't read, because nobody says what they are: a technologist's remark is no finding. They are counted, and told.

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
from ccds_kernel.labeling.incoming.hl7_framing import CUT_SHORT, RawMessage, read_messages
from ccds_kernel.labeling.incoming.hl7_message import Message, Segment, parse
from ccds_kernel.labeling.incoming.hl7_request import (
    ACCESSION_FIELD,
    GONE,
    MADE_FINAL,
    TEXT,
    accession_of,
    groups_of,
    is_commented,
    is_shifted,
    kind_of,
    results_of,
    sent_of,
    standing_of,
    taken_back,
    taken_back_by_ruin,
)
from ccds_kernel.labeling.incoming.version import Entry, Odd, Standing, Unreadable, Version
from ccds_kernel.labeling.report import Report

_CODED = {"CE", "CWE", "CNE"}
_ATTACHED = {"ED", "RP"}
_SUFFIXES = {"IMP": "impression", "REC": "recommendation", "ADT": "addendum"}
"""Of OBX-3.1 (HL7 v2.3.1, 7.1.3); ADT is what dictation systems send."""

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(?:\d\d){1,3}(?:\.\d+)?)?(?:[+-]\d{4})?")
"""Of HL7's DTM those that name a day."""


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
        if not ACCESSION_FIELD.fullmatch(self.accession_field):
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
        if raw.fault:
            yield _ruin(raw, raw.fault, reading)
            continue
        try:
            message = parse(raw.segments, reading.charset)
            groups = groups_of(message)
        except Odd as odd:
            yield _ruin(raw, str(odd), reading)
            continue
        for group in groups:
            yield _entry(raw.number, message, group, reading.accession_field)


def _ruin(raw: RawMessage, reason: str, reading: Hl7Reading) -> Unreadable:
    whole = raw.segments[:-1] if raw.fault == CUT_SHORT else raw.segments
    return Unreadable(raw.number, reason, taken_back_by_ruin(whole, reading.accession_field))


def _entry(number: int, message: Message, group: Sequence[Segment], accession_field: str) -> Entry:
    try:
        return _version(number, message, group, accession_field)
    except Odd as odd:
        reason = str(odd)
    except CcdsError as error:  # what makes no report, in its own words
        reason = f"expected {error.expected}; found {error.found}"
    return Unreadable(number, reason, taken_back(message, group, accession_field))


def _version(number: int, message: Message, group: Sequence[Segment], accession_field: str) -> Version:
    request, results = group[0], results_of(group)
    accession = accession_of(message, group, accession_field)
    standing, sent = standing_of(message, group), sent_of(message, group)
    if standing is Standing.WITHDRAWN:  # whatever else is in it
        return Version(number, standing, Report(accession, sections([])), sent)
    if any(is_shifted(result) for result in results):
        raise Odd("an OBX has no status where it should, or units behind a text: a field separator isn't escaped")
    parts = list(_parts(message, results))
    if standing is not Standing.PRELIMINARY:
        _check_whole(group, parts)
    return Version(
        number,
        standing,
        Report(
            accession,
            sections(parts),
            message.component(request.field(4)) or None,
            _day(message.component(request.field(7))),
        ),
        sent,
        is_commented(group),
    )


def _check_whole(group: Sequence[Segment], parts: Sequence[Part]) -> None:
    """Makes sure that the text of a report that counts isn't elsewhere, all of it or some."""
    results = results_of(group)
    if any(result.field(11).strip() == MADE_FINAL and not result.field(5).strip() for result in results):
        raise Odd("it makes final what it doesn't send again (OBX-11 is U)")
    if any(text.strip() for _, text in parts):
        return
    if any(kind_of(result) in _ATTACHED for result in results):
        raise Odd("its text is in an attachment (OBX-2 is ED or RP)")
    if is_commented(group):
        raise Odd("its text is in comments (NTE), which aren't read")


def _parts(message: Message, results: Sequence[Segment]) -> Iterator[Part]:
    """The texts in their order, those of one OBX-3 that follow each other put together as lines."""
    lines: list[str] = []
    before: str | None = None
    names: dict[str, str | None] = {}  # as a rule all OBX have the same OBX-3
    for result in results:
        text = _text(message, result)
        if text is None or result.field(11).strip() in GONE:
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
    kind, value = kind_of(result), result.field(5)
    if kind in TEXT:
        return "\n".join(message.text(one) for one in value.split(message.delimiters.repetition))
    if kind in _CODED and not message.component(value):
        return message.component(value, 2) or None
    if not kind and value:
        raise Odd("an OBX has a value and no type (OBX-2)")
    return None


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
