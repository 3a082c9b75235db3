"""One HL7 v2 message as fields: only the segments that make a report, so that no patient's name is taken apart.

Read here and not by a library: on a report of 30 lines hl7 0.4.5 takes some sixteen times as long and hl7apy 1.3.5 hundreds of
times (`benchmarks/labeling_incoming.py`), and hl7's `unescape` writes texts that it can't read into the log. The tests compare
the fields with those of hl7.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ccds_kernel.labeling.incoming.hl7_text import Delimiters, codec_of, unescape
from ccds_kernel.labeling.incoming.version import Odd

_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_READ = {"MSH", "OBR", "OBX", "NTE"}
_SHORTEST_HEADER = 9
"""Characters: "MSH" and six delimiters."""


@dataclass(frozen=True)
class Segment:
    """A segment's name and fields as they came, by HL7's numbers: `field(5)` is OBX-5."""

    name: str
    fields: tuple[str, ...]

    def field(self, number: int) -> str:
        """The field as it came; the empty string where the segment is shorter, or where it says that there is no value."""
        value = self.fields[number] if number < len(self.fields) else ""
        return "" if value == '""' else value


@dataclass(frozen=True)
class Message:
    """The segments MSH, OBR, OBX and NTE of a message, in their order, and how their texts are to be read."""

    delimiters: Delimiters
    codec: str
    segments: tuple[Segment, ...]

    def component(self, field: str, number: int = 1) -> str:
        """Component `number` of the first repetition of `field`, its escapes carried out, without white space around it."""
        components = field.split(self.delimiters.repetition, 1)[0].split(self.delimiters.component)
        return self.text(components[number - 1]).strip() if number <= len(components) else ""

    def text(self, raw: str) -> str:
        """`raw` with its escape sequences carried out."""
        return unescape(raw, self.delimiters, self.codec)


def parse(lines: Sequence[bytes], charset: str) -> Message:
    """The message of the segments `lines`, of which the first is MSH.

    Args:
        lines: without their ends.
        charset: Python's name of the encoding of messages that name none.

    Raises:
        Odd: it is malformed, or in another character set than it says.
    """
    header = lines[0].decode("latin-1")  # delimiters and the names of character sets are ASCII
    if len(header) < _SHORTEST_HEADER:
        raise Odd("its header (MSH) is cut short")
    delimiters = Delimiters(*header[3:8])
    fields = header.split(delimiters.field)
    # MSH-18, while MSH-1 is the separator itself
    named = fields[17].split(delimiters.repetition, 1)[0] if len(fields) > 17 else ""  # noqa: PLR2004 - as above
    codec = codec_of(named, charset)
    try:
        segments = [_segment(line.decode(codec), delimiters.field) for line in lines]
    except UnicodeDecodeError:
        raise Odd(f"its bytes aren't of its character set ({codec})") from None
    return Message(delimiters, codec, tuple(one for one in segments if one.name in _READ))


def _segment(line: str, separator: str) -> Segment:
    name, rest = line[:3], line[3:]
    if not _NAME.fullmatch(name) or (rest.strip() and rest[0] != separator):
        raise Odd("a line of it is no segment")
    if name not in _READ:
        return Segment(name, ())
    fields = line.split(separator)
    return Segment(name, (name, separator, *fields[1:]) if name == "MSH" else tuple(fields))
