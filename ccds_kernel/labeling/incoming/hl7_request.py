"""What an OBR and the statuses of the OBX behind it say of a report besides its text: which study's it is, how far it counts,
when it was sent, and, also where its text can't be read, what it takes back.

When it was sent is OBR-22, the time of the results' last change of status; where there is none, MSH-7, the time of the message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import dropwhile

from ccds_kernel.labeling.incoming.hl7_message import Message, Segment, parse
from ccds_kernel.labeling.incoming.version import Odd, Sent, Standing, TakenBack

ACCESSION_FIELD = re.compile(r"OBR-([1-9]\d?)(?:\.([1-9]))?")

_STANDING = {"F": Standing.FINAL, "C": Standing.CORRECTED, "X": Standing.WITHDRAWN}
_NOT_FINAL = set("OISAPRNMYZ")
"""The other codes of table 0123."""

_OBX_STATUS = set("ABCDFINOPRSUVWX")
"""Table 0085."""
TEXT = {"TX", "FT", "ST"}
"""OBX-2 of texts. ST is what a measurement in words is sent as, too: "< 3", with units in OBX-6."""
_UNITS = re.compile(r"(?:[^\s^]{1,20}(?:\^.*)?)?")
"""A code, or nothing."""

GONE = {"D", "W", "X"}
"""OBX-11 of what is no part of the report: deleted, wrong, unobtainable."""
MADE_FINAL = "U"
"""OBX-11 of what was sent in a preliminary report, is final now, and isn't sent again."""

_MOMENT = re.compile(r"\d{12}(?:\d\d(?:\.\d+)?)?(?:[+-]\d{4})?")
"""HL7's DTM to the minute, or more exactly: a day doesn't tell which of two versions was first."""


def groups_of(message: Message) -> list[list[Segment]]:
    """Each OBR with the OBX, and the comments (NTE), behind it.

    Raises:
        Odd: it is no ORU message, has no OBR, or an OBX before the first one.
    """
    header, *others = message.segments
    if message.component(header.field(9)) != "ORU":
        raise Odd("it is no ORU message (MSH-9)")
    groups: list[list[Segment]] = []
    for segment in others:
        if segment.name == "OBR":
            groups.append([segment])
        elif groups:
            groups[-1].append(segment)
        elif segment.name == "OBX":
            raise Odd("an OBX comes before the first OBR")
    if not groups:
        raise Odd("it has no OBR")
    return groups


def accession_of(message: Message, group: Sequence[Segment], field: str) -> str:
    """The accession number in `field` (`OBR-18`, `OBR-3.1`).

    Raises:
        Odd: there is none.
    """
    found = ACCESSION_FIELD.fullmatch(field)
    assert found  # noqa: S101 - Hl7Reading has looked
    accession = message.component(group[0].field(int(found[1])), int(found[2] or 1))
    if not accession:
        raise Odd(f"there is no accession number in {field}")
    return accession


def results_of(group: Sequence[Segment]) -> list[Segment]:
    """The OBX behind an OBR."""
    return [segment for segment in group if segment.name == "OBX"]


def is_commented(group: Sequence[Segment]) -> bool:
    """Whether there are comments (NTE) behind an OBR or its OBX: whose they are, and on what, nobody knows."""
    return any(segment.name == "NTE" and segment.field(3).strip() for segment in group)


def standing_of(message: Message, group: Sequence[Segment]) -> Standing:
    """How far the report counts.

    Raises:
        Odd: it has no status, or none that HL7 has.
    """
    requested = message.component(group[0].field(25))
    told = [status for result in results_of(group) if (status := status_of(result)) and status not in GONE]
    if requested == "F" and "C" in told:
        return Standing.CORRECTED
    if requested:
        if requested not in _STANDING.keys() | _NOT_FINAL:
            raise Odd("its status (OBR-25) is none that HL7 has")
        return _STANDING.get(requested, Standing.PRELIMINARY)
    if not told:
        raise Odd("it has no status (OBR-25, OBX-11)")
    if set(told) <= {"F", "C", MADE_FINAL}:
        return Standing.CORRECTED if "C" in told else Standing.FINAL
    return Standing.PRELIMINARY


def status_of(result: Segment) -> str:
    """The status of an OBX; where a field separator in its text has moved it, what stands first where it may have come to."""
    status = result.field(11).strip()
    if status not in _OBX_STATUS and is_shifted(result):
        return next((found for one in result.fields[12:] if (found := one.strip()) in _OBX_STATUS), "")
    return status


def is_shifted(result: Segment) -> bool:
    """Whether a text has a field separator in it: what is behind it would be lost."""
    status, kind = result.field(11).strip(), kind_of(result)
    if status not in {"", *_OBX_STATUS} or (not status and result.field(12).strip() in _OBX_STATUS):
        return True
    if kind not in TEXT:
        return False
    if not status:  # anything between text and date may be the rest of the text
        return any(result.field(number).strip() for number in range(6, 14))
    return not (_UNITS.fullmatch(result.field(6).strip()) if kind == "ST" else result.field(6) == result.field(7) == "")


def kind_of(result: Segment) -> str:
    """The type of an OBX's value."""
    return result.field(2).strip()


def sent_of(message: Message, group: Sequence[Segment]) -> Sent | None:
    """When the report was sent; None where nothing says it to the minute."""
    for clock, field in (("OBR-22", group[0].field(22)), ("MSH-7", message.segments[0].field(7))):
        if found := _moment(message.component(field)):
            return Sent.by(clock, found)
    return None


def taken_back(message: Message, group: Sequence[Segment], accession_field: str) -> tuple[TakenBack, ...]:
    """What a report takes back that can't be read: nothing, where it isn't known that it corrects or withdraws, or what."""
    try:
        if standing_of(message, group) in {Standing.CORRECTED, Standing.WITHDRAWN}:
            return (TakenBack(accession_of(message, group, accession_field), sent_of(message, group)),)
    except Odd:  # of this there is a better reason already
        pass
    return ()


def taken_back_by_ruin(lines: Sequence[bytes], accession_field: str) -> tuple[TakenBack, ...]:
    """What a message takes back of whose segments some can't be read: as `taken_back`, by those that can be, in ASCII.

    Args:
        lines: its segments, the first one MSH, each of them whole.
        accession_field: where the accession number is.
    """
    if not lines:
        return ()
    separator = lines[0][3:4]
    header = separator.join(lines[0].split(separator)[:12]) if separator else b""  # as far as MSH-12: no character set
    request, result = b"OBR" + separator, b"OBX" + separator
    others = (line for line in dropwhile(lambda line: line[:4] != request, lines) if line[:4] in {request, result})
    try:
        message = parse([_in_ascii(line) for line in (header, *others)], "ascii")
        groups = groups_of(message)
    except Odd:
        return ()
    return tuple(one for group in groups for one in taken_back(message, group, accession_field))


def _in_ascii(line: bytes) -> bytes:
    return line.decode("ascii", "replace").encode("ascii", "replace")


def _moment(time: str) -> datetime | None:
    try:
        return datetime.fromisoformat(f"{time[:8]}T{time[8:]}") if _MOMENT.fullmatch(time) else None
    except ValueError:  # the 31st of February
        return None
