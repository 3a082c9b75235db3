"""HL7 v2 messages in a file, one after the other, as bytes: whatever carries them.

Files have them bare, each from its MSH on; between file and batch headers and trailers (FHS, BHS, BTS, FTS: HL7 v2.5.1, 2.10.3);
or as they went over the wire, each between 0x0B and 0x1C (MLLP: HL7 v2.5.1 Transport Specification). Segments end with CR, in
files that somebody edited with LF or CRLF. None of these bytes is part of a longer character in any encoding of MSH-18 that is
read here.

A segment without an end is half a segment, and half a report could say the opposite: such a message is cut short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.incoming.version import Unreadable

LARGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes: a message may carry a document, but what is longer is no message."""

CUT_SHORT = "it is cut short"
NO_SEGMENT = "a segment comes before the first message header (MSH)"
NO_TRAILER = "its batch or file has no trailer (BTS, FTS): what came after it is missing"
OTHER_COUNT = "its batch's trailer (BTS-1) counts other messages than there are"
TOO_LONG = "it is longer than a message may be"

_AT_ONCE = 1 << 20
"""Bytes."""
_BEGIN, _END = b"\x0b", b"\x1c"
_SIGN = re.compile(rb"[\r\n\x0b\x1c]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ENVELOPE = (b"FHS", b"BHS", b"BTS", b"FTS")


@dataclass
class RawMessage:
    """The segments of a message, as they came, and which of the file's it is, counted from 1.

    `fault` says why it makes no report, where it isn't whole: what it takes back counts nevertheless.
    """

    number: int
    segments: list[bytes] = field(default_factory=list)
    fault: str = ""


def read_messages(
    path: Path, *, largest: int = LARGEST_MESSAGE, at_once: int = _AT_ONCE
) -> Iterator[RawMessage | Unreadable]:
    """Every message of the file, and what else is wrong with it.

    Args:
        path: the file.
        largest: how many bytes a message may have.
        at_once: how many bytes are read at a time.

    Raises:
        CcdsError: the file can't be read, is empty, or doesn't begin as HL7 v2 does.
    """
    framing = _Framing(largest)
    begun = False
    try:
        with path.open("rb") as source:
            for line, sign in _lines(source, path, largest, at_once):
                if not begun and line.strip():
                    begun = True
                    _check_begin(path, line)
                yield from framing.take(line, sign)
    except OSError as error:
        raise CcdsError(
            expected=f"the HL7 v2 file {path}",
            found=error.strerror or "an error",
            do="name a file that you may read",
        ) from None
    yield from framing.end()
    if not framing.count:
        raise CcdsError(
            expected=f"HL7 v2 messages in {path}", found="none" if begun else "an empty file", do="export it again"
        )


class _Framing:
    """Puts lines together to messages; `count` of them so far."""

    def __init__(self, largest: int) -> None:
        self.count = 0
        self._largest = largest
        self._open: RawMessage | None = None
        self._size = 0
        self._ended = True
        self._enveloped = False
        self._trailers_wanted = 0
        self._batch_from: int | None = None

    def take(self, line: bytes, sign: bytes) -> Iterator[RawMessage | Unreadable]:
        name = line[:3]
        if name == b"MSH":
            yield from self._close(whole=True)
            self.count += 1
            self._open, self._size = RawMessage(self.count), 0
        elif name in _ENVELOPE:
            yield from self._close(whole=True)
            yield from self._envelope(name, line)
        if line.strip() and name not in _ENVELOPE:
            yield from self._add(line)
            self._ended = sign != b""
        if sign in {_BEGIN, _END}:
            yield from self._close(whole=sign == _END or not self._enveloped)
            self._enveloped = sign == _BEGIN

    def end(self) -> Iterator[RawMessage | Unreadable]:
        """After the last line."""
        yield from self._close(whole=self._ended and not self._enveloped)
        if self._trailers_wanted > 0:
            yield Unreadable(self.count, NO_TRAILER)

    def _add(self, line: bytes) -> Iterator[Unreadable]:
        if self._open is None:
            self.count += 1
            yield Unreadable(self.count, NO_SEGMENT)
            self._open, self._size = RawMessage(self.count), self._largest + 1  # what follows belongs to it
        self._size += len(line)
        if self._size <= self._largest:
            self._open.segments.append(line)

    def _close(self, *, whole: bool) -> Iterator[RawMessage | Unreadable]:
        message, self._open = self._open, None
        if message is None:
            return
        if self._size > self._largest:
            message.fault = TOO_LONG
        elif not whole:
            message.fault = CUT_SHORT
        if message.segments:  # else it had no header, which is told already
            yield message

    def _envelope(self, name: bytes, line: bytes) -> Iterator[Unreadable]:
        if name in {b"FHS", b"BHS"}:
            self._trailers_wanted += 1
            self._batch_from = self.count if name == b"BHS" else self._batch_from
            return
        self._trailers_wanted -= 1
        if name == b"BTS" and self._batch_from is not None:
            told = line[4:].split(line[3:4])[0].strip() if len(line) > 4 else b""  # noqa: PLR2004 - the name and a separator
            if told.isdigit() and int(told) != self.count - self._batch_from:
                yield Unreadable(self.count, OTHER_COUNT)


def _lines(source: BinaryIO, path: Path, largest: int, at_once: int) -> Iterator[tuple[bytes, bytes]]:
    """What stands between line ends and MLLP's signs, and the sign behind it: nothing at the end of the file."""
    rest = source.read(len(_BYTE_ORDER_MARK)).removeprefix(_BYTE_ORDER_MARK)
    while chunk := source.read(at_once):
        rest += chunk
        begin = 0
        for sign in _SIGN.finditer(rest):
            yield rest[begin : sign.start()], sign[0]
            begin = sign.end()
        rest = rest[begin:]
        if len(rest) > largest:
            raise CcdsError(
                expected=f"HL7 v2 messages in {path}",
                found=f"a segment of more than {largest} bytes",
                do="name the file's --format, or export it again",
            )
    yield rest, b""


def _check_begin(path: Path, line: bytes) -> None:
    if line[:3] not in {b"MSH", b"FHS", b"BHS"}:
        raise CcdsError(
            expected=f"{path} to begin as HL7 v2 does, with MSH, FHS or BHS",
            found="something else",
            do="name the file's --format, or export it again",
        )
