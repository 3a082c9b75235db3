"""What a JPEG consists of, to the last bit: its tables, its words, and pixels that are counted without being drawn.

A reader of JPEG steps over segments that it doesn't know, and over bytes behind the last pixels; there a file could travel
unseen. So only segments that every chart has are known here, each table once and of its own length, and every bit of the
compressed pixels belongs to one of them.

Rejected: to draw the picture and write it anew (it loses, and no two versions of a library write the same bytes), and progressive
JPEG (its pixels come in several goes, each with room behind it).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MOST_PIXELS = 40_000_000

_START, _END, _SCAN, _TABLES, _CODES, _RESTARTS, _WORDS = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE
_FRAMES = (0xC0, 0xC1)
_OTHER_FRAMES = frozenset(range(0xC2, 0xD0)) - {_CODES, 0xC8, 0xCC}
_TOLD = {0xE0: (14, b"JFIF\0"), 0xEE: (12, b"Adobe")}
"""Segments in which every JPEG says what it is → their length and beginning."""

_FIRST_RESTART = 0xD0
_WHOLE_SPECTRUM = b"\0\x3f\0"
_BLOCK = 64
_SIDE = 8
_DEPTH = 8
_LONGEST_CODE = 16
_UNUSED = 0xEC
"""Bits of a table's name that are zero: there are two sorts of four."""

_MOST_USED = 31
"""Bits of one code and the number behind it."""

_AT_ONCE = 32

Codes = list[int]
"""The next 16 bits → bits that are used << 8 | numbers of the block that are told; 0 where they are no code."""


class BadJpegError(ValueError):
    """No JPEG whose every byte is accounted for; says why, in our own words."""


@dataclass(frozen=True)
class Component:
    """One colour of a frame: how many blocks of it lie in a unit, across and down."""

    across: int
    down: int


@dataclass
class Jpeg:
    """What was read: bits of a sample, size in pixels, components by their id, words of comments."""

    depth: int = 0
    width: int = 0
    height: int = 0
    components: dict[int, Component] = field(default_factory=dict)
    words: list[bytes] = field(default_factory=list)


def read_jpeg(content: bytes) -> Jpeg:
    """The JPEG that `content` is, and nothing but is.

    Raises:
        BadJpegError: there is more in it, or it is none.
    """
    reader = _Reader(content)
    try:
        reader.read()
    except (struct.error, IndexError, KeyError):
        raise BadJpegError(_BROKEN) from None
    return reader.found


_BROKEN = "no whole JPEG, or bytes behind its end"
_HIDDEN = "hidden data beside the picture, such as Exif"
_BEHIND = "hidden data beside the pixels"


class _Reader:
    """One walk through the segments."""

    def __init__(self, content: bytes) -> None:
        self.found = Jpeg()
        self._content = content
        self._codes: dict[int, Codes] = {}
        self._once: set[object] = set()
        self._drawn: set[int] = set()
        self._restarts = 0

    def read(self) -> None:
        if self._content[:2] != bytes([0xFF, _START]):
            raise BadJpegError(_BROKEN)
        at = 2
        while True:
            begin, marker = self._content[at], self._content[at + 1]
            if begin != 0xFF:  # noqa: PLR2004 - every marker begins so
                raise BadJpegError(_BROKEN)
            at += 2
            if marker == _END:
                if at != len(self._content) or not self._drawn or self._drawn != self.found.components.keys():
                    raise BadJpegError(_BROKEN)
                return
            (size,) = struct.unpack(">H", self._content[at : at + 2])
            data = self._content[at + 2 : at + size]
            if size != len(data) + 2:
                raise BadJpegError(_BROKEN)
            at += size
            if marker == _SCAN:
                at = self._scan(data, at)
            else:
                self._segment(marker, data)

    def _segment(self, marker: int, data: bytes) -> None:
        if marker == _WORDS:
            self.found.words.append(data)
        elif marker == _TABLES:
            self._take_tables(data)
        elif marker == _CODES:
            self._take_codes(data)
        elif marker == _RESTARTS:
            self._first(marker)
            (self._restarts,) = struct.unpack(">H", data)
        elif marker in _FRAMES:
            self._take_frame(data)
        elif marker in _OTHER_FRAMES:
            raise BadJpegError("a JPEG whose pixels can't be counted; save it as a baseline one, or as PNG")
        elif (len(data), data[:5]) == _TOLD.get(marker):
            self._first(marker)
        else:
            raise BadJpegError(_HIDDEN)

    def _first(self, what: object) -> None:
        """Makes sure that `what` comes once: a second one takes its place in every reader, and hides the first."""
        if what in self._once:
            raise BadJpegError(_HIDDEN)
        self._once.add(what)

    def _take_tables(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            self._first(("table", data[at] & 0x0F))
            if data[at] & _UNUSED:
                raise BadJpegError(_HIDDEN)
            at += 1 + _BLOCK * (1 + (data[at] >> 4 & 1))
        if at != len(data):
            raise BadJpegError(_HIDDEN)

    def _take_codes(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            which, counts = data[at], data[at + 1 : at + 1 + _LONGEST_CODE]
            self._first(("codes", which))
            at += 1 + _LONGEST_CODE
            symbols = data[at : at + sum(counts)]
            if which & _UNUSED or len(counts) < _LONGEST_CODE or len(symbols) != sum(counts):
                raise BadJpegError(_BROKEN)
            self._codes[which] = _codes(counts, symbols, of_many=bool(which >> 4))
            at += len(symbols)

    def _take_frame(self, data: bytes) -> None:
        self._first("frame")
        depth, height, width, count = struct.unpack(">BHHB", data[:6])
        parts = struct.iter_unpack(">BBB", data[6:])
        components = {name: Component(sampling >> 4, sampling & 0x0F) for name, sampling, _ in parts}
        bad = any(not (1 <= one.across <= 4 and 1 <= one.down <= 4) for one in components.values())  # noqa: PLR2004 - by the standard
        if len(data) != 6 + 3 * count or len(components) != count or bad:
            raise BadJpegError(_BROKEN)
        self.found.depth, self.found.width, self.found.height, self.found.components = depth, width, height, components

    def _scan(self, data: bytes, at: int) -> int:
        """Walks through the pixels that begin at byte `at`; returns where they end."""
        count, found = data[0], self.found
        parts = list(struct.iter_unpack(">BB", data[1 : 1 + 2 * count]))
        if not count or data[1 + 2 * count :] != _WHOLE_SPECTRUM or self._drawn & {name for name, _ in parts}:
            raise BadJpegError(_BROKEN)
        self._drawn |= {name for name, _ in parts}
        end = re.compile(rb"\xff[^\x00\xd0-\xd7]").search(self._content, at)
        if not end:
            raise BadJpegError(_BROKEN)
        if found.depth != _DEPTH or not 0 < found.width * found.height <= MOST_PIXELS:
            return end.start()  # refused as it is
        codes = {name: (self._codes[which >> 4], self._codes[0x10 | which & 0x0F]) for name, which in parts}
        units, blocks = _units(found, list(codes))
        plan = [codes[name] for name in blocks]
        whole = self._content[at : end.start()]
        for number, run in enumerate(_between_restarts(whole)):
            here = min(self._restarts or units, units)
            if not here or (number and not self._restarts):
                raise BadJpegError(_BEHIND)
            _walk(run, here, plan)
            units -= here
        if units:
            raise BadJpegError(_BROKEN)
        return end.start()


def _units(jpeg: Jpeg, names: Sequence[int]) -> tuple[int, list[int]]:
    """How many units a scan of these components has, and whose blocks are in each, in their order."""
    most_across = max(one.across for one in jpeg.components.values())
    most_down = max(one.down for one in jpeg.components.values())
    if len(names) > 1:
        blocks = [name for name in names for _ in range(jpeg.components[name].across * jpeg.components[name].down)]
        return -(-jpeg.width // (_SIDE * most_across)) * -(-jpeg.height // (_SIDE * most_down)), blocks
    one = jpeg.components[names[0]]
    width, height = -(-jpeg.width * one.across // most_across), -(-jpeg.height * one.down // most_down)
    return -(-width // _SIDE) * -(-height // _SIDE), [names[0]]


def _between_restarts(pixels: bytes) -> Iterator[bytes]:
    """The runs of compressed pixels, which restart markers separate that count from 0 to 7 over and over."""
    begin = 0
    for number, marker in enumerate(re.finditer(rb"\xff[\xd0-\xd7]", pixels)):
        if marker[0][1] != _FIRST_RESTART + number % 8:
            raise BadJpegError(_BROKEN)
        yield pixels[begin : marker.start()].replace(b"\xff\x00", b"\xff")
        begin = marker.end()
    yield pixels[begin:].replace(b"\xff\x00", b"\xff")


def _codes(counts: bytes, symbols: bytes, *, of_many: bool) -> Codes:
    """The codes of a table: of the first number of a block, or of the many others."""
    table = [0] * (1 << _LONGEST_CODE)
    code, each = 0, iter(symbols)
    for length, count in enumerate(counts, 1):
        for _ in range(count):
            symbol = next(each)
            zeros, bits = symbol >> 4, symbol & 0x0F
            told = zeros + 1 if bits or zeros == 0x0F else _BLOCK  # noqa: PLR2004 - sixteen zeros; else the block's end
            if (not of_many and zeros) or (not bits and zeros not in {0, 0x0F}):
                raise BadJpegError(_BROKEN)
            begin = code << _LONGEST_CODE - length
            after = begin + (1 << _LONGEST_CODE - length)
            if after > len(table):
                raise BadJpegError(_BROKEN)
            table[begin:after] = [(length + bits) << 8 | told] * (after - begin)
            code += 1
        code <<= 1
    return table


def _walk(data: bytes, units: int, plan: Sequence[tuple[Codes, Codes]]) -> None:
    """Makes sure that `data` is so many units, filled up with ones to a whole byte.

    Raises:
        BadJpegError: it is more, or less.
    """
    padded = data + b"\xff" * 8
    held = left = at = 0
    for _ in range(units):
        for first, others in plan:
            table, told = first, 0
            while told < _BLOCK:
                if left <= _MOST_USED:
                    more = padded[at : at + _AT_ONCE]
                    held = (held & (1 << left) - 1) << 8 * len(more) | int.from_bytes(more)
                    left += 8 * len(more)
                    at += len(more)
                    if left <= _MOST_USED:
                        raise BadJpegError(_BROKEN)
                entry = table[held >> left - _LONGEST_CODE & 0xFFFF]
                if not entry:
                    raise BadJpegError(_BROKEN)
                left -= entry >> 8
                told += 1 if table is first else entry & 0xFF
                table = others
    rest = 8 * len(data) - (8 * at - left)
    if not 0 <= rest < 8:  # noqa: PLR2004 - less than a byte
        raise BadJpegError(_BEHIND if rest > 0 else _BROKEN)
    if rest and (data[-1] & (1 << rest) - 1) != (1 << rest) - 1:
        raise BadJpegError(_BEHIND)
